// Files in memory for tests of the engine, and a record of what the engine delivered.

#ifndef TF_NPZ_PIPELINE_ENGINE_TESTING_H_
#define TF_NPZ_PIPELINE_ENGINE_TESTING_H_

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cc/pipeline/engine.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/zip_writer.h"

namespace tf_npz {

using Shape = std::vector<int64_t>;

// Files in memory. A file with a gate opens only after the gate is lifted.
class TestFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override {
    std::unique_lock<std::mutex> lock(mutex_);
    ++opened_;
    opened_changed_.notify_all();
    lifted_.wait(lock, [&] { return gated_.count(path) == 0; });
    const auto found = files_.find(path);
    if (found == files_.end()) return NotFound("no such file");
    return NewMemoryFile(std::string_view(found->second));
  }

  void Add(const std::string& path, std::string contents) { files_[path] = std::move(contents); }
  void Gate(const std::string& path) { gated_[path] = true; }
  void Lift(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gated_.erase(path);
    lifted_.notify_all();
  }
  void WaitUntilOpened(int count) const {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_changed_.wait(lock, [&] { return opened_ >= count; });
  }
  int opened() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return opened_;
  }

 private:
  std::map<std::string, std::string> files_;
  mutable std::mutex mutex_;
  mutable std::condition_variable lifted_, opened_changed_;
  std::map<std::string, bool> gated_;
  mutable int opened_ = 0;
};

// An npz with x: int32 (rows, width) and y: int64 (rows), counting up from `from`.
inline std::string TwoArrays(int64_t from, int64_t rows, int64_t width, bool deflated,
                             bool fortran = false, std::optional<uint32_t> y_crc = std::nullopt) {
  std::vector<int32_t> x;
  std::vector<int64_t> y;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < width; ++i) x.push_back(static_cast<int32_t>((from + row) * 100 + i));
    y.push_back(from + row);
  }
  std::string x_bytes = BytesOf(x);
  if (fortran) x_bytes = ToFortranOrder(x_bytes, {rows, width}, sizeof(int32_t));
  ZipMember x_member, y_member;
  x_member.name = "x.npy";
  x_member.contents = Npy("<i4", {rows, width}, x_bytes, fortran);
  y_member.name = "y.npy";
  y_member.contents = Npy("<i8", {rows}, BytesOf(y));
  x_member.deflated = y_member.deflated = deflated;
  y_member.crc32 = y_crc;
  return WriteZip({x_member, y_member});
}

inline Selection XAndY(int64_t width) {
  Selection selection;
  selection.keys = {{"x"}, {"y"}};
  selection.specs = {{ElementType::kInt32, Shape{width}}, {ElementType::kInt64, Shape{}}};
  return selection;
}

template <typename T>
T ValueAt(const ArrayData& data, size_t index) {
  T value;
  std::memcpy(&value, data.buffer.data() + index * sizeof(T), sizeof(T));
  return value;
}

// What an engine delivered: for each block, y of its elements, after comparing it with x; and the
// errors.
struct Delivery {
  std::vector<std::vector<int64_t>> blocks;
  std::vector<Position> next;
  std::vector<Status> errors;

  std::vector<int64_t> values() const {
    std::vector<int64_t> all;
    for (const auto& block : blocks) all.insert(all.end(), block.begin(), block.end());
    return all;
  }
};

inline void CheckBlock(const Block& block, int32_t padding, std::vector<int64_t>* values) {
  const int64_t width = block.arrays[0].shape[0];
  for (int64_t i = 0; i < block.count; ++i) {
    const auto y = ValueAt<int64_t>(block.arrays[1], i);
    values->push_back(y);
    bool padded = false;
    for (int64_t j = 0; j < width; ++j) {
      const auto x = ValueAt<int32_t>(block.arrays[0], i * width + j);
      padded |= x == padding;
      ASSERT_EQ(x, padded ? padding : y * 100 + j) << "element " << y << ", item " << j;
    }
  }
}

// Takes all blocks of the engine. Calls `between` before each block. Holds some blocks for a while
// and checks them again, because another block might use their memory by mistake.
inline Delivery DrainAll(
    Engine& engine, int32_t padding = -1, const std::function<void()>& between = [] {}) {
  Delivery delivery;
  std::deque<std::pair<Block, std::vector<int64_t>>> held;
  while (true) {
    between();
    Result<std::optional<Block>> next = engine.Next();
    if (!next.ok()) {
      delivery.errors.push_back(next.status());
      if (next.status().code() == Code::kCancelled) return delivery;
      continue;
    }
    if (!next->has_value()) return delivery;
    std::vector<int64_t> values;
    CheckBlock(**next, padding, &values);
    delivery.blocks.push_back(values);
    delivery.next.push_back((*next)->next);
    held.emplace_back(std::move(**next), std::move(values));
    if (held.size() <= 3) continue;
    std::vector<int64_t> again;
    CheckBlock(held.front().first, padding, &again);
    EXPECT_EQ(again, held.front().second);
    held.pop_front();
  }
}

inline std::vector<int64_t> Range(int64_t from, int64_t to) {
  std::vector<int64_t> values;
  for (; from < to; ++from) values.push_back(from);
  return values;
}

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_ENGINE_TESTING_H_
