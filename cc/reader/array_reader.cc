#include "cc/reader/array_reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "cc/base/shape.h"
#include "cc/base/text.h"
#include "cc/format/file_kind.h"
#include "cc/kernels/byte_order.h"
#include "cc/kernels/cast.h"
#include "cc/kernels/gather.h"
#include "cc/kernels/transpose.h"
#include "cc/kernels/utf8.h"

namespace tf_npz {
namespace {

// Structures, and numbers that are cast, are decoded in parts of about this many bytes. A part
// stays in the processor's cache while its fields are copied or cast.
constexpr uint64_t kFieldsAtOnce = uint64_t{256} << 10;
// The same for stored data in Fortran order. There each column of a part takes a read.
constexpr uint64_t kColumnsAtOnce = uint64_t{16} << 20;

// The index of item number `item` of an array of `shape`, as NumPy prints an index.
std::string IndexText(const std::vector<int64_t>& shape, int64_t item) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; item /= shape[axis])
    index[axis] = item % shape[axis];
  return ShapeText(index);
}

// Adds to `status`, the error of a member that begins with no header, what the member is instead.
Status WithKind(const Status& status, MemberReader& member) {
  std::string beginning(std::min<uint64_t>(kFileKindSize, member.size()), '\0');
  size_t done = 0;
  (void)member.Read(0, beginning.data(), beginning.size(), &done);
  const FileKind* const kind = RecogniseFile(std::string_view(beginning).substr(0, done));
  if (kind == nullptr) return status;
  return Status(status.code(), status.message() + "; it is " + std::string(kind->name));
}

}  // namespace

