#include "cc/kernels/byte_order.h"

#include <cstring>

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "only little-endian machines are supported");

uint16_t Swap(uint16_t value) { return __builtin_bswap16(value); }
uint32_t Swap(uint32_t value) { return __builtin_bswap32(value); }
uint64_t Swap(uint64_t value) { return __builtin_bswap64(value); }

// Two numbers of 4 bytes, swapped at once. Plain x86-64 has no vector instruction that swaps bytes,
// and swapping the numbers one by one takes twice the time.
struct Pair32 {
  uint64_t both;
};
Pair32 Swap(Pair32 value) {
  const uint64_t swapped = Swap(value.both);
  return {swapped << 32 | swapped >> 32};
}

// Swaps each whole T in the `size` bytes at `data`. Returns the number of bytes swapped.
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

void ConvertToNative(const DType& dtype, char* data, size_t size) {
  if (dtype.big_endian) SwapBytes(data, size, dtype.swap_size());
  if (dtype.kind == DType::Kind::kBool) NormalizeBools(data, size);
}

}  // namespace tf_npz
