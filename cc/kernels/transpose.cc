#include "cc/kernels/transpose.h"

#include <algorithm>
#include <cstring>

#include "cc/base/shape.h"
#include "cc/kernels/small_copy.h"
#include "cc/kernels/strided_offsets.h"
#include "cc/kernels/transpose_block.h"

namespace tf_npz {
namespace {

// An array in Fortran order as a matrix. Its first dimensions together are the rows of the matrix;
// they are contiguous at the source. The other dimensions together are its columns; they are
// contiguous at the destination.
struct Matrix {
  int64_t rows = 1;
  int64_t columns = 1;
  StridedOffsets row_offsets;     // of each row at the destination, in the order of the source
  StridedOffsets column_offsets;  // of each column at the source, in the order of the destination
};

constexpr int64_t kLine = 64;  // bytes of a cache line

Matrix AsMatrix(const std::vector<int64_t>& shape, int64_t itemsize, int64_t count) {
  Matrix matrix;
  matrix.rows = count;
  size_t split = 1;
  // A column shorter than a cache line shares its line with the next column. Then the next
  // dimension joins the rows. It cannot join if only some rows are copied, because others lie
  // between them.
  while (count == shape[0] && matrix.rows * itemsize < kLine && split + 1 < shape.size()) {
    matrix.rows *= shape[split++];
  }
  matrix.columns = ItemCount(shape, split);
  for (size_t axis = split; axis-- > 0;) {
    matrix.row_offsets.AddDimension(axis == 0 ? count : shape[axis],
                                    ItemCount(shape, axis + 1) * itemsize);
  }
  int64_t stride = itemsize;
  for (size_t axis = 0; axis < split; ++axis) stride *= shape[axis];
  for (size_t axis = split; axis < shape.size(); ++axis) {
    matrix.column_offsets.AddDimension(shape[axis], stride);
    stride *= shape[axis];
  }
  return matrix;
}

// Arrays are transposed tile by tile. A tile is a part of some columns. It is first copied to a
// small buffer in the L1 cache: at the source the columns may be a power of two bytes apart, and
// then they would evict each other from the cache. kRun is the number of contiguous bytes that are
// read or written at once, on both sides.
constexpr int64_t kRun = 256;
constexpr int64_t kMinTileColumns = 64;
constexpr int64_t kMaxTileColumns = kRun;
static_assert(kRun % kBlockBytes == 0,
              "a block reads kBlockBytes of a column, which must lie in the tile");

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

// Prefetches the cache lines that StoreTile will write. Rows shorter than a line lie so close
// together that the processor predicts the accesses itself.
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

// StoreTile for items of any size.
void StoreTileOfAnySize(const Tile& tile, int64_t itemsize, int64_t rows, int64_t columns,
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

// Copies a tile of one row straight to its place. Its items are larger than kRun, so a copy in the
// cache would not help.
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
      return StoreTileOfAnySize;
  }
}

}  // namespace

void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int64_t itemsize,
                     int64_t first, int64_t count, char* destination) {
  if (count == 0 || itemsize == 0 || ItemCount(shape) == 0) return;
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

}  // namespace tf_npz
