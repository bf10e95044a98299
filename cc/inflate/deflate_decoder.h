// DeflateDecoder: decodes raw deflate (RFC 1951) as a stream. See InflateStream in inflate.h.
//
// It is nearly as fast as a decoder of whole members, because it has a window and an input buffer
// of its own. Both have slack after their end. So the loop over symbols checks its limits once for
// several symbols, and it never stops inside a symbol.
//
//   window_
//   +-----------------------+---------------------------------------+-------+
//   | history: 32 KiB       | room: 64 KiB                          | slack |
//   +-----------------------+---------------------------------------+-------+
//       returned already         | decoded, not   |
//                                | returned yet   |
//                             unread_        output_.out
//
// A match reaches back at most 32 KiB. When the room is full, the last 32 KiB move to the front as
// history. At the beginning of the data there is no history, and its place is room too.
//
// A read of 128 KiB or more bypasses the window. After the first 32 KiB, bytes are decoded straight
// into the caller's buffer, up to the slack at its end. Then the last 32 KiB are copied to the
// window as history.
//
//   the caller's buffer, 128 KiB or more
//   +-----------------------+---------------------------------------+-------+
//   | copied from window_   | decoded here                          | slack |
//   +-----------------------+---------------------------------------+-------+
//                                             | copied to window_   |
//                                                              output_.out
//
//   input_
//   +--------+----------------------------------------------+---------+
//   | tail   | read from the file: 128 KiB at once          | padding |
//   +--------+----------------------------------------------+---------+
//       |decoded already               | not decoded yet    |
//                                    in_.at             input_end_
//
// The header of a block must lie in the input buffer as a whole. So if fewer bytes than the longest
// header are left, they move to the place before the bytes that are read next: this is the tail.
// Zeros follow the last byte of the data, enough for the longest header. The decoder checks for
// bits taken out of these zeros before it writes anything decoded from them.
//
// State between calls: the positions in both buffers, up to 63 loaded bits, the tables of the
// current block, and the number of bytes left of a stored block.
//
// Credit: its tables and its loop over symbols (deflate_tables.h, deflate_symbols.h) follow the
// design of libdeflate by Eric Biggers (https://github.com/ebiggers/libdeflate,
// lib/deflate_decompress.c; MIT licence, see LICENSE.libdeflate). libdeflate decodes whole buffers;
// the window and the input buffer, by which this decoder stops and goes on, are tf-npz's own.

#ifndef TF_NPZ_INFLATE_DEFLATE_DECODER_H_
#define TF_NPZ_INFLATE_DEFLATE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cc/base/status.h"
#include "cc/inflate/deflate_symbols.h"
#include "cc/inflate/deflate_tables.h"
#include "cc/inflate/inflate.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"

namespace tf_npz {

class DeflateDecoder : public InflateStream {
 public:
  static Result<std::unique_ptr<InflateStream>> Open(const RandomAccessFile& file, uint64_t offset,
                                                     uint64_t compressed_size, BufferPool& pool);

  Result<size_t> ReadSome(char* destination, size_t size) override;
  bool at_end() const override { return state_ == State::kEnded && unread_ == output_.out; }

 private:
  enum class State {
    kBlockHeader,  // at the header of a block
    kStored,       // inside a stored block
    kSymbols,      // inside a block with prefix codes
    kEnded,        // after the last block
    kMalformed,    // the data is malformed; reason_ says why
  };

  DeflateDecoder(const RandomAccessFile& file, uint64_t offset, uint64_t compressed_size)
      : InflateStream(InflateFormat::kDeflate),
        file_(file),
        offset_(offset),
        compressed_size_(compressed_size) {}

  uint64_t consumed() const override;
  size_t CopyUnread(char* destination, size_t size);
  Status DecodeToWindow(size_t wanted);
  Status DecodeDirectly(char* destination, size_t size, size_t* done);
  Status DecodeTo(const char* limit);
  Status ReadInput();
  void Fail(std::string_view reason);

  void DecodeBlockHeader();
  void BeginStored();
  void CopyStored(const char* limit);
  void ReadCodes();
  bool ReadCodeLengths(const CodeLengthTable& table, size_t count, uint8_t* lengths);
  void DecodeBlock(const char* limit);
  void EndBlock();

  bool has_all_input() const { return taken_ == compressed_size_; }

  const RandomAccessFile& file_;
  const uint64_t offset_;
  const uint64_t compressed_size_;

  Buffer window_;
  DeflateOutput output_ = {};
  const char* unread_ = nullptr;
  const char* room_end_ = nullptr;

  Buffer input_;
  DeflateBits in_;
  const char* input_end_ = nullptr;
  uint64_t taken_ = 0;  // compressed bytes read from the file so far

  State state_ = State::kBlockHeader;
  bool is_last_block_ = false;
  size_t stored_left_ = 0;                 // bytes of the current stored block not copied yet
  const DeflateTables* tables_ = nullptr;  // of the current block: dynamic_ or the fixed tables
  DeflateTables dynamic_;
  std::string_view reason_;  // of kMalformed
};

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_DECODER_H_
