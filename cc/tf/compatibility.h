// The differences between TensorFlow versions. No other file depends on the version.
//
// TensorFlow 2.17 added the global shuffle. It reads the elements of a source in any order.

#ifndef TF_NPZ_TF_COMPATIBILITY_H_
#define TF_NPZ_TF_COMPATIBILITY_H_

#include <string>
#include <vector>

#include "tensorflow/core/framework/dataset.h"

#if TF_NPZ_TF_MINOR >= 17
#include "tensorflow/core/data/global_shuffle_utils.h"
#endif

namespace tf_npz {

// A dataset that can read any element by its index.
class IndexedDataset : public tensorflow::data::DatasetBase {
 public:
  using DatasetBase::DatasetBase;

  absl::Status Get(tensorflow::OpKernelContext* /*ctx*/, int64_t index,
                   std::vector<tensorflow::Tensor>* out_tensors) const override {
    return GetElement(index, out_tensors);
  }
#if TF_NPZ_TF_MINOR >= 17
  absl::Status Get(tensorflow::data::AnyContext /*ctx*/, int64_t index,
                   std::vector<tensorflow::Tensor>* out_tensors) const override {
    return GetElement(index, out_tensors);
  }
  absl::Status RandomIndexingCompatible() const override { return absl::OkStatus(); }
#endif

 private:
  // Reads element number `index`. Any value may be passed; those out of range are errors.
  virtual absl::Status GetElement(int64_t index,
                                  std::vector<tensorflow::Tensor>* out_tensors) const = 0;
};

#if TF_NPZ_TF_MINOR >= 17

// The global shuffle of an iterator. IndexedDataset reads the elements.
class GlobalShuffle {
 public:
  explicit GlobalShuffle(const IndexedDataset* dataset) : iterator_(dataset) {}

  static bool IsOn(const tensorflow::data::IteratorContext& ctx) {
    return ctx.index_mapper() != nullptr;
  }
  static bool IsRestored(const tensorflow::data::IteratorContext& ctx) {
    return ctx.restored_element_count().has_value();
  }

  absl::Status GetNext(tensorflow::data::IteratorContext* ctx,
                       std::vector<tensorflow::Tensor>* out_tensors, bool* end_of_sequence) {
    return iterator_.GetNext(ctx, out_tensors, end_of_sequence);
  }

#if TF_NPZ_TF_MINOR >= 18
  absl::Status Save(const std::string& prefix, tensorflow::data::SerializationContext* ctx,
                    tensorflow::data::IteratorStateWriter* writer) {
    return iterator_.Save(prefix, ctx, writer);
  }
  absl::Status Restore(const std::string& prefix, tensorflow::data::IteratorContext* ctx,
                       tensorflow::data::IteratorStateReader* reader) {
    return iterator_.Restore(prefix, ctx, reader);
  }
#else
  // The shuffle saves its own progress, and passes it in the context.
  absl::Status Save(const std::string& /*prefix*/, tensorflow::data::SerializationContext* /*ctx*/,
                    tensorflow::data::IteratorStateWriter* /*writer*/) {
    return absl::OkStatus();
  }
  absl::Status Restore(const std::string& /*prefix*/, tensorflow::data::IteratorContext* ctx,
                       tensorflow::data::IteratorStateReader* /*reader*/) {
    return iterator_.Restore(ctx);
  }
#endif

 private:
  tensorflow::data::GlobalShuffleIterator iterator_;
};

#else

// This TensorFlow has no global shuffle.
class GlobalShuffle {
 public:
  explicit GlobalShuffle(const IndexedDataset* /*dataset*/) {}
  static bool IsOn(const tensorflow::data::IteratorContext& /*ctx*/) { return false; }
  static bool IsRestored(const tensorflow::data::IteratorContext& /*ctx*/) { return false; }
  absl::Status GetNext(tensorflow::data::IteratorContext* /*ctx*/,
                       std::vector<tensorflow::Tensor>* /*out_tensors*/,
                       bool* /*end_of_sequence*/) {
    return absl::UnimplementedError("this TensorFlow has no global shuffle");
  }
  absl::Status Save(const std::string& /*prefix*/, tensorflow::data::SerializationContext* /*ctx*/,
                    tensorflow::data::IteratorStateWriter* /*writer*/) {
    return absl::OkStatus();
  }
  absl::Status Restore(const std::string& /*prefix*/, tensorflow::data::IteratorContext* /*ctx*/,
                       tensorflow::data::IteratorStateReader* /*reader*/) {
    return absl::OkStatus();
  }
};

#endif

}  // namespace tf_npz

#endif  // TF_NPZ_TF_COMPATIBILITY_H_
