#include "cc/inflate/inflate.h"

#include <string>

#include "cc/inflate/crc32.h"
#include "cc/inflate/deflate_decoder.h"
#include "cc/inflate/gzip_stream.h"

#ifdef TF_NPZ_HAVE_LIBDEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

namespace tf_npz {

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
  while (!at_end()) {
    char extra;
    TF_NPZ_ASSIGN_OR_RETURN(const size_t produced, ReadSome(&extra, 1));
    if (produced > 0) {
      return DataLoss(std::string(format_name()) +
                      " data decodes to more bytes than the declared size");
    }
  }
  return OkStatus();
}

std::string_view InflateStream::format_name() const {
  return format_ == InflateFormat::kGzip ? "gzip" : "deflate";
}

Status InflateStream::Malformed(uint64_t at_byte, std::string_view reason) const {
  return DataLoss("malformed " + std::string(format_name()) + " data at byte " +
                  std::to_string(at_byte) + " of the compressed data (" + std::string(reason) +
                  ")");
}

Status InflateStream::EndsBefore(size_t size) const {
  return DataLoss(std::string(format_name()) + " data ends at byte " + std::to_string(consumed()) +
                  " of the compressed data (expected " + std::to_string(size) +
                  " more decoded bytes)");
}

Result<std::unique_ptr<InflateStream>> OpenInflateStream(const RandomAccessFile& file,
                                                         uint64_t offset, uint64_t compressed_size,
                                                         BufferPool& pool, InflateOptions options) {
  if (options.format == InflateFormat::kGzip) {
    return GzipStream::Open(file, offset, compressed_size, pool, options.verify_checksums);
  }
  return DeflateDecoder::Open(file, offset, compressed_size, pool);
}

namespace {

Status InflateWholeByStream(std::string_view compressed, char* destination, size_t size) {
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(compressed);
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<InflateStream> stream,
                          OpenInflateStream(*file, 0, compressed.size(), *pool));
  TF_NPZ_RETURN_IF_ERROR(stream->Read(destination, size));
  return stream->Finish();
}

}  // namespace

#ifdef TF_NPZ_HAVE_LIBDEFLATE

uint32_t ExtendCrc32(uint32_t crc, const void* data, size_t size) {
  return libdeflate_crc32(crc, data, size);
}

Status InflateWhole(std::string_view compressed, char* destination, size_t size) {
  // Kept, because allocating it took 3 % of the time to decode a member of 3 KiB.
  thread_local std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)>
      decompressor(nullptr, libdeflate_free_decompressor);
  if (decompressor == nullptr) decompressor.reset(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return ResourceExhausted("no memory for a decompressor");
  size_t produced = 0;
  const libdeflate_result outcome = libdeflate_deflate_decompress(
      decompressor.get(), compressed.data(), compressed.size(), destination, size, &produced);
  if (outcome == LIBDEFLATE_SUCCESS && produced == size) return OkStatus();
  // libdeflate does not say where it stopped. The stream decoder does, so it makes the error
  // message.
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
