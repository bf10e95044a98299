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
#include "cc/kernels/utf8.h"

namespace tf_npz {
namespace {

// Structures, and numbers that are cast, are decoded in parts of about this many bytes. A part
// stays in the processor's cache while its fields are copied or cast.
constexpr uint64_t kFieldsAtOnce = uint64_t{256} << 10;
// The same for stored data in Fortran order. There each column of a part takes a read.
constexpr uint64_t kColumnsAtOnce = uint64_t{16} << 20;

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
  const bool gains = member_->has_whole_decoder() || must_load() ||
                     (plan_->header.fortran_order && !plan_->is_sparse);
  return member_->is_loaded() || !gains ? 0 : member_->size();
}

bool ArrayReader::serves_whole() const {
  return plan_->takes_items && plan_->is_whole() && !plan_->header.fortran_order &&
         plan_->header.data_offset % kBufferAlignment == 0;
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
  int64_t ignored;
  if (done == nullptr) done = &ignored;
  *done = 0;
  return WithContext(plan_->is_repeated ? ReadRepeated(count, destinations, done)
                                        : ReadElements(first, count, destinations, done));
}

// The number of whole rows in the first `items` items. `all_rows` if rows have no items.
int64_t ArrayReader::RowsOf(int64_t items, int64_t all_rows) const {
  return plan_->items_per_row == 0 ? all_rows : items / plan_->items_per_row;
}

Status ArrayReader::ReadElements(int64_t first, int64_t count,
                                 const std::vector<char*>& destinations, int64_t* done) {
  const ElementRows& elements = plan_->elements;
  if (elements.are_adjacent()) {
    int64_t rows_done = 0;
    const Status status = ReadRows(elements.rows.Part(first * elements.size, count * elements.size),
                                   destinations, &rows_done);
    *done = status.ok() ? count : elements.size == 0 ? 0 : rows_done / elements.size;
    TF_NPZ_RETURN_IF_ERROR(status);
  } else {
    // Threads that read at once share nothing.
    DecodedRows own;
    TF_NPZ_RETURN_IF_ERROR(ReadWindows(
        *plan_, first, count,
        [this](const Steps& rows, const std::vector<char*>& targets, int64_t* rows_done) {
          return ReadRows(rows, targets, rows_done);
        },
        member_->pool(), is_random_access() ? own : decoded_, destinations, done));
  }
  if (plan_->tail_rows == 0 || first + count < plan_->count) return OkStatus();
  Status tail = ReadTail();
  if (!tail.ok()) *done = 0;
  return tail;
}

// Reads what follows the last window, so that the checksum is verified.
Status ArrayReader::ReadTail() {
  if (!member_->has_checksum() || member_->is_loaded() || plan_->header.fortran_order) {
    return OkStatus();
  }
  const uint64_t end = plan_->data_end();
  const uint64_t row_size = plan_->header.data_size / static_cast<uint64_t>(plan_->row_count);
  const uint64_t size = static_cast<uint64_t>(plan_->tail_rows) * row_size;
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer unwanted,
                          member_->pool().Allocate(std::min<uint64_t>(size, kReadStep)));
  for (uint64_t offset = end - size; offset < end; offset += unwanted.size()) {
    TF_NPZ_RETURN_IF_ERROR(
        member_->Read(offset, unwanted.data(), std::min<uint64_t>(unwanted.size(), end - offset)));
  }
  return OkStatus();
}

