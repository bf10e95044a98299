#include "tf_npz/reader/array_reader.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "tf_npz/base/text.h"
#include "tf_npz/reader/convert.h"
#include "tf_npz/reader/layout.h"

namespace tf_npz {
namespace {

// A member of up to this size is loaded when its header is read: a stream would cost more, and its
// checksum is verified before its first element is seen.
constexpr uint64_t kLoadAtOnce = uint64_t{64} << 10;

}  // namespace

Result<NpyHeader> ReadNpyHeader(MemberReader& member) {
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
  TF_NPZ_ASSIGN_OR_RETURN(NpyHeader facts, ParseNpyHeader(header));
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
  std::string context = archive->Context(entry);
  Result<std::unique_ptr<MemberReader>> member =
      MemberReader::Open(std::move(archive), entry, options);
  if (!member.ok()) return member.status().WithContext(context);
  std::unique_ptr<ArrayReader> reader(
      new ArrayReader(std::move(context), std::move(*member), std::move(options)));
  const Status status = reader->Init(rows);
  if (!status.ok()) return status.WithContext(reader->context_);
  return reader;
}

Status ArrayReader::Init(bool rows) {
  const bool worthwhile = !member_->is_random_access() || member_->has_checksum();
  const auto load_if_small = [&] {
    const bool is_small = member_->is_size_known() && member_->size() <= kLoadAtOnce;
    return worthwhile && is_small ? member_->Load() : OkStatus();
  };
  TF_NPZ_RETURN_IF_ERROR(load_if_small());
  TF_NPZ_ASSIGN_OR_RETURN(header_, ReadNpyHeader(*member_));
  TF_NPZ_RETURN_IF_ERROR(load_if_small());  // of gzip only the header tells the size
  if (rows && header_.shape.empty()) {
    return InvalidArgument("is a single value of " + header_.dtype.name() +
                           ", which has no rows; read it with rows=False, or leave it out of keys");
  }
  count_ = rows ? header_.shape[0] : 1;
  element_shape_.assign(header_.shape.begin() + (rows ? 1 : 0), header_.shape.end());
  element_size_ = static_cast<uint64_t>(ElementCount(element_shape_)) * header_.dtype.itemsize;
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

Status ArrayReader::Load() { return member_->Load().WithContext(context_); }

Status ArrayReader::Read(int64_t first, int64_t count, char* destination, int64_t* done) {
  int64_t ignored;
  if (done == nullptr) done = &ignored;
  *done = 0;
  return ReadElements(first, count, destination, done).WithContext(context_);
}

Status ArrayReader::ReadElements(int64_t first, int64_t count, char* destination, int64_t* done) {
  const size_t size = static_cast<uint64_t>(count) * element_size_;
  if (header_.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(ReadFortran(first, count, destination));
  } else {
    const uint64_t offset = header_.data_offset + static_cast<uint64_t>(first) * element_size_;
    size_t bytes_done = 0;
    const Status status = member_->Read(offset, destination, size, &bytes_done);
    if (!status.ok()) {
      *done = element_size_ == 0 ? 0 : static_cast<int64_t>(bytes_done / element_size_);
      ConvertToNative(header_.dtype, destination, static_cast<uint64_t>(*done) * element_size_);
      return status;
    }
    if (first + count == count_) TF_NPZ_RETURN_IF_ERROR(member_->Finish());
  }
  ConvertToNative(header_.dtype, destination, size);
  *done = count;
  return OkStatus();
}

Status ArrayReader::ReadFortran(int64_t first, int64_t count, char* destination) {
  const int itemsize = header_.dtype.itemsize;
  // A whole array is all of its rows.
  const bool whole = element_shape_.size() == header_.shape.size();
  if (whole) {
    first = 0;
    count = header_.shape[0];
  }
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

Result<ArrayData> ArrayReader::ReadAll() {
  Result<ArrayData> data = ReadAllElements();
  if (!data.ok()) return data.status().WithContext(context_);
  return data;
}

Result<ArrayData> ArrayReader::ReadAllElements() {
  ArrayData data;
  data.shape = header_.shape;
  // The loaded member itself serves where its elements lie as they must.
  if (member_->is_loaded() && !header_.fortran_order &&
      header_.data_offset % kBufferAlignment == 0) {
    data.buffer = member_->TakeLoaded();
    data.offset = header_.data_offset;
    ConvertToNative(header_.dtype, data.buffer.data() + data.offset, header_.data_size);
    return data;
  }
  int64_t done = 0;
  TF_NPZ_ASSIGN_OR_RETURN(data.buffer, options_.pool->Allocate(header_.data_size));
  TF_NPZ_RETURN_IF_ERROR(ReadElements(0, count_, data.buffer.data(), &done));
  return data;
}

}  // namespace tf_npz
