// CRC-32 as zip has it (APPNOTE.TXT 4.4.7): the checksum of a member's uncompressed bytes.

#ifndef TF_NPZ_INFLATE_CRC32_H_
#define TF_NPZ_INFLATE_CRC32_H_

#include <cstddef>
#include <cstdint>

namespace tf_npz {

// The CRC of what `crc` covers followed by `data`; `crc` of nothing is 0.
uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size);

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_CRC32_H_
