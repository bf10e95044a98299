// The decoder policy, tested as a table.

#include "cc/pipeline/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tf_npz {
namespace {

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;

// A deflated array in C order.
DecoderInput Deflated(uint64_t size) { return {size, size / 4, false, false, true, false}; }
// The same, but its items do not lie in memory as in a tensor.
DecoderInput Misaligned(uint64_t size) { return {size, size / 4, false, false, false, false}; }
// An array in Fortran order, stored.
DecoderInput Fortran(uint64_t size) { return {size, 0, false, true, false, true}; }
// An array in Fortran order, deflated: no element without all bytes.
DecoderInput DeflatedFortran(uint64_t size) { return {size, size / 4, true, true, false, false}; }
// A stored array in C order, and a gzip file: no decoder gains by decoding them whole.
DecoderInput Stored() { return {0, 0, false, false, true, true}; }
DecoderInput Gzip() { return {0, 0, false, false, true, false}; }

DecoderPolicy ManyFiles() {
  DecoderPolicy policy;
  policy.memory_limit = 256 * kMiB;
  return policy;
}
DecoderPolicy OneFile() {
  DecoderPolicy policy = ManyFiles();
  policy.is_only_file = true;
  return policy;
}
DecoderPolicy WholeArrays() {
  DecoderPolicy policy = ManyFiles();
  policy.is_element = true;
  return policy;
}
DecoderPolicy CutOff(DecoderPolicy policy) {
  policy.is_read_to_the_end = false;
  return policy;
}
DecoderPolicy WithLimit(DecoderPolicy policy, uint64_t limit) {
  policy.memory_limit = limit;
  return policy;
}

struct Row {
  const char* name;
  DecoderInput array;
  DecoderPolicy policy;
  bool is_whole;
  bool is_counted;   // in the budget
  bool is_in_order;  // one thread, front to back
};

const Row kTable[] = {
    {"stored", Stored(), ManyFiles(), false, false, false},
    {"gzip", Gzip(), ManyFiles(), false, false, true},
    {"deflated, small", Deflated(256 * kKiB), ManyFiles(), true, true, false},
    {"deflated, larger", Deflated(256 * kKiB + 1), ManyFiles(), false, false, true},
    {"deflated, only file", Deflated(4 * kMiB), OneFile(), true, true, false},
    {"deflated, only file, larger", Deflated(4 * kMiB + 1), OneFile(), false, false, true},
    {"deflated, a quarter of the limit", Deflated(kMiB), WithLimit(OneFile(), 4 * kMiB), true, true,
     false},
    {"deflated, over a quarter", Deflated(kMiB + 1), WithLimit(OneFile(), 4 * kMiB), false, false,
     true},
    {"deflated, its end is not read", Deflated(kKiB), CutOff(ManyFiles()), false, false, true},
    {"the element, deflated", Deflated(100 * kMiB), WholeArrays(), true, false, false},
    {"the element, stored", Stored(), WholeArrays(), false, false, false},
    {"the element, Fortran", Fortran(1000 * kMiB), WholeArrays(), true, true, false},
    {"the element, misaligned", Misaligned(kMiB), WholeArrays(), true, true, false},
    {"the element, its end is not read", Deflated(kKiB), CutOff(WholeArrays()), false, false, true},
    {"Fortran, half of the limit", Fortran(128 * kMiB), ManyFiles(), true, true, false},
    {"Fortran, half, its end is not read", Fortran(128 * kMiB), CutOff(ManyFiles()), true, true,
     false},
    {"Fortran, over half", Fortran(128 * kMiB + 1), ManyFiles(), false, false, false},
    {"Fortran, deflated, over the limit", DeflatedFortran(1000 * kMiB), ManyFiles(), true, true,
     false},
};

TEST(Decoder, ChoosesByItsTable) {
  for (const Row& row : kTable) {
    const std::vector<Decoding> decodings = ChooseDecoders({row.array}, row.policy);
    ASSERT_EQ(decodings.size(), 1u);
    EXPECT_EQ(decodings[0].is_whole, row.is_whole) << row.name << ": " << decodings[0].rule;
    EXPECT_EQ(decodings[0].is_in_order, row.is_in_order) << row.name;
    EXPECT_EQ(decodings[0].load_size, row.is_counted ? row.array.load_size : 0) << row.name;
    EXPECT_EQ(decodings[0].load_overhead, row.is_counted ? row.array.load_overhead : 0) << row.name;
  }
}

TEST(Decoder, ArraysOfOneFileTakeHalfOfTheLimit) {
  const DecoderPolicy policy = WithLimit(ManyFiles(), kMiB);
  // Each takes 200 KiB, and 50 KiB while it is decoded.
  const std::vector<Decoding> decodings =
      ChooseDecoders({Deflated(200 * kKiB), Deflated(200 * kKiB), Deflated(200 * kKiB)}, policy);
  EXPECT_TRUE(decodings[0].is_whole);
  EXPECT_TRUE(decodings[1].is_whole);
  EXPECT_FALSE(decodings[2].is_whole);
}

TEST(Decoder, ArraysInFortranOrderTakeHalfOfTheLimitTogether) {
  const DecoderPolicy policy = WithLimit(ManyFiles(), kMiB);
  const std::vector<Decoding> decodings =
      ChooseDecoders({Fortran(300 * kKiB), Fortran(300 * kKiB)}, policy);
  EXPECT_TRUE(decodings[0].is_whole);
  EXPECT_FALSE(decodings[1].is_whole);
}

}  // namespace
}  // namespace tf_npz
