// Follows the design of libdeflate by Eric Biggers (MIT licence, see LICENSE.libdeflate). The
// header says what was taken from it.

#include "cc/inflate/deflate_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "cc/base/checked.h"
#include "cc/base/deflate_ratio.h"

namespace tf_npz {
namespace {

// The largest distance of a match, in bytes: RFC 1951 2.
constexpr size_t kHistory = size_t{32} << 10;

// Bytes decoded between two moves of the history. At this size the moves cost little.
constexpr size_t kRoom = size_t{64} << 10;

// The smallest read that bypasses the window. Its first 32 KiB come through the window, and its
// last 32 KiB are copied back as history, so a smaller read would not gain from it.
constexpr size_t kMinDirect = 4 * kHistory;

// Compressed bytes read from the file at once.
constexpr size_t kRead = size_t{128} << 10;

// The longest header of a block (3.2.7), rounded up: 17 bits, 19 lengths of 3 bits, and for the
// length of each symbol a codeword of at most 7 bits with at most 7 extra bits.
constexpr size_t kMaxHeader = size_t{1} << 10;
static_assert((17 + 19 * 3 + (286 + 30) * (7 + 7)) / 8 + 8 + kFastInput < kMaxHeader);

// The most bytes that are left when more are read: fewer than a header has, and whole bytes that
// were loaded as bits already.
constexpr size_t kMaxTail = kMaxHeader + sizeof(uint64_t);

// The most codes by 3.2.7. The fields HLIT + 257 and HDIST + 1 can hold larger numbers.
constexpr size_t kMaxLiteralLengthCodes = 286;
constexpr size_t kMaxDistanceCodes = 30;
// The order in which the code lengths of the code lengths' code are stored.
constexpr uint8_t kCodeLengthOrder[kMaxCodeLengths] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};

}  // namespace

Result<std::unique_ptr<InflateStream>> DeflateDecoder::Open(const RandomAccessFile& file,
                                                            uint64_t offset,
                                                            uint64_t compressed_size,
                                                            BufferPool& pool) {
  std::unique_ptr<DeflateDecoder> decoder(new DeflateDecoder(file, offset, compressed_size));
  uint64_t most = 0;  // bytes that the data can decode to
  if (!CheckedMultiply(compressed_size, kMaxInflateRatio, &most)) most = UINT64_MAX;
  const size_t window_size = kHistory + std::min<uint64_t>(kRoom, most) + kFastOutput;
  TF_NPZ_ASSIGN_OR_RETURN(decoder->window_, pool.Allocate(window_size));
  const size_t input_size = kMaxTail + std::min<uint64_t>(kRead, compressed_size) + kMaxHeader;
  TF_NPZ_ASSIGN_OR_RETURN(decoder->input_, pool.Allocate(input_size));

  char* const window = decoder->window_.data();
  decoder->output_ = {window, window};
  decoder->unread_ = window;
  decoder->room_end_ = window + window_size - kFastOutput;
  char* const input = decoder->input_.data() + kMaxTail;
  decoder->in_.at = decoder->input_end_ = input;
  std::memset(input, 0, kMaxHeader);  // for data of 0 bytes
  return std::unique_ptr<InflateStream>(std::move(decoder));
}

Result<size_t> DeflateDecoder::ReadSome(char* destination, size_t size) {
  const bool is_direct = size >= kMinDirect;
  size_t done = CopyUnread(destination, size);
  Status status;
  const size_t through_window = is_direct ? kHistory : size;
  if (done < through_window) {
    status = DecodeToWindow(through_window - done);
    done += CopyUnread(destination + done, size - done);
  }
  if (is_direct && done >= kHistory && status.ok()) {
    status = DecodeDirectly(destination, size, &done);
  }
  // Bytes decoded before the damage are returned first. The next call finds the damage again.
  if (done > 0 || status.ok()) return done;
  return status;
}

// Copies at most `size` decoded bytes that were not returned yet. Returns their number.
size_t DeflateDecoder::CopyUnread(char* destination, size_t size) {
  const size_t given = std::min<size_t>(size, output_.out - unread_);
  std::memcpy(destination, unread_, given);
  unread_ += given;
  return given;
}

