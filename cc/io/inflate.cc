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

// Raw deflate, whatever window size the writer used.
constexpr int kRawDeflate = -15;

}  // namespace

struct InflateStream::State {
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
  bool ended = false;  // the final block is decoded
};

InflateStream::InflateStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
InflateStream::~InflateStream() = default;

Result<std::unique_ptr<InflateStream>> InflateStream::Open(const RandomAccessFile& file,
                                                           uint64_t offset,
                                                           uint64_t compressed_size,
                                                           BufferPool& pool) {
  auto state = std::make_unique<State>(file);
  state->offset = offset;
  state->compressed_size = compressed_size;
  TF_NPZ_ASSIGN_OR_RETURN(state->input,
                          pool.Allocate(std::min<uint64_t>(kInputSize, compressed_size)));
  if (inflateInit2(&state->z, kRawDeflate) != Z_OK) {
    return ResourceExhausted("no memory for a decompressor");
  }
  state->initialized = true;
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

Result<size_t> InflateStream::Step(char* destination, size_t size) {
  State& s = *state_;
  if (s.z.avail_in == 0 && s.given < s.compressed_size) TF_NPZ_RETURN_IF_ERROR(Refill());
  const uInt room = static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
  s.z.next_out = reinterpret_cast<Bytef*>(destination);
  s.z.avail_out = room;
  const uInt available = s.z.avail_in;
  const int outcome = inflate(&s.z, Z_NO_FLUSH);
  const size_t produced = room - s.z.avail_out;
  s.ended = outcome == Z_STREAM_END;
  // Bytes that came out before damage are given; the next step meets the damage again.
  if (s.ended || produced > 0) return produced;
  // Neither input taken nor output given: the input has run out, and asking again would ask
  // forever.
  const bool stuck = available == s.z.avail_in;
  if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || stuck) {
    return DataLoss("malformed deflate data at byte " + std::to_string(s.consumed()) +
                    " of the compressed data (" + (s.z.msg != nullptr ? s.z.msg : "it breaks off") +
                    ")");
  }
  return produced;
}

Status InflateStream::Read(char* destination, size_t size, size_t* done) {
  State& s = *state_;
  size_t ignored;
  if (done == nullptr) done = &ignored;
  *done = 0;
  while (*done < size) {
    if (s.ended) {
      return DataLoss("deflate data ends at byte " + std::to_string(s.consumed()) +
                      " of the compressed data (expected " + std::to_string(size - *done) +
                      " more bytes to come out of it)");
    }
    TF_NPZ_ASSIGN_OR_RETURN(const size_t produced, Step(destination + *done, size - *done));
    *done += produced;
  }
  return OkStatus();
}

Status InflateStream::Finish() {
  State& s = *state_;
  while (!s.ended) {
    char extra;
    TF_NPZ_ASSIGN_OR_RETURN(const size_t produced, Step(&extra, 1));
    if (produced > 0) {
      return DataLoss("deflate data decodes to more bytes than the member is said to have");
    }
  }
  if (s.consumed() != s.compressed_size) {
    return DataLoss("deflate data ends at byte " + std::to_string(s.consumed()) +
                    " of the compressed data (expected " + std::to_string(s.compressed_size) + ")");
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
  size_t consumed = 0;
  size_t produced = 0;
  const libdeflate_result outcome =
      libdeflate_deflate_decompress_ex(decompressor.get(), compressed.data(), compressed.size(),
                                       destination, size, &consumed, &produced);
  if (outcome == LIBDEFLATE_SUCCESS && produced == size && consumed == compressed.size()) {
    return OkStatus();
  }
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
