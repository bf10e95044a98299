#include "cc/kernels/utf8.h"

#include <algorithm>
#include <cstring>

#include "cc/base/utf8.h"

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "only little-endian machines are supported");

constexpr size_t kCodePointSize = 4;  // bytes, in UTF-32

template <bool kBigEndian>
uint32_t LoadCodePoint(const char* bytes) {
  uint32_t code_point;
  std::memcpy(&code_point, bytes, kCodePointSize);
  return kBigEndian ? __builtin_bswap32(code_point) : code_point;
}

// Returns true for a Unicode scalar value: any code point except surrogates (Unicode Standard,
// D76).
bool IsScalarValue(uint32_t code_point) {
  return code_point < 0xD800 || (code_point > 0xDFFF && code_point <= 0x10FFFF);
}

// Code points that are tested for ASCII at once. Most text is ASCII.
constexpr size_t kBlock = 8;

// If the kBlock code points at `from` are all ASCII, writes them as bytes to `to` and returns true.
// `from` and `to` may overlap.
template <bool kBigEndian>
bool PutAsciiBlock(const char* from, char* to) {
  uint32_t code_points[kBlock];
  std::memcpy(code_points, from, sizeof(code_points));
  uint32_t any = 0;
  for (const uint32_t code_point : code_points) any |= code_point;
  if (any & (kBigEndian ? 0x80FFFFFFu : 0xFFFFFF80u)) return false;
  char bytes[kBlock];
  for (size_t i = 0; i < kBlock; ++i) {
    bytes[i] = static_cast<char>(kBigEndian ? code_points[i] >> 24 : code_points[i]);
  }
  std::memcpy(to, bytes, kBlock);
  return true;
}

template <bool kBigEndian>
std::optional<BadCodePoint> ConvertItems(char* data, size_t width, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    char* const end = data + width;
    const char* from = data;
    char* to = data;  // never after `from`
    while (from < end) {
      const size_t block = std::min<size_t>(end - from, kBlock * kCodePointSize);
      const char* const block_end = from + block;
      if (block == kBlock * kCodePointSize && PutAsciiBlock<kBigEndian>(from, to)) {
        from = block_end;
        to += kBlock;
      }
      for (; from < block_end; from += kCodePointSize) {
        const uint32_t code_point = LoadCodePoint<kBigEndian>(from);
        if (!IsScalarValue(code_point)) return BadCodePoint{i, code_point};
        to = PutUtf8(code_point, to);
      }
    }
    std::memset(to, 0, end - to);
    data = end;
  }
  return std::nullopt;
}

}  // namespace

std::optional<BadCodePoint> Utf32ToUtf8(char* data, int64_t width, int64_t count, bool big_endian) {
  if (width == 0) return std::nullopt;
  return big_endian ? ConvertItems<true>(data, width, count)
                    : ConvertItems<false>(data, width, count);
}

}  // namespace tf_npz
