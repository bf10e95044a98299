#include "cc/kernels/convert.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "only little-endian machines are supported");

uint16_t Swap(uint16_t value) { return __builtin_bswap16(value); }
uint32_t Swap(uint32_t value) { return __builtin_bswap32(value); }
uint64_t Swap(uint64_t value) { return __builtin_bswap64(value); }

// Two numbers of 4 bytes at once: plain x86-64 has no instruction that swaps them in a vector, and
// one by one they would take twice the time.
struct Pair32 {
  uint64_t both;
};
Pair32 Swap(Pair32 value) {
  const uint64_t swapped = Swap(value.both);
  return {swapped << 32 | swapped >> 32};
}

// Returns how many bytes that was: the whole T's among them.
template <typename T>
size_t SwapAll(char* data, size_t size) {
  size_t i = 0;
  for (; i + sizeof(T) <= size; i += sizeof(T)) {
    T value;
    std::memcpy(&value, data + i, sizeof(T));
    value = Swap(value);
    std::memcpy(data + i, &value, sizeof(T));
  }
  return i;
}

constexpr size_t kCodePointSize = 4;  // in UTF-32

template <bool kBigEndian>
uint32_t LoadCodePoint(const char* bytes) {
  uint32_t code_point;
  std::memcpy(&code_point, bytes, kCodePointSize);
  return kBigEndian ? Swap(code_point) : code_point;
}

// The Unicode Standard, D76: any code point but the surrogates.
bool IsScalarValue(uint32_t code_point) {
  return code_point < 0xD800 || (code_point > 0xDFFF && code_point <= 0x10FFFF);
}

// Writes the UTF-8 of a scalar value and returns its end. RFC 3629, section 3.
char* PutUtf8(uint32_t code_point, char* to) {
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(byte); };
  const auto put_continuation = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_continuation(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_continuation(6);
    put_continuation(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_continuation(12);
    put_continuation(6);
    put_continuation(0);
  }
  return to;
}

// Code points of a block that is looked at as a whole: most are ASCII alone.
constexpr size_t kBlock = 8;

// Writes a block of ASCII at `from` as bytes to `to`, which may be the same; false where there are
// other code points.
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
    char* to = data;  // never beyond `from`
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

void SwapBytes(char* data, size_t size, int width) {
  switch (width) {
    case 2:
      SwapAll<uint16_t>(data, size);
      break;
    case 4: {
      const size_t done = SwapAll<Pair32>(data, size);
      SwapAll<uint32_t>(data + done, size - done);
      break;
    }
    case 8:
      SwapAll<uint64_t>(data, size);
      break;
    default:
      break;
  }
}

void NormalizeBools(char* data, size_t size) {
  for (size_t i = 0; i < size; ++i) data[i] = data[i] != 0 ? 1 : 0;
}

std::optional<BadCodePoint> Utf32ToUtf8(char* data, int64_t width, int64_t count, bool big_endian) {
  if (width == 0) return std::nullopt;
  return big_endian ? ConvertItems<true>(data, width, count)
                    : ConvertItems<false>(data, width, count);
}

void ConvertToNative(const DType& dtype, char* data, size_t size) {
  if (dtype.big_endian) SwapBytes(data, size, dtype.swap_size());
  if (dtype.kind == DType::Kind::kBool) NormalizeBools(data, size);
}

}  // namespace tf_npz
