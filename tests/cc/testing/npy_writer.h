// Writes .npy arrays for tests: with any header, valid or not, and any data.

#ifndef TF_NPZ_TESTING_NPY_WRITER_H_
#define TF_NPZ_TESTING_NPY_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// Magic, version, length, and `dict` unchanged: without padding and newline.
std::string NpyHeaderBytes(std::string_view dict, int major = 1, int minor = 0);

// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
std::string NpyDict(std::string_view descr, const std::vector<int64_t>& shape,
                    bool fortran_order = false);

// The array that NumPy would write, its data at a multiple of 64.
std::string Npy(std::string_view descr, const std::vector<int64_t>& shape, std::string_view data,
                bool fortran_order = false);

// The bytes of `values` in memory.
template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// 0, 1, 2, … as `count` values of T.
template <typename T>
std::vector<T> CountingUp(int64_t count) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(i));
  return values;
}

// `size` bytes that look random and are the same in every run.
std::string Noise(size_t size, uint32_t seed = 1);

// Converts the items of an array of `shape` from C order to Fortran order: by definition, one item
// at a time.
std::string ToFortranOrder(std::string_view c_order, const std::vector<int64_t>& shape,
                           size_t itemsize);

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_NPY_WRITER_H_
