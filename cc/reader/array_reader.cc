#include "tf_npz/reader/array_reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "tf_npz/base/shape.h"
#include "tf_npz/base/text.h"
#include "tf_npz/reader/convert.h"
#include "tf_npz/reader/layout.h"

namespace tf_npz {
namespace {

// A member of up to this size is loaded when its header is read: a stream would cost more, and its
// checksum is verified before its first element is seen.
constexpr uint64_t kLoadAtOnce = uint64_t{64} << 10;

// Structures are decoded in parts of about this size, which stay in the cache while their fields
// are taken out of them.
constexpr uint64_t kFieldsAtOnce = uint64_t{256} << 10;
constexpr uint64_t kColumnsAtOnce = uint64_t{16} << 20;  // where they are gathered from a file

// The index of item number `item` of an array of `shape`, as NumPy prints one.
std::string IndexText(const std::vector<int64_t>& shape, int64_t item) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; item /= shape[axis])
    index[axis] = item % shape[axis];
  return ShapeText(index);
}

}  // namespace

Result<NpyHeader> ReadNpyHeader(MemberReader& member, HeaderCache* cache) {
  std::string header(std::min<uint64_t>(kNpyPreambleSize, member.size()), '\0');
  TF_NPZ_RETURN_IF_ERROR(member.Read(0, header.data(), header.size()));
  TF_NPZ_ASSIGN_OR_RETURN(const size_t size, ParseNpyPreamble(header));
  if (size > member.size()) {
    return DataLoss("header is cut off at byte " + std::to_string(member.size()) + " (expected " +
                    std::to_string(size) + " bytes)");
  }
  const size_t known = header.size();
  header.resize(size);
  if (size > known) {
    TF_NPZ_RETURN_IF_ERROR(member.Read(known, header.data() + known, size - known));
  }
  TF_NPZ_ASSIGN_OR_RETURN(NpyHeader facts,
                          cache == nullptr ? ParseNpyHeader(header) : cache->Parse(header));
  TF_NPZ_RETURN_IF_ERROR(member.SettleSize(facts.data_offset + facts.data_size));
  // More than the header says may follow: np.load leaves it unread.
  if (facts.data_size > member.size() - facts.data_offset) {
    return DataLoss("data is cut off at byte " + std::to_string(member.size()) + " (expected " +
                    std::to_string(facts.data_offset + facts.data_size) + " bytes for shape " +
                    ShapeText(facts.shape) + " of " + facts.dtype.name() + ")");
  }
  return facts;
}

Result<std::unique_ptr<ArrayReader>> ArrayReader::Open(std::shared_ptr<const Archive> archive,
                                                       const ZipEntry* entry, bool rows,
                                                       ReadOptions options) {
  Result<std::unique_ptr<MemberReader>> member = MemberReader::Open(archive, entry, options);
  if (!member.ok()) return member.status().WithContext(archive->Context(entry));
  std::unique_ptr<ArrayReader> reader(new ArrayReader(std::move(*member), std::move(options)));
  TF_NPZ_RETURN_IF_ERROR(reader->WithContext(reader->Init(rows)));
  return reader;
}

Status ArrayReader::Init(bool rows) {
  const bool worthwhile = !member_->is_random_access() || member_->has_checksum();
  const auto load_if_small = [&] {
    const bool is_small = member_->is_size_known() && member_->size() <= kLoadAtOnce;
    return worthwhile && is_small ? member_->Load() : OkStatus();
  };
  TF_NPZ_RETURN_IF_ERROR(load_if_small());
  TF_NPZ_ASSIGN_OR_RETURN(header_, ReadNpyHeader(*member_, options_.headers.get()));
  TF_NPZ_RETURN_IF_ERROR(load_if_small());  // of gzip only the header tells the size
  if (rows && header_.shape.empty()) {
    return InvalidArgument("is a single value of " + header_.dtype.name() +
                           ", which has no rows; read it with rows=False, or leave it out of keys");
  }
  count_ = rows ? header_.shape[0] : 1;
  element_shape_.assign(header_.shape.begin() + (rows ? 1 : 0), header_.shape.end());
  row_count_ = header_.shape.empty() ? 1 : header_.shape[0];
  rows_per_element_ = rows ? 1 : row_count_;
  items_per_row_ = header_.shape.empty() ? 1 : ElementCount(header_.shape, 1);
  row_size_ = static_cast<uint64_t>(items_per_row_) * header_.dtype.itemsize;
  // Of one dimension or one element both orders are the same.
  if (header_.shape.size() < 2) header_.fortran_order = false;
  // Nobody will read elements that there are none of, but whether there are none is for the
  // checksum to say.
  return count_ == 0 ? member_->Finish() : OkStatus();
}

