// Decodes deflated members as a whole, by libdeflate, into one reused buffer for each thread. Then
// computes CRC-32.

#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>

#include "limits.h"

namespace tf_npz::limits {
namespace {

struct Worker {
  libdeflate_decompressor* decompressor;
  char* input;
  char* output;
  Summer summer;
};

}  // namespace
}  // namespace tf_npz::limits

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  const Options options = ParseOptions(argc, argv);
  const std::vector<Member> members = FindMembers(options.files);
  uint64_t input_size = 0;
  uint64_t output_size = 0;
  uint64_t bytes = 0;
  for (const Member& member : members) {
    input_size = std::max(input_size, member.stored_size);
    output_size = std::max(output_size, member.size);
    bytes += member.size;
  }
  std::vector<Worker> workers;
  for (int i = 0; i < options.threads; ++i) {
    workers.push_back({libdeflate_alloc_decompressor(), NewBuffer(input_size),
                       NewBuffer(output_size), Summer(options)});
  }
  const auto decode = [&](int thread, size_t index) {
    Worker& worker = workers[thread];
    const Member& member = members[index];
    const int fd = OpenFile(member.path);
    PreadAll(fd, worker.input, member.stored_size, member.offset);
    close(fd);
    if (libdeflate_deflate_decompress(worker.decompressor, worker.input, member.stored_size,
                                      worker.output, member.size, nullptr) != LIBDEFLATE_SUCCESS) {
      Fail(member.path + ": the data does not inflate");
    }
    CheckCrc(member, libdeflate_crc32(0, worker.output, member.size));
    worker.summer.Add(worker.output, member.size);
    worker.summer.EndArray();
  };
  Measure(options, members.size(), bytes, decode, [&] {
    uint64_t sum = 0;
    for (const Worker& worker : workers) sum += worker.summer.sum();
    return sum;
  });
}
