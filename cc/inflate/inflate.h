// Deflate, raw (RFC 1951) or in gzip members (RFC 1952): decoded whole, or as a stream.
//
// Whole members are libdeflate's, which is fastest; streams are ours where they are raw deflate
// (deflate_decoder.h) and zlib's where they are gzip. Built with TF_NPZ_SYSTEM_ZLIB, whole members
// are decoded as streams too. Errors are DataLoss and name the byte of the compressed data.

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
  // One gzip member after the other (RFC 1952 2.2), with zeros after any of them, which Python's
  // gzip skips too (https://www.gzip.org/#faq8); nothing else may follow.
  kGzip,
};

struct InflateOptions {
  InflateFormat format = InflateFormat::kDeflate;
  // Whether CRC-32 and ISIZE of each gzip member are verified (RFC 1952 2.3.1).
  bool verify_checksums = true;
};

// Decodes raw deflate, `compressed`, into `destination`, whose `size` must be the exact size of
// what it decodes to. Any thread may call; each thread keeps a decompressor of its own.
Status InflateWhole(std::string_view compressed, char* destination, size_t size);

// Decodes a range of a file piece by piece, in memory that doesn't grow with it. One thread at a
// time.
class InflateStream {
 public:
  virtual ~InflateStream() = default;

  // Decodes the next `size` bytes, all of them: DataLoss where the data is malformed or ends
  // before.
  // `*done`, where given, is how many came out in any case.
  Status Read(char* destination, size_t size, size_t* done = nullptr);

  // Decodes some bytes, at most `size`, perhaps none while it takes input. At the end there are
  // none. Each call takes a bounded time: who loops may stop in between.
  virtual Result<size_t> ReadSome(char* destination, size_t size) = 0;
  // Whether all has come out, and its checksums, where there are any, are right.
  virtual bool at_end() const = 0;
  // The error that it is to need `size` bytes more at the end.
  Status EndsBefore(size_t size) const;

  // Expects that the data has ended: nothing more comes out. Bytes that follow raw deflate in its
  // range are left alone, as zipfile leaves them.
  Status Finish();

 protected:
  explicit InflateStream(InflateFormat format) : format_(format) {}
  // Compressed bytes that were decoded.
  virtual uint64_t consumed() const = 0;
  Status Malformed(uint64_t at_byte, std::string_view reason) const;
  // The reason where the compressed bytes end too early.
  static constexpr std::string_view kBreaksOff = "it breaks off";

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
