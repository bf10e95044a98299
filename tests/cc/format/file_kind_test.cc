#include "cc/format/file_kind.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

std::string At(size_t offset, const std::string& magic) {
  return std::string(offset, 'x') + magic + std::string(600, '\1');
}

// A header as MATLAB 4 writes it (MAT-File Format, "MAT-File Header"), for a matrix called "x1".
std::string Matlab4(const std::string& type) {
  return type + "\3\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0x1\0"s + std::string(48, '\7');
}

const struct {
  const char* what;
  std::string bytes;
  const char* name;  // null: unknown
} kFiles[] = {
    {"Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
     "a Git LFS pointer"},
    {"git-annex", "/annex/objects/SHA256E-s1234--ab12.npz\n", "a git-annex pointer"},
    {"html", "<!DOCTYPE html>\n<html><head>", "a web page"},
    {"html in lower case after white space", "\r\n  <!doctype HTML>", "a web page"},
    {"html after a byte order mark", "\xef\xbb\xbf<html lang=\"en\">", "a web page"},
    {"html in Latin-1", "<html><title>Zugang verweigert f\xfcr", "a web page"},
    {"xhtml", "<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html>", "a web page"},
    {"xml", "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>", "an XML document"},
    {"pickle 2", "\x80\x02]q\x00.", "a pickle"},
    {"pickle 3", "\x80\x03}q\x00.", "a pickle"},
    {"pickle 4", "\x80\x04\x95\x0b\x00\x00"s, "a pickle"},
    {"pickle 5", "\x80\x05\x95\x0b\x00\x00"s, "a pickle"},
    {"pickle 0 of a list", "(lp0\nI1\na.", "a pickle"},
    {"pickle 0 of a dict", "(dp0\nVx\np1\n", "a pickle"},
    {"pickle 0 of an array", "cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\n", "a pickle"},
    {"pickle 1 of a list", "]q\0(K\1K\2e."s, "a pickle"},
    {"pickle 1 of a dict", "}q\0X\1\0\0\0xq\1"s, "a pickle"},
    {"pickle 1 of an array", "cnumpy.core.multiarray\n_reconstruct\nq\0("s, "a pickle"},
    {"a pickle of a later protocol", "\x80\x07\x95\x0b\x00\x00"s, nullptr},
    {"old PyTorch", "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "a PyTorch file"},
    {"HDF5", "\x89HDF\r\n\x1a\n\0\0"s, "an HDF5 file"},
    {"MATLAB 7.3", "MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MATLAB 7.3 file"},
    {"MATLAB 5", "MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB 5 file"},
    {"MATLAB 4, little-endian", Matlab4("\0\0\0\0"s), "a MATLAB 4 file"},
    {"MATLAB 4, little-endian text", Matlab4("\x33\0\0\0"s), "a MATLAB 4 file"},
    {"MATLAB 4, big-endian", "\0\0\3\xe8\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0\3x1\0more"s,
     "a MATLAB 4 file"},
    {"a name that is cut", Matlab4("\0\0\0\0"s).substr(0, 22), nullptr},
    {"NetCDF", "CDF\x02\0\0\0\0"s, "a NetCDF file"},
    {"FITS", "SIMPLE  =                    T", "a FITS file"},
    {"NIfTI", At(344, "n+1\0"s), "a NIfTI image"},
    {"DICOM", std::string(128, '\0') + "DICM\2\0"s, "a DICOM file"},
    {"Parquet", "PAR1\x15\x04", "a Parquet file"},
    {"Arrow", "ARROW1\0\0"s, "an Arrow file"},
    {"PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "a PNG image"},
    {"JPEG", "\xff\xd8\xff\xe0\0\x10JFIF"s, "a JPEG image"},
    {"GIF", "GIF89a", "a GIF image"},
    {"TIFF", "II*\0\x08"s, "a TIFF image"},
    {"big-endian TIFF", "MM\0*\0"s, "a TIFF image"},
    {"WAV", "RIFF\x24\x08\0\0WAVEfmt "s, "a WAV file"},
    {"PDF", "%PDF-1.7\n", "a PDF document"},
    {"tar", At(257, "ustar\00000"s), "a tar archive"},
    {"zip in parts", "PK\x07\x08PK\x03\x04", "a zip archive in several parts"},
    {"bzip2", "BZh91AY&SY", "a file compressed with bzip2"},
    {"xz", "\xfd\x37zXZ\0\0\4"s, "a file compressed with xz"},
    {"zstd", "\x28\xb5\x2f\xfd\x04", "a file compressed with zstd"},
    {"lz4", "\x04\x22\x4d\x18", "a file compressed with lz4"},
    {"7-Zip", "7z\xbc\xaf\x27\x1c\0\4"s, "a 7-Zip archive"},
    {"RAR", "Rar!\x1a\x07\1\0"s, "a RAR archive"},
    {"AppleDouble", "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"s, "a resource fork"},
    {"safetensors", "\x20\0\0\0\0\0\0\0{\"x\":{}}"s, "a safetensors file"},
    {"zeros", std::string(4096, '\0'), "a file that begins with zeros"},
    {"one byte of an npy", "\x93", "the first bytes of an .npy file"},
    {"five bytes of an npy", "\x93NUMP", "the first bytes of an .npy file"},
    {"csv", "x,y\n1,2\n", "a table in text"},
    {"csv without header", "0.5,1e-3\n2,3\n", "a table in text"},
    {"json", "{\"x\": [1, 2]}", "JSON text"},
    {"json list", "  [1, 2]", "JSON text"},
    {"text", "hello, world\n", "text"},
    {"numbers in text", "1.0 2.0\n3.0 4.0\n", "text"},
    {"words like a pickle's", "cat\ndog\nox\n", "text"},
    {"UTF-8", "Größe", "text"},
    {"UTF-8 cut within a character", std::string(511, 'x') + "\xc3\xbc", "text"},
    {"UTF-8 that ends within a character", "Gr\xc3", nullptr},
    {"Latin-1",
     "Gr\xf6\xdf"
     "e",
     nullptr},
    {"white space", " \n", nullptr},
    {"noise", "\x01\x02\x03\x04\x05\x06\x07\x08", nullptr},
    {"an npy", "\x93NUMPY\1\0"s, nullptr},
    {"nothing", "", nullptr},
};

TEST(RecogniseFile, NamesWhatAFileIs) {
  for (const auto& file : kFiles) {
    const FileKind* const kind = RecogniseFile(file.bytes);
    if (file.name == nullptr) {
      EXPECT_EQ(kind, nullptr) << file.what << ": " << kind->name;
      continue;
    }
    ASSERT_NE(kind, nullptr) << file.what;
    // The name may go on after a comma.
    EXPECT_EQ(kind->name.substr(0, kind->name.find(',')), file.name) << file.what;
    EXPECT_FALSE(kind->advice.empty()) << file.what;
  }
}

// A sanitizer reports a byte that is read beyond the end.
TEST(RecogniseFile, TakesEveryLength) {
  for (const auto& file : kFiles) {
    for (size_t size = 0; size <= file.bytes.size() && size <= kFileKindSize; ++size) {
      const std::vector<char> exact(file.bytes.begin(), file.bytes.begin() + size);
      RecogniseFile({exact.data(), size});
    }
  }
}

TEST(RecogniseFile, LooksAtItsFirstBytesOnly) {
  const std::string text(kFileKindSize, 'x');
  EXPECT_EQ(RecogniseFile(text + "\0\1"s), RecogniseFile(text));
}

TEST(RecogniseZip, NamesArchivesOfOtherPrograms) {
  const struct {
    std::vector<std::string_view> names;
    const char* name;
  } cases[] = {
      {{"[Content_Types].xml", "word/document.xml"}, "an Office document, such as .docx or .xlsx"},
      {{"model/data.pkl", "model/data/0"}, "a PyTorch file"},
      {{"metadata.json", "config.json", "model.weights.h5"}, "a Keras model"},
      {{"META-INF/MANIFEST.MF", "A.class"}, "a Java archive"},
      {{"x/.zarray", "x/0.0"}, "a Zarr store"},
      {{"__MACOSX/._train", "train/0.npz", "train/1.npz"}, "a zip archive of .npz files"},
      {{"model/data.pkl", "x.npy"}, nullptr},
      {{"__MACOSX/._x.npy", "train/0.npz"}, "a zip archive of .npz files"},
      {{"mydata.pkl"}, nullptr},
      {{"notes.txt"}, nullptr},
      {{}, nullptr},
  };
  for (const auto& c : cases) {
    const FileKind* const kind = RecogniseZip(c.names);
    EXPECT_EQ(kind == nullptr ? "" : kind->name, c.name == nullptr ? "" : c.name);
  }
}

TEST(ButKind, QuotesTheBeginningOfTextAndOfUnknownFiles) {
  EXPECT_EQ(ButKind("\x80\x04\x95").substr(0, 43), ", but a pickle; pickles are never loaded, b");
  EXPECT_EQ(ButKind("\1\2\3\4\5\6\7\10"),
            R"(: begins with "\x01\x02\x03\x04\x05\x06" at byte 0 (expected "\x93NUMPY" or )"
            R"("PK\x03\x04"))");
  const std::string text = ButKind("404: Not Found");
  EXPECT_EQ(text.find(R"(, but text: begins with "404: Not Found" at byte 0 (expected )"), 0u);
  EXPECT_NE(text.find("); if it was downloaded"), std::string::npos) << text;
  EXPECT_LT(ButKind(std::string(1000, 'x')).size(), 300u);
}

}  // namespace
}  // namespace tf_npz
