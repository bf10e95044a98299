#include "tf_npz/reader/layout.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace tf_npz {
namespace {

// Rows and columns of a block of a transposition: two blocks of 16-byte items fit the L1 cache.
constexpr int64_t kTile = 16;

struct Item16 {
  uint64_t halves[2];
};

// destination[r][c] = source[c][r] for `rows` and `columns`, whose strides are counted in items.
template <typename T>
void Transpose(const char* source, int64_t source_column_stride, char* destination,
               int64_t destination_row_stride, int64_t rows, int64_t columns) {
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    const int64_t r1 = std::min(rows, r0 + kTile);
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      const int64_t c1 = std::min(columns, c0 + kTile);
      for (int64_t r = r0; r < r1; ++r) {
        const char* from = source + r * static_cast<int64_t>(sizeof(T));
        char* to = destination + r * destination_row_stride * static_cast<int64_t>(sizeof(T));
        for (int64_t c = c0; c < c1; ++c) {
          // memcpy: neither side need be aligned to T.
          std::memcpy(to + c * sizeof(T), from + c * source_column_stride * sizeof(T), sizeof(T));
        }
      }
    }
  }
}

// For each index of the middle dimensions 1 … rank-2 the first and the last dimension make a
// matrix.
template <typename T>
void CopyRows(const char* source, const std::vector<int64_t>& shape, int64_t first, int64_t count,
              char* destination) {
  const size_t rank = shape.size();
  const int64_t row_items = ElementCount(shape, 1);
  const int64_t columns = shape[rank - 1];
  const int64_t column_stride = ElementCount(shape) / columns;
  const int64_t matrices = row_items / columns;
  source += first * static_cast<int64_t>(sizeof(T));
  std::vector<int64_t> index(rank, 0);
  for (int64_t matrix = 0; matrix < matrices; ++matrix) {
    int64_t source_offset = 0;
    for (size_t axis = 1, stride = shape[0]; axis + 1 < rank; stride *= shape[axis], ++axis) {
      source_offset += index[axis] * static_cast<int64_t>(stride);
    }
    Transpose<T>(source + source_offset * sizeof(T), column_stride,
                 destination + matrix * columns * sizeof(T), row_items, count, columns);
    // The next index in C order.
    for (size_t axis = rank - 2; axis >= 1 && ++index[axis] == shape[axis]; --axis) index[axis] = 0;
  }
}

void Fill(char* begin, char* end, std::string_view item) {
  if (item.size() == 1 || item.find_first_not_of('\0') == std::string_view::npos) {
    std::memset(begin, item[0], end - begin);
    return;
  }
  for (char* at = begin; at < end; at += item.size()) std::memcpy(at, item.data(), item.size());
}

}  // namespace

int64_t ElementCount(const std::vector<int64_t>& shape, size_t begin) {
  int64_t count = 1;
  for (size_t axis = begin; axis < shape.size(); ++axis) count *= shape[axis];
  return count;
}

void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int itemsize,
                     int64_t first, int64_t count, char* destination) {
  if (count == 0 || ElementCount(shape) == 0) return;
  if (shape.size() == 1) {
    std::memcpy(destination, source + first * itemsize, count * itemsize);
    return;
  }
  switch (itemsize) {
    case 1:
      return CopyRows<uint8_t>(source, shape, first, count, destination);
    case 2:
      return CopyRows<uint16_t>(source, shape, first, count, destination);
    case 4:
      return CopyRows<uint32_t>(source, shape, first, count, destination);
    case 8:
      return CopyRows<uint64_t>(source, shape, first, count, destination);
    default:
      return CopyRows<Item16>(source, shape, first, count, destination);
  }
}

void CopyPadded(const char* source, const std::vector<int64_t>& shape, char* destination,
                const std::vector<int64_t>& padded_shape, std::string_view padding) {
  const int64_t itemsize = static_cast<int64_t>(padding.size());
  if (ElementCount(padded_shape) == 0) return;
  // The innermost dimensions that agree are one run of bytes.
  size_t axis = shape.size();
  int64_t run = itemsize;
  while (axis > 0 && shape[axis - 1] == padded_shape[axis - 1]) run *= shape[--axis];
  if (axis == 0) {
    std::memcpy(destination, source, run);
    return;
  }
  if (axis == 1) {
    std::memcpy(destination, source, shape[0] * run);
    Fill(destination + shape[0] * run, destination + padded_shape[0] * run, padding);
    return;
  }
  // One step along the first dimension at a time, then what lies beyond it.
  const std::vector<int64_t> inner(shape.begin() + 1, shape.end());
  const std::vector<int64_t> padded_inner(padded_shape.begin() + 1, padded_shape.end());
  const int64_t source_step = ElementCount(inner) * itemsize;
  const int64_t destination_step = ElementCount(padded_inner) * itemsize;
  for (int64_t i = 0; i < shape[0]; ++i) {
    CopyPadded(source + i * source_step, inner, destination + i * destination_step, padded_inner,
               padding);
  }
  Fill(destination + shape[0] * destination_step, destination + padded_shape[0] * destination_step,
       padding);
}

void CopyElements(const char* source, int64_t count, const std::vector<int64_t>& shape,
                  int64_t item_size, char* destination, const std::vector<int64_t>& padded_shape,
                  int64_t wider, std::string_view padding) {
  if (wider == 0) return;
  std::string item(padding);
  item.resize(wider, '\0');
  const int64_t items = ElementCount(shape);
  const int64_t step = ElementCount(padded_shape) * wider;
  std::vector<char> widened(item_size == wider ? 0 : items * wider);
  for (int64_t i = 0; i < count; ++i) {
    const char* element = source + i * items * item_size;
    if (item_size != wider) {
      WidenItems(element, items, item_size, widened.data(), wider);
      element = widened.data();
    }
    CopyPadded(element, shape, destination + i * step, padded_shape, item);
  }
}

}  // namespace tf_npz
