// Memory as the operating system gives it, `buffer` bytes 64 times over, in huge pages where there
// are any: each page is touched once. What a reader pays for all memory that it can't use again.

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
        // Not given back before the end: what was just touched is quick to touch again.
      },
      [] { return 0; });
}
