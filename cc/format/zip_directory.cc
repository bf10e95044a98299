#include "tf_npz/format/zip_directory.h"

#include <algorithm>
#include <optional>

#include "tf_npz/base/bytes.h"
#include "tf_npz/base/checked.h"
#include "tf_npz/base/text.h"

namespace tf_npz {
namespace {

constexpr std::string_view kCentralMagic = "PK\x01\x02";
constexpr std::string_view kZip64EndMagic = "PK\x06\x06";
constexpr std::string_view kZip64LocatorMagic = "PK\x06\x07";
constexpr size_t kCentralHeaderSize = 46;

// In a field of 16 or 32 bits: "see the zip64 record" (4.4.1.4).
constexpr uint16_t kSeeZip64Short = 0xFFFF;
constexpr uint32_t kSeeZip64 = 0xFFFFFFFF;

constexpr uint16_t kUtf8Flag = 1 << 11;
constexpr uint16_t kZip64ExtraId = 0x0001;

bool HasMagic(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

// The upper half of IBM code page 437 (appendix D.1).
constexpr std::string_view kCodePage437[128] = {
    "Ç", "ü", "é", "â", "ä", "à", "å", "ç", "ê", "ë", "è", "ï", "î", "ì", "Ä", "Å",
    "É", "æ", "Æ", "ô", "ö", "ò", "û", "ù", "ÿ", "Ö", "Ü", "¢", "£", "¥", "₧", "ƒ",
    "á", "í", "ó", "ú", "ñ", "Ñ", "ª", "º", "¿", "⌐", "¬", "½", "¼", "¡", "«", "»",
    "░", "▒", "▓", "│", "┤", "╡", "╢", "╖", "╕", "╣", "║", "╗", "╝", "╜", "╛", "┐",
    "└", "┴", "┬", "├", "─", "┼", "╞", "╟", "╚", "╔", "╩", "╦", "╠", "═", "╬", "╧",
    "╨", "╤", "╥", "╙", "╘", "╒", "╓", "╫", "╪", "┘", "┌", "█", "▄", "▌", "▐", "▀",
    "α", "ß", "Γ", "π", "Σ", "σ", "µ", "τ", "Φ", "Θ", "Ω", "δ", "∞", "φ", "ε", "∩",
    "≡", "±", "≥", "≤", "⌠", "⌡", "÷", "≈", "°", "∙", "·", "√", "ⁿ", "²", "■", "\xC2\xA0"};

std::string DecodeName(std::string_view raw, bool is_utf8) {
  // One name that is not what its flag says leaves the other members readable.
  if (is_utf8) return IsUtf8(raw) ? std::string(raw) : Escape(raw);
  std::string name;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      name.push_back(c);
    } else {
      name += kCodePage437[byte - 0x80];
    }
  }
  return name;
}

// Where in `tail` the end record begins. A comment may hold the signature too, so the record counts
// whose comment ends where the file ends; failing that, as Python's zipfile has it, the last one
// that fits.
std::optional<size_t> FindEndRecord(std::string_view tail) {
  if (tail.size() < kZipEndSize) return std::nullopt;
  std::optional<size_t> fits;
  for (size_t at = tail.rfind(kZipEmptyMagic, tail.size() - kZipEndSize);
       at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : tail.rfind(kZipEmptyMagic, at - 1)) {
    const size_t end = at + kZipEndSize + LoadLittle16(&tail[at + 20]);
    if (end == tail.size()) return at;
    if (end < tail.size() && !fits) fits = at;
  }
  return fits;
}

// Replaces the fields of `entry` that say "see zip64" by those of the zip64 extended information
// (4.5.3), which holds just these, in this order.
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
    return OkStatus();
  }
  return OkStatus();
}

}  // namespace

std::string ZipMethodName(uint16_t method) {
  switch (method) {
    case kZipStored:
      return "stored";
    case kZipDeflated:
      return "deflate";
    case 9:
      return "deflate64";
    case 12:
      return "bzip2";
    case 14:
      return "lzma";
    case 20:
    case 93:
      return "zstd";
    case 95:
      return "xz";
    default:
      return "method " + std::to_string(method);
  }
}

Result<ZipEnd> ParseZipEnd(std::string_view tail, uint64_t file_size) {
  const std::optional<size_t> found = FindEndRecord(tail);
  if (!found) {
    return DataLoss("zip archive of " + std::to_string(file_size) +
                    " bytes has no end of central directory record: it is cut off or damaged");
  }
  const char* record = &tail[*found];
  const uint16_t disk = LoadLittle16(record + 4);
  const uint16_t directory_disk = LoadLittle16(record + 6);
  ZipEnd end;
  end.entry_count = LoadLittle16(record + 10);
  end.directory_size = LoadLittle32(record + 12);
  end.directory_offset = LoadLittle32(record + 16);
  end.directory_limit = file_size - tail.size() + *found;

  // The locator, where there is one, stands right before the end record.
  if (*found >= kZip64LocatorSize) {
    const std::string_view locator = tail.substr(*found - kZip64LocatorSize, kZip64LocatorSize);
    if (HasMagic(locator, kZip64LocatorMagic)) {
      if (LoadLittle32(&locator[16]) > 1) return Unimplemented("zip archive in several parts");
      end.is_zip64 = true;
      end.zip64_end_offset = LoadLittle64(&locator[8]);
      uint64_t record_end = 0;
      if (!CheckedAdd<uint64_t>(end.zip64_end_offset, kZip64EndSize, &record_end) ||
          record_end > end.directory_limit - kZip64LocatorSize) {
        return DataLoss("zip64 end record lies outside the archive (at byte " +
                        std::to_string(end.zip64_end_offset) + ")");
      }
      return end;
    }
  }
  if ((disk != 0 && disk != kSeeZip64Short) ||
      (directory_disk != 0 && directory_disk != kSeeZip64Short)) {
    return Unimplemented("zip archive in several parts");
  }
  return end;
}