uint64_t ArrayReader::load_size() const {
  const bool pointless =
      member_->is_loaded() || (!member_->has_whole_decoder() && !header_.fortran_order);
  return pointless ? 0 : member_->size();
}

bool ArrayReader::must_load() const {
  return header_.fortran_order && !member_->is_random_access();
}

Status ArrayReader::Load() { return WithContext(member_->Load()); }

Status ArrayReader::WithContext(const Status& status) const {
  return status.ok() ? status : status.WithContext(context());
}

bool ArrayReader::CanLend(int64_t first) const {
  const uint64_t row = static_cast<uint64_t>(first) * rows_per_element_;
  return takes_items_ && !header_.fortran_order &&
         (header_.data_offset + row * row_size_) % kBufferAlignment == 0;
}

Buffer ArrayReader::Lend(int64_t first, int64_t count, Status* status, int64_t* done) {
  const int64_t row = first * rows_per_element_;
  const int64_t rows = count * rows_per_element_;
  const Buffer& loaded = member_->loaded();
  Buffer lent = loaded.Slice(header_.data_offset + row * row_size_, rows * row_size_);
  int64_t rows_done = rows;
  *status = WithContext(Convert(components_[0], row, rows, lent.data(), &rows_done));
  *done = status->ok() ? count : rows_done / std::max<int64_t>(rows_per_element_, 1);
  return lent;
}

void ArrayReader::Choose(std::vector<Component> components) {
  components_ = std::move(components);
  const FieldView& field = components_[0].field;
  takes_items_ = components_.size() == 1 && field.offset == 0 && field.is_contiguous() &&
                 field.count() * field.dtype.itemsize == header_.dtype.itemsize;
}

Status ArrayReader::Read(int64_t first, int64_t count, const std::vector<char*>& destinations,
                         int64_t* done) {
  int64_t rows_done = 0;
  const Status status =
      ReadRows(first * rows_per_element_, count * rows_per_element_, destinations, &rows_done);
  if (done != nullptr) {
    *done = status.ok() ? count : rows_per_element_ == 0 ? 0 : rows_done / rows_per_element_;
  }
  return WithContext(status);
}

Status ArrayReader::ReadRows(int64_t first, int64_t count, const std::vector<char*>& destinations,
                             int64_t* done) {
  if (!takes_items_) return ReadFields(first, count, destinations, done);
  const Status read = ReadItems(first, count, destinations[0], done);
  const Status converted = Convert(components_[0], first, *done, destinations[0], done);
  return converted.ok() ? read : converted;
}

// The items of rows, as the file has them, in C order.
Status ArrayReader::ReadItems(int64_t first, int64_t count, char* destination, int64_t* done) {
  *done = 0;
  if (header_.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(ReadFortran(first, count, destination));
  } else {
    const uint64_t offset = header_.data_offset + static_cast<uint64_t>(first) * row_size_;
    size_t bytes_done = 0;
    const Status status = member_->Read(offset, destination, count * row_size_, &bytes_done);
    if (!status.ok()) {
      *done = row_size_ == 0 ? 0 : static_cast<int64_t>(bytes_done / row_size_);
      return status;
    }
  }
  // With the last of them, the checksum. In Fortran order it was looked at before.
  if (first + count == row_count_ && !header_.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(member_->Finish());
  }
  *done = count;
  return OkStatus();
}

// Brings `count` rows of a component, at `data`, from the file's form into native form, in place.
Status ArrayReader::Convert(const Component& component, int64_t first, int64_t count, char* data,
                            int64_t* done) const {
  const DType& dtype = component.field.dtype;
  const int64_t items = count * items_per_row_ * component.field.count();
  if (dtype.kind != DType::Kind::kUnicode) {
    ConvertToNative(dtype, data, items * dtype.itemsize);
    return OkStatus();
  }
  const std::optional<NoText> bad = Utf32ToUtf8(data, dtype.itemsize, items, dtype.big_endian);
  if (!bad) return OkStatus();
  const int64_t item = first * items_per_row_ + bad->item / component.field.count();
  *done = bad->item / component.field.count() / std::max<int64_t>(items_per_row_, 1);
  char code_point[16];
  std::snprintf(code_point, sizeof(code_point), "U+%04X", static_cast<unsigned>(bad->code_point));
  const std::string where =
      component.path.empty() ? "" : "field " + QuoteList(component.path) + ": ";
  return DataLoss(where + "text at index " + IndexText(header_.shape, item) + " holds " +
                  code_point + ", which is not a character and can't be encoded in UTF-8");
}

