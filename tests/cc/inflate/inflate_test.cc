#include "cc/inflate/inflate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"
#include "tests/cc/testing/zip_writer.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

// Bytes that compress a little: matches at small and large distances, with literals between them.
std::string Text(size_t size) {
  std::string text;
  const std::string noise = Noise(size / 3 + 64, 7);
  while (text.size() < size) {
    text += noise.substr(text.size() / 3, 37);
    text += "a run of the same words, ";
    if (text.size() > 5000) text += text.substr(text.size() - 4999, 900);
  }
  text.resize(size);
  return text;
}

Result<std::string> Whole(std::string_view compressed, size_t size) {
  std::string out(size, '\xAA');
  TF_NPZ_RETURN_IF_ERROR(InflateWhole(compressed, out.data(), size));
  return out;
}

// Decodes `compressed`, which lies between other bytes of a file, as a stream, `piece` bytes at a
// time.
Result<std::string> Streamed(const std::string& compressed, size_t size, size_t piece) {
  const std::string bytes = "before" + compressed + "PK\x01\x02";
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(bytes));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<InflateStream> stream,
                          OpenInflateStream(*file, 6, compressed.size(), *pool));
  std::string out(size, '\xAA');
  for (size_t at = 0; at < size; at += piece) {
    TF_NPZ_RETURN_IF_ERROR(stream->Read(out.data() + at, std::min(piece, size - at)));
  }
  TF_NPZ_RETURN_IF_ERROR(stream->Finish());
  return out;
}

TEST(Inflate, GivesTheSameWholeAndInPieces) {
  for (const size_t size : {0, 1, 2, 258, 1000, 65535, 65537, 300007}) {
    const std::string text = Text(size);
    for (const int level : {0, 1, 6, 9}) {
      const std::string compressed = Deflate(text, level);
      const Result<std::string> whole = Whole(compressed, size);
      ASSERT_OK(whole) << size << " at level " << level;
      EXPECT_TRUE(*whole == text) << size << " at level " << level;
      for (const size_t piece : {1, 3, 61, 4093, 65537, 1 << 20}) {
        if (size / piece > 20000) continue;
        const Result<std::string> streamed = Streamed(compressed, size, piece);
        ASSERT_OK(streamed) << size << " in pieces of " << piece;
        EXPECT_TRUE(*streamed == text) << size << " in pieces of " << piece;
      }
    }
  }
}

TEST(Inflate, DecodesEveryKindOfBlock) {
  const struct {
    const char* name;
    std::string compressed;
    std::string text;
  } cases[] = {
      {"stored", "\x01\x03\0\xfc\xff"s + "abc", "abc"},
      {"stored, empty, then the last", "\0\0\0\xff\xff\x01\x01\0\xfe\xff!"s, "!"},
      {"fixed codes, empty", "\x03\0"s, ""},
      {"fixed codes", "\x4b\x4c\x4a\x06\0"s, "abc"},
      {"fixed codes with a match over itself", "\x4b\x4c\x84\x01\0"s, "aaaaaaaaaa"},
  };
  for (const auto& c : cases) {
    const Result<std::string> whole = Whole(c.compressed, c.text.size());
    ASSERT_OK(whole) << c.name;
    EXPECT_EQ(*whole, c.text) << c.name;
    const Result<std::string> streamed = Streamed(c.compressed, c.text.size(), 1);
    ASSERT_OK(streamed) << c.name;
    EXPECT_EQ(*streamed, c.text) << c.name;
  }
}

TEST(Inflate, NamesTheByteWhereDataIsMalformed) {
  const struct {
    const char* name;
    std::string compressed;
    size_t size;
    const char* fragment;
  } cases[] = {
      {"empty", "", 1,
       "malformed deflate data at byte 0 of the compressed data (it ends too early)"},
      {"empty of nothing", "", 0, "malformed deflate data at byte 0"},
      {"block type 3", "\x07"s, 1, "malformed deflate data at byte 1"},
      {"stored lengths that disagree", "\x01\x03\0\xfc\xfe"s + "abc", 3, "malformed deflate data"},
      {"match before the beginning", "\x03\x02\0\0"s, 100, "malformed deflate data"},
      {"cut off", "\x01\x03\0\xfc\xff"s + "ab", 3,
       "malformed deflate data at byte 7 of the compressed data (it ends too early)"},
      {"fewer bytes than said", "\x01\x03\0\xfc\xff"s + "abc", 4,
       "deflate data ends at byte 8 of the compressed data (expected 1 more decoded bytes)"},
      {"more bytes than said", "\x01\x03\0\xfc\xff"s + "abc", 2,
       "decodes to more bytes than the declared size"},
      {"no final block", "\0\x03\0\xfc\xff"s + "abc", 3, "(it ends too early)"},
  };
  for (const auto& c : cases) {
    EXPECT_ERROR(Whole(c.compressed, c.size), kDataLoss, c.fragment) << c.name;
    for (const size_t piece : {1, 100}) {
      EXPECT_ERROR(Streamed(c.compressed, c.size, piece), kDataLoss, c.fragment) << c.name;
    }
  }
}

