#include "cc/kernels/pad.h"

#include <cstring>
#include <string>

#include "cc/base/shape.h"
#include "cc/kernels/small_copy.h"

namespace tf_npz {
namespace {

void Fill(char* begin, char* end, std::string_view item) {
  if (item.size() == 1 || item.find_first_not_of('\0') == std::string_view::npos) {
    std::memset(begin, item[0], end - begin);
    return;
  }
  for (char* at = begin; at < end; at += item.size()) std::memcpy(at, item.data(), item.size());
}

std::string PaddingItem(std::string_view padding, int64_t item_size) {
  std::string item(padding);
  item.resize(item_size, '\0');
  return item;
}

}  // namespace

void WidenItems(const char* source, int64_t width, int64_t count, int64_t wider,
                char* destination) {
  if (count == 0 || wider == 0) return;
  if (width == 0) {
    std::memset(destination, 0, count * wider);
    return;
  }
  if (width == wider) {
    std::memcpy(destination, source, count * width);
    return;
  }
  WithCopyOf(width, [&](auto copy) {
    for (int64_t i = 0; i < count; ++i, source += width, destination += wider) {
      copy(destination, source);
      std::memset(destination + width, 0, wider - width);
    }
  });
}

void CopyPadded(const char* source, const std::vector<int64_t>& shape, char* destination,
                const std::vector<int64_t>& padded_shape, std::string_view padding) {
  const int64_t itemsize = static_cast<int64_t>(padding.size());
  if (itemsize == 0 || ElementCount(padded_shape) == 0) return;
  if (ElementCount(shape) == 0) {  // `source` may be null
    Fill(destination, destination + ElementCount(padded_shape) * itemsize, padding);
    return;
  }
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
  const std::string item = PaddingItem(padding, wider);
  const int64_t items = ElementCount(shape);
  const int64_t step = ElementCount(padded_shape) * wider;
  std::vector<char> widened(item_size == wider ? 0 : items * wider);
  for (int64_t i = 0; i < count; ++i) {
    const char* element = source + i * items * item_size;
    if (item_size != wider) {
      WidenItems(element, item_size, items, wider, widened.data());
      element = widened.data();
    }
    CopyPadded(element, shape, destination + i * step, padded_shape, item);
  }
}

void FillBehind(char* element, int64_t size, int64_t padded_size, int64_t item_size,
                std::string_view padding) {
  if (size == padded_size) return;
  Fill(element + size, element + padded_size, PaddingItem(padding, item_size));
}

}  // namespace tf_npz
