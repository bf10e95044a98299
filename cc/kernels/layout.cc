#include "cc/kernels/layout.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "cc/base/shape.h"
#include "cc/kernels/small_copy.h"
#include "cc/kernels/transpose_block.h"

namespace tf_npz {
namespace {

// Goes through the indices of some dimensions in C order and says how far from the first each lies.
class Walk {
 public:
  void AddDimension(int64_t size, int64_t stride) {  // the outermost first
    if (size != 1) dimensions_.push_back({size, stride, 0});
  }

  // The offsets of the next `count` indices. After the last comes the first again.
  void Next(int64_t count, int64_t* offsets) {
    while (count > 0) {
      Dimension& inner = dimensions_.back();
      const int64_t steps = std::min(count, inner.size - inner.index);
      for (int64_t i = 0; i < steps; ++i) offsets[i] = offset_ + i * inner.stride;
      offset_ += steps * inner.stride;
      inner.index += steps;
      offsets += steps;
      count -= steps;
      for (size_t i = dimensions_.size(); --i > 0 && dimensions_[i].index == dimensions_[i].size;) {
        offset_ += dimensions_[i - 1].stride - dimensions_[i].size * dimensions_[i].stride;
        dimensions_[i].index = 0;
        ++dimensions_[i - 1].index;
      }
      dimensions_[0].index = 0;
    }
  }

 private:
  struct Dimension {
    int64_t size;
    int64_t stride;
    int64_t index;
  };
  std::vector<Dimension> dimensions_ = {{1, 0, 0}};  // so that there is one
  int64_t offset_ = 0;
};

// An array in Fortran order as a matrix: its first dimensions are the rows, which lie one after
// another at the source; the others are the columns, which lie so at the destination.
struct Matrix {
  int64_t rows = 1;
  int64_t columns = 1;
  Walk row_offsets;     // at the destination, in the order of the source
  Walk column_offsets;  // at the source, in the order of the destination
};

constexpr int64_t kLine = 64;  // bytes of a cache line

Matrix AsMatrix(const std::vector<int64_t>& shape, int64_t itemsize, int64_t count) {
  Matrix matrix;
  matrix.rows = count;
  size_t split = 1;
  // Columns of less than a line share it with the next, so that the next dimension's are better
  // taken with them; not where rows that are not wanted lie between.
  while (count == shape[0] && matrix.rows * itemsize < kLine && split + 1 < shape.size()) {
    matrix.rows *= shape[split++];
  }
  matrix.columns = ElementCount(shape, split);
  for (size_t axis = split; axis-- > 0;) {
    matrix.row_offsets.AddDimension(axis == 0 ? count : shape[axis],
                                    ElementCount(shape, axis + 1) * itemsize);
  }
  int64_t stride = itemsize;
  for (size_t axis = 0; axis < split; ++axis) stride *= shape[axis];
  for (size_t axis = split; axis < shape.size(); ++axis) {
    matrix.column_offsets.AddDimension(shape[axis], stride);
    stride *= shape[axis];
  }
  return matrix;
}

// A transposition goes tile by tile: some columns, each with some bytes of rows, are first copied
// side by side into the L1 cache. At the source they may all be a power of two apart, and then
// would drive each other out of it. Both sides of memory should see runs of about this many bytes.
constexpr int64_t kRun = 256;
constexpr int64_t kMinTileColumns = 64;
constexpr int64_t kMaxTileColumns = kRun;
static_assert(kRun % kBlockBytes == 0, "what a block reads of a column must be in the tile");

struct Tile {
  alignas(kLine) char data[kMaxTileColumns * kRun];
  int64_t column_offsets[kMaxTileColumns];  // at the source
  int64_t row_offsets[kRun];                // at the destination
};

void LoadTile(const char* source, int64_t bytes, int64_t columns, Tile* tile) {
  WithCopyOf(bytes, [&](auto copy) {
    for (int64_t c = 0; c < columns; ++c) {
      copy(tile->data + c * kRun, source + tile->column_offsets[c]);
    }
  });
}

// Asks for the lines that StoreTile will write. Rows shorter than that lie close enough for the
// machine to see what comes.
void PrefetchRows(const Tile& tile, int64_t rows, int64_t row_bytes, const char* destination) {
  if (row_bytes < kLine) return;
  for (int64_t r = 0; r < rows; ++r) {
    const char* row = destination + tile.row_offsets[r];
    for (int64_t byte = 0; byte < row_bytes; byte += kLine) __builtin_prefetch(row + byte, 1);
  }
}

template <int kWidth>
void StoreTile(const Tile& tile, int64_t /*itemsize*/, int64_t rows, int64_t columns,
               char* destination) {
  constexpr int64_t kBlockRows = kBlockBytes / kWidth;
  for (int64_t r = 0; r < rows; r += kBlockRows) {
    TransposeColumns<kWidth>(tile.data + r * kWidth, kRun, columns, destination,
                             tile.row_offsets + r, std::min(rows - r, kBlockRows));
  }
}

void StoreTileOfAny(const Tile& tile, int64_t itemsize, int64_t rows, int64_t columns,
                    char* destination) {
  WithCopyOf(itemsize, [&](auto copy) {
    for (int64_t r = 0; r < rows; ++r) {
      const char* from = tile.data + r * itemsize;
      char* to = destination + tile.row_offsets[r];
      for (int64_t c = 0; c < columns; ++c) {
        copy(to + c * itemsize, from + c * kRun);
      }
    }
  });
}

// A tile of one row, of items so large that the cache is no concern: straight to its place.
void CopyRow(const Tile& tile, const char* source, int64_t itemsize, int64_t columns,
             char* destination) {
  char* to = destination + tile.row_offsets[0];
  for (int64_t c = 0; c < columns; ++c, to += itemsize) {
    std::memcpy(to, source + tile.column_offsets[c], itemsize);
  }
}

auto StoreTileFunction(int64_t itemsize) {
  switch (itemsize) {
    case 1:
      return StoreTile<1>;
    case 2:
      return StoreTile<2>;
    case 4:
      return StoreTile<4>;
    case 8:
      return StoreTile<8>;
    case 16:
      return StoreTile<16>;
    default:
      return StoreTileOfAny;
  }
}

}  // namespace

void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int64_t itemsize,
                     int64_t first, int64_t count, char* destination) {
  if (count == 0 || itemsize == 0 || ElementCount(shape) == 0) return;
  source += first * itemsize;
  if (shape.size() == 1) {
    std::memcpy(destination, source, count * itemsize);
    return;
  }
  Matrix matrix = AsMatrix(shape, itemsize, count);
  const auto store = StoreTileFunction(itemsize);
  const bool large_items = itemsize > kRun;
  const int64_t tile_columns = std::max(kRun / itemsize, kMinTileColumns);
  const int64_t tile_rows = std::max<int64_t>(kRun / itemsize, 1);
  Tile tile;
  for (int64_t c0 = 0; c0 < matrix.columns; c0 += tile_columns) {
    const int64_t columns = std::min(matrix.columns - c0, tile_columns);
    matrix.column_offsets.Next(columns, tile.column_offsets);
    char* to = destination + c0 * itemsize;
    for (int64_t r0 = 0; r0 < matrix.rows; r0 += tile_rows) {
      const int64_t rows = std::min(matrix.rows - r0, tile_rows);
      matrix.row_offsets.Next(rows, tile.row_offsets);
      const char* from = source + r0 * itemsize;
      if (large_items) {
        CopyRow(tile, from, itemsize, columns, to);
        continue;
      }
      PrefetchRows(tile, rows, columns * itemsize, to);
      LoadTile(from, rows * itemsize, columns, &tile);
      store(tile, itemsize, rows, columns, to);
    }
  }
}

