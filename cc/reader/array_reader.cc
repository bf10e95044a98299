#include "cc/reader/array_reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "cc/base/shape.h"
#include "cc/base/text.h"
#include "cc/kernels/byte_order.h"
#include "cc/kernels/gather.h"
#include "cc/kernels/transpose.h"
#include "cc/kernels/utf8.h"

namespace tf_npz {
namespace {

// Structures are decoded in parts of about this many bytes. A part stays in the processor's cache
// while its fields are copied.
constexpr uint64_t kFieldsAtOnce = uint64_t{256} << 10;
// The same for stored structures in Fortran order. There each column of a part takes a read.
constexpr uint64_t kColumnsAtOnce = uint64_t{16} << 20;

// The index of item number `item` of an array of `shape`, as NumPy prints an index.
std::string IndexText(const std::vector<int64_t>& shape, int64_t item) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; item /= shape[axis])
    index[axis] = item % shape[axis];
  return ShapeText(index);
}

}  // namespace

Result<std::string> ReadHeaderBytes(MemberReader& member) {
  std::string bytes(std::min<uint64_t>(kNpyPreambleSize, member.size()), '\0');
  TF_NPZ_RETURN_IF_ERROR(member.Read(0, bytes.data(), bytes.size()));
  TF_NPZ_ASSIGN_OR_RETURN(const size_t size, ParseNpyPreamble(bytes));
  if (size > member.size()) {
    return DataLoss("header is cut off at byte " + std::to_string(member.size()) + " (expected " +
                    std::to_string(size) + " bytes)");
  }
  const size_t known = bytes.size();
  bytes.resize(size);
  if (size > known) {
    TF_NPZ_RETURN_IF_ERROR(member.Read(known, bytes.data() + known, size - known));
  }
  return bytes;
}

Status SetWantedSize(MemberReader& member, const NpyHeader& header) {
  TF_NPZ_RETURN_IF_ERROR(member.SetWantedSize(header.data_offset + header.data_size));
  // The member may be larger than the header says. np.load does not read the rest.
  if (header.data_size <= member.size() - header.data_offset) return OkStatus();
  return DataLoss("data is cut off at byte " + std::to_string(member.size()) + " (expected " +
                  std::to_string(header.data_offset + header.data_size) + " bytes for shape " +
                  ShapeText(header.shape) + " of " + header.dtype.name() + ")");
}

Result<NpyHeader> ReadNpyHeader(MemberReader& member) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::string bytes, ReadHeaderBytes(member));
  TF_NPZ_ASSIGN_OR_RETURN(NpyHeader header, ParseNpyHeader(bytes));
  TF_NPZ_RETURN_IF_ERROR(SetWantedSize(member, header));
  return header;
}

uint64_t ArrayReader::load_size() const {
  const bool pointless =
      member_->is_loaded() || (!member_->has_whole_decoder() && !plan_->header.fortran_order);
  return pointless ? 0 : member_->size();
}

bool ArrayReader::must_load() const {
  return plan_->header.fortran_order && !member_->is_random_access();
}

Status ArrayReader::Load() { return WithContext(member_->Load()); }

Status ArrayReader::WithContext(const Status& status) const {
  return status.ok() ? status : status.WithContext(context());
}

Status ArrayReader::Read(int64_t first, int64_t count, const std::vector<char*>& destinations,
                         int64_t* done) {
  int64_t rows_done = 0;
  if (plan_->is_repeated) {
    const Status status = ReadRepeated(count, destinations, &rows_done);
    if (done != nullptr) *done = rows_done;
    return WithContext(status);
  }
  const Status status = ReadRows(first * plan_->rows_per_element, count * plan_->rows_per_element,
                                 destinations, &rows_done);
  if (done != nullptr) {
    *done = status.ok()                    ? count
            : plan_->rows_per_element == 0 ? 0
                                           : rows_done / plan_->rows_per_element;
  }
  return WithContext(status);
}

Status ArrayReader::ReadRows(int64_t first, int64_t count, const std::vector<char*>& destinations,
                             int64_t* done) {
  if (!plan_->takes_items) return ReadFields(first, count, destinations, done);
  const Status read = ReadItems(first, count, destinations[0], done);
  const Status converted = Convert(plan_->components[0], first, *done, destinations[0], done);
  return converted.ok() ? read : converted;
}