Status ArrayReader::ReadRows(const Steps& rows, const std::vector<char*>& destinations,
                             int64_t* done) {
  *done = 0;
  const int64_t items = rows.count * plan_->items_per_row;
  int64_t items_done = 0;
  if (!plan_->takes_items) {
    Status status = ReadFields(rows, destinations, &items_done);
    *done = status.ok() ? rows.count : RowsOf(items_done, 0);
    return status;
  }
  Status read = items_.Read(rows, 0, items, destinations[0], &items_done);
  *done = read.ok() ? rows.count : RowsOf(items_done, 0);
  Status converted =
      Convert(plan_->components[0], rows, 0, items_done, destinations[0], &items_done);
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
  TF_NPZ_RETURN_IF_ERROR(ReadRows(plan_->elements.rows, destinations, &rows_done));
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

// Where item number `item` of `rows` is, for a message: `field "a": value at index (1, 2)`.
std::string ArrayReader::PlaceOf(const Component& component, const Steps& rows,
                                 int64_t item) const {
  const std::string field =
      component.path.empty() ? "" : "field " + QuoteList(component.path) + ": ";
  const std::string_view what = component.type == ElementType::kString ? "text" : "value";
  std::vector<int64_t> index(plan_->header.shape.size());
  for (size_t axis = index.size(); axis-- > 0;) {
    const Steps& steps = axis == 0 ? rows : plan_->inner[axis - 1];
    index[axis] = steps.at(item % steps.count);
    item /= steps.count;
  }
  return field + std::string(what) + " at index " + ShapeText(index);
}

// Converts `count` items of `rows`, of which `data` holds a component, to native form in place.
// `first` is the number of the first item, for the message. If an item is bad, `*done` is the
// number of items before it.
Status ArrayReader::Convert(const Component& component, const Steps& rows, int64_t first,
                            int64_t count, char* data, int64_t* done) const {
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
  return DataLoss(PlaceOf(component, rows, first + *done) + " holds " + code_point +
                  ", which is not a character and can't be encoded in UTF-8");
}

// Casts `count` items of the array, of which `data` holds a component in native form. `first` and
// `*done` are those of Convert.
Status ArrayReader::Cast(const Component& component, const Steps& rows, int64_t first,
                         int64_t count, const char* data, char* destination, int64_t* done) const {
  const std::optional<BadInteger> bad = CastNumbers(component.file_type, data, component.type,
                                                    count * component.field.count(), destination);
  if (!bad) return OkStatus();
  *done = bad->item / component.field.count();
  const std::string type(ElementTypeName(component.type));
  return InvalidArgument(
      PlaceOf(component, rows, first + *done) + " is " + bad->text + ", which does not fit into " +
      type + " (" + bad->range + "); read the array as " +
      std::string(ElementTypeName(component.file_type)) + ", and cast it yourself after reading");
}

// Decodes items in parts. Copies the fields of each part to the components, or casts them.
Status ArrayReader::ReadFields(const Steps& rows, const std::vector<char*>& destinations,
                               int64_t* done) {
  *done = 0;
  const int64_t count = rows.count * plan_->items_per_row;
  const int64_t item_size = plan_->header.dtype.itemsize;
  // Columns that are not in memory take one read each.
  const bool scattered = plan_->header.fortran_order && !must_load() && !member_->is_loaded();
  const uint64_t at_once = scattered ? kColumnsAtOnce : kFieldsAtOnce;
  const int64_t unit =
      items_.takes_whole_rows(rows) ? std::max<int64_t>(plan_->items_per_row, 1) : 1;
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
    status = items_.Read(rows, *done, std::min(step, count - *done), part.data(), &items);
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
      Status conversion = Convert(component, rows, *done, items, native, &converted);
      if (component.is_cast()) {
        conversion = Cast(component, rows, *done, items, native, targets[i], &converted);
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

Result<std::vector<ArrayData>> ArrayReader::ReadAll() {
  Result<std::vector<ArrayData>> all = ReadAllElements();
  if (!all.ok()) return WithContext(all.status());
  return all;
}

Result<std::vector<ArrayData>> ArrayReader::ReadAllElements() {
  std::vector<ArrayData> all(plan_->components.size());
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].shape = plan_->components[i].element_shape;
    if (plan_->has_rows) all[i].shape.insert(all[i].shape.begin(), count());
    all[i].item_size = plan_->components[i].item_size;
  }
  int64_t done = 0;
  // The result can share the loaded bytes, if they are whole items in C order and aligned.
  if (serves_whole() && member_->is_loaded()) {
    const int64_t items = plan_->row_count * plan_->items_per_row;
    all[0].buffer = member_->loaded().Slice(plan_->header.data_offset, plan_->header.data_size);
    TF_NPZ_RETURN_IF_ERROR(
        Convert(plan_->components[0], plan_->elements.rows, 0, items, all[0].buffer.data(), &done));
    return all;
  }
  std::vector<char*> destinations;
  for (size_t i = 0; i < all.size(); ++i) {
    TF_NPZ_ASSIGN_OR_RETURN(
        all[i].buffer, member_->pool().Allocate(count() * plan_->components[i].element_size()));
    destinations.push_back(all[i].buffer.data());
  }
  TF_NPZ_RETURN_IF_ERROR(ReadElements(0, count(), destinations, &done));
  return all;
}

}  // namespace tf_npz
