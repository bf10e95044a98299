// MemberReader: the uncompressed bytes of one member of an archive, or of a whole `.npy` file,
// which may be compressed with gzip.
//
// Stored bytes are read where they lie (stored_reader.h). Compressed bytes come as a stream, in
// bounded memory (stream_reader.h). After Load, either come from memory.
//
// Where is_random_access(), several threads may call Read and Verify at once. Otherwise, and for
// all other calls, one thread at a time: while one loads, no other may read.

#ifndef TF_NPZ_READER_MEMBER_READER_H_
#define TF_NPZ_READER_MEMBER_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/reader/archive.h"
#include "cc/reader/member.h"
#include "cc/reader/read_options.h"
#include "cc/reader/stored_reader.h"
#include "cc/reader/stream_reader.h"

namespace tf_npz {

// A deflated member of up to this size is decoded by the whole-buffer decoder when it is loaded,
// which is a little faster, takes memory for all of the compressed bytes, and can't be cancelled.
// A larger one is loaded as a stream.
inline constexpr uint64_t kMaxWholeInflate = uint64_t{4} << 20;

// A member of up to this size is loaded when its array is opened: a stream would cost more, and its
// checksum is verified before its first element is seen.
inline constexpr uint64_t kLoadAtOnce = uint64_t{64} << 10;

class MemberReader {
 public:
  // `entry` is one of archive->members(), or null for an `.npy`.
  static Result<std::unique_ptr<MemberReader>> Open(std::shared_ptr<const Archive> archive,
                                                    const ZipEntry* entry, ReadOptions options);

  // What messages begin with: PATH["NAME"]: .
  std::string context() const { return member_.context(); }
  // Where all memory comes from.
  BufferPool& pool() const { return *options_.pool; }

  // Bytes uncompressed. gzip does not say how many: until SetWantedSize it is the most that they
  // can be, and nothing may be allocated by it.
  uint64_t size() const { return size_; }
  bool is_size_known() const { return is_size_known_; }

  // Says that the first `size` bytes are all that is wanted. To be called once. Until then no read
  // verifies a checksum. Where the size was unknown, it is `size` from now on; DataLoss where the
  // file is too small for this size.
  Status SetWantedSize(uint64_t size);

  // Whether any part costs no more than its own bytes, and several threads may read at once.
  bool is_random_access() const { return !member_.is_stream() || is_loaded(); }
  // Whether there is a decoder for Load that is faster than a stream.
  bool has_whole_decoder() const { return member_.is_deflated(); }
  // Whether there is a checksum, and ReadOptions::checksums wants it verified.
  bool has_checksum() const { return stored_ ? stored_->has_checksum() : stream_->has_checksum(); }
  bool is_loaded() const { return loaded_.data() != nullptr; }

  // Reads `size` bytes at `offset`. `*done`, where given, is how many came out right before an
  // error. Going back in a stream begins it anew.
  //
  // One of the reads verifies the checksum. In a stream it is the read of the last wanted byte. In
  // a stored member it is the read that completes the wanted bytes, in whatever order they are
  // read. Where the checksum is wrong, that read returns DataLoss and `*done` is 0. From then on
  // each read of the last wanted byte returns the same.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done = nullptr);

  // Verifies the checksum where has_checksum(), and reads all bytes that this needs.
  Status Verify();

  // Takes the whole member into memory, size() bytes, which must be known, and verifies it. Reads
  // are copies from then on. Meanwhile it takes load_overhead() bytes more.
  Status Load();
  uint64_t load_overhead() const {
    return has_whole_decoder() && size_ <= kMaxWholeInflate ? member_.compressed_size() : 0;
  }
  // Loads a member of up to kLoadAtOnce bytes, where there is something to decode or to verify.
  Status LoadIfSmall();

  // After Load: the member's bytes.
  const Buffer& loaded() const { return loaded_; }

 private:
  MemberReader(Member member, ReadOptions options);
  Status InflateTo(char* destination);

  const Member member_;
  const ReadOptions options_;
  uint64_t size_;
  bool is_size_known_;

  // One of these.
  std::optional<StoredReader> stored_;
  std::optional<StreamReader> stream_;
  Buffer loaded_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MEMBER_READER_H_
