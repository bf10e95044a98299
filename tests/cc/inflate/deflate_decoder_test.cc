// Streams of raw deflate, made by hand. The decoded bytes must equal the bytes that were encoded,
// and zlib must agree.

#include "cc/inflate/deflate_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cc/inflate/inflate.h"
#include "tests/cc/testing/deflate_writer.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/remote_file.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

struct Outcome {
  std::string contents;  // the bytes before the end or the error
  Status status;
};

// Reads to the end. The reads have the sizes `pieces` in turn.
Outcome ReadAll(InflateStream& stream, const std::vector<size_t>& pieces) {
  Outcome outcome;
  std::string piece;
  for (size_t i = 0; !stream.at_end(); ++i) {
    piece.resize(pieces[i % pieces.size()]);
    const Result<size_t> done = stream.ReadSome(piece.data(), piece.size());
    outcome.status = done.status();
    if (!done.ok()) return outcome;
    outcome.contents.append(piece, 0, *done);
  }
  return outcome;
}

Outcome Decode(const std::string& compressed, const std::vector<size_t>& pieces) {
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const Result<std::unique_ptr<InflateStream>> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool);
  if (!stream.ok()) return {"", stream.status()};
  return ReadAll(**stream, pieces);
}

// Sizes of reads: small ones, odd ones, and some that bypass the window.
const std::vector<size_t> kPieces[] = {{1},      {2, 3, 5},         {1000},
                                       {131072}, {299, 140001, 64}, {size_t{1} << 20}};

// Expects that each way of reading gives `contents`, and that zlib gives it too.
void ExpectContents(const std::string& compressed, const std::string& contents,
                    const char* name = "") {
  const ZlibOutcome zlibs = InflateByZlib(compressed);
  ASSERT_TRUE(zlibs.is_good && zlibs.contents == contents) << name << ": the test is wrong";
  for (const std::vector<size_t>& pieces : kPieces) {
    const Outcome ours = Decode(compressed, pieces);
    EXPECT_OK(ours.status) << name << " in pieces of " << pieces[0];
    EXPECT_TRUE(ours.contents == contents) << name << " in pieces of " << pieces[0];
  }
}

// Writes a block with prefix codes and keeps the bytes that it decodes to.
class Block {
 public:
  explicit Block(DeflateWriter* writer) : writer_(writer) {}
  void Literals(std::string_view bytes) {
    writer_->Literals(bytes);
    contents_ += bytes;
  }
  void Match(int length, int distance) {
    writer_->Match(length, distance);
    for (int i = 0; i < length; ++i) contents_ += contents_[contents_.size() - distance];
  }
  const std::string& contents() const { return contents_; }

 private:
  DeflateWriter* const writer_;
  std::string contents_;
};

TEST(DeflateDecoder, DecodesStoredBlocks) {
  const std::string noise = Noise(3 * 65535);
  DeflateWriter writer;
  std::string contents;
  for (const size_t size : {0, 1, 65535, 0, 65535, 7, 300, 65535}) {
    writer.Stored(std::string_view(noise).substr(0, size));
    contents.append(noise, 0, size);
  }
  ExpectContents(writer.Stored("the end", true).bytes(), contents + "the end");
}

TEST(DeflateDecoder, DecodesEachLengthAtEachDistance) {
  DeflateWriter writer;
  writer.BeginFixed(true);
  Block block(&writer);
  block.Literals(Noise(32768));
  block.Match(258, 32768);
  for (int length = 3; length <= 258; ++length) {
    block.Match(length, length <= 40 ? length : 24577 + 31 * length % 8192);
    block.Literals(Noise(1, length));
    block.Match(length, 1 + length % 40);
    block.Match(261 - length, 1 + length * length % 32768);
  }
  for (int distance = 1; distance <= 32768; distance += 1 + distance / 50) {
    block.Match(3 + distance % 37, distance);
  }
  ExpectContents(writer.End().bytes(), block.contents());
}

TEST(DeflateDecoder, KeepsTheHistoryThatMatchesNeedAtEveryPause) {
  // Much longer than the window, with matches at the largest distances.
  DeflateWriter writer;
  writer.BeginFixed(true);
  Block block(&writer);
  block.Literals(Noise(32768));
  for (uint32_t i = 0; block.contents().size() < 600'000; ++i) {
    block.Literals(Noise(1 + i % 3, i));
    block.Match(3 + static_cast<int>(i * 2654435761u % 256), 32768 - static_cast<int>(i % 7));
  }
  ExpectContents(writer.End().bytes(), block.contents());
}

