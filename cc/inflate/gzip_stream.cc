#include "cc/inflate/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace tf_npz {
namespace {

// Compressed bytes read from the file at once.
constexpr size_t kInputSize = size_t{128} << 10;

// zlib's windowBits: 15 for any window that deflate can have, plus 16 for a gzip header and
// trailer.
constexpr int kWindowBits = 16 + 15;

// zlib's message if the magic of a member (RFC 1952 2.3.1: ID1, ID2) is missing.
constexpr std::string_view kNoMagic = "incorrect header check";

// Translates zlib's message into a plainer one, if there is one.
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
  uint64_t consumed() const { return read - z.avail_in; }

  const RandomAccessFile& file;
  uint64_t offset = 0;
  uint64_t compressed_size = 0;
  uint64_t read = 0;  // compressed bytes read from the file so far
  Buffer input;
  z_stream z = {};
  bool initialized = false;
  uint64_t member_offset = 0;  // of the current member, from the first compressed byte
  bool is_after_member =
      false;           // a member is decoded, and the bytes after it are not looked at yet
  bool ended = false;  // the last member is decoded
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
  const size_t size = std::min<uint64_t>(s.input.size(), s.compressed_size - s.read);
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(s.file, s.offset + s.read, s.input.data(), size));
  s.read += size;
  s.z.next_in = reinterpret_cast<Bytef*>(s.input.data());
  s.z.avail_in = static_cast<uInt>(size);
  return OkStatus();
}

// Call it after a member. Skips zeros. If another byte follows in the input buffer, begins a member
// there.
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
  if (s.z.avail_in == 0 && s.read < s.compressed_size) TF_NPZ_RETURN_IF_ERROR(Refill());
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
  // Bytes decoded before the damage are returned first. The next call finds the damage again.
  if (produced > 0) return produced;
  // zlib took no input and wrote no output: the input has ended, and another call would do the
  // same.
  const bool stuck = available == s.z.avail_in;
  if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || stuck) return MalformedHere();
  return produced;
}

Status GzipStream::MalformedHere() const {
  const State& s = *state_;
  if (s.z.msg == nullptr) return Malformed(s.consumed(), kEndsTooEarly);
  return Malformed(s.z.msg == kNoMagic ? s.member_offset : s.consumed(), Reason(s.z.msg));
}

bool GzipStream::at_end() const { return state_->ended; }

uint64_t GzipStream::consumed() const { return state_->consumed(); }

}  // namespace tf_npz