Result<std::string> ReadHeaderBytes(MemberReader& member) {
  std::string bytes(std::min<uint64_t>(kNpyPreambleSize, member.size()), '\0');
  TF_NPZ_RETURN_IF_ERROR(member.Read(0, bytes.data(), bytes.size()));
  const Result<size_t> parsed = ParseNpyPreamble(bytes);
  if (!parsed.ok()) return WithKind(parsed.status(), member);
  const size_t size = *parsed;
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

// The number of whole rows in the first `items` items. `all_rows` if rows have no items.
int64_t ArrayReader::RowsOf(int64_t items, int64_t all_rows) const {
  return plan_->items_per_row == 0 ? all_rows : items / plan_->items_per_row;
}

Status ArrayReader::ReadRows(int64_t first, int64_t count, const std::vector<char*>& destinations,
                             int64_t* done) {
  *done = 0;
  const int64_t first_item = first * plan_->items_per_row;
  const int64_t items = count * plan_->items_per_row;
  int64_t items_done = 0;
  if (!plan_->takes_items) {
    Status status = ReadFields(first_item, items, destinations, &items_done);
    *done = status.ok() ? count : RowsOf(items_done, 0);
    return status;
  }
  Status read = ReadItems(first_item, items, destinations[0], &items_done);
  *done = read.ok() ? count : RowsOf(items_done, 0);
  Status converted =
      Convert(plan_->components[0], first_item, items_done, destinations[0], &items_done);
  if (converted.ok()) return read;
  *done = RowsOf(items_done, 0);
  return converted;
}

Status ArrayReader::ReadRepeated(int64_t count, const std::vector<char*>& destinations,
                                 int64_t* done) {
  *done = 0;
  if (count == 0) return OkStatus();
  // Several threads read the same bytes, but only one of them would verify them.
  if (member_->is_random_access()) TF_NPZ_RETURN_IF_ERROR(member_->Verify());
  int64_t rows_done = 0;
  TF_NPZ_RETURN_IF_ERROR(ReadRows(0, plan_->rows_per_element, destinations, &rows_done));
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

// Reads items of the array in C order, unconverted. In Fortran order they are whole rows.
Status ArrayReader::ReadItems(int64_t first, int64_t count, char* destination, int64_t* done) {
  *done = 0;
  const auto itemsize = static_cast<uint64_t>(plan_->header.dtype.itemsize);
  if (plan_->header.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(
        ReadFortran(RowsOf(first, 0), RowsOf(count, plan_->row_count), destination));
  } else {
    const uint64_t offset = plan_->header.data_offset + static_cast<uint64_t>(first) * itemsize;
    size_t bytes_done = 0;
    Status status = member_->Read(offset, destination, count * itemsize, &bytes_done);
    if (!status.ok()) {
      *done = itemsize == 0 ? 0 : static_cast<int64_t>(bytes_done / itemsize);
      return status;
    }
  }
  *done = count;
  return OkStatus();
}

// Where item number `item` of the array is, for a message: `field "a": value at index (1, 2)`.
std::string ArrayReader::PlaceOf(const Component& component, int64_t item) const {
  const std::string field =
      component.path.empty() ? "" : "field " + QuoteList(component.path) + ": ";
  const std::string_view what = component.type == ElementType::kString ? "text" : "value";
  return field + std::string(what) + " at index " + IndexText(plan_->header.shape, item);
}

// Converts `count` items of the array, of which `data` holds a component, to native form in place.
// `first` is the number of the first item, for the message. If an item is bad, `*done` is the
// number of items before it.
Status ArrayReader::Convert(const Component& component, int64_t first, int64_t count, char* data,
                            int64_t* done) const {
  const DType& dtype = component.field.dtype;
  const int64_t items = count * component.field.count();
  if (dtype.kind != DType::Kind::kUnicode) {
    ConvertToNative(dtype, data, items * dtype.itemsize);
    return OkStatus();
  }
  const std::optional<BadCodePoint> bad =
      Utf32ToUtf8(data, dtype.itemsize, items, dtype.big_endian);
  if (!bad) return OkStatus();
  *done = bad->item / component.field.count();
  char code_point[16];
  std::snprintf(code_point, sizeof(code_point), "U+%04X", static_cast<unsigned>(bad->code_point));
  return DataLoss(PlaceOf(component, first + *done) + " holds " + code_point +
                  ", which is not a character and can't be encoded in UTF-8");
}

// Casts `count` items of the array, of which `data` holds a component in native form. `first` and
// `*done` are those of Convert.
Status ArrayReader::Cast(const Component& component, int64_t first, int64_t count, const char* data,
                         char* destination, int64_t* done) const {
  const std::optional<BadInteger> bad = CastNumbers(component.file_type, data, component.type,
                                                    count * component.field.count(), destination);
  if (!bad) return OkStatus();
  *done = bad->item / component.field.count();
  const std::string type(ElementTypeName(component.type));
  return InvalidArgument(
      PlaceOf(component, first + *done) + " is " + bad->text + ", which does not fit into " + type +
      " (" + bad->range + "); read the array as " +
      std::string(ElementTypeName(component.file_type)) + ", and cast it yourself after reading");
}

// Decodes items in parts. Copies the fields of each part to the components, or casts them.
Status ArrayReader::ReadFields(int64_t first, int64_t count, const std::vector<char*>& destinations,
                               int64_t* done) {
  *done = 0;
  const int64_t item_size = plan_->header.dtype.itemsize;
  // Columns that are not in memory take one read each.
  const bool scattered = plan_->header.fortran_order && !must_load() && !member_->is_loaded();
  const uint64_t at_once = scattered ? kColumnsAtOnce : kFieldsAtOnce;
  // In Fortran order a part is whole rows.
  const int64_t unit = plan_->header.fortran_order ? std::max<int64_t>(plan_->items_per_row, 1) : 1;
  const auto units = static_cast<int64_t>(at_once / std::max<int64_t>(unit * item_size, 1));
  int64_t step = std::max<int64_t>(1, units) * unit;
  // Items without bytes are read in one step: there may be any number of them.
  if (step > count || item_size == 0) step = count;
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer part, member_->pool().Allocate(step * item_size));
  Buffer uncast;  // a component of the part, in native form
  if (!plan_->casts_items) {
    int64_t widest = 0;
    for (const Component& component : plan_->components) {
      if (!component.is_cast()) continue;
      widest = std::max(widest, component.field.count() * component.field.dtype.itemsize);
    }
    if (widest > 0) {
      TF_NPZ_ASSIGN_OR_RETURN(uncast, member_->pool().Allocate(step * widest));
    }
  }
  std::vector<char*> targets = destinations;
  Status status;
  do {
    int64_t items = 0;
    status = ReadItems(first + *done, std::min(step, count - *done), part.data(), &items);
    int64_t good = items;
    for (size_t i = 0; i < plan_->components.size(); ++i) {
      const Component& component = plan_->components[i];
      const FieldView& field = component.field;
      char* native = part.data();
      if (!plan_->casts_items) {
        native = component.is_cast() ? uncast.data() : targets[i];
        GatherField(part.data(), item_size, items, field.offset, field.shape, field.strides,
                    field.dtype.itemsize, native);
      }
      int64_t converted = items;
      Status conversion = Convert(component, first + *done, items, native, &converted);
      if (component.is_cast()) {
        conversion = Cast(component, first + *done, items, native, targets[i], &converted);
      }
      if (!conversion.ok() && converted < good) {
        good = converted;
        status = conversion;
      }
      targets[i] += items * field.count() * component.item_size;
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
    const int64_t items = plan_->row_count * plan_->items_per_row;
    all[0].buffer = member_->loaded().Slice(plan_->header.data_offset, plan_->header.data_size);
    TF_NPZ_RETURN_IF_ERROR(Convert(plan_->components[0], 0, items, all[0].buffer.data(), &done));
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
