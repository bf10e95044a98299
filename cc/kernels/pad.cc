#include "cc/kernels/pad.h"

#include <cstring>
#include <string>

#include "cc/base/shape.h"
#include "cc/kernels/small_copy.h"

namespace tf_npz {
namespace {

// Fills the memory from `begin` to `end` with copies of `item`.
void Fill(char* begin, char* end, std::string_view item) {
  if (item.size() == 1 || item.find_first_not_of('\0') == std::string_view::npos) {
    std::memset(begin, item[0], end - begin);
    return;
  }
  for (char* at = begin; at < end; at += item.size()) std::memcpy(at, item.data(), item.size());
}

// `padding`, followed by NULs up to `item_size` bytes.
std::string PaddingItem(std::string_view padding, int64_t item_size) {
  std::string item(padding);
  item.resize(item_size, '\0');
  return item;
}

// Copies elements of one shape into elements of another, as CopyPadded does. The steps of both
// shapes are computed once, for all elements.
class PaddedCopy {
 public:
  // `padding` must outlive this.
  PaddedCopy(const std::vector<int64_t>& shape, const std::vector<int64_t>& padded_shape,
             std::string_view padding)
      : padding_(padding),
        is_empty_(ItemCount(shape) == 0),
        padded_size_(ItemCount(padded_shape) * static_cast<int64_t>(padding.size())),
        run_(static_cast<int64_t>(padding.size())) {
    // The innermost dimensions that are equal form one run of bytes.
    size_t axis = shape.size();
    while (axis > 0 && shape[axis - 1] == padded_shape[axis - 1]) run_ *= shape[--axis];
    axes_.resize(axis);
    int64_t source_step = run_;
    int64_t destination_step = run_;
    while (axis-- > 0) {
      axes_[axis] = {shape[axis], source_step, destination_step,
                     padded_shape[axis] * destination_step};
      source_step *= shape[axis];
      destination_step *= padded_shape[axis];
    }
  }

  void Copy(const char* source, char* destination) const {
    if (padded_size_ == 0) return;
    if (is_empty_) {  // `source` may be null
      Fill(destination, destination + padded_size_, padding_);
    } else if (axes_.empty()) {
      std::memcpy(destination, source, run_);
    } else {
      CopyAxis(0, source, destination);
    }
  }

 private:
  // One dimension. Sizes and steps are in bytes.
  struct Axis {
    int64_t count;  // steps at the source
    int64_t source_step;
    int64_t destination_step;
    int64_t padded_size;  // of all steps at the destination
  };

  void CopyAxis(size_t i, const char* source, char* destination) const {
    const Axis& axis = axes_[i];
    if (i + 1 == axes_.size()) {  // Its steps are contiguous on both sides.
      std::memcpy(destination, source, axis.count * run_);
    } else {
      for (int64_t step = 0; step < axis.count; ++step) {
        CopyAxis(i + 1, source + step * axis.source_step,
                 destination + step * axis.destination_step);
      }
    }
    Fill(destination + axis.count * axis.destination_step, destination + axis.padded_size,
         padding_);
  }

  const std::string_view padding_;
  const bool is_empty_;
  const int64_t padded_size_;  // bytes of a padded element
  int64_t run_;                // bytes that are contiguous on both sides
  std::vector<Axis> axes_;     // the outermost first; without those in `run_`
};

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
  PaddedCopy(shape, padded_shape, padding).Copy(source, destination);
}

void CopyElements(const char* source, int64_t count, const std::vector<int64_t>& shape,
                  int64_t item_size, char* destination, const std::vector<int64_t>& padded_shape,
                  int64_t wider, std::string_view padding) {
  if (wider == 0) return;
  const std::string item = PaddingItem(padding, wider);
  const int64_t items = ItemCount(shape);
  const int64_t step = ItemCount(padded_shape) * wider;
  const PaddedCopy padded(shape, padded_shape, item);
  std::vector<char> widened(item_size == wider ? 0 : items * wider);
  for (int64_t i = 0; i < count; ++i) {
    const char* element = source + i * items * item_size;
    if (item_size != wider) {
      WidenItems(element, item_size, items, wider, widened.data());
      element = widened.data();
    }
    padded.Copy(element, destination + i * step);
  }
}

void FillAfter(char* element, int64_t size, int64_t padded_size, int64_t item_size,
               std::string_view padding) {
  if (size == padded_size) return;
  Fill(element + size, element + padded_size, PaddingItem(padding, item_size));
}

}  // namespace tf_npz
