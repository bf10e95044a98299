// StreamReader: the bytes of a member that must be decoded from its first byte on, in memory that
// does not grow with it.
//
// It stands at one position and moves on. To read bytes before it, it begins anew. One thread at a
// time.

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
  // Both must outlive it.
  StreamReader(const Member& member, const ReadOptions& options)
      : member_(member), options_(options) {}

  // Says that bytes from `end` on are not wanted. Before this is called, no read verifies anything.
  void SetWantedEnd(uint64_t end) { wanted_end_ = end; }

  bool has_checksum() const { return options_.checksums != Checksums::kNone; }

  // Reads `size` bytes at `offset`. `*done` is how many came out right before an error. The read of
  // the last wanted byte also calls Verify; where that fails, `*done` is 0.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done);

  // Decodes to the end, and verifies the checksums: a deflated member has one in the archive, and
  // every gzip member has one of its own. Even where checksums are not verified, the data must end
  // where the archive says that it ends. The verdict is kept, and later calls return it.
  Status Verify();

  // Gives its memory back. The next read begins anew.
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
  uint64_t position_ = 0;                  // how many bytes have come out of stream_
  uint32_t crc_ = 0;                       // of these, for a deflated member
  std::optional<Status> verdict_;          // what Verify found, once it was at the end
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_STREAM_READER_H_
