#include "cc/inflate/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace tf_npz {
namespace {

// Compressed bytes that are read at once.
constexpr size_t kInputSize = size_t{128} << 10;

// zlib's windowBits: any window that deflate can have, and gzip's header and trailer around it.
constexpr int kWindowBits = 16 + 15;

// What zlib calls a member's magic (RFC 1952 2.3.1: ID1, ID2) that isn't there.
constexpr std::string_view kNoMagic = "incorrect header check";

// zlib's messages, in plainer words where there are any.
std::string_view Reason(std::string_view message) {
  if (message == kNoMagic) return "expected the end or another gzip member";
  if (message == "incorrect data check") return "CRC-32 mismatch";
  if (message == "incorrect length check") return "size mismatch";
  return message;
}

}  // namespace

struct GzipStream::State {
  explicit State(const RandomAccessFile& f) : file(f) {}
  ~State() {
    if (initialized) inflateEnd(&z);
  }
  uint64_t consumed() const { return given - z.avail_in; }

  const RandomAccessFile& file;
  uint64_t offset = 0;
  uint64_t compressed_size = 0;
  uint64_t given = 0;  // compressed bytes read from the file so far
  Buffer input;
  z_stream z = {};
  bool initialized = false;
  uint64_t member_offset = 0;    // of the member at hand
  bool is_after_member = false;  // a member is decoded, and what follows it not looked at
  bool ended = false;            // the last member is decoded
};

GzipStream::GzipStream(std::unique_ptr<State> state)
    : InflateStream(InflateFormat::kGzip), state_(std::move(state)) {}
GzipStream::~GzipStream() = default;

Result<std::unique_ptr<InflateStream>> GzipStream::Open(const RandomAccessFile& file,
                                                        uint64_t offset, uint64_t compressed_size,
                                                        BufferPool& pool, bool verify_checksums) {
  auto state = std::make_unique<State>(file);
  state->offset = offset;
  state->compressed_size = compressed_size;
  TF_NPZ_ASSIGN_OR_RETURN(state->input,
                          pool.Allocate(std::min<uint64_t>(kInputSize, compressed_size)));
  if (inflateInit2(&state->z, kWindowBits) != Z_OK) {
    return ResourceExhausted("no memory for a decompressor");
  }
  state->initialized = true;
  if (!verify_checksums) inflateValidate(&state->z, 0);
  return std::unique_ptr<InflateStream>(new GzipStream(std::move(state)));
}

Status GzipStream::Refill() {
  State& s = *state_;
  const size_t size = std::min<uint64_t>(s.input.size(), s.compressed_size - s.given);
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(s.file, s.offset + s.given, s.input.data(), size));
  s.given += size;
  s.z.next_in = reinterpret_cast<Bytef*>(s.input.data());
  s.z.avail_in = static_cast<uInt>(size);
  return OkStatus();
}

// Behind a member: skips zeros, and begins with what follows them, if they end in the input at
// hand.
Status GzipStream::BeginNextMember() {
  State& s = *state_;
  while (s.z.avail_in > 0 && *s.z.next_in == 0) {
    ++s.z.next_in;
    --s.z.avail_in;
  }
  s.ended = s.consumed() == s.compressed_size;
  if (s.z.avail_in == 0) return OkStatus();
  if (inflateReset(&s.z) != Z_OK) return Internal("zlib refuses to begin another gzip member");
  s.member_offset = s.consumed();
  s.is_after_member = false;
  return OkStatus();
}

Result<size_t> GzipStream::ReadSome(char* destination, size_t size) {
  State& s = *state_;
  if (s.ended) return size_t{0};
  if (s.z.avail_in == 0 && s.given < s.compressed_size) TF_NPZ_RETURN_IF_ERROR(Refill());
  if (s.is_after_member) {
    TF_NPZ_RETURN_IF_ERROR(BeginNextMember());
    if (s.is_after_member) return size_t{0};
  }
  const uInt room = static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
  s.z.next_out = reinterpret_cast<Bytef*>(destination);
  s.z.avail_out = room;
  const uInt available = s.z.avail_in;
  const int outcome = inflate(&s.z, Z_NO_FLUSH);
  const size_t produced = room - s.z.avail_out;
  if (outcome == Z_STREAM_END) {
    s.is_after_member = true;
    s.ended = s.consumed() == s.compressed_size;
    return produced;
  }
  // Bytes that came out before damage are given; the next step meets the damage again.
  if (produced > 0) return produced;
  // Neither input taken nor output given: the input has run out, and asking again would ask
  // forever.
  const bool stuck = available == s.z.avail_in;
  if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || stuck) return MalformedHere();
  return produced;
}

Status GzipStream::MalformedHere() const {
  const State& s = *state_;
  if (s.z.msg == nullptr) return Malformed(s.consumed(), kBreaksOff);
  return Malformed(s.z.msg == kNoMagic ? s.member_offset : s.consumed(), Reason(s.z.msg));
}

bool GzipStream::at_end() const { return state_->ended; }

uint64_t GzipStream::consumed() const { return state_->consumed(); }

}  // namespace tf_npz
