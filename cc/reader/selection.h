// Selection: which arrays of a file make an element, and what they must be.

#ifndef TF_NPZ_READER_SELECTION_H_
#define TF_NPZ_READER_SELECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/field_view.h"
#include "cc/reader/archive.h"
#include "cc/reader/array_reader.h"
#include "cc/reader/component.h"
#include "cc/reader/plan_cache.h"
#include "cc/reader/read_options.h"

namespace tf_npz {

struct Selection {
  // What each component is: the names by which what np.load returns would be indexed. Of an `.npz`
  // the first is an array's, of an `.npy` all are fields'; none is its only array as it is.
  std::vector<FieldPath> keys;
  std::vector<ComponentSpec> specs;  // one for each key
  // An element is a row, or a file's whole arrays.
  bool rows = true;
};

// One array of a file, and the selected components that it holds, in the order of the reader's.
struct SelectedArray {
  std::unique_ptr<ArrayReader> reader;
  std::vector<size_t> components;  // where they stand in the selection
};

// The selected arrays of one file, which all have `count` elements.
struct SelectedArrays {
  std::shared_ptr<Archive> archive;
  std::vector<SelectedArray> arrays;
  int64_t count = 0;
};

// Opens the selected arrays, each in one way: header, plan, reader. InvalidArgument, saying what to
// do, where the file does not fit the selection. This is how every array is opened.
//
// `cache` knows plans that were made for this selection, and learns those that are made now. It may
// be null. Several threads may open files with one cache.
Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options, PlanCache* cache = nullptr);

// Arrays that can't be decoded in pieces must fit the limit, unless they are the element
// themselves.
Status CheckLoads(const SelectedArrays& selected, const Selection& selection,
                  uint64_t memory_limit);

// Decodes the selected components, whole, on the calling thread. `selection.rows` must be false.
Result<std::vector<ArrayData>> ReadSelection(std::shared_ptr<Archive> archive,
                                             const Selection& selection,
                                             const ReadOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SELECTION_H_
