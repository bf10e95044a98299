// Decodes deflated members as streams, by zlib-ng. Buffers of 128 KiB of input and `buffer` bytes
// of output are reused. CRC-32 is computed while the bytes are in the cache. Each member is decoded
// by one thread.

#include <libdeflate.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>

#include "limits.h"

namespace tf_npz::limits {
namespace {

constexpr size_t kInputSize = size_t{128} << 10;

struct Worker {
  char* input;
  char* output;
  Summer summer;
};

void Decode(const Options& options, const Member& member, Worker& worker) {
  const int fd = OpenFile(member.path);
  z_stream stream = {};
  if (inflateInit2(&stream, -15) != Z_OK) Fail("inflateInit2 failed");
  uint64_t taken = 0;
  uint64_t given = 0;
  uint32_t crc = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(worker.output);
    stream.avail_out = static_cast<uInt>(options.buffer);
    while (status == Z_OK && stream.avail_out > 0) {
      if (stream.avail_in == 0) {
        const size_t size = std::min<uint64_t>(kInputSize, member.stored_size - taken);
        PreadAll(fd, worker.input, size, member.offset + taken);
        taken += size;
        stream.next_in = reinterpret_cast<Bytef*>(worker.input);
        stream.avail_in = static_cast<uInt>(size);
      }
      status = inflate(&stream, Z_NO_FLUSH);
    }
    const size_t size = options.buffer - stream.avail_out;
    crc = libdeflate_crc32(crc, worker.output, size);
    worker.summer.Add(worker.output, size);
    given += size;
  }
  if (status != Z_STREAM_END || given != member.size) Fail(member.path + ": does not inflate");
  inflateEnd(&stream);
  close(fd);
  CheckCrc(member, crc);
  worker.summer.EndArray();
}

}  // namespace
}  // namespace tf_npz::limits

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  const Options options = ParseOptions(argc, argv);
  const std::vector<Member> members = FindMembers(options.files);
  uint64_t bytes = 0;
  for (const Member& member : members) bytes += member.size;
  std::vector<Worker> workers;
  for (int i = 0; i < options.threads; ++i) {
    workers.push_back({NewBuffer(kInputSize), NewBuffer(options.buffer), Summer(options)});
  }
  Measure(
      options, members.size(), bytes,
      [&](int thread, size_t index) { Decode(options, members[index], workers[thread]); },
      [&] {
        uint64_t sum = 0;
        for (const Worker& worker : workers) sum += worker.summer.sum();
        return sum;
      });
}
