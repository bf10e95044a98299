// MemberReader: the uncompressed bytes of one member of an archive, or of a whole `.npy` file,
// which may be compressed with gzip.
//
// Stored bytes are read where they lie. Deflated bytes come as a stream, in bounded memory, or,
// after Load, from memory. The CRC-32 of a member that is read from its first byte to its last is
// verified on the way. A stored member of which a part is skipped is not, since that would read
// what nobody asked for, unless verify_skipped asks for it. Of gzip the CRC-32 and the size of
// every gzip member are verified when Finish comes to its end. One thread at a time.

#ifndef TF_NPZ_READER_MEMBER_READER_H_
#define TF_NPZ_READER_MEMBER_READER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "cc/base/status.h"
#include "cc/format/zip_directory.h"
#include "cc/inflate/inflate.h"
#include "cc/io/buffer.h"
#include "cc/reader/archive.h"

namespace tf_npz {

class PlanCache;

struct ReadOptions {
  std::shared_ptr<BufferPool> pool;  // required
  bool verify_checksums = true;
  // Not by whoever reads single rows: of stored members it would take all of their bytes.
  bool verify_stored = true;
  // Whether what is skipped in a stored member is read for its checksum all the same.
  bool verify_skipped = false;
  // Where not null and true, reads end soon with Cancelled. Must outlive the reader.
  const std::atomic<bool>* cancelled = nullptr;
  // Where many files of one kind, .npy or .npz, are read with one selection; may be null.
  std::shared_ptr<PlanCache> layouts;
};

// A deflated member of up to this size is decoded by the whole-buffer decoder when it is loaded,
// which is a little faster, takes memory for all of the compressed bytes, and can't be cancelled.
// A larger one is loaded as a stream.
inline constexpr uint64_t kMaxWholeInflate = uint64_t{4} << 20;

class MemberReader {
 public:
  // `entry` is one of archive->members(), or null for an `.npy`.
  static Result<std::unique_ptr<MemberReader>> Open(std::shared_ptr<const Archive> archive,
                                                    const ZipEntry* entry, ReadOptions options);

  // Of gzip, which doesn't say: what it can be at most, until SetSize. Nothing is allocated by
  // it.
  uint64_t size() const { return size_; }
  bool is_size_known() const { return is_size_known_; }
  // For messages: PATH["NAME"]: .
  std::string context() const { return archive_->Context(entry_); }

  // Where the size is unknown: makes it `size`, and leaves what follows for Finish to go through.
  // DataLoss where there can't be as much.
  Status SetSize(uint64_t size);

  // Whether any part costs no more than its own bytes.
  bool is_random_access() const { return !is_stream() || is_loaded(); }
  // Whether there is a decoder for Load that is faster than a stream.
  bool has_whole_decoder() const { return is_deflated(); }
  // Whether there is one to verify, and it is wanted.
  bool has_checksum() const {
    return (entry_ != nullptr || is_gzip()) && options_.verify_checksums &&
           (options_.verify_stored || is_stream());
  }
  bool is_loaded() const { return loaded_.data() != nullptr; }

  // Reads `size` bytes at `offset`. `*done`, where given, is how many came out right before an
  // error. Going back in a stream begins it anew.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done = nullptr);

  // Reads on to the member's end, where that is what its CRC needs, and verifies it.
  Status Finish();

  // Takes the whole member into memory, size() bytes, which must be known, and verifies it. Reads
  // are copies from then on. Meanwhile it takes load_overhead() bytes more.
  Status Load();
  uint64_t load_overhead() const {
    return has_whole_decoder() && size_ <= kMaxWholeInflate ? entry_->compressed_size : 0;
  }

  // After Load: the member's bytes.
  const Buffer& loaded() const { return loaded_; }

 private:
  MemberReader(std::shared_ptr<const Archive> archive, const ZipEntry* entry, ReadOptions options)
      : archive_(std::move(archive)), entry_(entry), options_(std::move(options)) {}

  bool is_gzip() const { return archive_->is_gzip(); }
  bool is_deflated() const { return entry_ != nullptr && entry_->method == kZipDeflated; }
  bool is_stream() const { return is_deflated() || is_gzip(); }
  bool is_cancelled() const {
    return options_.cancelled != nullptr && options_.cancelled->load(std::memory_order_relaxed);
  }
  Status SkipTo(uint64_t offset);
  Status ReadNext(char* destination, size_t size, size_t* done);
  Status ReadNextOfStream(char* destination, size_t size, size_t* done);
  Status Discard(uint64_t end);
  Status FinishStream();
  Status CheckCrc(uint32_t crc) const;

  const std::shared_ptr<const Archive> archive_;
  const ZipEntry* const entry_;
  const ReadOptions options_;
  uint64_t data_offset_ = 0;  // of the (compressed) data in the file
  uint64_t size_ = 0;
  bool is_size_known_ = true;

  // What has come out of the stream, or been read from the front without a gap, and its CRC so far.
  uint64_t position_ = 0;
  uint32_t crc_ = 0;
  bool crc_has_gap_ = false;
  std::optional<Status> verdict_;  // what Finish found at the member's end, once it was there
  std::unique_ptr<InflateStream> stream_;  // where is_stream(), from the first read on
  Buffer loaded_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MEMBER_READER_H_