// Decodes about `wanted` bytes, or fewer, into the window. Call it only if all bytes decoded before
// were returned.
Status DeflateDecoder::DecodeToWindow(size_t wanted) {
  if (output_.out >= room_end_) {
    char* const front = window_.data();
    std::memmove(front, output_.out - kHistory, kHistory);
    output_.out = front + kHistory;
    unread_ = output_.out;
  }
  return DecodeTo(output_.out + std::min<size_t>(wanted, room_end_ - output_.out));
}

// Decodes into `destination`, after the `*done` bytes that are there already, and adds to `*done`.
// These bytes are the history, so they are at least 32 KiB.
Status DeflateDecoder::DecodeDirectly(char* destination, size_t size, size_t* done) {
  output_ = {destination + *done, destination};
  Status status = DecodeTo(destination + size - kFastOutput);
  *done = output_.out - destination;
  char* const front = window_.data();
  std::memcpy(front, output_.out - kHistory, kHistory);
  output_ = {front + kHistory, front};
  unread_ = output_.out;
  return status;
}

// Decodes until the output reaches `limit`; it may go beyond by up to kFastOutput bytes. Stops
// earlier if much input decodes to few bytes, so that each call takes a bounded time.
Status DeflateDecoder::DecodeTo(const char* limit) {
  const uint64_t most_input = taken_ + (limit - output_.out);
  while (output_.out < limit && state_ != State::kEnded && state_ != State::kMalformed) {
    if (input_end_ - in_.at < static_cast<ptrdiff_t>(kMaxHeader) && !has_all_input()) {
      if (taken_ >= most_input) break;
      TF_NPZ_RETURN_IF_ERROR(ReadInput());
    }
    switch (state_) {
      case State::kBlockHeader:
        DecodeBlockHeader();
        break;
      case State::kStored:
        CopyStored(limit);
        break;
      default:
        DecodeBlock(limit);
    }
  }
  return state_ == State::kMalformed ? Malformed(consumed(), reason_) : OkStatus();
}

// Reads the next bytes of the file. The bytes left in the input buffer move before them.
Status DeflateDecoder::ReadInput() {
  in_.ReturnWholeBytes();
  char* const destination = input_.data() + kMaxTail;
  const size_t tail = input_end_ - in_.at;
  std::memmove(destination - tail, in_.at, tail);
  in_.at = destination - tail;
  input_end_ = destination;
  const size_t size = std::min<uint64_t>(kRead, compressed_size_ - taken_);
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(file_, offset_ + taken_, destination, size));
  taken_ += size;
  input_end_ += size;
  if (has_all_input()) std::memset(destination + size, 0, kMaxHeader);
  return OkStatus();
}

uint64_t DeflateDecoder::consumed() const {
  const ptrdiff_t unused = input_end_ - in_.at + static_cast<ptrdiff_t>(in_.left() / 8);
  return taken_ - static_cast<uint64_t>(std::max<ptrdiff_t>(unused, 0));
}

void DeflateDecoder::Fail(std::string_view reason) {
  state_ = State::kMalformed;
  reason_ = in_.HasOverrun(input_end_) ? kEndsTooEarly : reason;
}

void DeflateDecoder::EndBlock() { state_ = is_last_block_ ? State::kEnded : State::kBlockHeader; }

// 3.2.3.
void DeflateDecoder::DecodeBlockHeader() {
  in_.Refill();
  is_last_block_ = in_.Take(1) != 0;
  switch (in_.Take(2)) {
    case 0:
      BeginStored();
      break;
    case 1:
      tables_ = &FixedTables();
      state_ = State::kSymbols;
      break;
    case 2:
      ReadCodes();
      break;
    default:
      Fail("reserved block type");
  }
  if (in_.HasOverrun(input_end_)) Fail(kEndsTooEarly);
}

// 3.2.4.
void DeflateDecoder::BeginStored() {
  in_.Take(in_.left() % 8);
  const uint32_t size = in_.Take(16);
  if ((in_.Take(16) ^ size) != 0xFFFF) {
    return Fail("length of a stored block does not match its complement");
  }
  // The bytes of the block are copied from the input buffer, so loaded bytes return to it.
  in_.ReturnWholeBytes();
  stored_left_ = size;
  state_ = State::kStored;
  if (size == 0) EndBlock();
}

