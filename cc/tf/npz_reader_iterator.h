// The iterator of NpzReaderDataset.

#ifndef TF_NPZ_TF_NPZ_READER_ITERATOR_H_
#define TF_NPZ_TF_NPZ_READER_ITERATOR_H_

#include <memory>
#include <string>

#include "cc/tf/npz_reader_dataset.h"
#include "tensorflow/core/framework/dataset.h"

namespace tf_npz {

// An iterator that reads `dataset` in order. Under a global shuffle it reads in the order of the
// shuffle's index mapper. The iterator keeps `dataset` alive. `prefix` is tf.data's name for it.
std::unique_ptr<tensorflow::data::IteratorBase> NewNpzReaderIterator(
    const NpzReaderDataset* dataset, const std::string& prefix);

}  // namespace tf_npz

#endif  // TF_NPZ_TF_NPZ_READER_ITERATOR_H_