void GatherField(const char* source, int64_t item_size, int64_t count, int64_t offset,
                 const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                 int64_t width, char* destination) {
  if (count == 0 || width == 0 || ElementCount(shape) == 0) return;
  // The items of the array are the outermost dimension; dimensions of one step are none.
  std::vector<int64_t> sizes = {count};
  std::vector<int64_t> steps = {item_size};
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    sizes.push_back(shape[axis]);
    steps.push_back(strides[axis]);
  }
  // The innermost dimensions without gaps are one run of bytes, the next one is the inner loop.
  int64_t run = width;
  while (!sizes.empty() && steps.back() == run) {
    run *= sizes.back();
    sizes.pop_back();
    steps.pop_back();
  }
  source += offset;
  if (sizes.empty()) {
    std::memcpy(destination, source, run);
    return;
  }
  const int64_t repeats = sizes.back();
  const int64_t step = steps.back();
  Walk outer;
  int64_t loops = 1;
  for (size_t axis = 0; axis + 1 < sizes.size(); ++axis) {
    outer.AddDimension(sizes[axis], steps[axis]);
    loops *= sizes[axis];
  }
  WithCopyOf(run, [&](auto copy) {
    char* to = destination;
    int64_t offsets[64];
    for (int64_t done = 0; done < loops; done += std::size(offsets)) {
      const int64_t some = std::min<int64_t>(loops - done, std::size(offsets));
      outer.Next(some, offsets);
      for (int64_t loop = 0; loop < some; ++loop) {
        const char* from = source + offsets[loop];
        for (int64_t i = 0; i < repeats; ++i, to += run, from += step) copy(to, from);
      }
    }
  });
}

}  // namespace tf_npz
