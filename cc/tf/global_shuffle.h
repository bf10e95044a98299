// TensorFlow's global shuffle, which asks a source for its elements in any order; from 2.17 on.

#ifndef TF_NPZ_TF_GLOBAL_SHUFFLE_H_
#define TF_NPZ_TF_GLOBAL_SHUFFLE_H_

#include <string>
#include <vector>

#include "tensorflow/core/framework/dataset.h"

#if TF_NPZ_TF_MINOR >= 17
#include "tensorflow/core/data/global_shuffle_utils.h"
#endif

namespace tf_npz {

#if TF_NPZ_TF_MINOR >= 17

// An iterator's part in it: DatasetBase::Get does the reading.
class GlobalShuffle {
 public:
  explicit GlobalShuffle(const tensorflow::data::DatasetBase* dataset) : iterator_(dataset) {}

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
  absl::Status Save(const std::string& /*prefix*/, tensorflow::data::SerializationContext* ctx,
                    tensorflow::data::IteratorStateWriter* writer) {
    return iterator_.Save(ctx, writer);
  }
  absl::Status Restore(const std::string& /*prefix*/, tensorflow::data::IteratorContext* ctx,
                       tensorflow::data::IteratorStateReader* reader) {
    return iterator_.Restore(ctx, reader);
  }
#endif

 private:
  tensorflow::data::GlobalShuffleIterator iterator_;
};

#else

// There is none.
class GlobalShuffle {
 public:
  explicit GlobalShuffle(const tensorflow::data::DatasetBase* /*dataset*/) {}
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

#endif  // TF_NPZ_TF_GLOBAL_SHUFFLE_H_
