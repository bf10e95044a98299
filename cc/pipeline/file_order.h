// FileOrder: the files of an engine in the order of reading, each known by its place in it. It is
// the order of their list, or, where others read of the same list, whatever is added one by one.

#ifndef TF_NPZ_PIPELINE_FILE_ORDER_H_
#define TF_NPZ_PIPELINE_FILE_ORDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tf_npz {

class FileOrder {
 public:
  using Filenames = std::shared_ptr<const std::vector<std::string>>;

  // In the order of the list.
  explicit FileOrder(Filenames filenames) : filenames_(std::move(filenames)) {}
  // Those at `indices` of the list, and what will be added.
  FileOrder(Filenames filenames, std::vector<int64_t> indices)
      : filenames_(std::move(filenames)),
        grows_(true),
        is_complete_(false),
        indices_(std::move(indices)) {}

  // Whether it was made to be added to; if not, any thread may use it.
  bool grows() const { return grows_; }
  bool is_complete() const { return is_complete_; }
  // Files so far.
  int64_t count() const {
    return static_cast<int64_t>(grows_ ? indices_.size() : filenames_->size());
  }
  bool is_single_file() const { return is_complete_ && count() == 1; }
  // Files of the list.
  int64_t list_size() const { return static_cast<int64_t>(filenames_->size()); }

  // These stay where they are.
  const std::string& path(int64_t place) const { return (*filenames_)[index(place)]; }
  // In the list.
  int64_t index(int64_t place) const { return grows_ ? indices_[place] : place; }
  std::vector<int64_t> IndicesFrom(int64_t place) const {
    return {indices_.begin() + place, indices_.end()};
  }

  void Add(int64_t index) { indices_.push_back(index); }
  void Complete() { is_complete_ = true; }

 private:
  const Filenames filenames_;
  const bool grows_ = false;
  bool is_complete_ = true;
  std::vector<int64_t> indices_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_FILE_ORDER_H_
