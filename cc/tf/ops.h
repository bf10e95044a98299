// The inputs of the ops, by number. The numbers are the order of Input() in ops.cc.

#ifndef TF_NPZ_TF_OPS_H_
#define TF_NPZ_TF_OPS_H_

namespace tf_npz {

// Inputs of NpzReaderDataset. kPadding is a list of tensors; every other input is one tensor.
struct DatasetInput {
  enum : int {
    kFilenames,
    kKeys,
    kBatchSize,
    kDropRemainder,
    kPadding,
    kNumShards,
    kShardIndex,
    kElementCounts,
    kNumParallelReads,
    kMemoryLimit,
    kVerifyChecksums,
    kCount,  // the number of inputs
  };
};

// Inputs of NpzLoad and NpzDecode.
struct LoadInput {
  enum : int {
    kSource,  // filename or contents
    kKeys,
    kVerifyChecksums,
    kSlices,  // none or one
  };
};

}  // namespace tf_npz

#endif  // TF_NPZ_TF_OPS_H_
