// Decodes deflate data: raw (RFC 1951) or in gzip members (RFC 1952), as a whole or as a stream.
// README.md in this folder is the manual.
//
// Three decoders do the work. libdeflate decodes raw deflate as a whole, because it is the fastest.
// DeflateDecoder (deflate_decoder.h) decodes streams of raw deflate. zlib decodes streams of gzip
// members. A build with TF_NPZ_SYSTEM_ZLIB has no libdeflate: there DeflateDecoder decodes whole
// data too.
//
// Malformed data is a DataLoss error. Its message names the byte of the compressed data.

#ifndef TF_NPZ_INFLATE_INFLATE_H_
#define TF_NPZ_INFLATE_INFLATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"

namespace tf_npz {

enum class InflateFormat {
  kDeflate,  // raw
  // One or more gzip members (RFC 1952 2.2). Zeros may follow each of them; they are skipped, as
  // Python's gzip skips them (https://www.gzip.org/#faq8). Any other byte after a member must begin
  // another member.
  kGzip,
};

struct InflateOptions {
  InflateFormat format = InflateFormat::kDeflate;
  // If true, CRC-32 and ISIZE of each gzip member are verified (RFC 1952 2.3.1). Raw deflate holds
  // neither.
  bool verify_checksums = true;
};

// Decodes the raw deflate data `compressed` into `destination`. `size` is the room at `destination`
// in bytes, and the data must decode to exactly that many bytes. Any thread may call it. Each
// thread keeps a decompressor of its own.
Status InflateWhole(std::string_view compressed, char* destination, size_t size);

// Decodes a range of a file step by step. Its memory is bounded and does not depend on the size of
// the range. A stream is used by one thread at a time; that may be another thread each time.
class InflateStream {
 public:
  virtual ~InflateStream() = default;

  // Decodes exactly the next `size` bytes into `destination`. DataLoss if the data is malformed or
  // ends earlier. `*done` is set to the number of bytes decoded, also if there is an error. `done`
  // may be null.
  Status Read(char* destination, size_t size, size_t* done = nullptr);

  // Decodes at most `size` bytes into `destination` and returns their number. It may be 0 before
  // the end, after input was read that decodes to nothing. It is 0 at the end. Each call takes a
  // bounded time, so a caller in a loop can stop between two calls.
  virtual Result<size_t> ReadSome(char* destination, size_t size) = 0;
  // Returns true if all bytes were decoded, and the checksums are right if they are verified.
  virtual bool at_end() const = 0;
  // The error for a stream that ends `size` bytes too early.
  Status EndsBefore(size_t size) const;

  // Checks that the data ends here: DataLoss if it decodes to another byte. Bytes after the end of
  // raw deflate are ignored, as Python's zipfile ignores them.
  Status Finish();

 protected:
  explicit InflateStream(InflateFormat format) : format_(format) {}
  // The number of compressed bytes decoded so far.
  virtual uint64_t consumed() const = 0;
  // The error for malformed data. `at_byte` counts from the first compressed byte.
  Status Malformed(uint64_t at_byte, std::string_view reason) const;
  // The reason if the compressed data ends before the decoded data is complete.
  static constexpr std::string_view kEndsTooEarly = "it ends too early";

 private:
  std::string_view format_name() const;

  const InflateFormat format_;
};

// A stream over `compressed_size` bytes at `offset` of `file`, which must outlive the stream. The
// stream's memory comes from `pool`.
Result<std::unique_ptr<InflateStream>> OpenInflateStream(const RandomAccessFile& file,
                                                         uint64_t offset, uint64_t compressed_size,
                                                         BufferPool& pool,
                                                         InflateOptions options = {});

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_INFLATE_H_
