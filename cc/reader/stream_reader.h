// StreamReader: the bytes of a compressed member, decoded from the first byte on, in memory of
// constant size.
//
// It has one position and moves forward. To read bytes before the position, it decodes from the
// first byte again. One thread at a time.

#ifndef TF_NPZ_READER_STREAM_READER_H_
#define TF_NPZ_READER_STREAM_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "cc/base/status.h"
#include "cc/inflate/inflate.h"
#include "cc/reader/member.h"
#include "cc/reader/read_options.h"

namespace tf_npz {

class StreamReader {
 public:
  // `member` and `options` must outlive the reader.
  StreamReader(const Member& member, const ReadOptions& options)
      : member_(member), options_(options) {}

  // Says that bytes from `end` on are not wanted. Before this call no read verifies anything.
  void SetWantedEnd(uint64_t end) { wanted_end_ = end; }

  bool has_checksum() const { return options_.checksums != Checksums::kNone; }

  // Reads `size` bytes at `offset`. `*done` is the number of bytes before an error, all of them
  // right. The read of the last wanted byte also calls Verify. If that fails, `*done` is 0.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done);

  // Decodes to the end and verifies the checksums. The archive holds that of a deflated member;
  // each gzip member holds its own. Also if checksums are not verified, the data must end where the
  // archive says. The verdict is kept, and later calls return it.
  Status Verify();

  // Gives the decoder's memory back. The next read decodes from the first byte again.
  void Close() { Restart(); }

 private:
  Status SkipTo(uint64_t offset);
  Status ReadNext(char* destination, size_t size, size_t* done);
  Status Decode(char* destination, size_t size, size_t* done);
  Status DecodeToEnd();
  void Restart();

  const Member& member_;
  const ReadOptions& options_;
  uint64_t wanted_end_ = UINT64_MAX;

  std::unique_ptr<InflateStream> stream_;  // from the first read on
  uint64_t position_ = 0;                  // number of bytes that stream_ has given
  uint32_t crc_ = 0;                       // of these bytes; only for a deflated member
  std::optional<Status> verdict_;          // the result of Verify, once it reached the end
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_STREAM_READER_H_
