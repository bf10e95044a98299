#include "limits.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include "cc/io/posix_file.h"
#include "cc/reader/archive.h"

namespace tf_npz::limits {
namespace {

double Seconds(const timeval& time) { return time.tv_sec + 1e-6 * time.tv_usec; }

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename T>
uint64_t Sum(const char* data, size_t size) {
  uint64_t sum = 0;
  for (size_t at = 0; at + sizeof(T) <= size; at += sizeof(T)) {
    T value;
    std::memcpy(&value, data + at, sizeof(T));
    sum += value;
  }
  return sum;
}

}  // namespace

void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const long long value =
        equals == std::string::npos ? 0 : std::atoll(argument.c_str() + equals + 1);
    if (name == "--check") {
      options.check = true;
    } else if (name == "--pages" && equals != std::string::npos) {
      options.pages = argument.substr(equals + 1);
    } else if (value < 1) {
      Fail(argument + ": expected a number");
    } else if (name == "--threads") {
      options.threads = static_cast<int>(value);
    } else if (name == "--buffer") {
      options.buffer = static_cast<size_t>(value);
    } else if (name == "--item") {
      options.item = static_cast<int>(value);
    } else {
      Fail(argument + ": there is no such option");
    }
  }
  for (std::string line; std::getline(std::cin, line);) options.files.push_back(line);
  return options;
}

std::vector<Member> FindMembers(const std::vector<std::string>& files) {
  const PosixFileSystem file_system;
  std::vector<Member> found;
  for (const std::string& path : files) {
    const auto archive = Archive::Open(file_system, path);
    if (!archive.ok()) Fail(archive.status().message());
    const RandomAccessFile& file = (*archive)->file();
    if (!(*archive)->is_npz()) found.push_back({path, 0, file.size(), file.size(), 0});
    for (const ZipEntry& entry : (*archive)->members()) {
      std::string header(ZipLocalHeaderSize(entry), '\0');
      const Status read =
          ReadExactly(file, entry.local_header_offset, header.data(), header.size());
      if (!read.ok()) Fail(read.message());
      const auto offset = ParseZipLocalHeader(header, entry, (*archive)->zip_end());
      if (!offset.ok()) Fail(offset.status().message());
      found.push_back({path, *offset, entry.compressed_size, entry.uncompressed_size, entry.crc32});
    }
  }
  return found;
}

char* NewBuffer(size_t size) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t rounded = (size + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, rounded);
  if (memory == nullptr) Fail("out of memory");
  madvise(memory, rounded, MADV_HUGEPAGE);
  std::memset(memory, 1, rounded);
  return static_cast<char*>(memory);
}

int OpenFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Fail(path + ": " + std::strerror(errno));
  return fd;
}

void PreadAll(int fd, char* destination, size_t size, uint64_t offset) {
  while (size > 0) {
    const ssize_t count = pread(fd, destination, size, static_cast<off_t>(offset));
    if (count <= 0) Fail("pread failed");
    destination += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
}

void CheckCrc(const Member& member, uint32_t crc) {
  if (crc != member.crc32) Fail(member.path + ": the CRC-32 does not match");
}

void Summer::Add(const char* data, size_t size) {
  if (!check_) return;
  if (!header_passed_) {  // NumPy's format 1.0: the last two of ten bytes are the header's length.
    if (size < 10 || data[6] != 1) Fail("not an .npy of version 1.0");
    uint16_t header;
    std::memcpy(&header, data + 8, sizeof(header));
    if (size < size_t{10} + header) Fail("the header of an array does not fit the buffer");
    data += 10 + header;
    size -= 10 + header;
    header_passed_ = true;
  }
  switch (item_) {
    case 1:
      sum_ += Sum<uint8_t>(data, size);
      break;
    case 4:
      sum_ += Sum<uint32_t>(data, size);
      break;
    default:
      sum_ += Sum<uint64_t>(data, size);
  }
}

void Measure(const Options& options, size_t count, uint64_t bytes,
             const std::function<void(int, size_t)>& work, const std::function<uint64_t()>& sum) {
  const double wall = WallSeconds();
  const double cpu = CpuSeconds();
  std::atomic<size_t> next{0};
  const auto loop = [&](int thread) {
    for (size_t index; (index = next++) < count;) work(thread, index);
  };
  std::vector<std::thread> threads;
  for (int thread = 1; thread < options.threads; ++thread) threads.emplace_back(loop, thread);
  loop(0);
  for (std::thread& thread : threads) thread.join();
  std::printf("{\"bytes\": %" PRIu64 ", \"seconds\": %.6f, \"cpu_seconds\": %.6f", bytes,
              WallSeconds() - wall, CpuSeconds() - cpu);
  if (options.check) std::printf(", \"sum\": %" PRIu64, sum());
  std::printf("}\n");
}

}  // namespace tf_npz::limits
