// Compares our decoder of raw deflate with zlib. Both must give the same bytes, and refuse the same
// data after the same bytes. zlib writes the streams, with all levels and strategies. They are
// decoded undamaged and damaged.
//
// `--gtest_shuffle --gtest_random_seed=N` makes other streams.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "cc/inflate/inflate.h"
#include "tests/cc/testing/deflate_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

class DeflateDifferential : public ::testing::Test {
 protected:
  // Like a distribution of the standard library, but the same on every platform.
  size_t Below(size_t limit) { return random_() % limit; }
  bool OneIn(size_t n) { return Below(n) == 0; }

  // Runs, repetitions at small and large distances, growing numbers, noise of few or many values.
  std::string Contents(size_t size) {
    std::string contents;
    while (contents.size() < size) {
      const size_t length = 1 + Below(OneIn(4) ? 2000 : 40);
      const size_t values = size_t{1} << Below(9);
      switch (Below(5)) {
        case 0:
          contents.append(length, static_cast<char>(Below(256)));
          break;
        case 1:
          for (size_t i = 0; i < length; ++i) contents += static_cast<char>(Below(values));
          break;
        case 2:
          for (size_t i = 0; i < length; ++i) contents += static_cast<char>(i);
          break;
        default:
          if (contents.empty()) continue;
          const size_t distance = 1 + Below(std::min<size_t>(contents.size(), 32768));
          for (size_t i = 0; i < length; ++i) contents += contents[contents.size() - distance];
      }
    }
    contents.resize(size);
    return contents;
  }

  std::string Compressed(size_t size) {
    return DeflateAs(Contents(size), static_cast<int>(Below(10)), static_cast<int>(Below(5)));
  }

  std::string Damaged(std::string compressed) {
    for (size_t changes = 1 + Below(3); changes > 0 && !compressed.empty(); --changes) {
      // More damage in the first bytes, because headers lie there.
      const size_t at = Below(OneIn(2) ? std::min<size_t>(compressed.size(), 60)  //
                                       : compressed.size());
      switch (Below(4)) {
        case 0:
          compressed[at] = static_cast<char>(Below(256));
          break;
        case 1:
          compressed.erase(at, 1 + Below(3));
          break;
        case 2:
          compressed.insert(at, 1, static_cast<char>(Below(256)));
          break;
        default:
          compressed[at] = static_cast<char>(compressed[at] ^ 1 << Below(8));
      }
    }
    if (OneIn(8)) compressed.resize(Below(compressed.size() + 1));
    return compressed;
  }

  // Asserts that both decoders agree. Returns true if the data is good.
  bool Compare(const std::string& compressed, size_t piece) {
    const ZlibOutcome zlibs = InflateByZlib(compressed);
    const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view(compressed));
    const std::unique_ptr<InflateStream> stream =
        OpenInflateStream(*file, 0, compressed.size(), *pool_).value();
    std::string contents(zlibs.contents.size() + piece, '\0');
    size_t size = 0;
    Status status;
    while (!stream->at_end() && status.ok() && size <= zlibs.contents.size()) {
      const Result<size_t> done = stream->ReadSome(contents.data() + size, piece);
      if (done.ok()) size += *done;
      status = done.status();
    }
    contents.resize(size);
    EXPECT_EQ(status.ok(), zlibs.is_good) << status.message();
    EXPECT_TRUE(contents == zlibs.contents) << size << " bytes, " << zlibs.contents.size();
    if (zlibs.is_good) {
      EXPECT_ERROR(stream->EndsBefore(1), kDataLoss,
                   "ends at byte " + std::to_string(zlibs.consumed) + " of the compressed data");
    }
    return zlibs.is_good;
  }

 private:
  // 0 without --gtest_shuffle.
  std::mt19937 random_{static_cast<uint32_t>(::testing::UnitTest::GetInstance()->random_seed())};
  const std::shared_ptr<BufferPool> pool_ = BufferPool::New(size_t{1} << 20);
};

TEST_F(DeflateDifferential, GivesWhatZlibGives) {
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    const std::string compressed = Compressed(Below(OneIn(30) ? 600'000 : 20'000));
    EXPECT_TRUE(Compare(compressed, 1 + Below(OneIn(2) ? 400'000 : 3'000)));
  }
}

TEST_F(DeflateDifferential, RefusesWhatZlibRefusesAndNothingElse) {
  int good = 0, bad = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string compressed = Compressed(Below(OneIn(30) ? 100'000 : 1'000));
    for (int k = 0; k < 10 && !HasFailure(); ++k) {
      ++(Compare(Damaged(compressed), 1 + Below(OneIn(3) ? 200'000 : 300)) ? good : bad);
    }
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

}  // namespace
}  // namespace tf_npz
