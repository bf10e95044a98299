#include "cc/format/file_kind.h"

#include <algorithm>
#include <cstdint>

#include "cc/base/bytes.h"
#include "cc/base/text.h"
#include "cc/base/utf8.h"
#include "cc/format/npy_header.h"
#include "cc/format/zip_directory.h"

namespace tf_npz {
namespace {

using std::string_view_literals::operator""sv;

// The bytes of a text that a message quotes at most.
constexpr size_t kQuoted = 40;

constexpr std::string_view kCopyAgain =
    "writing or copying it was interrupted: write or copy it anew";
constexpr std::string_view kReadImage = "read it with tf.io.read_file and tf.io.decode_image";
constexpr std::string_view kLoadPickle =
    "pickles are never loaded, because they can run code: if you trust it, load it with "
    "np.load(FILE, allow_pickle=True), and save its arrays with np.savez";
constexpr std::string_view kLoadTorch =
    "load it with torch.load, and save its arrays with np.savez";
constexpr std::string_view kReadHdf5 = "open it with h5py, and save its arrays with np.savez";
constexpr std::string_view kLoadMatlab =
    "load it with scipy.io.loadmat, and save its arrays with np.savez";

// --- Kinds with a magic
// ---------------------------------------------------------------------------

struct Magic {
  std::string_view bytes;
  FileKind kind;
  size_t offset = 0;
};

// The first row that fits counts. So a row stands before the rows whose magic it begins with.
constexpr Magic kMagics[] = {
    {"version https://git-lfs"sv,
     {"a Git LFS pointer", "run git lfs pull in its repository to get the file itself"}},
    {"/annex/objects/"sv,
     {"a git-annex pointer", "run git annex get with its name to get the file itself"}},
    {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv, {"a PyTorch file", kLoadTorch}},
    {"\x80\x02"sv, {"a pickle", kLoadPickle}},
    {"\x80\x03"sv, {"a pickle", kLoadPickle}},
    {"\x80\x04"sv, {"a pickle", kLoadPickle}},
    {"\x80\x05"sv, {"a pickle", kLoadPickle}},
    {"MATLAB 7.3 MAT-file"sv, {"a MATLAB 7.3 file, which is HDF5 inside", kReadHdf5}},
    {"MATLAB 5.0 MAT-file"sv, {"a MATLAB 5 file", kLoadMatlab}},
    {"\x89HDF\r\n\x1a\n"sv, {"an HDF5 file", kReadHdf5}},
    {"CDF\x01"sv, {"a NetCDF file", "open it with xarray, and save its arrays with np.savez"}},
    {"CDF\x02"sv, {"a NetCDF file", "open it with xarray, and save its arrays with np.savez"}},
    {"CDF\x05"sv, {"a NetCDF file", "open it with xarray, and save its arrays with np.savez"}},
    {"SIMPLE  ="sv,
     {"a FITS file", "open it with astropy.io.fits, and save its array with np.save"}},
    {"n+1\0"sv, {"a NIfTI image", "load it with nibabel, and save its array with np.save"}, 344},
    {"DICM"sv,
     {"a DICOM file", "read it with pydicom, and save its pixel_array with np.save"},
     128},
    {"PAR1"sv,
     {"a Parquet file", "read it with pandas.read_parquet, and save its columns with np.savez"}},
    {"ARROW1"sv,
     {"an Arrow file", "read it with pandas.read_feather, and save its columns with np.savez"}},
    {"\x89PNG\r\n\x1a\n"sv, {"a PNG image", kReadImage}},
    {"\xff\xd8\xff"sv, {"a JPEG image", kReadImage}},
    {"GIF8"sv, {"a GIF image", kReadImage}},
    {"II*\0"sv, {"a TIFF image", "read it with tifffile, and save its array with np.save"}},
    {"MM\0*"sv, {"a TIFF image", "read it with tifffile, and save its array with np.save"}},
    {"WAVE"sv, {"a WAV file", "read it with tf.io.read_file and tf.audio.decode_wav"}, 8},
    {"%PDF-"sv, {"a PDF document", "name the file of the arrays instead"}},
    {"ustar"sv,
     {"a tar archive",
      "extract it with tar -xf, or pass the bytes of its members to tf_npz.decode"},
     257},
    {"PK\x07\x08"sv, {"a zip archive in several parts", "join its parts first"}},
    {"BZh"sv, {"a file compressed with bzip2", "decompress it: bunzip2 < OLD > NEW"}},
    {"\xfd\x37zXZ\0"sv, {"a file compressed with xz", "decompress it: unxz < OLD > NEW"}},
    {"\x28\xb5\x2f\xfd"sv, {"a file compressed with zstd", "decompress it: unzstd < OLD > NEW"}},
    {"\x04\x22\x4d\x18"sv, {"a file compressed with lz4", "decompress it: unlz4 < OLD > NEW"}},
    {"7z\xbc\xaf\x27\x1c"sv, {"a 7-Zip archive", "extract it with 7z x"}},
    {"Rar!\x1a\x07"sv, {"a RAR archive", "extract it with unrar x"}},
    {kAppleDoubleMagic,
     {"a resource fork, which macOS puts beside a file under a name that begins with \"._\"",
      "leave it out, and name the file without \"._\""}},
};

// --- Kinds without a magic
// ------------------------------------------------------------------------

constexpr FileKind kCutNpy = {"the first bytes of an .npy file", kCopyAgain};
constexpr FileKind kZeros = {"a file that begins with zeros", kCopyAgain};
constexpr FileKind kOldPickle = {"a pickle", kLoadPickle};
constexpr FileKind kMatlab4 = {"a MATLAB 4 file", kLoadMatlab};
constexpr FileKind kSafetensors = {
    "a safetensors file",
    "load it with safetensors.numpy.load_file, and save its arrays with np.savez"};
constexpr FileKind kHtml = {"a web page",
                            "the server sent a page in place of the file, such as a login or an "
                            "error: open it in a browser, and download the file itself"};
constexpr FileKind kXml = {
    "an XML document",
    "if it was downloaded, it is a server's answer in place of the file: download the file itself"};
constexpr FileKind kJson = {"JSON text",
                            "load it with json.load, and save its arrays with np.savez", true};
constexpr FileKind kCsv = {
    "a table in text",
    "read it with np.genfromtxt(FILE, delimiter=\",\"), and save it with np.save", true};
constexpr FileKind kText = {"text",
                            "if it was downloaded, it may be a server's error in place of the "
                            "file; np.loadtxt reads numbers in text, and np.save saves them",
                            true};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsNameCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

// Whether a pickle of protocol 0 or 1 begins so: with a list or a dict that gets a place in the
// memo, or with the name of a global (Python's pickletools: LIST, DICT, EMPTY_LIST, EMPTY_DICT,
// GLOBAL, MARK, PUT, BINPUT).
bool IsOldPickle(std::string_view bytes) {
  const std::string_view first = bytes.substr(0, 3);
  if (first == "(lp" || first == "(dp") return bytes.size() > 3 && IsDigit(bytes[3]);
  if (first == "]q\0"sv || first == "}q\0"sv) return true;
  if (bytes.substr(0, 1) != "c") return false;
  size_t at = 1;
  for (int line = 0; line < 2; ++line) {  // the module, the name in it
    const size_t begin = at;
    while (at < bytes.size() && IsNameCharacter(bytes[at])) ++at;
    if (at == begin || at == bytes.size() || bytes[at] != '\n') return false;
    ++at;
  }
  if (at + 1 >= bytes.size()) return false;
  return bytes[at] == '(' || bytes[at] == 'q' || (bytes[at] == 'p' && IsDigit(bytes[at + 1]));
}

uint32_t Load32(const char* bytes, bool is_big_endian) {
  const uint32_t value = LoadLittle32(bytes);
  if (!is_big_endian) return value;
  return value << 24 | (value & 0xFF00) << 8 | (value >> 8 & 0xFF00) | value >> 24;
}

// A MATLAB 4 file begins with the header of its first matrix: type, rows, columns, whether it is
// complex, and the length of its name with the final NUL (MAT-File Format, "MAT-File Header").
// type is 1000 * byte order + 10 * number format + kind of matrix.
bool IsMatlab4(std::string_view bytes) {
  if (bytes.size() < 21) return false;
  for (const bool is_big_endian : {false, true}) {
    const auto field = [&](size_t i) { return Load32(&bytes[4 * i], is_big_endian); };
    const uint32_t type = is_big_endian ? field(0) - 1000 : field(0);
    const uint32_t name_size = field(4);
    if (type > 52 || type % 10 > 2 || field(3) > 1) continue;
    if (name_size < 2 || name_size > 64 || bytes.size() < 20 + name_size) continue;
    const std::string_view name = bytes.substr(20, name_size - 1);
    if (bytes[20 + name_size - 1] != '\0') continue;
    if (std::all_of(name.begin(), name.end(), IsNameCharacter)) return true;
  }
  return false;
}

// The length of a JSON header, then the header.
bool IsSafetensors(std::string_view bytes) {
  constexpr uint64_t kMaxHeader = 100'000'000;  // the format's limit
  return bytes.size() >= 10 && LoadLittle64(&bytes[0]) <= kMaxHeader && bytes.substr(8, 2) == "{\"";
}

bool IsText(std::string_view bytes) {
  const bool is_cut = bytes.size() == kFileKindSize;  // perhaps within a character
  while (!bytes.empty()) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f') ||
        byte == 0x7F) {
      return false;
    }
    const size_t length = byte < 0x80 ? 1 : Utf8SequenceLength(bytes);
    if (length == 0) return is_cut && bytes.size() < kMaxUtf8Size;
    bytes.remove_prefix(length);
  }
  return true;
}