Status ParseZip64End(std::string_view record, ZipEnd* end) {
  if (record.size() < kZip64EndSize || !HasMagic(record, kZip64EndMagic)) {
    return DataLoss("no zip64 end record at byte " + std::to_string(end->zip64_end_offset));
  }
  if (LoadLittle32(&record[16]) != 0 || LoadLittle32(&record[20]) != 0) {
    return Unimplemented("zip archive in several parts");
  }
  end->entry_count = LoadLittle64(&record[32]);
  end->directory_size = LoadLittle64(&record[40]);
  end->directory_offset = LoadLittle64(&record[48]);
  end->directory_limit = end->zip64_end_offset;
  return OkStatus();
}

Status CheckZipEnd(const ZipEnd& end) {
  uint64_t directory_end = 0;
  if (!CheckedAdd(end.directory_offset, end.directory_size, &directory_end) ||
      directory_end != end.directory_limit) {
    return DataLoss("central directory of " + std::to_string(end.directory_size) +
                    " bytes at byte " + std::to_string(end.directory_offset) +
                    " does not end where the end record begins, at byte " +
                    std::to_string(end.directory_limit));
  }
  if (end.directory_size > kMaxZipDirectorySize) {
    return ResourceExhausted("central directory of " + std::to_string(end.directory_size) +
                             " bytes (the limit is " + std::to_string(kMaxZipDirectorySize) + ")");
  }
  if (end.entry_count > end.directory_size / kCentralHeaderSize) {
    return DataLoss("central directory of " + std::to_string(end.directory_size) +
                    " bytes can't hold " + std::to_string(end.entry_count) + " members");
  }
  return OkStatus();
}

Result<std::vector<ZipEntry>> ParseZipDirectory(std::string_view directory, const ZipEnd& end) {
  std::vector<ZipEntry> entries;
  entries.reserve(end.entry_count);
  size_t at = 0;
  // To the directory's end, whatever its count says, as Python's zipfile has it: writers without
  // zip64 count modulo 65536, and a count that is damaged must not hide the last of several members
  // of one name.
  while (at < directory.size()) {
    const auto where = [&end, at] {
      return " at byte " + std::to_string(end.directory_offset + at) + " of the central directory";
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
    if (directory.size() - at < size) return DataLoss("directory header is cut off" + where());

    ZipEntry entry;
    entry.flags = LoadLittle16(header + 8);
    entry.method = LoadLittle16(header + 10);
    entry.crc32 = LoadLittle32(header + 16);
    entry.compressed_size = LoadLittle32(header + 20);
    entry.uncompressed_size = LoadLittle32(header + 24);
    entry.local_header_offset = LoadLittle32(header + 42);
    entry.raw_name = std::string(directory.substr(at + kCentralHeaderSize, name_length));
    entry.name = DecodeName(entry.raw_name, (entry.flags & kUtf8Flag) != 0);
    const std::string_view extra =
        directory.substr(at + kCentralHeaderSize + name_length, extra_length);
    const Status status = MergeZip64(extra, &entry);
    if (!status.ok()) return status.WithContext("member " + Quote(entry.name) + where() + ": ");
    entries.push_back(std::move(entry));
    at += size;
  }
  return entries;
}

Status CheckZipEntry(const ZipEntry& entry, const ZipEnd& end) {
  uint64_t data_end = 0;
  if (!CheckedAdd(entry.local_header_offset, entry.compressed_size, &data_end) ||
      data_end > end.directory_offset) {
    return DataLoss("member of " + std::to_string(entry.compressed_size) +
                    " bytes does not fit at byte " + std::to_string(entry.local_header_offset) +
                    " (the directory begins at byte " + std::to_string(end.directory_offset) + ")");
  }
  if (entry.method == kZipStored && entry.compressed_size != entry.uncompressed_size &&
      !entry.is_encrypted()) {
    return DataLoss("stored member has two sizes (" + std::to_string(entry.compressed_size) +
                    " and " + std::to_string(entry.uncompressed_size) + " bytes)");
  }
  // RFC 1951: a match of at most 258 bytes costs at least 2 bits, so 1 byte becomes at most 1032.
  if (entry.method == kZipDeflated && entry.uncompressed_size / 1032 > entry.compressed_size) {
    return DataLoss("member claims " + std::to_string(entry.uncompressed_size) +
                    " bytes, more than its " + std::to_string(entry.compressed_size) +
                    " deflated bytes can hold");
  }
  return OkStatus();
}

Result<uint64_t> ParseZipLocalHeader(std::string_view header, const ZipEntry& entry) {
  const std::string where = " at byte " + std::to_string(entry.local_header_offset);
  if (header.size() < kZipLocalHeaderSize || !HasMagic(header, kZipLocalMagic)) {
    return DataLoss("no local header" + where);
  }
  const size_t name_length = LoadLittle16(&header[26]);
  const size_t extra_length = LoadLittle16(&header[28]);
  const std::string_view name = header.substr(kZipLocalHeaderSize, name_length);
  if (name_length != entry.raw_name.size() || name != entry.raw_name) {
    return DataLoss("local header" + where + " is that of another member (" + Quote(name) + ")");
  }
  return entry.local_header_offset + kZipLocalHeaderSize + name_length + extra_length;
}

}  // namespace tf_npz
