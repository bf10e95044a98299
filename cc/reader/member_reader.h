// MemberReader: the uncompressed bytes of one member of an archive, or of a whole `.npy` file,
// perhaps compressed with gzip.
//
// Stored bytes are read at any offset (stored_reader.h). Compressed bytes come as a stream, in
// bounded memory (stream_reader.h). After Load, all bytes come from memory.
//
// If is_random_access(), several threads may call Read and Verify at once. All other calls are for
// one thread at a time: while one thread loads, no other may read.

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

// A deflated member of up to this size (bytes) is loaded by the whole-buffer decoder. It is a
// little faster, but takes memory for all compressed bytes, and cannot be cancelled. A larger
// member is loaded as a stream.
inline constexpr uint64_t kMaxWholeInflate = uint64_t{4} << 20;

// A member of up to this size (bytes) is loaded when its array is opened. A stream would cost more.
// Also, its checksum is then verified before its first element is delivered.
inline constexpr uint64_t kLoadAtOnce = uint64_t{64} << 10;

class MemberReader {
 public:
  // `entry` is one of archive->members(). Null: the archive is an `.npy`.
  static Result<std::unique_ptr<MemberReader>> Open(std::shared_ptr<const Archive> archive,
                                                    const ZipEntry* entry, ReadOptions options);

  // The beginning of each message about the member: `PATH["NAME"]: `. The errors of the calls below
  // do not have it.
  std::string context() const { return member_.context(); }
  // The pool that all memory comes from.
  BufferPool& pool() const { return *options_.pool; }

  // Uncompressed bytes. For gzip, an upper bound until SetWantedSize is called: never allocate that
  // many bytes.
  uint64_t size() const { return size_; }
  bool is_size_known() const { return is_size_known_; }

  // Says that only the first `size` bytes are wanted. To be called once. Before that, no read
  // verifies a checksum. If the size was unknown, it is `size` from now on. DataLoss if the
  // compressed bytes cannot hold `size` bytes.
  Status SetWantedSize(uint64_t size);

  // Whether reading a part reads only the bytes of that part, and several threads may read at once.
  bool is_random_access() const { return !member_.is_stream() || is_loaded(); }
  // Whether Load has a decoder that is faster than a stream.
  bool has_whole_decoder() const { return member_.is_deflated(); }
  // Whether there is a checksum, and ReadOptions::checksums wants it verified.
  bool has_checksum() const { return stored_ ? stored_->has_checksum() : stream_->has_checksum(); }
  bool is_loaded() const { return loaded_.data() != nullptr; }

  // Reads `size` bytes at `offset`. If `done` is not null, `*done` is the number of bytes before
  // the error, all of them right. Going back in a stream decodes it from its beginning.
  //
  // One of the reads verifies the checksum. In a stream it is the read of the last wanted byte. In
  // a stored member it is the read that completes the wanted bytes, in any order of reading. If the
  // checksum is wrong, that read returns DataLoss and `*done` is 0. From then on each read of the
  // last wanted byte returns the same error.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done = nullptr);

  // Verifies the checksum if has_checksum(). Reads all bytes that this needs.
  Status Verify();

  // Reads the whole member into size() bytes of memory, and verifies it. The size must be known.
  // From then on, reads are copies. While Load runs, it takes load_overhead() more bytes.
  Status Load();
  uint64_t load_overhead() const {
    return has_whole_decoder() && size_ <= kMaxWholeInflate ? member_.compressed_size() : 0;
  }
  // Loads a member of up to kLoadAtOnce bytes, if there is something to decode or to verify.
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

  // One of these two is set.
  std::optional<StoredReader> stored_;
  std::optional<StreamReader> stream_;
  Buffer loaded_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MEMBER_READER_H_
