#include "tf_npz/reader/convert.h"

#include <cstdint>
#include <cstring>

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "only little-endian machines are supported");

uint16_t Swap(uint16_t value) { return __builtin_bswap16(value); }
uint32_t Swap(uint32_t value) { return __builtin_bswap32(value); }
uint64_t Swap(uint64_t value) { return __builtin_bswap64(value); }

template <typename T>
void SwapAll(char* data, size_t size) {
  for (size_t i = 0; i + sizeof(T) <= size; i += sizeof(T)) {
    T value;
    std::memcpy(&value, data + i, sizeof(T));
    value = Swap(value);
    std::memcpy(data + i, &value, sizeof(T));
  }
}

}  // namespace

bool NeedsConversion(const DType& dtype) {
  return dtype.big_endian || dtype.kind == DType::Kind::kBool;
}

void SwapBytes(char* data, size_t size, int width) {
  switch (width) {
    case 2:
      return SwapAll<uint16_t>(data, size);
    case 4:
      return SwapAll<uint32_t>(data, size);
    case 8:
      return SwapAll<uint64_t>(data, size);
    default:
      return;
  }
}

void NormalizeBools(char* data, size_t size) {
  for (size_t i = 0; i < size; ++i) data[i] = data[i] != 0;
}

void ConvertToNative(const DType& dtype, char* data, size_t size) {
  if (dtype.big_endian) SwapBytes(data, size, dtype.swap_size());
  if (dtype.kind == DType::Kind::kBool) NormalizeBools(data, size);
}

}  // namespace tf_npz