TEST(DeflateDecoder, DecodesTheLongestCodewords) {
  // One symbol of each codeword length. Of the longest length there are two: 256 and one after it.
  std::vector<int> literal_lengths(286, 0);
  for (int i = 1; i <= 13; ++i) literal_lengths['a' + i] = i;
  literal_lengths[284] = 14;
  literal_lengths[256] = literal_lengths[285] = 15;
  std::vector<int> distances(30, 0);
  for (int i = 1; i <= 14; ++i) distances[i - 1] = i;
  distances[28] = distances[29] = 15;
  DeflateWriter writer;
  writer.BeginDynamic(literal_lengths, distances, true);
  Block block(&writer);
  block.Literals("nmlkjihgfedcb");
  while (block.contents().size() < 40000) {
    block.Match(258, static_cast<int>(1 + block.contents().size() % 13));
    block.Literals("bnbcb");
  }
  block.Match(227, 32768);
  block.Match(257, 24577);
  ExpectContents(writer.End().bytes(), block.contents());
}

TEST(DeflateDecoder, DecodesTheShortestCodes) {
  std::vector<int> only_end(257, 0);
  only_end[256] = 1;
  ExpectContents(DeflateWriter().BeginDynamic(only_end, {0}, true).End().bytes(), "",
                 "one codeword, and no distances");

  std::vector<int> two(257, 0);
  two['x'] = two[256] = 1;
  ExpectContents(
      DeflateWriter().BeginDynamic(two, {0}, true).Literals(std::string(999, 'x')).End().bytes(),
      std::string(999, 'x'), "two codewords");

  std::vector<int> with_length(258, 0);
  with_length['x'] = 1;
  with_length[256] = with_length[257] = 2;
  DeflateWriter writer;
  writer.BeginDynamic(with_length, {1}, true);
  Block block(&writer);
  block.Literals("x");
  for (int i = 0; i < 999; ++i) block.Match(3, 1);
  ExpectContents(writer.End().bytes(), block.contents(), "one distance");
}

TEST(DeflateDecoder, GoesFromBlockToBlock) {
  std::vector<int> literal_lengths(258, 0);
  literal_lengths['y'] = 1;
  literal_lengths[256] = literal_lengths[257] = 2;
  DeflateWriter writer;
  std::string contents;
  for (int i = 0; i < 300; ++i) {
    writer.BeginFixed().Literals("abc").End();
    writer.Stored("yes").Stored("");
    writer.BeginDynamic(literal_lengths, {0, 1, 1}).Literal('y').Match(3, 3).End();
    writer.BeginFixed().Match(11, 4).End().BeginFixed().End();
    contents += "abcyesyesy";
    for (int k = 0; k < 11; ++k) contents += contents[contents.size() - 4];
  }
  ExpectContents(writer.BeginFixed(true).End().bytes(), contents);
}

TEST(DeflateDecoder, PassesTheEndOfItsInputAtAnyBitOfABlock) {
  // 128 KiB are read at once. Blocks of every kind lie around that end, and around the place that
  // is a header's length before it. In each round all blocks move on by one byte.
  std::vector<int> literal_lengths(258, 0);
  literal_lengths['y'] = 1;
  literal_lengths[256] = literal_lengths[257] = 2;
  const std::string noise = Noise(65535);
  for (size_t shift = 0; shift < 300; ++shift) {
    DeflateWriter writer;
    writer.Stored(noise).Stored(std::string_view(noise).substr(0, 63000 + shift));
    std::string contents = noise + noise.substr(0, 63000 + shift);
    for (int i = 0; i < 20; ++i) {
      writer.BeginFixed().Literals("abc").End().Stored("yes").Stored("");
      writer.BeginDynamic(literal_lengths, {0, 1, 1}).Literal('y').Match(3, 3).End();
      contents += "abcyesyesy";
    }
    const Outcome ours = Decode(writer.BeginFixed(true).End().bytes(), {size_t{1} << 20});
    ASSERT_OK(ours.status) << shift;
    ASSERT_TRUE(ours.contents == contents) << shift;
  }
}

