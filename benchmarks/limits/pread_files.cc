// Reads stored members by pread in steps of 1 MiB, into one reused buffer of `buffer` bytes, the
// size of a batch. Computes the CRC-32 of each step while it is in the cache.

#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>

#include "limits.h"

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  constexpr size_t kStep = size_t{1} << 20;
  const Options options = ParseOptions(argc, argv);
  const std::vector<Member> members = FindMembers(options.files);
  uint64_t bytes = 0;
  for (const Member& member : members) bytes += member.size;
  std::vector<char*> buffers;
  std::vector<Summer> summers(options.threads, Summer(options));
  std::vector<size_t> filled(options.threads, 0);
  for (int i = 0; i < options.threads; ++i) buffers.push_back(NewBuffer(options.buffer));

  const auto read = [&](int thread, size_t index) {
    const Member& member = members[index];
    const int fd = OpenFile(member.path);
    uint32_t crc = 0;
    for (uint64_t at = 0; at < member.stored_size;) {
      if (filled[thread] == options.buffer) filled[thread] = 0;  // the next batch
      const size_t size =
          std::min<uint64_t>({kStep, member.stored_size - at, options.buffer - filled[thread]});
      char* const destination = buffers[thread] + filled[thread];
      PreadAll(fd, destination, size, member.offset + at);
      crc = libdeflate_crc32(crc, destination, size);
      summers[thread].Add(destination, size);
      at += size;
      filled[thread] += size;
    }
    close(fd);
    CheckCrc(member, crc);
    summers[thread].EndArray();
    // If a member ends inside a batch, the next one continues there. It begins at a multiple of the
    // item size, so that --check sees whole items.
    filled[thread] = (filled[thread] + 63) / 64 * 64 % options.buffer;
  };
  Measure(options, members.size(), bytes, read, [&] {
    uint64_t sum = 0;
    for (const Summer& summer : summers) sum += summer.sum();
    return sum;
  });
}
