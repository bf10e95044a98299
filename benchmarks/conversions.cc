// Compares conversions and copies of items with a plain copy of the same number of bytes. The two
// are measured in turns. Memory is warm and in huge pages, like the reader's buffers.
//
//   make bench-conversions

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "cc/base/shape.h"
#include "cc/kernels/byte_order.h"
#include "cc/kernels/gather.h"
#include "cc/kernels/pad.h"
#include "cc/kernels/transpose.h"
#include "cc/kernels/utf8.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

constexpr int kRuns = 11;
constexpr size_t kMemory = size_t{256} << 20;
constexpr int64_t kBlock = int64_t{1} << 20;  // bytes that the engine reads at a time
constexpr int64_t kLarge = int64_t{64} << 20;

char* NewMemory() {
  constexpr size_t kHugePage = size_t{2} << 20;
  void* memory = std::aligned_alloc(kHugePage, kMemory);
  if (memory == nullptr) std::abort();
  madvise(memory, kMemory, MADV_HUGEPAGE);
  std::memset(memory, 'a', kMemory);
  return static_cast<char*>(memory);
}

char* const source = NewMemory();
char* const destination = NewMemory();

// The processor time of this thread in seconds: other work of the machine counts less in it.
double Seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Prints the median times of `work` and of a copy of `bytes` bytes. The copy runs before each
// `work` and copies `source` to `destination`.
void Measure(const std::string& name, int64_t bytes, const std::function<void()>& work) {
  std::vector<double> times;
  std::vector<double> copies;
  std::vector<double> ratios;
  for (int run = 0; run < kRuns; ++run) {
    copies.push_back(Seconds([&] { std::memcpy(destination, source, bytes); }));
    times.push_back(Seconds(work));
    ratios.push_back(times.back() / copies.back());
  }
  std::printf("%-46s %8.1f MB %9.3f ms %9.3f ms %7.2f\n", name.c_str(), bytes / 1e6,
              Median(times) * 1e3, Median(copies) * 1e3, Median(ratios));
  std::fflush(stdout);
}

std::string Text(const Shape& shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

void MeasureInPlace() {
  for (const int64_t size : {kBlock, kLarge}) {
    for (const int width : {2, 4, 8}) {
      Measure("SwapBytes, width " + std::to_string(width), size,
              [&] { SwapBytes(destination, size, width); });
    }
    Measure("NormalizeBools", size, [&] { NormalizeBools(destination, size); });
  }
}

void MeasureText() {
  const struct {
    const char* name;
    int every;  // every `every`-th letter is Greek
  } texts[] = {{"ASCII", 1 << 30}, {"every 10th Greek", 10}, {"Greek", 1}};
  for (const auto& text : texts) {
    for (const int64_t letters : {5, 16, 100}) {
      const int64_t width = 4 * letters;
      const int64_t count = kLarge / width;
      for (int64_t i = 0; i < count * letters; ++i) {
        const uint32_t code_point = i % text.every == text.every - 1 ? 0x3B1 : 'a';
        std::memcpy(source + 4 * i, &code_point, sizeof(code_point));
      }
      Measure("Utf32ToUtf8, U" + std::to_string(letters) + ", " + text.name, count * width,
              [&] { Utf32ToUtf8(destination, width, count, false); });
    }
  }
  for (const int64_t width : {3, 16, 100}) {
    const int64_t wider = width + 13;
    const int64_t count = kLarge / wider;
    Measure("WidenItems, S" + std::to_string(width) + " to S" + std::to_string(wider),
            count * wider, [&] { WidenItems(source, width, count, wider, destination); });
  }
}

void MeasureFields() {
  for (const int64_t width : {1, 2, 4, 8, 16, 3, 12, 24, 100}) {
    const int64_t item_size = width + 12;
    const int64_t count = kLarge / item_size;
    Measure("GatherField, " + std::to_string(width) + " of " + std::to_string(item_size) + " bytes",
            count * width,
            [=] { GatherField(source, item_size, count, 5, {}, {}, width, destination); });
  }
  const int64_t count = kLarge / 48;
  Measure("GatherField, 3x2 of 4 bytes, scattered in 48", count * 24,
          [=] { GatherField(source, 48, count, 0, {3, 2}, {16, 8}, 4, destination); });
}

void MeasureFortranRows(const Shape& shape, int64_t itemsize, int64_t rows_at_once) {
  const int64_t row_size = ElementCount(shape, 1) * itemsize;
  std::string name = "CopyFortranRows, " + Text(shape) + " of " + std::to_string(itemsize);
  if (rows_at_once < shape[0]) name += ", by " + std::to_string(rows_at_once);
  Measure(name, ElementCount(shape) * itemsize, [&] {
    for (int64_t first = 0; first < shape[0]; first += rows_at_once) {
      CopyFortranRows(source, shape, itemsize, first, std::min(rows_at_once, shape[0] - first),
                      destination + first * row_size);
    }
  });
}

void MeasureFortran() {
  for (const int64_t itemsize : {1, 2, 4, 8, 16, 12}) {
    MeasureFortranRows({4096, 4096}, itemsize, 4096);
  }
  for (const int64_t itemsize : {1, 4}) {
    for (const Shape& shape :
         {Shape{4097, 4095}, Shape{1000000, 8}, Shape{8, 1000000}, Shape{1000000, 3},
          Shape{256, 256, 256}, Shape{1, 4096, 4096}, Shape{100, 224, 224, 3}}) {
      MeasureFortranRows(shape, itemsize, shape[0]);
    }
    MeasureFortranRows({4096, 4096}, itemsize, 64);
    MeasureFortranRows({4096, 4096}, itemsize, 16);
  }
  MeasureFortranRows({1024, 512}, 100, 1024);
  MeasureFortranRows({256, 512}, 1000, 256);
}

}  // namespace
}  // namespace tf_npz

int main(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  std::printf("%-46s %11s %12s %12s %7s\n", "", "", "median", "memcpy", "ratio");
  if (only.empty() || only == "fortran") tf_npz::MeasureFortran();
  if (only.empty() || only == "fields") tf_npz::MeasureFields();
  if (only.empty() || only == "swap") tf_npz::MeasureInPlace();
  if (only.empty() || only == "text") tf_npz::MeasureText();
}
