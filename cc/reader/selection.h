// Selection: which arrays of a file make an element, and what they must be. Also the functions that
// open and read these arrays.

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

// Where a component comes from.
struct ComponentSource {
  enum class Kind : uint8_t {
    kArray,     // an array of the file
    kFilename,  // the path of the file, as the caller gave it: a string of shape ()
    kRow,       // the number of the row in its file, from 0: int64 of shape (); elements are rows
    kLength,    // the length of an element of `component` along `axis`: int64 of shape ()
  };
  Kind kind = Kind::kArray;
  // For kLength. The component is an array. A negative axis counts from the last one.
  size_t component = 0;
  int64_t axis = 0;
  // For kArray. If the file lacks the array of Selection::keys, the first of these that it has
  // takes its place. Only an `.npz` may have them.
  std::vector<FieldPath> others = {};
  // For kArray: an `.npy` whose array is the element if the file has none of the arrays. Empty:
  // that is an error.
  std::string fallback = {};
};

struct Selection {
  // For each component, the names that would index the result of np.load. In an `.npz`: the array's
  // name, then names of fields. In an `.npy`: names of fields; empty means its array. Also empty if
  // the component is not taken from an array.
  std::vector<FieldPath> keys;
  std::vector<ComponentSpec> specs;  // one for each key
  // True: an element is a row. False: an element is a file's whole arrays.
  bool rows = true;
  std::vector<ComponentSource> sources = {};  // one for each key; empty: all are arrays

  const ComponentSource& source(size_t component) const {
    static const ComponentSource kAnArray;
    return sources.empty() ? kAnArray : sources[component];
  }
};

// One array of a file, or one that is made for it (made_array.h), and the selected components that
// it holds.
struct SelectedArray {
  std::unique_ptr<ArrayReader> reader;
  std::vector<size_t> components;  // indices in Selection::keys, for each component of `reader`
};

// The selected arrays of one file, those that are made at the end. Each of them has `count`
// elements, or its only item is repeated for each of them (ArrayPlan::is_repeated).
struct SelectedArrays {
  std::shared_ptr<Archive> archive;
  std::vector<SelectedArray> arrays;
  int64_t count = 0;
};

// Opens the selected arrays. Every array is opened here, in three steps: header, plan, reader.
// InvalidArgument, saying what to do, if the file does not fit the selection.
//
// Plans are taken from `cache` and added to it. It may be null, and must not be used for another
// selection. Several threads may open files with one cache.
Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options, PlanCache* cache = nullptr);

// ResourceExhausted if the arrays that must be loaded take more than `memory_limit` bytes, unless
// an element is the whole arrays.
Status CheckLoads(const SelectedArrays& selected, const Selection& selection,
                  uint64_t memory_limit);

// Decodes the whole of each selected component, on the calling thread. `selection.rows` must be
// false.
Result<std::vector<ArrayData>> ReadSelection(std::shared_ptr<Archive> archive,
                                             const Selection& selection,
                                             const ReadOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SELECTION_H_
