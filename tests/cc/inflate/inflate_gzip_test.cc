// Streams of gzip members (RFC 1952).

#include <gtest/gtest.h>

#include <algorithm>

#include "cc/inflate/inflate.h"
#include "tests/cc/testing/gzip_writer.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

GzipMember Holding(std::string contents) {
  GzipMember member;
  member.contents = std::move(contents);
  return member;
}

// Decodes `compressed`, which lies between other bytes of a file, `piece` bytes at a time.
Result<std::string> Gunzip(const std::string& compressed, size_t piece = 1000,
                           bool verify_checksums = true) {
  const std::string bytes = "before" + compressed + "after";
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(bytes));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  InflateOptions options;
  options.format = InflateFormat::kGzip;
  options.verify_checksums = verify_checksums;
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<InflateStream> stream,
                          OpenInflateStream(*file, 6, compressed.size(), *pool, options));
  std::string all;
  std::string part(piece, '\xAA');
  while (!stream->at_end()) {
    TF_NPZ_ASSIGN_OR_RETURN(const size_t done, stream->ReadSome(part.data(), piece));
    all.append(part, 0, done);
  }
  TF_NPZ_RETURN_IF_ERROR(stream->Finish());
  return all;
}

TEST(GzipStream, DecodesWhatWritersWrite) {
  const std::string noise = Noise(300007);
  GzipMember all_fields = Holding("abc");
  all_fields.is_text = all_fields.has_header_crc = true;
  all_fields.extra = "Ap\x02\0xy"s;
  all_fields.name = "x.npy";
  all_fields.comment = "a comment";
  GzipMember long_fields = Holding("abc");
  long_fields.extra = std::string(65535, 'e');
  long_fields.name = std::string(200000, 'n');
  GzipMember empty_fields = Holding("abc");
  empty_fields.extra = empty_fields.name = empty_fields.comment = "";
  const struct {
    const char* name;
    std::string compressed;
    std::string contents;
  } cases[] = {
      {"nothing", Gzip(""), ""},
      {"a byte", Gzip("a"), "a"},
      {"more than the input at hand", Gzip(noise), noise},
      {"stored blocks", Gzip(noise, 0), noise},
      {"all fields of the header", WriteGzip({all_fields}), "abc"},
      {"fields longer than the input at hand", WriteGzip({long_fields}), "abc"},
      {"empty fields", WriteGzip({empty_fields}), "abc"},
      {"two members", Gzip("ab") + Gzip("cd"), "abcd"},
      {"empty members between", Gzip("") + Gzip("ab") + Gzip("") + Gzip("") + Gzip("cd") + Gzip(""),
       "abcd"},
      {"members with other fields", WriteGzip({all_fields, Holding("d"), all_fields}), "abcdabc"},
      {"zeros at the end", Gzip("ab") + "\0"s, "ab"},
      {"zeros between", Gzip("ab") + std::string(7, '\0') + Gzip("cd"), "abcd"},
      {"zeros longer than the input at hand",
       Gzip("ab") + std::string(300000, '\0') + Gzip("cd") + std::string(300000, '\0'), "abcd"},
      {"large members", Gzip(noise) + Gzip(noise, 0) + Gzip(noise, 1), noise + noise + noise},
  };
  for (const auto& c : cases) {
    for (const size_t piece : {1, 61, 1 << 20}) {
      const Result<std::string> contents = Gunzip(c.compressed, piece);
      ASSERT_OK(contents) << c.name << " in pieces of " << piece;
      EXPECT_TRUE(*contents == c.contents) << c.name << " in pieces of " << piece;
    }
  }
}

TEST(GzipStream, NamesTheByteWhereDataIsMalformed) {
  const std::string good = Gzip("abc");  // 10 bytes of header, 5 of deflate, 8 of trailer
  ASSERT_EQ(good.size(), 23u);
  GzipMember bad_crc = Holding("abc"), bad_size = Holding("abc"), header_crc = Holding("abc");
  bad_crc.crc32 = 0;
  bad_size.isize = 4;
  header_crc.has_header_crc = true;
  std::string bad_header_crc = WriteGzip({header_crc});
  bad_header_crc[10] = static_cast<char>(bad_header_crc[10] ^ 1);
  std::string reserved_flag = good, method = good;
  reserved_flag[3] = '\x20';
  method[2] = '\x07';
  const struct {
    const char* name;
    std::string compressed;
    const char* fragment;
  } cases[] = {
      {"empty", "", "malformed gzip data at byte 0 of the compressed data (it ends too early)"},
      {"cut off in the magic", good.substr(0, 1),
       "byte 1 of the compressed data (it ends too early)"},
      {"cut off in the header", good.substr(0, 7),
       "byte 7 of the compressed data (it ends too early)"},
      {"cut off in the data", good.substr(0, 12),
       "byte 12 of the compressed data (it ends too early)"},
      {"cut off in the CRC-32", good.substr(0, 17), "byte 17 of the compressed data (it ends too"},
      {"cut off in the size", good.substr(0, 22),
       "byte 22 of the compressed data (it ends too early)"},
      {"cut off in the second member", good + good.substr(0, 9), "byte 32 of the compressed data"},
      {"no gzip", "abc", "byte 0 of the compressed data (expected the end or another gzip member)"},
      {"garbage at the end", good + "garbage",
       "byte 23 of the compressed data (expected the end or another gzip member)"},
      {"a byte of garbage", good + "g", "byte 24 of the compressed data (it ends too early)"},
      {"garbage after zeros", good + "\0\0gar"s,
       "byte 25 of the compressed data (expected the end or another gzip member)"},
      {"another method", method, "of the compressed data (unknown compression method)"},
      {"a reserved flag", reserved_flag, "of the compressed data (unknown header flags set)"},
      {"a header unlike its CRC", bad_header_crc, "of the compressed data (header crc mismatch)"},
      {"data unlike its CRC", WriteGzip({bad_crc}), "byte 19 of the compressed data (CRC-32 mis"},
      {"data unlike its size", WriteGzip({bad_size}), "byte 23 of the compressed data (size mis"},
      {"the second unlike its CRC", WriteGzip({header_crc, bad_crc, header_crc}),
       "byte 44 of the compressed data (CRC-32 mismatch)"},
      {"the second unlike its size", WriteGzip({header_crc, bad_size}),
       "byte 48 of the compressed data (size mismatch)"},
  };
  for (const auto& c : cases) {
    for (const size_t piece : {1, 1000}) {
      EXPECT_ERROR(Gunzip(c.compressed, piece), kDataLoss, c.fragment) << c.name;
    }
  }
}

