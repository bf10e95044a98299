#include "cc/reader/archive.h"

#include <algorithm>

#include "cc/base/text.h"
#include "cc/format/file_kind.h"
#include "cc/format/npy_header.h"
#include "cc/inflate/inflate.h"
#include "cc/io/buffer.h"

namespace tf_npz {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";  // RFC 1952 2.3.1: ID1, ID2

// The most steps for decoding the first bytes of a gzip file. Some files need more, for example
// those that begin with hundreds of empty members. The array's reader decodes them, and it can be
// cancelled.
constexpr int kGzipPeekSteps = 100;

bool IsZip(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, kZipLocalMagic.size());
  return magic == kZipLocalMagic || magic == kZipEmptyMagic;
}

bool IsGzip(std::string_view bytes) { return bytes.substr(0, kGzipMagic.size()) == kGzipMagic; }

}  // namespace

Result<std::shared_ptr<Archive>> Archive::Open(const FileSystem& file_system,
                                               const std::string& path, BufferPool& pool) {
  if (path.empty()) return InvalidArgument("the name of a file is empty");
  Result<std::unique_ptr<RandomAccessFile>> file = file_system.Open(path);
  const bool is_small = file.ok() && (*file)->size() <= kSmallFile;
  if (is_small) file = ReadToMemory(**file, pool);
  if (!file.ok()) return file.status().WithContext(Escape(path) + ": ");
  std::shared_ptr<Archive> archive(new Archive(path, std::move(*file)));
  archive->is_in_memory_ = is_small;
  const Status status = archive->ReadKind();
  if (!status.ok()) return status.WithContext(archive->label() + ": ");
  return archive;
}

Result<std::shared_ptr<Archive>> Archive::OpenContents(std::string_view contents,
                                                       std::string label) {
  return OpenFile(NewMemoryFile(contents), std::move(label));
}

Result<std::shared_ptr<Archive>> Archive::OpenFile(std::unique_ptr<RandomAccessFile> file,
                                                   std::string label) {
  std::shared_ptr<Archive> archive(new Archive(std::move(label), std::move(file)));
  const Status status = archive->ReadKind();
  if (!status.ok()) return status.WithContext(archive->label() + ": ");
  return archive;
}

Status Archive::ReadKind() {
  char bytes[kNpyMagic.size()];
  TF_NPZ_ASSIGN_OR_RETURN(const size_t count, file_->Read(0, bytes, sizeof(bytes)));
  const std::string_view magic(bytes, count);
  if (magic.empty()) {
    return DataLoss(
        "is empty (expected an .npy or .npz file); writing or copying it was interrupted: write or "
        "copy it anew");
  }
  if (magic == kNpyMagic) return OkStatus();
  if (IsZip(magic)) {
    is_npz_ = true;
    return ReadDirectory();
  }
  if (IsGzip(magic)) {
    is_gzip_ = true;
    return ReadGzipKind();
  }
  char beginning[kFileKindSize];
  TF_NPZ_ASSIGN_OR_RETURN(const size_t size, file_->Read(0, beginning, sizeof(beginning)));
  return DataLoss("is neither an .npy nor an .npz file" + ButKind({beginning, size}));
}

// Decodes the first bytes, and refuses a file that is no `.npy` within gzip.
Status Archive::ReadGzipKind() {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  InflateOptions options;
  options.format = InflateFormat::kGzip;
  options.verify_checksums = false;  // the array's reader does that
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<InflateStream> stream,
                          OpenInflateStream(*file_, 0, file_->size(), *pool, options));
  char bytes[kFileKindSize];
  size_t count = 0;
  int steps = 0;
  const auto read_up_to = [&](size_t end) {
    for (; steps < kGzipPeekSteps && count < end && !stream->at_end(); ++steps) {
      TF_NPZ_ASSIGN_OR_RETURN(const size_t done, stream->ReadSome(bytes + count, end - count));
      count += done;
    }
    return OkStatus();
  };
  TF_NPZ_RETURN_IF_ERROR(read_up_to(kNpyMagic.size()));
  const std::string_view magic(bytes, count);
  const bool unknown = count < kNpyMagic.size() && !stream->at_end();
  if (magic == kNpyMagic || unknown) return OkStatus();
  if (IsZip(magic)) {
    return Unimplemented(
        "is an .npz compressed with gzip, which is not supported; decompress it first: "
        "gunzip < OLD > NEW");
  }
  if (IsGzip(magic)) {
    return Unimplemented(
        "is compressed with gzip twice, which is not supported; decompress it first: "
        "gunzip < OLD > NEW");
  }
  // What was read before an error tells the kind, too.
  (void)read_up_to(sizeof(bytes));
  return DataLoss("is compressed with gzip, and holds neither an .npy nor an .npz file" +
                  ButKind({bytes, count}));
}

// A small file is read as quickly as its identity is compared.
Status Archive::ReadDirectory() {
  TF_NPZ_ASSIGN_OR_RETURN(directory_, is_in_memory_ ? Directory::Read(*file_)
                                                    : DirectoryCache::Get().Read(path_, *file_));
  return OkStatus();
}

std::vector<std::string> Archive::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : Named()) names.emplace_back(name);
  return names;
}

std::vector<const ZipEntry*> Archive::Arrays() const {
  std::vector<const ZipEntry*> arrays;
  for (const ZipEntry& member : members()) {
    const bool is_array = ArrayName(member.name) != member.name && !IsResourceForkName(member.name);
    if (is_array && directory_->Find(member.name) == &member) arrays.push_back(&member);
  }
  return arrays;
}

Status Archive::NoArrays() const {
  return InvalidArgument(label() + ": holds no arrays, so an element would have no component" +
                         ButOtherProgram());
}

Result<const ZipEntry*> Archive::Find(std::string_view name) const {
  if (const ZipEntry* const entry = directory_->Find(name)) return entry;
  std::vector<std::string> names = Names();
  names.erase(std::remove_if(names.begin(), names.end(), IsResourceForkName), names.end());
  return InvalidArgument(label() + ": has no array " + Quote(name) + " (it has " +
                         (names.empty() ? "none" : QuoteList(names)) + ")" + ButOtherProgram());
}

std::string Archive::KindOfOtherProgram() const {
  std::vector<std::string_view> names;
  for (const ZipEntry& member : members()) names.push_back(member.name);
  const FileKind* const kind = RecogniseZip(names);
  return kind == nullptr ? "" : std::string(kind->name) + ": " + std::string(kind->advice);
}

std::string Archive::ButOtherProgram() const {
  const std::string kind = KindOfOtherProgram();
  return kind.empty() ? kind : "; it is " + kind;
}

std::string Archive::label() const { return Escape(path_); }

std::string Archive::Context(const ZipEntry* entry, const std::vector<std::string>& fields) const {
  std::string context = label();
  if (entry != nullptr) context += "[" + Quote(ArrayName(entry->name)) + "]";
  for (const std::string& field : fields) context += "[" + Quote(field) + "]";
  return context + ": ";
}

}  // namespace tf_npz
