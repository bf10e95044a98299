// Allocates `buffer` bytes from the operating system 64 times, in huge pages if there are any, and
// touches each page once. A reader pays this for all memory that it cannot reuse.

#include <sys/mman.h>

#include "limits.h"

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  constexpr size_t kBuffers = 64;
  constexpr size_t kPage = 4096;
  const Options options = ParseOptions(argc, argv);
  Measure(
      options, kBuffers, kBuffers * options.buffer,
      [&](int, size_t) {
        void* memory = mmap(nullptr, options.buffer, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) Fail("mmap failed");
        madvise(memory, options.buffer, MADV_HUGEPAGE);
        auto* bytes = static_cast<volatile char*>(memory);
        for (size_t at = 0; at < options.buffer; at += kPage) bytes[at] = 1;
        // The memory is freed only at the end, because memory that was just freed is fast to touch
        // again.
      },
      [] { return 0; });
}
