// Copies many small items of one size that is known only at run time. A call of memcpy for each
// item would take longer than the copy itself.

#ifndef TF_NPZ_KERNELS_SMALL_COPY_H_
#define TF_NPZ_KERNELS_SMALL_COPY_H_

#include <cstddef>
#include <cstring>

namespace tf_npz {

template <size_t kSize>
struct CopyExactly {
  void operator()(char* to, const char* from) const { std::memcpy(to, from, kSize); }
};

// Copies kHalf to 2 * kHalf bytes as two halves of kHalf bytes. The halves overlap if the item is
// shorter than both. No byte outside of the item is touched.
template <size_t kHalf>
struct CopyInHalves {
  size_t second;  // the offset of the second half

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

// Calls `body(copy)` once. `copy(to, from)` copies `size` bytes; `size` is at least 1. `body` holds
// the loop over the items. So the loop is compiled for each way of copying, and `copy` is inlined.
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