// `text` without byte order mark and white space at its beginning.
std::string_view WithoutMargin(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// Whether `text` begins with `word`, which is in lower case, in any case.
bool BeginsWithWord(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [&](char a, char b) { return a == lower(b); });
}

// Pages need not be in UTF-8, so this is no matter of IsText.
const FileKind* RecogniseMarkup(std::string_view bytes) {
  const std::string_view text = WithoutMargin(bytes);
  if (BeginsWithWord(text, "<?xml")) {
    return text.find("<html") == std::string_view::npos ? &kXml : &kHtml;
  }
  for (const std::string_view tag :
       {"<!doctype html", "<html", "<head", "<body", "<title", "<!--", "<script", "<meta"}) {
    if (BeginsWithWord(text, tag)) return &kHtml;
  }
  return nullptr;
}

const FileKind* RecogniseText(std::string_view bytes) {
  const std::string_view text = WithoutMargin(bytes);
  if (text.empty() || !IsText(bytes)) return nullptr;
  if (text[0] == '{' || text[0] == '[') return &kJson;
  // A sentence has a space after its comma. A table has a comma in its second line, too.
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view second = text.substr(std::min(end + 1, text.size()));
  const bool is_table = text.substr(0, end).find(',') != std::string_view::npos &&
                        second.substr(0, second.find('\n')).find(',') != std::string_view::npos;
  return is_table ? &kCsv : &kText;
}

