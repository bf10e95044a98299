#include "cc/reader/checksum_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "cc/inflate/crc32.h"
#include "tests/cc/testing/npy_writer.h"

namespace tf_npz {
namespace {

class ChecksumPartsTest : public ::testing::Test {
 protected:
  const std::string bytes_ = Noise(1000);
  const uint32_t crc_ = ExtendCrc32(0, bytes_.data(), bytes_.size());
  ChecksumParts parts_;

  // Reads `size` bytes of `part`, and gives it back. Returns whether this completed all bytes.
  bool GiveBack(ChecksumParts::Part part, uint64_t size) {
    part.crc = ExtendCrc32(part.crc, bytes_.data() + part.begin, size);
    part.end = part.begin + size;
    return parts_.GiveBack(part, bytes_.size());
  }
  // Reads the bytes of [begin, end) that are not known. Returns whether this completed all bytes.
  bool Read(uint64_t begin, uint64_t end) {
    bool has_all = false;
    while (begin < end) {
      const ChecksumParts::Part part = parts_.Take(begin, end);
      begin = part.end;
      if (!part.is_empty()) has_all = GiveBack(part, part.end - part.begin) || has_all;
    }
    return has_all;
  }
};

TEST_F(ChecksumPartsTest, ContinueFromFrontToBack) {
  for (uint64_t begin = 0; begin < 1000; begin += 100) {
    EXPECT_EQ(parts_.HasAll(begin + 1), false);
    EXPECT_EQ(Read(begin, begin + 100), begin == 900) << begin;
    EXPECT_EQ(parts_.Crc32Of(begin + 100), ExtendCrc32(0, bytes_.data(), begin + 100));
  }
  EXPECT_EQ(parts_.Crc32Of(1000), crc_);
}

TEST_F(ChecksumPartsTest, MayComeInAnyOrderAndOverlap) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ChecksumParts parts;
    std::vector<ChecksumParts::Part> taken;
    std::vector<bool> is_read(bytes_.size());
    int times_complete = 0;
    while (times_complete == 0) {
      const uint64_t begin = random() % 1000, end = begin + random() % (1001 - begin);
      const ChecksumParts::Part part = parts.Take(begin, end);
      ASSERT_LE(begin, part.begin);
      ASSERT_LE(part.end, end);
      if (!part.is_empty()) taken.push_back(part);
      while (!taken.empty() && random() % 3 != 0) {
        std::swap(taken[random() % taken.size()], taken.back());
        ChecksumParts::Part back = taken.back();
        taken.pop_back();
        // One in four fails somewhere.
        if (random() % 4 == 0) back.end = back.begin + random() % (back.end - back.begin);
        back.crc = ExtendCrc32(back.crc, bytes_.data() + back.begin, back.end - back.begin);
        for (uint64_t i = back.begin; i < back.end; ++i) {
          ASSERT_FALSE(is_read[i]) << i << " was in two parts";
          is_read[i] = true;
        }
        times_complete += parts.GiveBack(back, bytes_.size());
        const auto front = std::find(is_read.begin(), is_read.end(), false) - is_read.begin();
        // A stretch that touches a taken part joins the front later.
        for (const uint64_t size : {uint64_t{1}, uint64_t{500}, uint64_t{1000}}) {
          ASSERT_TRUE(!parts.HasAll(size) || front >= static_cast<int64_t>(size));
        }
      }
    }
    EXPECT_EQ(times_complete, 1);
    EXPECT_EQ(std::count(is_read.begin(), is_read.end(), true), 1000);
    EXPECT_EQ(parts.Crc32Of(1000), crc_);
  }
}

TEST_F(ChecksumPartsTest, TakeNoByteTwice) {
  const ChecksumParts::Part first = parts_.Take(100, 300);
  EXPECT_EQ(first.begin, 100u);
  EXPECT_EQ(first.end, 300u);
  const ChecksumParts::Part before = parts_.Take(0, 200);
  EXPECT_EQ(before.begin, 0u);
  EXPECT_EQ(before.end, 100u);
  const ChecksumParts::Part after = parts_.Take(200, 1000);
  EXPECT_EQ(after.begin, 300u);
  EXPECT_TRUE(parts_.Take(0, 1000).is_empty());
  EXPECT_FALSE(GiveBack(after, 700));
  EXPECT_FALSE(GiveBack(before, 100));
  EXPECT_TRUE(GiveBack(first, 200));
  EXPECT_EQ(parts_.Crc32Of(1000), crc_);
  EXPECT_TRUE(parts_.Take(0, 1000).is_empty());
}

TEST_F(ChecksumPartsTest, AreTakenAgainIfReadingFailed) {
  EXPECT_FALSE(Read(0, 100));
  EXPECT_FALSE(Read(200, 1000));
  EXPECT_FALSE(GiveBack(parts_.Take(100, 200), 0));
  EXPECT_FALSE(GiveBack(parts_.Take(100, 200), 30));
  const ChecksumParts::Part rest = parts_.Take(0, 1000);
  EXPECT_EQ(rest.begin, 130u);
  EXPECT_EQ(rest.end, 200u);
  EXPECT_TRUE(GiveBack(rest, 70));
  EXPECT_EQ(parts_.Crc32Of(1000), crc_);
}

TEST_F(ChecksumPartsTest, TakeBoundedMemory) {
  const uint64_t most = ChecksumParts::kMaxStretches;
  for (uint64_t i = 0; i < most; ++i) {
    parts_.GiveBack(parts_.Take(2 * i, 2 * i + 1), UINT64_MAX);
  }
  EXPECT_TRUE(parts_.Take(2 * most, 2 * most + 1).is_empty());
  EXPECT_FALSE(parts_.Take(2 * most - 1, 2 * most).is_empty()) << "it goes on with the last one";
}

}  // namespace
}  // namespace tf_npz
