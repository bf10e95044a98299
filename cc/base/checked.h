// Arithmetic on untrusted numbers. A function returns false if the exact result does not fit into
// T; `*result` has no meaning then.

#ifndef TF_NPZ_BASE_CHECKED_H_
#define TF_NPZ_BASE_CHECKED_H_

namespace tf_npz {

template <typename T>
[[nodiscard]] bool CheckedAdd(T a, T b, T* result) {
  return !__builtin_add_overflow(a, b, result);
}

template <typename T>
[[nodiscard]] bool CheckedMultiply(T a, T b, T* result) {
  return !__builtin_mul_overflow(a, b, result);
}

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_CHECKED_H_