// Rows of structures: decoded in parts, of which each component takes its field.
Status ArrayReader::ReadFields(int64_t first, int64_t count, const std::vector<char*>& destinations,
                               int64_t* done) {
  *done = 0;
  const int64_t item_size = header_.dtype.itemsize;
  // Rows of columns that are not in memory take a read for each column.
  const bool scattered = header_.fortran_order && !must_load() && !member_->is_loaded();
  const uint64_t at_once = scattered ? kColumnsAtOnce : kFieldsAtOnce;
  int64_t step = std::max<int64_t>(1, at_once / std::max<uint64_t>(row_size_, 1));
  // Rows without bytes may be any number.
  if (step > count || row_size_ == 0) step = count;
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer part, options_.pool->Allocate(step * row_size_));
  std::vector<char*> targets = destinations;
  Status status;
  do {
    int64_t rows = 0;
    status = ReadItems(first + *done, std::min(step, count - *done), part.data(), &rows);
    const int64_t items = rows * items_per_row_;
    int64_t good = rows;
    for (size_t i = 0; i < components_.size(); ++i) {
      const FieldView& field = components_[i].field;
      GatherField(part.data(), item_size, items, field.offset, field.shape, field.strides,
                  field.dtype.itemsize, targets[i]);
      int64_t converted = rows;
      const Status conversion =
          Convert(components_[i], first + *done, rows, targets[i], &converted);
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
  const int64_t itemsize = header_.dtype.itemsize;
  if (must_load()) TF_NPZ_RETURN_IF_ERROR(member_->Load());
  if (member_->is_loaded()) {
    CopyFortranRows(member_->loaded().data() + header_.data_offset, header_.shape, itemsize, first,
                    count, destination);
    return OkStatus();
  }
  // Each column holds a run of these rows; the runs together are a smaller array in Fortran order.
  std::vector<int64_t> shape = header_.shape;
  shape[0] = count;
  const uint64_t run = static_cast<uint64_t>(count) * itemsize;
  const uint64_t column = static_cast<uint64_t>(header_.shape[0]) * itemsize;
  const int64_t columns = ElementCount(shape, 1);
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer runs, options_.pool->Allocate(run * columns));
  if (run == column) {
    TF_NPZ_RETURN_IF_ERROR(member_->Read(header_.data_offset, runs.data(), header_.data_size));
    TF_NPZ_RETURN_IF_ERROR(member_->Finish());
  } else {
    // These bytes are out of order for the checksum, which is why that is looked at first, once.
    if (!gather_verified_) TF_NPZ_RETURN_IF_ERROR(member_->Finish());
    gather_verified_ = true;
    for (int64_t i = 0; i < columns; ++i) {
      const uint64_t offset =
          header_.data_offset + i * column + static_cast<uint64_t>(first) * itemsize;
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
  std::vector<ArrayData> all(components_.size());
  const bool is_rows = element_shape_.size() < header_.shape.size();
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].shape = components_[i].element_shape;
    if (is_rows) all[i].shape.insert(all[i].shape.begin(), count_);
    all[i].item_size = components_[i].item_size;
  }
  int64_t done = 0;
  // The loaded member itself serves where its elements lie as they must.
  if (takes_items_ && member_->is_loaded() && !header_.fortran_order &&
      header_.data_offset % kBufferAlignment == 0) {
    all[0].buffer = member_->loaded().Slice(header_.data_offset, header_.data_size);
    TF_NPZ_RETURN_IF_ERROR(Convert(components_[0], 0, row_count_, all[0].buffer.data(), &done));
    return all;
  }
  std::vector<char*> destinations;
  for (size_t i = 0; i < all.size(); ++i) {
    TF_NPZ_ASSIGN_OR_RETURN(all[i].buffer,
                            options_.pool->Allocate(count_ * components_[i].element_size()));
    destinations.push_back(all[i].buffer.data());
  }
  TF_NPZ_RETURN_IF_ERROR(ReadRows(0, row_count_, destinations, &done));
  return all;
}

}  // namespace tf_npz
