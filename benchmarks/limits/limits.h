// Shared by the bare loops: their options, the members they read, and their report.
//
// A limit is the most that the machine can do with the same files. It is the loop that a C
// programmer would write for exactly these files, without names, errors or generality. The names of
// the files are lines of standard input. Before the clock starts, the places of the members are
// found and memory is touched.
//
//   PROGRAM [--threads=N] [--buffer=BYTES] [--item=BYTES] [--pages=HOW] [--check] < list of files
//
// Prints one JSON object: bytes, seconds, cpu_seconds and, with --check, the sum of all items as
// unsigned integers of `item` bytes, modulo 2^64.

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
  std::string pages;  // the way pages of a mapping are loaded: see mmap_files.cc
  bool check = false;
  std::vector<std::string> files;
};
Options ParseOptions(int argc, char** argv);

// The bytes of one array in a file: a whole .npy, or a member of an .npz.
struct Member {
  std::string path;
  uint64_t offset = 0;
  uint64_t stored_size = 0;
  uint64_t size = 0;
  uint32_t crc32 = 0;
};
// The members of all files, in order.
std::vector<Member> FindMembers(const std::vector<std::string>& files);

// Allocates memory in huge pages and touches it. It is never freed.
char* NewBuffer(size_t size);

// Reads exactly that range. Any error ends the program, as everywhere here.
void PreadAll(int fd, char* destination, size_t size, uint64_t offset);
int OpenFile(const std::string& path);
void CheckCrc(const Member& member, uint32_t crc);
[[noreturn]] void Fail(const std::string& what);

// Sums the items of one array while its bytes are read. Does nothing without --check.
class Summer {
 public:
  explicit Summer(const Options& options) : check_(options.check), item_(options.item) {}
  // `data` is the whole .npy, or its next bytes. All parts except the last one hold whole items.
  void Add(const char* data, size_t size);
  void EndArray() { header_passed_ = false; }
  uint64_t sum() const { return sum_; }

 private:
  const bool check_;
  const int item_;
  bool header_passed_ = false;
  uint64_t sum_ = 0;
};

// Runs `work(thread, index)` for every index less than `count` on `threads` threads, and prints the
// report. `bytes` is the number of bytes that all of this reads.
void Measure(const Options& options, size_t count, uint64_t bytes,
             const std::function<void(int thread, size_t index)>& work,
             const std::function<uint64_t()>& sum);

}  // namespace tf_npz::limits

#endif  // TF_NPZ_BENCHMARKS_LIMITS_H_
