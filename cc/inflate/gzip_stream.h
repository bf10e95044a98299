// GzipStream: decodes gzip members (RFC 1952) as a stream, by zlib. See InflateStream in inflate.h.

#ifndef TF_NPZ_INFLATE_GZIP_STREAM_H_
#define TF_NPZ_INFLATE_GZIP_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cc/base/status.h"
#include "cc/inflate/inflate.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"

namespace tf_npz {

class GzipStream : public InflateStream {
 public:
  static Result<std::unique_ptr<InflateStream>> Open(const RandomAccessFile& file, uint64_t offset,
                                                     uint64_t compressed_size, BufferPool& pool,
                                                     bool verify_checksums);
  ~GzipStream() override;

  Result<size_t> ReadSome(char* destination, size_t size) override;
  bool at_end() const override;

 private:
  struct State;  // keeps zlib.h out of this header
  explicit GzipStream(std::unique_ptr<State> state);
  uint64_t consumed() const override;
  Status Refill();
  Status BeginNextMember();
  Status MalformedHere() const;

  const std::unique_ptr<State> state_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_GZIP_STREAM_H_
