// CRC-32 as zip uses it (APPNOTE.TXT 4.4.7): the checksum of the uncompressed bytes of a member.

#ifndef TF_NPZ_INFLATE_CRC32_H_
#define TF_NPZ_INFLATE_CRC32_H_

#include <cstddef>
#include <cstdint>

namespace tf_npz {

// Returns the CRC-32 of some bytes followed by the `size` bytes at `data`. `crc` is the CRC-32 of
// the first bytes, 0 if there are none. Any thread may call it.
uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size);

// The CRC of one part followed by another. `crc1` is the first part's CRC, `crc2` is the second
// part's, and `size2` is the second part's number of bytes. It takes about a microsecond, whatever
// the size. Several threads can so compute the CRCs of parts, in any order.
//
// The idea is that of zlib's crc32_combine: a CRC is a remainder of polynomials over GF(2), so
// bytes that follow multiply it by a power of x.
uint32_t CombineCrc32(uint32_t crc1, uint32_t crc2, uint64_t size2);

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_CRC32_H_