// Each case is three good bytes, followed by data that a decoder must refuse.
TEST(DeflateDecoder, RefusesWhatZlibRefuses) {
  const auto after_abc = [] { return DeflateWriter().Stored("abc"); };
  const auto dynamic = [&](const std::vector<int>& literal_lengths,
                           const std::vector<int>& distances) {
    return after_abc().BeginDynamic(literal_lengths, distances, true);
  };
  // The number of symbols of each code, then the lengths of the code lengths' codewords.
  const auto header = [&](int literal_lengths, int distances, const std::vector<int>& lengths) {
    DeflateWriter writer = after_abc();
    writer.Bits(1, 1).Bits(2, 2).Bits(literal_lengths - 257, 5).Bits(distances - 1, 5).Bits(15, 4);
    for (const int length : lengths) writer.Bits(length, 3);
    return writer;
  };
  // In the order of 3.2.7: 16 and 17 have codewords of one bit.
  std::vector<int> repeats(19, 0);
  repeats[0] = repeats[1] = 1;
  // 0 and 18 have codewords of one bit.
  std::vector<int> zeros(19, 0);
  zeros[2] = zeros[3] = 1;

  std::vector<int> good(257, 0), over(257, 0), incomplete(257, 0), no_end(257, 0), one(257, 0),
      only_end(257, 0);
  good['x'] = good[256] = 1;
  over['x'] = over['y'] = over[256] = 1;
  incomplete['x'] = incomplete['y'] = incomplete[256] = 2;
  no_end['x'] = no_end['y'] = 1;
  one[256] = 2;
  only_end[256] = 1;
  std::vector<int> with_length(258, 0);
  with_length['x'] = 1;
  with_length[256] = with_length[257] = 2;
  const struct {
    const char* name;
    std::string compressed;
    const char* reason;
    std::string before = "abc";
  } cases[] = {
      {"block type 3", after_abc().Bits(1, 1).Bits(3, 2).bytes(), "block type"},
      {"stored length", after_abc().Bits(1, 3).Align().Bits(5, 16).Bits(5, 16).bytes(), "stored"},
      {"287 literals and lengths", header(287, 1, zeros).Bits(0, 32).bytes(), "too many"},
      {"31 distances", header(257, 31, zeros).Bits(0, 32).bytes(), "too many"},
      {"over-subscribed code lengths", header(257, 1, std::vector<int>(19, 1)).Bits(0, 32).bytes(),
       "code lengths' code"},
      {"incomplete code lengths", header(257, 1, {0, 0, 0, 1}).Bits(0, 32).Bits(0, 32).bytes(),
       "code lengths' code"},
      {"no code lengths", header(257, 1, std::vector<int>(19, 0)).Bits(0, 32).Bits(0, 32).bytes(),
       "code lengths' code"},
      {"a repetition of nothing", header(257, 1, repeats).Bits(0, 32).bytes(), "repeat"},
      {"too long a repetition", header(257, 1, zeros).Bits(~0u, 32).bytes(), "repeat"},
      {"no end of block", dynamic(no_end, {0}).bytes(), "end of the block"},
      {"over-subscribed", dynamic(over, {0}).bytes(), "of literals"},
      {"incomplete", dynamic(incomplete, {0}).bytes(), "of literals"},
      {"one codeword of two bits", dynamic(one, {0}).bytes(), "of literals"},
      {"over-subscribed distances", dynamic(good, {1, 1, 1}).bytes(), "of distances"},
      {"incomplete distances", dynamic(good, {2, 2, 2}).bytes(), "of distances"},
      {"no such literal", dynamic(only_end, {0}).Bits(1, 1).bytes(), "of a literal"},
      {"length 286", after_abc().BeginFixed().LengthSymbol(286).bytes(), "of a literal"},
      {"length 287", after_abc().BeginFixed().LengthSymbol(287).bytes(), "of a literal"},
      {"distance 30", after_abc().BeginFixed().LengthSymbol(257).DistanceSymbol(30).bytes(),
       "of a distance"},
      {"distance 31", after_abc().BeginFixed().LengthSymbol(257).DistanceSymbol(31).bytes(),
       "of a distance"},
      {"no distances", dynamic(with_length, {0}).Literal('x').LengthSymbol(257).Bits(0, 9).bytes(),
       "of a distance", "abcx"},
      {"no such distance",
       dynamic(with_length, {1}).Literal('x').LengthSymbol(257).Bits(1, 9).bytes(), "of a distance",
       "abcx"},
      {"too far back", after_abc().BeginFixed().Literal('x').Match(3, 5).bytes(),
       "before the first", "abcx"},
      {"too far back, by far", after_abc().BeginFixed().Match(3, 32768).bytes(),
       "before the first"},
  };
  for (const auto& c : cases) {
    // With and without bytes after it, because another loop decodes near the end of the input.
    for (const std::string& after : {std::string(), std::string(3000, 'z')}) {
      const ZlibOutcome zlibs = InflateByZlib(c.compressed + after);
      EXPECT_FALSE(zlibs.is_good) << c.name;
      EXPECT_EQ(zlibs.contents, c.before) << c.name;
      for (const std::vector<size_t>& pieces : kPieces) {
        const Outcome ours = Decode(c.compressed + after, pieces);
        EXPECT_ERROR(ours.status, kDataLoss, "malformed deflate data at byte") << c.name;
        // Without bytes after it, the input may end before the wrong bits are complete.
        if (!after.empty()) {
          EXPECT_ERROR(ours.status, kDataLoss, c.reason) << c.name;
        }
        EXPECT_EQ(ours.contents, c.before) << c.name;
      }
    }
  }
}

