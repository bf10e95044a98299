#include "tests/cc/testing/npy_writer.h"

namespace tf_npz {
namespace {

void AppendLittle(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

}  // namespace

std::string NpyHeaderBytes(std::string_view dict, int major, int minor) {
  std::string bytes = "\x93NUMPY";
  bytes.push_back(static_cast<char>(major));
  bytes.push_back(static_cast<char>(minor));
  AppendLittle(dict.size(), major == 1 ? 2 : 4, &bytes);
  return bytes.append(dict);
}

std::string NpyDict(std::string_view descr, const std::vector<int64_t>& shape, bool fortran_order) {
  std::string tuple = "(";
  for (const int64_t dimension : shape) tuple += std::to_string(dimension) + ",";
  return "{'descr': '" + std::string(descr) +
         "', 'fortran_order': " + (fortran_order ? "True" : "False") + ", 'shape': " + tuple +
         "), }";
}

std::string Npy(std::string_view descr, const std::vector<int64_t>& shape, std::string_view data,
                bool fortran_order) {
  std::string dict = NpyDict(descr, shape, fortran_order);
  while ((10 + dict.size() + 1) % 64 != 0) dict += ' ';
  return NpyHeaderBytes(dict + '\n').append(data);
}

std::string Noise(size_t size, uint32_t seed) {
  std::string bytes;
  uint32_t state = seed;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;  // Numerical Recipes' generator
    bytes.push_back(static_cast<char>(state >> 24));
  }
  return bytes;
}

std::string ToFortranOrder(std::string_view c_order, const std::vector<int64_t>& shape,
                           size_t itemsize) {
  std::string fortran(c_order.size(), '\0');
  for (size_t c = 0; c * itemsize < c_order.size(); ++c) {
    // The index of item `c`, from the last dimension to the first.
    std::vector<size_t> index(shape.size());
    size_t rest = c;
    for (size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
      index[axis] = rest % shape[axis];
    }
    size_t f = 0;
    for (size_t axis = shape.size(); axis-- > 0;) f = f * shape[axis] + index[axis];
    fortran.replace(f * itemsize, itemsize, c_order.substr(c * itemsize, itemsize));
  }
  return fortran;
}

}  // namespace tf_npz
