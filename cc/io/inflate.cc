#include "tf_npz/io/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>

#include "tf_npz/io/crc32.h"

#ifdef TF_NPZ_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

namespace tf_npz {
namespace {

// Compressed bytes that a stream reads at once.
constexpr size_t kInputSize = size_t{128} << 10;

// zlib's windowBits: any window that deflate can have, and around it nothing, or gzip's header and
// trailer.
int WindowBits(InflateFormat format) { return format == InflateFormat::kGzip ? 16 + 15 : -15; }

std::string_view Name(InflateFormat format) {
  return format == InflateFormat::kGzip ? "gzip" : "deflate";
}

// What zlib calls a member's magic (RFC 1952 2.3.1: ID1, ID2) that isn't there.
constexpr std::string_view kNoMagic = "incorrect header check";

// zlib's messages, in plainer words where there are any.
std::string_view Reason(const char* message) {
  if (message == nullptr) return "it breaks off";
  if (message == kNoMagic) return "expected the end or another gzip member";
  if (message == std::string_view("incorrect data check")) return "CRC-32 mismatch";
  if (message == std::string_view("incorrect length check")) return "size mismatch";
  return message;
}

}  // namespace

struct InflateStream::State {
  State(const RandomAccessFile& f, InflateOptions o) : file(f), options(o) {}
  ~State() {
    if (initialized) inflateEnd(&z);
  }
  uint64_t consumed() const { return given - z.avail_in; }

  const RandomAccessFile& file;
  const InflateOptions options;
  uint64_t offset = 0;
  uint64_t compressed_size = 0;
  uint64_t given = 0;  // compressed bytes read from the file so far
  Buffer input;
  z_stream z = {};
  bool initialized = false;
  uint64_t member_offset = 0;    // of the gzip member at hand
  bool is_after_member = false;  // a gzip member is decoded, and what follows it not looked at
  bool ended = false;            // the final block, or the last member, is decoded
};

InflateStream::InflateStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
InflateStream::~InflateStream() = default;

Result<std::unique_ptr<InflateStream>> InflateStream::Open(const RandomAccessFile& file,
                                                           uint64_t offset,
                                                           uint64_t compressed_size,
                                                           BufferPool& pool,
                                                           InflateOptions options) {
  auto state = std::make_unique<State>(file, options);
  state->offset = offset;
  state->compressed_size = compressed_size;
  TF_NPZ_ASSIGN_OR_RETURN(state->input,
                          pool.Allocate(std::min<uint64_t>(kInputSize, compressed_size)));
  if (inflateInit2(&state->z, WindowBits(options.format)) != Z_OK) {
    return ResourceExhausted("no memory for a decompressor");
  }
  state->initialized = true;
  if (!options.verify_checksums) inflateValidate(&state->z, 0);
  return std::unique_ptr<InflateStream>(new InflateStream(std::move(state)));
}

Status InflateStream::Refill() {
  State& s = *state_;
  const size_t size = std::min<uint64_t>(s.input.size(), s.compressed_size - s.given);
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(s.file, s.offset + s.given, s.input.data(), size));
  s.given += size;
  s.z.next_in = reinterpret_cast<Bytef*>(s.input.data());
  s.z.avail_in = static_cast<uInt>(size);
  return OkStatus();
}

// Behind a gzip member: skips zeros, and begins with what follows them, if they end in the input at
// hand.
Status InflateStream::BeginNextMember() {
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

Result<size_t> InflateStream::ReadSome(char* destination, size_t size) {
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
    s.is_after_member = s.options.format == InflateFormat::kGzip;
    s.ended = !s.is_after_member || s.consumed() == s.compressed_size;
    return produced;
  }
  // Bytes that came out before damage are given; the next step meets the damage again.
  if (produced > 0) return produced;
  // Neither input taken nor output given: the input has run out, and asking again would ask
  // forever.
  const bool stuck = available == s.z.avail_in;
  if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || stuck) return Malformed();
  return produced;
}

Status InflateStream::Malformed() const {
  const State& s = *state_;
  const bool no_magic = s.z.msg != nullptr && s.z.msg == kNoMagic;
  return DataLoss("malformed " + std::string(Name(s.options.format)) + " data at byte " +
                  std::to_string(no_magic ? s.member_offset : s.consumed()) +
                  " of the compressed data (" + std::string(Reason(s.z.msg)) + ")");
}

bool InflateStream::at_end() const { return state_->ended; }

Status InflateStream::EndsBefore(size_t size) const {
  return DataLoss(std::string(Name(state_->options.format)) + " data ends at byte " +
                  std::to_string(state_->consumed()) + " of the compressed data (expected " +
                  std::to_string(size) + " more bytes to come out of it)");
}

Status InflateStream::Read(char* destination, size_t size, size_t* done) {
  size_t ignored;
  if (done == nullptr) done = &ignored;
  *done = 0;
  while (*done < size) {
    if (at_end()) return EndsBefore(size - *done);
    TF_NPZ_ASSIGN_OR_RETURN(const size_t produced, ReadSome(destination + *done, size - *done));
    *done += produced;
  }
  return OkStatus();
}

Status InflateStream::Finish() {
  const State& s = *state_;
  while (!s.ended) {
    char extra;
    TF_NPZ_ASSIGN_OR_RETURN(const size_t produced, ReadSome(&extra, 1));
    if (produced > 0) {
      return DataLoss(std::string(Name(s.options.format)) +
                      " data decodes to more bytes than the member is said to have");
    }
  }
  return OkStatus();
}

namespace {

Status InflateWholeByStream(std::string_view compressed, char* destination, size_t size) {
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(compressed);
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<InflateStream> stream,
                          InflateStream::Open(*file, 0, compressed.size(), *pool));
  TF_NPZ_RETURN_IF_ERROR(stream->Read(destination, size));
  return stream->Finish();
}

}  // namespace

#ifdef TF_NPZ_HAVE_LIBDEFLATE

uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size) {
  return libdeflate_crc32(crc, data, size);
}

Status InflateWhole(std::string_view compressed, char* destination, size_t size) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (decompressor == nullptr) return ResourceExhausted("no memory for a decompressor");
  size_t produced = 0;
  const libdeflate_result outcome = libdeflate_deflate_decompress(
      decompressor.get(), compressed.data(), compressed.size(), destination, size, &produced);
  if (outcome == LIBDEFLATE_SUCCESS && produced == size) return OkStatus();
  // libdeflate doesn't say where it stopped: the stream decoder, which does, words the error.
  return InflateWholeByStream(compressed, destination, size);
}

#else

uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size) {
  return static_cast<uint32_t>(crc32_z(crc, static_cast<const Bytef*>(data), size));
}

Status InflateWhole(std::string_view compressed, char* destination, size_t size) {
  return InflateWholeByStream(compressed, destination, size);
}

#endif

}  // namespace tf_npz
