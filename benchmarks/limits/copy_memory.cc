// memcpy: 64 copies of `buffer` bytes. `buffer` should be larger than the caches.

#include <cstring>

#include "limits.h"

int main(int argc, char** argv) {
  using namespace tf_npz::limits;
  constexpr size_t kCopies = 64;
  const Options options = ParseOptions(argc, argv);
  std::vector<char*> sources;
  std::vector<char*> destinations;
  for (int i = 0; i < options.threads; ++i) {
    sources.push_back(NewBuffer(options.buffer));
    destinations.push_back(NewBuffer(options.buffer));
  }
  Measure(
      options, kCopies, kCopies * options.buffer,
      [&](int thread, size_t) {
        std::memcpy(destinations[thread], sources[thread], options.buffer);
        __asm__ volatile(""
                         :
                         : "r"(destinations[thread])
                         : "memory");  // the compiler keeps the copy
      },
      [] { return 0; });
}
