// Copies of many small items of one size, known only at run time: a call of memcpy for each would
// cost more than the copying.

#ifndef TF_NPZ_KERNELS_SMALL_COPY_H_
#define TF_NPZ_KERNELS_SMALL_COPY_H_

#include <cstddef>
#include <cstring>

namespace tf_npz {

template <size_t kSize>
struct CopyExactly {
  void operator()(char* to, const char* from) const { std::memcpy(to, from, kSize); }
};

// From kHalf to 2 * kHalf bytes: two halves, which overlap where they must. Nothing beyond the item
// is touched.
template <size_t kHalf>
struct CopyInHalves {
  size_t second;  // where the second half begins

  void operator()(char* to, const char* from) const {
    char halves[2 * kHalf];
    std::memcpy(halves, from, kHalf);
    std::memcpy(halves + kHalf, from + second, kHalf);
    std::memcpy(to, halves, kHalf);
    std::memcpy(to + second, halves + kHalf, kHalf);
  }
};

struct CopyLong {
  size_t size;

  void operator()(char* to, const char* from) const { std::memcpy(to, from, size); }
};

// Calls `body(copy)`, where `copy(to, from)` copies `size` bytes, 1 at least. The loop is to be in
// `body`, so that it is compiled once for each way of copying.
template <typename Body>
void WithCopyOf(size_t size, const Body& body) {
  switch (size) {
    case 1:
      return body(CopyExactly<1>{});
    case 2:
      return body(CopyExactly<2>{});
    case 4:
      return body(CopyExactly<4>{});
    case 8:
      return body(CopyExactly<8>{});
    case 16:
      return body(CopyExactly<16>{});
    default:
      break;
  }
  if (size < 4) return body(CopyInHalves<2>{size - 2});
  if (size < 8) return body(CopyInHalves<4>{size - 4});
  if (size < 16) return body(CopyInHalves<8>{size - 8});
  if (size <= 32) return body(CopyInHalves<16>{size - 16});
  body(CopyLong{size});
}

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_SMALL_COPY_H_