TEST(Inflate, EndsWithAnErrorWhereverItsInputIsCutOff) {
  const std::string text = Text(3000);
  const std::string compressed = Deflate(text);
  for (size_t size = 0; size < compressed.size(); ++size) {
    const std::string cut = compressed.substr(0, size);
    EXPECT_EQ(Whole(cut, text.size()).status().code(), Code::kDataLoss) << size;
    for (const size_t piece : {7, 3000}) {
      EXPECT_EQ(Streamed(cut, text.size(), piece).status().code(), Code::kDataLoss) << size;
    }
  }
}

TEST(Inflate, AgreesWithItselfOnDamagedData) {
  const std::string text = Text(400);
  const std::string compressed = Deflate(text);
  int decoded = 0;
  for (size_t i = 0; i < compressed.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = compressed;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      const Result<std::string> whole = Whole(damaged, text.size());
      const Result<std::string> streamed = Streamed(damaged, text.size(), 13);
      ASSERT_EQ(whole.ok(), streamed.ok()) << i;
      if (whole.ok()) {
        ASSERT_EQ(*whole, *streamed) << i;
        ++decoded;
      }
    }
  }
  EXPECT_GT(decoded, 0) << "some damage only the CRC-32 can tell";
}

TEST(InflateStream, GivesWhatComesBeforeTheDamage) {
  std::string compressed = "\0\x03\0\xfc\xff"s + "abc" + "\x07";
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool);
  ASSERT_OK(stream);
  char out[3];
  ASSERT_OK((*stream)->Read(out, 3));
  EXPECT_EQ(std::string(out, 3), "abc");
  EXPECT_ERROR((*stream)->Read(out, 1), kDataLoss, "malformed deflate data at byte 9");
  EXPECT_FALSE((*stream)->Read(out, 1).ok()) << "and stays so";
  EXPECT_FALSE((*stream)->Finish().ok());
}

TEST(Inflate, LeavesBytesAfterTheEndAlone) {
  const std::string compressed = "\x01\x03\0\xfc\xff"s + "abc?";
  EXPECT_EQ(Whole(compressed, 3).value(), "abc");
  EXPECT_EQ(Streamed(compressed, 3, 1).value(), "abc");
}

TEST(InflateStream, FinishFindsWhatIsLeft) {
  const std::string compressed = Deflate("abcdef");
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool);
  ASSERT_OK(stream);
  char out[6];
  ASSERT_OK((*stream)->Read(out, 4));
  EXPECT_ERROR((*stream)->Finish(), kDataLoss, "decodes to more bytes");
}

TEST(InflateStream, SaysWhereItsFileEnds) {
  const std::string compressed = Deflate(Noise(1000));
  const std::unique_ptr<RandomAccessFile> file =
      NewMemoryFile(std::string_view(compressed).substr(0, 500));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool);
  ASSERT_OK(stream);
  char byte;
  EXPECT_ERROR((*stream)->Read(&byte, 1), kDataLoss, "file ends at byte 500");
}

TEST(InflateStream, NeedsLittleMemoryForMuchData) {
  // 64 MiB of zeros. The stream takes only its own state and one input buffer from the pool.
  constexpr size_t kSize = size_t{64} << 20;
  const std::string compressed = Deflate(std::string(kSize, '\0'));
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool);
  ASSERT_OK(stream);
  std::string window(1 << 20, '\0');
  for (size_t at = 0; at < kSize; at += window.size()) {
    window.assign(window.size(), '\xAA');
    ASSERT_OK((*stream)->Read(window.data(), window.size()));
    ASSERT_EQ(window.find_first_not_of('\0'), std::string::npos);
  }
  EXPECT_OK((*stream)->Finish());
}

}  // namespace
}  // namespace tf_npz
