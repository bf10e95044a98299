// What the bare loops share: their options, the members they read, and how they report.
//
// A limit is what the machine can do at most with the same files: the loop that a C programmer
// would write for exactly these, without names, errors or generality. Files come as lines of
// standard input. What has to be known beforehand (where members lie) is found before the clock
// starts; memory is touched before, too.
//
//   PROGRAM [--threads=N] [--buffer=BYTES] [--item=BYTES] [--pages=HOW] [--check] < list of files
//
// Prints one JSON object: bytes, seconds, cpu_seconds and, with --check, the sum of all elements,
// taken as unsigned integers of `item` bytes, modulo 2^64.

#ifndef TF_NPZ_BENCHMARKS_LIMITS_H_
#define TF_NPZ_BENCHMARKS_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tf_npz::limits {

struct Options {
  int threads = 1;
  size_t buffer = size_t{1} << 20;
  int item = 1;
  std::string pages;  // how those of a mapping come: mmap_files.cc
  bool check = false;
  std::vector<std::string> files;
};
Options ParseOptions(int argc, char** argv);

// One array's bytes in a file: all of an .npy, or a member of an .npz.
struct Member {
  std::string path;
  uint64_t offset = 0;
  uint64_t stored_size = 0;
  uint64_t size = 0;
  uint32_t crc32 = 0;
};
// Those of all files, in order.
std::vector<Member> FindMembers(const std::vector<std::string>& files);

// Huge pages, touched; never freed.
char* NewBuffer(size_t size);

// All of it or the end of the program, as everything that goes wrong here.
void PreadAll(int fd, char* destination, size_t size, uint64_t offset);
int OpenFile(const std::string& path);
void CheckCrc(const Member& member, uint32_t crc);
[[noreturn]] void Fail(const std::string& what);

// Sums the elements of one array as its bytes come by. Does nothing where there is nothing to
// check.
class Summer {
 public:
  explicit Summer(const Options& options) : check_(options.check), item_(options.item) {}
  // `data` is all of the .npy, or the next bytes of it; all but the last are whole elements.
  void Add(const char* data, size_t size);
  void EndArray() { header_passed_ = false; }
  uint64_t sum() const { return sum_; }

 private:
  const bool check_;
  const int item_;
  bool header_passed_ = false;
  uint64_t sum_ = 0;
};

// Runs `work(thread, index)` for every index below `count` on `threads` threads, and prints the
// report. `bytes` is what it stands for.
void Measure(const Options& options, size_t count, uint64_t bytes,
             const std::function<void(int thread, size_t index)>& work,
             const std::function<uint64_t()>& sum);

}  // namespace tf_npz::limits

#endif  // TF_NPZ_BENCHMARKS_LIMITS_H_