TEST(DeflateDecoder, SaysWhereTheDataEnds) {
  const std::string contents = Noise(100'000);
  for (const int level : {0, 1, 9}) {
    const std::string compressed = DeflateAs(contents, level, 0);
    for (const size_t after : {0, 1, 8, 5000}) {
      const std::string bytes = compressed + std::string(after, 'z');
      const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(bytes));
      const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
      const std::unique_ptr<InflateStream> stream =
          OpenInflateStream(*file, 0, bytes.size(), *pool).value();
      std::string out(contents.size() + 1, '\0');
      size_t done = 0;
      EXPECT_ERROR(stream->Read(out.data(), out.size(), &done), kDataLoss,
                   "deflate data ends at byte " + std::to_string(compressed.size()) + " of");
      EXPECT_EQ(done, contents.size());
      EXPECT_TRUE(stream->at_end());
      EXPECT_EQ(stream->ReadSome(out.data(), 1).value(), 0u);
      EXPECT_OK(stream->Finish());
    }
  }
}

TEST(DeflateDecoder, TakesABoundedAmountOfInputAtOnce) {
  // 4 MiB of empty blocks.
  DeflateWriter writer;
  for (int i = 0; i < 64; ++i) writer.BeginFixed().End().Stored("");
  std::string compressed;
  while (compressed.size() < size_t{4} << 20) compressed += writer.bytes();
  compressed += DeflateWriter().Stored("!", true).bytes();
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  const std::unique_ptr<InflateStream> stream =
      OpenInflateStream(*file, 0, compressed.size(), *pool).value();
  std::string out(1000, '\0');
  int calls = 1;
  Result<size_t> done = stream->ReadSome(out.data(), out.size());
  for (; done.ok() && *done == 0; ++calls) done = stream->ReadSome(out.data(), out.size());
  ASSERT_OK(done);
  EXPECT_GT(calls, 20);
  EXPECT_EQ(out[0], '!');
  EXPECT_TRUE(stream->at_end());
}

TEST(DeflateDecoder, GoesOnAfterAReadThatFailed) {
  const std::string contents = Noise(400'000);
  const std::string compressed = DeflateAs(contents, 6, 0);
  for (const size_t piece : {size_t{1000}, size_t{200'000}}) {
    Remote remote;
    remote.fail = [](const Request&, size_t before) {
      return before % 3 == 2 ? OkStatus() : Unavailable("not now");
    };
    const RemoteFile file(NewMemoryFile(std::string_view(compressed)), &remote);
    const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
    const std::unique_ptr<InflateStream> stream =
        OpenInflateStream(file, 0, compressed.size(), *pool).value();
    std::string out;
    std::string part(piece, '\0');
    int errors = 0;
    while (!stream->at_end()) {
      const Result<size_t> done = stream->ReadSome(part.data(), piece);
      if (done.ok()) {
        out.append(part, 0, *done);
      } else {
        EXPECT_ERROR(done, kUnavailable, "not now");
        ASSERT_LT(++errors, 100);
      }
    }
    EXPECT_TRUE(out == contents) << piece;
    EXPECT_GT(errors, 3) << piece;
  }
}

}  // namespace
}  // namespace tf_npz