TEST(GzipStream, VerifiesNothingIfToldNotTo) {
  GzipMember member = Holding("abc");
  member.crc32 = 0;
  member.isize = 0;
  member.has_header_crc = true;
  std::string compressed = WriteGzip({member, member});
  compressed[10] = '?';
  const Result<std::string> contents = Gunzip(compressed, 1000, false);
  // zlib before 1.2.12 verifies the size in any case.
  if (contents.ok()) {
    EXPECT_EQ(*contents, "abcabc");
  } else {
    EXPECT_ERROR(contents, kDataLoss, "size mismatch");
  }
  member.isize.reset();
  EXPECT_EQ(Gunzip(WriteGzip({member, member}), 1000, false).value(), "abcabc");
  EXPECT_ERROR(Gunzip(WriteGzip({member}).substr(0, 20), 1000, false), kDataLoss, "ends too early");
}

TEST(GzipStream, EndsWithAnErrorWhereverItsInputIsCutOff) {
  const std::string first = Gzip(Noise(400)) + "\0\0"s;
  const std::string compressed = first + Gzip(Noise(400, 2));
  for (size_t size = 0; size < compressed.size(); ++size) {
    const bool at_a_border = size >= first.size() - 2 && size <= first.size();
    for (const size_t piece : {1, 1000}) {
      const Result<std::string> contents = Gunzip(compressed.substr(0, size), piece);
      if (at_a_border) {
        EXPECT_EQ(contents.value().size(), 400u) << size;
      } else {
        EXPECT_EQ(contents.status().code(), Code::kDataLoss) << size;
      }
    }
  }
}

TEST(GzipStream, FindsDamageToAnyByteThatMatters) {
  GzipMember member = Holding("a run of words, a run of words, and some more");
  member.name = "x";
  for (const bool header_crc : {false, true}) {
    member.has_header_crc = header_crc;
    const std::string compressed = WriteGzip({member, member});
    const std::string contents = member.contents + member.contents;
    for (size_t i = 0; i < compressed.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = compressed;
        damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
        const Result<std::string> read = Gunzip(damaged, 13);
        if (read.ok()) {
          EXPECT_EQ(*read, contents) << i;
        } else {
          EXPECT_EQ(read.status().code(), Code::kDataLoss) << i;
        }
      }
    }
  }
}

TEST(GzipStream, GivesAllBeforeTheDamage) {
  const std::string compressed = Gzip("abc") + Gzip("def") + "garbage";
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  InflateOptions options;
  options.format = InflateFormat::kGzip;
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool, options);
  ASSERT_OK(stream);
  char out[6];
  ASSERT_OK((*stream)->Read(out, 6));
  EXPECT_EQ(std::string(out, 6), "abcdef");
  EXPECT_ERROR((*stream)->Read(out, 1), kDataLoss, "malformed gzip data at byte 46");
  EXPECT_ERROR((*stream)->Finish(), kDataLoss, "malformed gzip data at byte 46") << "stays so";
}

TEST(GzipStream, SaysHowManyBytesAreMissing) {
  const std::string compressed = Gzip("abc") + Gzip("def");
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  InflateOptions options;
  options.format = InflateFormat::kGzip;
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool, options);
  ASSERT_OK(stream);
  char out[10];
  size_t done = 0;
  EXPECT_ERROR((*stream)->Read(out, 10, &done), kDataLoss,
               "gzip data ends at byte 46 of the compressed data (expected 4 more decoded bytes)");
  EXPECT_EQ(done, 6u);
  EXPECT_EQ((*stream)->ReadSome(out, 10).value(), 0u);
  EXPECT_OK((*stream)->Finish());
}

}  // namespace
}  // namespace tf_npz
