// CRC-32 as zip uses it (APPNOTE.TXT 4.4.7): the checksum of the uncompressed bytes of a member.

#ifndef TF_NPZ_INFLATE_CRC32_H_
#define TF_NPZ_INFLATE_CRC32_H_

#include <cstddef>
#include <cstdint>

namespace tf_npz {

// Returns the CRC-32 of some bytes followed by the `size` bytes at `data`. `crc` is the CRC-32 of
// the first bytes, 0 if there are none. Any thread may call it.
uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size);

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_CRC32_H_
