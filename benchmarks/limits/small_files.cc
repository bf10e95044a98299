// Reads small files by open, fstat, pread and close, into one reused buffer for each thread.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "limits.h"

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  const Options options = ParseOptions(argc, argv);
  uint64_t bytes = 0;
  uint64_t largest = 0;
  for (const std::string& path : options.files) {
    struct stat facts;
    if (stat(path.c_str(), &facts) != 0) Fail(path + ": stat failed");
    bytes += static_cast<uint64_t>(facts.st_size);
    largest = std::max(largest, static_cast<uint64_t>(facts.st_size));
  }
  std::vector<char*> buffers;
  for (int i = 0; i < options.threads; ++i) buffers.push_back(NewBuffer(largest));
  std::vector<Summer> summers(options.threads, Summer(options));

  const auto read = [&](int thread, size_t index) {
    const int fd = OpenFile(options.files[index]);
    struct stat facts;
    if (fstat(fd, &facts) != 0) Fail(options.files[index] + ": fstat failed");
    const size_t size = static_cast<size_t>(facts.st_size);
    PreadAll(fd, buffers[thread], size, 0);
    close(fd);
    summers[thread].Add(buffers[thread], size);
    summers[thread].EndArray();
  };
  Measure(options, options.files.size(), bytes, read, [&] {
    uint64_t sum = 0;
    for (const Summer& summer : summers) sum += summer.sum();
    return sum;
  });
}
