// Raw deflate (RFC 1951) as a stream.
//
// As fast as a decoder of whole members, since it decodes into a window of its own, out of a buffer
// of its own: both have slack behind them, so the loop that decodes symbols looks at its limits
// once for several, and never has to stop inside of one.
//
//   window_
//   +-----------------------+---------------------------------------+-------+
//   | history: 32 KiB       | room: 64 KiB                          | slack |
//   +-----------------------+---------------------------------------+-------+
//            given out           | decoded, to be |
//                                | given out      |
//                             unread_        output_.out
//
// When the room is full, the last 32 KiB, which is how far matches reach, move to the front. At the
// beginning there is no history, and it is room too.
//
// Who wants much at once gets most of it without a copy: after 32 KiB that came through the window
// the rest is decoded to where it is wanted, but for as much as the slack; then the last 32 KiB of
// it are copied to the window, as history.
//
//   destination of 128 KiB or more
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
// A block's header must lie in the input as a whole. So when less than the longest one is left, it
// moves to before what is read next: the tail. Behind the last byte there are zeros, long enough
// for a header too; who takes bits out of them notices it before anything comes of it.
//
// So all that is kept between two calls is where in both it stands, up to 63 bits that are loaded,
// the tables of the block at hand, and what is left of a stored one.
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
    kBlockHeader,  // comes next
    kStored,       // amid a stored block
    kSymbols,      // amid a block with codes
    kEnded,
    kMalformed,
  };

  DeflateDecoder(const RandomAccessFile& file, uint64_t offset, uint64_t compressed_size)
      : InflateStream(InflateFormat::kDeflate),
        file_(file),
        offset_(offset),
        compressed_size_(compressed_size) {}

  uint64_t consumed() const override;
  size_t GiveOut(char* destination, size_t size);
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
  uint64_t taken_ = 0;  // compressed bytes that were read from the file

  State state_ = State::kBlockHeader;
  bool is_last_block_ = false;
  size_t stored_left_ = 0;                 // of the stored block at hand
  const DeflateTables* tables_ = nullptr;  // of the block at hand: dynamic_ or the fixed ones
  DeflateTables dynamic_;
  std::string_view reason_;  // where malformed
};

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_DECODER_H_
