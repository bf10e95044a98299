// Loads and stores little-endian integers in memory of any alignment. Zip records and .npy headers
// hold such integers.

#ifndef TF_NPZ_BASE_BYTES_H_
#define TF_NPZ_BASE_BYTES_H_

#include <cstdint>

namespace tf_npz {

inline uint16_t LoadLittle16(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return static_cast<uint16_t>(b[0] | b[1] << 8);
}

inline uint32_t LoadLittle32(const char* bytes) {
  return LoadLittle16(bytes) | static_cast<uint32_t>(LoadLittle16(bytes + 2)) << 16;
}

inline uint64_t LoadLittle64(const char* bytes) {
  return LoadLittle32(bytes) | static_cast<uint64_t>(LoadLittle32(bytes + 4)) << 32;
}

inline void StoreLittle64(uint64_t value, char* bytes) {
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
}

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_BYTES_H_
