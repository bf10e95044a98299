// Selection: which arrays of a file make an element, and what they must be. Also the functions that
// open and read these arrays.

#ifndef TF_NPZ_READER_SELECTION_H_
#define TF_NPZ_READER_SELECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/field_view.h"
#include "cc/reader/archive.h"
#include "cc/reader/array_reader.h"
#include "cc/reader/component.h"
#include "cc/reader/plan_cache.h"
#include "cc/reader/read_options.h"
#include "cc/reader/slice.h"

namespace tf_npz {

// Where a component comes from.
struct ComponentSource {
  enum class Kind : uint8_t {
    kArray,      // an array of the file
    kFilename,   // the path of the file, as the caller gave it: a string of shape ()
    kRow,        // the number of the row in its file, from 0: int64 of shape (); elements are rows
    kArrayName,  // the name of the array, if each array is a source: a string of shape ()
    kLength,     // the length of an element of `component` along `axis`: int64 of shape ()
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
  // True: an element is a row, or a window of rows. False: an element is a file's whole arrays.
  bool rows = true;
  std::vector<ComponentSource> sources = {};  // one for each key; empty: all are arrays
  RowSelection row_selection = {};            // if `rows`
  // For each key, what is taken of the axes of a row or of the array. Empty: all of every array.
  std::vector<Slices> slices = {};
  // True: each array of a file is a source of elements of its own (source_name.h), and keys are
  // names of its fields. False: keys begin with the names of arrays.
  bool each_array = false;

  const ComponentSource& source(size_t component) const {
    static const ComponentSource kAnArray;
    return sources.empty() ? kAnArray : sources[component];
  }
  // Whether items of the arrays may belong to no element.
  bool is_cut() const { return !row_selection.is_all() || !slices.empty(); }
  const Slices& slices_of(size_t key) const;
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
// `member` is the full name of the array's member if the selection says each_array and the file is
// an `.npz`. Otherwise it is absent.
//
// Plans are taken from `cache` and added to it. It may be null, and must not be used for another
// selection. Several threads may open files with one cache.
Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options, PlanCache* cache = nullptr,
                                     std::optional<std::string_view> member = std::nullopt);

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
