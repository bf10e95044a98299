// Raw deflate (RFC 1951), decoded whole or as a stream.
//
// Two decoders, because the faster one (libdeflate) can only decode a whole member into a whole
// buffer. Built with TF_NPZ_SYSTEM_ZLIB, zlib does both. Errors are DataLoss and name the byte of
// the compressed data.

#ifndef TF_NPZ_IO_INFLATE_H_
#define TF_NPZ_IO_INFLATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "tf_npz/base/status.h"
#include "tf_npz/io/buffer.h"
#include "tf_npz/io/file.h"

namespace tf_npz {

// Decodes `compressed` into `destination`, whose `size` must be the exact size of what it decodes
// to.
Status InflateWhole(std::string_view compressed, char* destination, size_t size);

// Decodes a range of a file piece by piece, in memory that doesn't grow with it. One thread at a
// time.
class InflateStream {
 public:
  // The compressed bytes are `compressed_size` bytes at `offset` of `file`, which must outlive the
  // stream.
  static Result<std::unique_ptr<InflateStream>> Open(const RandomAccessFile& file, uint64_t offset,
                                                     uint64_t compressed_size, BufferPool& pool);
  ~InflateStream();

  // Decodes the next `size` bytes, all of them: DataLoss where the data is malformed or ends
  // before.
  // `*done`, where given, is how many came out in any case.
  Status Read(char* destination, size_t size, size_t* done = nullptr);

  // Expects that the data has ended: nothing more comes out, and nothing follows it in the file's
  // range.
  Status Finish();

 private:
  struct State;  // zlib's, kept out of this header
  explicit InflateStream(std::unique_ptr<State> state);
  Status Refill();
  // Decodes some bytes, at most `size`, perhaps none while it takes input.
  Result<size_t> Step(char* destination, size_t size);

  const std::unique_ptr<State> state_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_INFLATE_H_