Status ArrayReader::ReadRepeated(int64_t count, const std::vector<char*>& destinations,
                                 int64_t* done) {
  *done = 0;
  if (count == 0) return OkStatus();
  // Several threads read the same bytes, but only one of them would verify them.
  if (member_->is_random_access()) TF_NPZ_RETURN_IF_ERROR(member_->Verify());
  int64_t rows_done = 0;
  TF_NPZ_RETURN_IF_ERROR(ReadRows(0, 1, destinations, &rows_done));
  for (size_t i = 0; i < destinations.size(); ++i) {
    const uint64_t size = plan_->components[i].element_size();
    const uint64_t end = size * static_cast<uint64_t>(count);
    // What is there already is copied behind itself.
    for (uint64_t filled = size; filled < end;) {
      const uint64_t part = std::min(filled, end - filled);
      std::memcpy(destinations[i] + filled, destinations[i], part);
      filled += part;
    }
  }
  *done = count;
  return OkStatus();
}

// Reads the items of rows in C order, unconverted.
Status ArrayReader::ReadItems(int64_t first, int64_t count, char* destination, int64_t* done) {
  *done = 0;
  if (plan_->header.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(ReadFortran(first, count, destination));
  } else {
    const uint64_t offset =
        plan_->header.data_offset + static_cast<uint64_t>(first) * plan_->row_size;
    size_t bytes_done = 0;
    Status status = member_->Read(offset, destination, count * plan_->row_size, &bytes_done);
    if (!status.ok()) {
      *done = plan_->row_size == 0 ? 0 : static_cast<int64_t>(bytes_done / plan_->row_size);
      return status;
    }
  }
  *done = count;
  return OkStatus();
}

// Converts `count` rows of a component, at `data`, to native form, in place. `first` is the number
// of the first row, for the message.
Status ArrayReader::Convert(const Component& component, int64_t first, int64_t count, char* data,
                            int64_t* done) const {
  const DType& dtype = component.field.dtype;
  const int64_t items = count * plan_->items_per_row * component.field.count();
  if (dtype.kind != DType::Kind::kUnicode) {
    ConvertToNative(dtype, data, items * dtype.itemsize);
    return OkStatus();
  }
  const std::optional<BadCodePoint> bad =
      Utf32ToUtf8(data, dtype.itemsize, items, dtype.big_endian);
  if (!bad) return OkStatus();
  const int64_t item = first * plan_->items_per_row + bad->item / component.field.count();
  *done = bad->item / component.field.count() / std::max<int64_t>(plan_->items_per_row, 1);
  char code_point[16];
  std::snprintf(code_point, sizeof(code_point), "U+%04X", static_cast<unsigned>(bad->code_point));
  const std::string where =
      component.path.empty() ? "" : "field " + QuoteList(component.path) + ": ";
  return DataLoss(where + "text at index " + IndexText(plan_->header.shape, item) + " holds " +
                  code_point + ", which is not a character and can't be encoded in UTF-8");
}

// Decodes rows of structures in parts, and copies the fields of each part to the components.
Status ArrayReader::ReadFields(int64_t first, int64_t count, const std::vector<char*>& destinations,
                               int64_t* done) {
  *done = 0;
  const int64_t item_size = plan_->header.dtype.itemsize;
  // Columns that are not in memory take one read each.
  const bool scattered = plan_->header.fortran_order && !must_load() && !member_->is_loaded();
  const uint64_t at_once = scattered ? kColumnsAtOnce : kFieldsAtOnce;
  auto step = static_cast<int64_t>(at_once / std::max<uint64_t>(plan_->row_size, 1));
  step = std::max<int64_t>(1, step);
  // Rows without bytes are read in one step: there may be any number of them.
  if (step > count || plan_->row_size == 0) step = count;
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer part, member_->pool().Allocate(step * plan_->row_size));
  std::vector<char*> targets = destinations;
  Status status;
  do {
    int64_t rows = 0;
    status = ReadItems(first + *done, std::min(step, count - *done), part.data(), &rows);
    const int64_t items = rows * plan_->items_per_row;
    int64_t good = rows;
    for (size_t i = 0; i < plan_->components.size(); ++i) {
      const FieldView& field = plan_->components[i].field;
      GatherField(part.data(), item_size, items, field.offset, field.shape, field.strides,
                  field.dtype.itemsize, targets[i]);
      int64_t converted = rows;
      const Status conversion =
          Convert(plan_->components[i], first + *done, rows, targets[i], &converted);
      if (!conversion.ok() && converted < good) {
        good = converted;
        status = conversion;
      }
      targets[i] += items * field.count() * field.dtype.itemsize;
    }
    *done += good;
  } while (status.ok() && *done < count);
  return status;
}