// --- Zip archives of other programs
// ---------------------------------------------------------------

struct MemberName {
  std::string_view name;
  bool is_suffix;  // the name ends so, after a "/"
  FileKind kind;
};

constexpr MemberName kMemberNames[] = {
    {"[Content_Types].xml",
     false,
     {"an Office document, such as .docx or .xlsx",
      "export its tables as text, read them with "
      "np.genfromtxt, and save them with np.save"}},
    {"data.pkl", true, {"a PyTorch file", kLoadTorch}},
    {"model.weights.h5", false, {"a Keras model", "load it with tf.keras.models.load_model"}},
    {"META-INF/MANIFEST.MF", false, {"a Java archive", "name the file of the arrays instead"}},
    {".zgroup", true, {"a Zarr store", "open it with zarr, and save its arrays with np.savez"}},
    {".zarray", true, {"a Zarr store", "open it with zarr, and save its array with np.save"}},
    {"zarr.json", true, {"a Zarr store", "open it with zarr, and save its arrays with np.savez"}},
};

constexpr FileKind kZipOfNpz = {"a zip archive of .npz files",
                                "extract it with unzip, and name the files in it"};

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace

const FileKind* RecogniseFile(std::string_view beginning) {
  beginning = beginning.substr(0, kFileKindSize);
  if (beginning.empty()) return nullptr;
  if (beginning.size() < kNpyMagic.size() && kNpyMagic.substr(0, beginning.size()) == beginning) {
    return &kCutNpy;
  }
  for (const Magic& magic : kMagics) {
    if (beginning.size() >= magic.offset &&
        beginning.substr(magic.offset, magic.bytes.size()) == magic.bytes) {
      return &magic.kind;
    }
  }
  if (beginning.find_first_not_of('\0') == std::string_view::npos) return &kZeros;
  if (IsOldPickle(beginning)) return &kOldPickle;
  if (IsMatlab4(beginning)) return &kMatlab4;
  if (IsSafetensors(beginning)) return &kSafetensors;
  if (const FileKind* const kind = RecogniseMarkup(beginning)) return kind;
  return RecogniseText(beginning);
}

const FileKind* RecogniseZip(const std::vector<std::string_view>& names) {
  const FileKind* kind = nullptr;
  for (const std::string_view name : names) {
    if (IsResourceForkName(name)) continue;
    if (EndsWith(name, ".npy")) return nullptr;
    for (const MemberName& known : kMemberNames) {
      const bool fits = name == known.name || (known.is_suffix && EndsWith(name, known.name) &&
                                               name[name.size() - known.name.size() - 1] == '/');
      if (fits && kind == nullptr) kind = &known.kind;
    }
    if (EndsWith(name, ".npz") && kind == nullptr) kind = &kZipOfNpz;
  }
  return kind;
}

std::string ButKind(std::string_view beginning) {
  const FileKind* const kind = RecogniseFile(beginning);
  std::string text;
  if (kind != nullptr) text = ", but " + std::string(kind->name);
  if (kind == nullptr || kind->is_text) {
    const std::string quoted =
        kind == nullptr ? Quote(beginning.substr(0, kNpyMagic.size())) : Quote(beginning, kQuoted);
    text += ": begins with " + quoted + " at byte 0 (expected " + Quote(kNpyMagic) + " or " +
            Quote(kZipLocalMagic) + ")";
  }
  if (kind != nullptr) text += "; " + std::string(kind->advice);
  return text;
}

}  // namespace tf_npz
