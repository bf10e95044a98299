// Maps stored members into memory and computes their CRC-32 in steps of 1 MiB from the mapping.
// Nothing is copied: this is the lowest cost of tensors over a mapping.
//
// --pages is the way pages are loaded. "touch" takes a page fault for every few pages. The others
// load all pages of a member at once: "willneed" (MADV_WILLNEED, before they are touched),
// "populate_read" (MADV_POPULATE_READ) and "map_populate" (MAP_POPULATE). "copy" is like "touch",
// and copies each step into a reused buffer of `buffer` bytes: a mapping is often not aligned as
// tensors must be, for example in most .npz files, and then it must be copied.

#include <libdeflate.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "limits.h"

#ifndef MADV_POPULATE_READ  // since Linux 5.14
#define MADV_POPULATE_READ 22
#endif

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  constexpr size_t kStep = size_t{1} << 20;
  const Options options = ParseOptions(argc, argv);
  const std::string& pages = options.pages;
  const bool copied = pages == "copy";
  const int advice = pages == "willneed"        ? MADV_WILLNEED
                     : pages == "populate_read" ? MADV_POPULATE_READ
                                                : MADV_NORMAL;
  const int flags = MAP_SHARED | (pages == "map_populate" ? MAP_POPULATE : 0);
  if (advice == MADV_NORMAL && !copied && pages != "touch" && pages != "map_populate") {
    Fail("--pages=" + pages + ": there is no such way");
  }
  const std::vector<Member> members = FindMembers(options.files);
  const auto page_size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t bytes = 0;
  for (const Member& member : members) bytes += member.size;
  std::vector<char*> buffers;
  std::vector<Summer> summers(options.threads, Summer(options));
  std::vector<size_t> filled(options.threads, 0);
  if (copied) {
    for (int i = 0; i < options.threads; ++i) buffers.push_back(NewBuffer(options.buffer));
  }

  const auto read = [&](int thread, size_t index) {
    const Member& member = members[index];
    const uint64_t shift = member.offset % page_size;
    const size_t mapped = member.stored_size + shift;
    const int fd = OpenFile(member.path);
    void* const mapping =
        mmap(nullptr, mapped, PROT_READ, flags, fd, static_cast<off_t>(member.offset - shift));
    close(fd);
    if (mapping == MAP_FAILED) Fail(member.path + ": mmap failed");
    if (advice != MADV_NORMAL && madvise(mapping, mapped, advice) != 0) Fail("madvise failed");
    const char* const data = static_cast<const char*>(mapping) + shift;
    uint32_t crc = 0;
    for (uint64_t at = 0; at < member.stored_size;) {
      if (filled[thread] == options.buffer) filled[thread] = 0;  // the next batch
      const size_t size =
          std::min<uint64_t>({kStep, member.stored_size - at, options.buffer - filled[thread]});
      const char* step = data + at;
      if (copied) {
        char* const destination = buffers[thread] + filled[thread];
        std::memcpy(destination, step, size);
        step = destination;
      }
      crc = libdeflate_crc32(crc, step, size);
      summers[thread].Add(step, size);
      at += size;
      filled[thread] += size;
    }
    munmap(mapping, mapped);
    CheckCrc(member, crc);
    summers[thread].EndArray();
    filled[thread] = (filled[thread] + 63) / 64 * 64 % options.buffer;  // see pread_files.cc
  };
  Measure(options, members.size(), bytes, read, [&] {
    uint64_t sum = 0;
    for (const Summer& summer : summers) sum += summer.sum();
    return sum;
  });
}