void DeflateDecoder::CopyStored(const char* limit) {
  if (in_.at == input_end_) return Fail(kEndsTooEarly);
  const size_t size =
      std::min({stored_left_, size_t(input_end_ - in_.at), size_t(limit - output_.out)});
  std::memcpy(output_.out, in_.at, size);
  in_.at += size;
  output_.out += size;
  stored_left_ -= size;
  if (stored_left_ == 0) EndBlock();
}

// 3.2.7.
void DeflateDecoder::ReadCodes() {
  const size_t literal_lengths = in_.Take(5) + 257;
  const size_t distances = in_.Take(5) + 1;
  const size_t code_lengths = in_.Take(4) + 4;
  if (literal_lengths > kMaxLiteralLengthCodes || distances > kMaxDistanceCodes) {
    return Fail("too many length or distance codes");
  }
  uint8_t bits[kMaxCodeLengths] = {};
  for (size_t i = 0; i < code_lengths; ++i) {
    in_.Refill();
    bits[kCodeLengthOrder[i]] = static_cast<uint8_t>(in_.Take(3));
  }
  CodeLengthTable table;
  if (!MakeTable(bits, &table)) return Fail("lengths of the code lengths' code do not form a code");

  uint8_t lengths[kMaxLiteralLengthCodes + kMaxDistanceCodes];
  if (!ReadCodeLengths(table, literal_lengths + distances, lengths)) {
    return Fail("code length repeated before the first or after the last one");
  }
  if (lengths[kEndOfBlock] == 0) return Fail("end of the block has no codeword");
  if (!MakeTable(lengths, literal_lengths, &dynamic_.literal_lengths)) {
    return Fail("code lengths of literals and lengths do not form a code");
  }
  if (!MakeTable(lengths + literal_lengths, distances, &dynamic_.distances)) {
    return Fail("code lengths of distances do not form a code");
  }
  tables_ = &dynamic_;
  state_ = State::kSymbols;
}

// Reads `count` code lengths into `lengths`. Returns false if a repetition comes before the first
// length or goes beyond the last one.
bool DeflateDecoder::ReadCodeLengths(const CodeLengthTable& table, size_t count, uint8_t* lengths) {
  for (size_t i = 0; i < count;) {
    in_.Refill();
    const DeflateEntry entry = table.entries[in_.bits & table.mask];
    in_.Take(EntryBits(entry));
    const uint32_t symbol = EntryValue(entry);
    if (symbol < 16) {
      lengths[i++] = static_cast<uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && i == 0) return false;
    const uint8_t repeated = symbol == 16 ? lengths[i - 1] : 0;
    const size_t times = symbol == 16   ? 3 + in_.Take(2)
                         : symbol == 17 ? 3 + in_.Take(3)
                                        : 11 + in_.Take(7);
    if (times > count - i) return false;
    std::memset(lengths + i, repeated, times);
    i += times;
  }
  return true;
}

void DeflateDecoder::DecodeBlock(const char* limit) {
  DeflateStop stop = DeflateStop::kPaused;
  const char* const fast_limit = input_end_ - kFastInput;
  if (in_.at < fast_limit) stop = DecodeSymbols(*tables_, fast_limit, limit, &in_, &output_);
  if (stop == DeflateStop::kPaused && in_.at >= fast_limit && has_all_input()) {
    stop = DecodeLastSymbols(*tables_, input_end_, limit, &in_, &output_);
  }
  switch (stop) {
    case DeflateStop::kPaused:
      return;
    case DeflateStop::kEndOfBlock:
      return EndBlock();
    case DeflateStop::kInputEnded:
      return Fail(kEndsTooEarly);
    case DeflateStop::kInvalidLiteralLength:
      return Fail("bits are not a codeword of a literal or length");
    case DeflateStop::kInvalidDistance:
      return Fail("bits are not a codeword of a distance");
    case DeflateStop::kTooFarBack:
      return Fail("distance reaches before the first byte");
  }
}

}  // namespace tf_npz