Status ArrayReader::ReadFortran(int64_t first, int64_t count, char* destination) {
  const int64_t itemsize = plan_->header.dtype.itemsize;
  if (must_load()) TF_NPZ_RETURN_IF_ERROR(member_->Load());
  if (member_->is_loaded()) {
    CopyFortranRows(member_->loaded().data() + plan_->header.data_offset, plan_->header.shape,
                    itemsize, first, count, destination);
    return OkStatus();
  }
  // Each column holds one run of the items of these rows. The runs, one after the other, are a
  // smaller array in Fortran order.
  std::vector<int64_t> shape = plan_->header.shape;
  shape[0] = count;
  const uint64_t run = static_cast<uint64_t>(count) * itemsize;
  const uint64_t column = static_cast<uint64_t>(plan_->header.shape[0]) * itemsize;
  const int64_t columns = ItemCount(shape, 1);
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer runs, member_->pool().Allocate(run * columns));
  if (run == column) {
    TF_NPZ_RETURN_IF_ERROR(
        member_->Read(plan_->header.data_offset, runs.data(), plan_->header.data_size));
  } else {
    // No row is complete before the last column, so the checksum is verified before the first row.
    TF_NPZ_RETURN_IF_ERROR(member_->Verify());
    for (int64_t i = 0; i < columns; ++i) {
      const uint64_t offset =
          plan_->header.data_offset + i * column + static_cast<uint64_t>(first) * itemsize;
      TF_NPZ_RETURN_IF_ERROR(member_->Read(offset, runs.data() + i * run, run));
    }
  }
  CopyFortranRows(runs.data(), shape, itemsize, 0, count, destination);
  return OkStatus();
}

Result<std::vector<ArrayData>> ArrayReader::ReadAll() {
  Result<std::vector<ArrayData>> all = ReadAllElements();
  if (!all.ok()) return WithContext(all.status());
  return all;
}

Result<std::vector<ArrayData>> ArrayReader::ReadAllElements() {
  std::vector<ArrayData> all(plan_->components.size());
  const bool is_rows = plan_->element_shape.size() < plan_->header.shape.size();
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].shape = plan_->components[i].element_shape;
    if (is_rows) all[i].shape.insert(all[i].shape.begin(), count());
    all[i].item_size = plan_->components[i].item_size;
  }
  int64_t done = 0;
  // The result can share the loaded bytes, if they are whole items in C order and aligned.
  if (plan_->takes_items && member_->is_loaded() && !plan_->header.fortran_order &&
      plan_->header.data_offset % kBufferAlignment == 0) {
    all[0].buffer = member_->loaded().Slice(plan_->header.data_offset, plan_->header.data_size);
    TF_NPZ_RETURN_IF_ERROR(
        Convert(plan_->components[0], 0, plan_->row_count, all[0].buffer.data(), &done));
    return all;
  }
  std::vector<char*> destinations;
  for (size_t i = 0; i < all.size(); ++i) {
    TF_NPZ_ASSIGN_OR_RETURN(
        all[i].buffer, member_->pool().Allocate(count() * plan_->components[i].element_size()));
    destinations.push_back(all[i].buffer.data());
  }
  TF_NPZ_RETURN_IF_ERROR(ReadRows(0, plan_->row_count, destinations, &done));
  return all;
}

}  // namespace tf_npz
