#include "cc/format/zip_directory.h"

#include <algorithm>
#include <optional>

#include "cc/base/bytes.h"
#include "cc/base/checked.h"
#include "cc/base/deflate_ratio.h"
#include "cc/base/text.h"
#include "cc/format/zip_name.h"

namespace tf_npz {
namespace {

constexpr std::string_view kCentralMagic = "PK\x01\x02";
constexpr std::string_view kZip64EndMagic = "PK\x06\x06";
constexpr std::string_view kZip64LocatorMagic = "PK\x06\x07";
constexpr size_t kCentralHeaderSize = 46;

// In a field of 16 or 32 bits this value means: the zip64 record holds the true value (4.4.1.4).
constexpr uint16_t kSeeZip64Short = 0xFFFF;
constexpr uint32_t kSeeZip64 = 0xFFFFFFFF;

constexpr uint16_t kZip64ExtraId = 0x0001;

// Methods that np.load decodes and this project does not (4.4.5), and the mark of AES (7.2).
constexpr uint16_t kZipBzip2 = 12;
constexpr uint16_t kZipLzma = 14;
constexpr uint16_t kZipAes = 99;

// What to do about members that are not supported. The tests follow each advice.
constexpr std::string_view kRewrite =
    "; rewrite the file in Python: import numpy as np; arrays = dict(np.load(\"OLD.npz\")); "
    "np.savez_compressed(\"NEW.npz\", **arrays)";
constexpr std::string_view kUnpack =
    "; NumPy does not read it either: unpack the file with 7-Zip (7z x OLD.npz), and read the .npy "
    "files that were in it";
constexpr std::string_view kDecrypt =
    "; decrypt the file in Python: import zipfile; zipfile.ZipFile(\"OLD.npz\")"
    ".extractall(\"FOLDER\", pwd=b\"PASSWORD\"); and read FOLDER/*.npy";

// General purpose bit flags (4.4.4).
constexpr uint16_t kEncryptedFlag = 1 << 0;
constexpr uint16_t kPatchFlag = 1 << 5;
constexpr uint16_t kStrongEncryptionFlag = 1 << 6;
constexpr uint16_t kMaskedHeaderFlag = 1 << 13;

// The newest version of the format (4.4.3) that zipfile knows: 6.3.
constexpr int kMaxVersionNeeded = 63;

// A character of code page 437 takes at most this many bytes in UTF-8.
constexpr size_t kMaxBytesPerCharacter = 3;

bool HasMagic(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

std::string AtByte(uint64_t offset) { return " at byte " + std::to_string(offset); }

Status InSeveralParts() {
  return Unimplemented("zip archive in several parts, which is not supported");
}

// Returns the offset in `tail` of the zip64 end record, or nullopt if there is none. Its locator
// (4.3.15) is at tail[locator_at] and says that the record is at byte `declared` of the file.
// `tail` begins at byte `tail_offset` of the file. zipfile looks right before the locator, whatever
// the locator says. This function also looks at `declared`, because an extensible data sector
// (4.3.14.2) may lie between the record and the locator.
std::optional<size_t> FindZip64End(std::string_view tail, size_t locator_at, uint64_t declared,
                                   uint64_t tail_offset) {
  if (locator_at < kZip64EndSize) return std::nullopt;
  const size_t latest = locator_at - kZip64EndSize;
  if (HasMagic(tail.substr(latest), kZip64EndMagic)) return latest;
  if (declared < tail_offset || declared - tail_offset > latest) return std::nullopt;
  const size_t at = declared - tail_offset;
  if (HasMagic(tail.substr(at), kZip64EndMagic)) return at;
  return std::nullopt;
}

// Replaces the fields of `entry` that are kSeeZip64 by the values in the zip64 extended information
// (4.5.3). It holds only these values, in this order. If there are several, the first one with a
// value counts.
Status MergeZip64(std::string_view extra, ZipEntry* entry) {
  uint64_t* const fields[] = {&entry->uncompressed_size, &entry->compressed_size,
                              &entry->local_header_offset};
  while (extra.size() >= 4) {
    const uint16_t id = LoadLittle16(&extra[0]);
    const size_t size = LoadLittle16(&extra[2]);
    if (extra.size() - 4 < size) return DataLoss("extra field is cut off");
    std::string_view data = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (id != kZip64ExtraId) continue;
    for (uint64_t* field : fields) {
      if (*field != kSeeZip64) continue;
      if (data.size() < 8) return DataLoss("zip64 extra field is cut off");
      *field = LoadLittle64(&data[0]);
      data.remove_prefix(8);
    }
  }
  return OkStatus();
}

// Converts an offset that the archive declares to an offset in the file.
uint64_t OffsetInFile(uint64_t declared, const ZipEnd& end) {
  if (end.directory_offset < end.declared_offset) {
    const uint64_t missing = end.declared_offset - end.directory_offset;
    return declared < missing ? UINT64_MAX : declared - missing;
  }
  uint64_t offset = 0;
  const uint64_t before = end.directory_offset - end.declared_offset;
  return CheckedAdd(declared, before, &offset) ? offset : UINT64_MAX;
}

// Sets data_limit of each entry. Several entries may share one local header; that does not make a
// member larger than the file.
void SetDataLimits(const ZipEnd& end, std::vector<ZipEntry>* entries) {
  std::vector<uint64_t> starts;
  starts.reserve(entries->size());
  for (const ZipEntry& entry : *entries) starts.push_back(entry.local_header_offset);
  std::sort(starts.begin(), starts.end());
  for (ZipEntry& entry : *entries) {
    const auto next = std::upper_bound(starts.begin(), starts.end(), entry.local_header_offset);
    entry.data_limit = next == starts.end() ? end.directory_offset
                                            : std::min<uint64_t>(*next, end.directory_offset);
  }
}

// Checks that `size` bytes of a member at byte `offset` of the file end at its data_limit or
// before.
Status CheckRoom(uint64_t offset, uint64_t size, const ZipEntry& entry, const ZipEnd& end) {
  uint64_t data_end = 0;
  const bool fits = CheckedAdd(offset, size, &data_end);
  if (fits && data_end <= entry.data_limit) return OkStatus();
  if (!fits || data_end > end.directory_offset) {
    return DataLoss("member of " + std::to_string(entry.compressed_size) + " bytes does not fit" +
                    (offset == UINT64_MAX ? " into the file" : AtByte(offset)) +
                    " (the directory begins" + AtByte(end.directory_offset) + ")");
  }
  return DataLoss("members overlap: this one reaches to byte " + std::to_string(data_end) +
                  ", and another begins" + AtByte(entry.data_limit));
}

bool IsReadByNumPy(uint16_t method) { return method == kZipBzip2 || method == kZipLzma; }

}  // namespace

bool IsResourceForkName(std::string_view member_name) {
  const size_t slash = member_name.rfind('/');
  const std::string_view last =
      slash == std::string_view::npos ? "" : member_name.substr(slash + 1);
  return member_name.substr(0, 9) == "__MACOSX/" && (last.empty() || last.substr(0, 2) == "._");
}

bool ZipEntry::is_encrypted() const {
  return (flags & (kEncryptedFlag | kStrongEncryptionFlag | kMaskedHeaderFlag)) != 0;
}

std::string ZipMethodName(uint16_t method) {
  switch (method) {
    case kZipStored:
      return "stored";
    case 1:
      return "shrink";
    case 2:
    case 3:
    case 4:
    case 5:
      return "reduce";
    case 6:
      return "implode";
    case kZipDeflated:
      return "deflate";
    case 9:
      return "deflate64";
    case kZipBzip2:
      return "bzip2";
    case kZipLzma:
      return "lzma";
    case 20:
    case 93:
      return "zstd";
    case 95:
      return "xz";
    case 98:
      return "ppmd";
    default:
      return "method " + std::to_string(method);
  }
}

std::vector<size_t> FindZipEnds(std::string_view tail) {
  if (tail.size() < kZipEndSize) return {};
  const auto is_exact = [tail](size_t at) {
    return at + kZipEndSize + LoadLittle16(&tail[at + 20]) == tail.size();
  };
  const auto is_empty = [tail](size_t at) {
    const bool is_zip64 = at >= kZip64LocatorSize &&
                          HasMagic(tail.substr(at - kZip64LocatorSize), kZip64LocatorMagic);
    return LoadLittle32(&tail[at + 12]) == 0 && !is_zip64;
  };
  // zipfile takes the last signature and ignores the length of the comment. If that is not an end
  // record, a record whose comment ends where the file ends is the better choice. A record without
  // members looks like zeros in other data, so it is tried last.
  std::optional<size_t> of_zipfile, exact, empty;
  const size_t last = tail.size() - kZipEndSize;
  const size_t first = last > kMaxZipTrailSize ? last - kMaxZipTrailSize : 0;
  for (size_t at = tail.rfind(kZipEmptyMagic, last); at != std::string_view::npos && at >= first;
       at = at == 0 ? std::string_view::npos : tail.rfind(kZipEmptyMagic, at - 1)) {
    if (is_empty(at)) {
      if (!empty) empty = at;
    } else if (is_exact(at)) {
      exact = at;
      break;  // An earlier record would not be tried before it.
    } else if (!of_zipfile && !empty) {
      of_zipfile = at;
    }
  }
  std::vector<size_t> ends;
  for (const std::optional<size_t>& at : {of_zipfile, exact, empty}) {
    if (at) ends.push_back(*at);
  }
  return ends;
}

Result<ZipEnd> ParseZipEnd(std::string_view tail, size_t at, uint64_t file_size) {
  const char* record = &tail[at];
  const uint64_t tail_offset = file_size - tail.size();
  const uint16_t disk = LoadLittle16(record + 4);
  const uint16_t directory_disk = LoadLittle16(record + 6);
  ZipEnd end;
  end.entry_count = LoadLittle16(record + 10);
  end.directory_size = LoadLittle32(record + 12);
  end.declared_offset = LoadLittle32(record + 16);
  size_t limit = at;  // the offset in `tail` where the directory ends

  // The locator is optional. It lies right before the end record.
  bool is_zip64 = false;
  const std::string_view locator =
      at < kZip64LocatorSize ? "" : tail.substr(at - kZip64LocatorSize, kZip64LocatorSize);
  if (HasMagic(locator, kZip64LocatorMagic)) {
    if (LoadLittle32(&locator[4]) != 0 || LoadLittle32(&locator[16]) > 1) return InSeveralParts();
    const uint64_t declared = LoadLittle64(&locator[8]);
    const std::optional<size_t> found =
        FindZip64End(tail, at - kZip64LocatorSize, declared, tail_offset);
    if (found) {
      const char* record64 = &tail[*found];
      if (LoadLittle32(record64 + 16) != 0 || LoadLittle32(record64 + 20) != 0) {
        return InSeveralParts();
      }
      end.entry_count = LoadLittle64(record64 + 32);
      end.directory_size = LoadLittle64(record64 + 40);
      end.declared_offset = LoadLittle64(record64 + 48);
      limit = *found;
      is_zip64 = true;
    } else if (end.directory_size == kSeeZip64 || end.declared_offset == kSeeZip64) {
      return DataLoss("no zip64 end record" + AtByte(declared));
    }
  }
  const uint64_t directory_limit = tail_offset + limit;
  if (end.directory_size > directory_limit) {
    return DataLoss("central directory of " + std::to_string(end.directory_size) +
                    " bytes does not fit before the end record" + AtByte(directory_limit));
  }
  if (end.directory_size > kMaxZipDirectorySize) {
    return ResourceExhausted("central directory of " + std::to_string(end.directory_size) +
                             " bytes (the limit is " + std::to_string(kMaxZipDirectorySize) + ")");
  }
  if (!is_zip64 && ((disk != 0 && disk != kSeeZip64Short) ||
                    (directory_disk != 0 && directory_disk != kSeeZip64Short))) {
    return InSeveralParts();
  }
  end.directory_offset = directory_limit - end.directory_size;
  return end;
}

Result<std::vector<ZipEntry>> ParseZipDirectory(std::string_view directory, const ZipEnd& end) {
  std::vector<ZipEntry> entries;
  entries.reserve(std::min<uint64_t>(end.entry_count, directory.size() / kCentralHeaderSize));
  size_t at = 0;
  // Read up to the end of the directory and ignore the count, as Python's zipfile does. Writers
  // without zip64 count modulo 65536. And a damaged count must not hide the last of several members
  // of one name.
  while (at < directory.size()) {
    const auto where = [&end, at] {
      return AtByte(end.directory_offset + at) + " of the central directory";
    };
    if (directory.size() - at < kCentralHeaderSize ||
        !HasMagic(directory.substr(at), kCentralMagic)) {
      return DataLoss("no directory header" + where());
    }
    const char* header = &directory[at];
    const size_t name_length = LoadLittle16(header + 28);
    const size_t extra_length = LoadLittle16(header + 30);
    const size_t comment_length = LoadLittle16(header + 32);
    const size_t size = kCentralHeaderSize + name_length + extra_length + comment_length;
    // The last header may be longer than the directory. zipfile takes the bytes that are there.
    const std::string_view name_and_rest = directory.substr(at + kCentralHeaderSize);

    ZipEntry entry;
    entry.flags = LoadLittle16(header + 8);
    entry.method = LoadLittle16(header + 10);
    entry.crc32 = LoadLittle32(header + 16);
    entry.compressed_size = LoadLittle32(header + 20);
    entry.uncompressed_size = LoadLittle32(header + 24);
    entry.local_header_offset = LoadLittle32(header + 42);
    entry.raw_name = std::string(name_and_rest.substr(0, name_length));
    entry.name = DecodeZipName(entry.raw_name, entry.flags);
    // zipfile cuts names at the first NUL, because the rest could hide another name.
    entry.name.resize(std::min(entry.name.size(), entry.name.find('\0')));
    const auto member = [&entry, &where] { return "member " + Quote(entry.name) + where() + ": "; };
    const int version = static_cast<unsigned char>(header[6]);
    if (version > kMaxVersionNeeded) {
      return Unimplemented(member() + "needs version " + std::to_string(version / 10) + "." +
                           std::to_string(version % 10) +
                           " of the zip format (supported: up to 6.3)");
    }
    const std::string_view extra =
        name_and_rest.substr(entry.raw_name.size()).substr(0, extra_length);
    const Status status = MergeZip64(extra, &entry);
    if (!status.ok()) return status.WithContext(member());
    entry.local_header_offset = OffsetInFile(entry.local_header_offset, end);
    entries.push_back(std::move(entry));
    at += size;
  }
  SetDataLimits(end, &entries);
  return entries;
}

Status CheckZipEntry(const ZipEntry& entry, const ZipEnd& end) {
  if (entry.is_encrypted()) {
    // zipfile decrypts what has the first flag alone.
    const bool is_traditional =
        (entry.flags & (kStrongEncryptionFlag | kMaskedHeaderFlag)) == 0 && entry.method != kZipAes;
    return Unimplemented("member is encrypted, which is not supported" +
                         std::string(is_traditional ? kDecrypt : kUnpack));
  }
  if ((entry.flags & kPatchFlag) != 0) {
    return Unimplemented("member is compressed patched data, which is not supported");
  }
  if (entry.method != kZipStored && entry.method != kZipDeflated) {
    return Unimplemented("member is compressed with " + ZipMethodName(entry.method) +
                         " (supported: stored and deflate)" +
                         std::string(IsReadByNumPy(entry.method) ? kRewrite : kUnpack));
  }
  uint64_t size = 0;
  if (!CheckedAdd<uint64_t>(kZipLocalHeaderSize, entry.compressed_size, &size)) size = UINT64_MAX;
  TF_NPZ_RETURN_IF_ERROR(CheckRoom(entry.local_header_offset, size, entry, end));
  if (entry.method == kZipStored && entry.compressed_size != entry.uncompressed_size) {
    return DataLoss("stored member has two sizes (" + std::to_string(entry.compressed_size) +
                    " and " + std::to_string(entry.uncompressed_size) + " bytes)");
  }
  if (entry.method == kZipDeflated &&
      entry.uncompressed_size / kMaxInflateRatio > entry.compressed_size) {
    return DataLoss("member claims " + std::to_string(entry.uncompressed_size) +
                    " bytes, more than its " + std::to_string(entry.compressed_size) +
                    " deflated bytes can hold");
  }
  return OkStatus();
}

size_t ZipLocalHeaderSize(const ZipEntry& entry) {
  const uint64_t room = entry.data_limit - entry.local_header_offset;
  return std::min<uint64_t>(kZipLocalHeaderSize + kMaxBytesPerCharacter * entry.raw_name.size(),
                            room);
}

Result<uint64_t> ParseZipLocalHeader(std::string_view header, const ZipEntry& entry,
                                     const ZipEnd& end) {
  const std::string where = AtByte(entry.local_header_offset);
  if (header.size() < kZipLocalHeaderSize || !HasMagic(header, kZipLocalMagic)) {
    return DataLoss("no local header" + where);
  }
  const uint16_t flags = LoadLittle16(&header[6]);
  const size_t name_length = LoadLittle16(&header[26]);
  const size_t extra_length = LoadLittle16(&header[28]);
  const std::string_view name = header.substr(kZipLocalHeaderSize, name_length);
  // Each of the two names is encoded as the flags of its own header say. If the name in the
  // directory is not well-formed, the bytes are compared.
  const bool same = DecodeZipName(name, flags) == DecodeZipName(entry.raw_name, entry.flags) ||
                    (name == entry.raw_name && !IsZipNameWellFormed(name, entry.flags));
  if (name.size() != name_length || !same) {
    return DataLoss("local header" + where + " belongs to another member (" + Quote(name) + ")");
  }
  const uint64_t data_offset =
      entry.local_header_offset + kZipLocalHeaderSize + name_length + extra_length;
  TF_NPZ_RETURN_IF_ERROR(CheckRoom(data_offset, entry.compressed_size, entry, end));
  return data_offset;
}

}  // namespace tf_npz
