#include "cc/reader/made_array.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "cc/base/bytes.h"
#include "cc/format/npy_header.h"

namespace tf_npz {
namespace {

constexpr size_t kNumberSize = 8;  // bytes of an int64

// The bytes before the items (npy_header.h). `shape` is written as Python writes a tuple.
std::string HeaderOf(std::string_view descr, std::string_view shape) {
  std::string dict = "{'descr': '" + std::string(descr) +
                     "', 'fortran_order': False, 'shape': " + std::string(shape) + "}\n";
  std::string header(kNpyMagic);
  header += {'\x01', '\x00', static_cast<char>(dict.size()), static_cast<char>(dict.size() >> 8)};
  return header + dict;
}

class RowNumbers : public RandomAccessFile {
 public:
  explicit RowNumbers(int64_t count)
      : header_(HeaderOf("<i8", "(" + std::to_string(count) + ",)")),
        size_(header_.size() + static_cast<uint64_t>(count) * kNumberSize) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    if (offset >= size_) return size_t{0};
    size = std::min<uint64_t>(size, size_ - offset);
    char* out = static_cast<char*>(destination);
    char* const end = out + size;
    if (offset < header_.size()) {
      const size_t part = std::min<size_t>(size, header_.size() - offset);
      std::memcpy(out, header_.data() + offset, part);
      out += part;
      offset += part;
    }
    while (out < end) {
      char number[kNumberSize];
      StoreLittle64((offset - header_.size()) / kNumberSize, number);
      const size_t begin = (offset - header_.size()) % kNumberSize;
      const size_t part = std::min<size_t>(end - out, kNumberSize - begin);
      std::memcpy(out, number + begin, part);
      out += part;
      offset += part;
    }
    return size;
  }

  uint64_t size() const override { return size_; }

 private:
  const std::string header_;
  const uint64_t size_;
};

}  // namespace

std::unique_ptr<RandomAccessFile> MakeText(std::string_view text) {
  return NewOwnedFile(HeaderOf("|S" + std::to_string(text.size()), "()") + std::string(text));
}

std::unique_ptr<RandomAccessFile> MakeNumber(int64_t number) {
  char item[kNumberSize];
  StoreLittle64(static_cast<uint64_t>(number), item);
  return NewOwnedFile(HeaderOf("<i8", "()") + std::string(item, sizeof(item)));
}

std::unique_ptr<RandomAccessFile> MakeRowNumbers(int64_t count) {
  return std::make_unique<RowNumbers>(count);
}

}  // namespace tf_npz
