#include "cc/inflate/crc32.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/cc/testing/npy_writer.h"

namespace tf_npz {
namespace {

uint32_t Crc32(const std::string& bytes) { return ExtendCrc32(0, bytes.data(), bytes.size()); }

// The definition (APPNOTE.TXT 4.4.7), a bit at a time.
uint32_t Crc32ByDefinition(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

TEST(ExtendCrc32, IsTheChecksumOfZip) {
  EXPECT_EQ(Crc32(""), 0u);
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926u);  // the catalogue's check value of CRC-32/ISO-HDLC
  EXPECT_EQ(Crc32(std::string(32, '\0')), 0x190A55ADu);
  for (const size_t size : {1, 15, 64, 1000, 65537}) {
    const std::string bytes = Noise(size);
    EXPECT_EQ(Crc32(bytes), Crc32ByDefinition(bytes)) << size;
  }
}

TEST(ExtendCrc32, GoesOnWhereItStopped) {
  const std::string bytes = Noise(1000);
  for (const size_t step : {1, 7, 64, 999, 1000}) {
    uint32_t crc = 0;
    for (size_t at = 0; at < bytes.size(); at += step) {
      crc = ExtendCrc32(crc, bytes.data() + at, std::min(step, bytes.size() - at));
    }
    EXPECT_EQ(crc, Crc32(bytes)) << step;
  }
  EXPECT_EQ(ExtendCrc32(0xCBF43926, bytes.data(), 0), 0xCBF43926u);
}

TEST(CombineCrc32, IsTheChecksumOfBothParts) {
  const std::string bytes = Noise(70000);
  for (const size_t size1 : {0, 1, 2, 255, 4096, 4097, 65535}) {
    for (const size_t size2 : {0, 1, 3, 256, 1000, 4096, 4465}) {
      const uint32_t crc1 = ExtendCrc32(0, bytes.data(), size1);
      const uint32_t crc2 = ExtendCrc32(0, bytes.data() + size1, size2);
      EXPECT_EQ(CombineCrc32(crc1, crc2, size2), ExtendCrc32(crc1, bytes.data() + size1, size2))
          << size1 << " and " << size2;
    }
  }
}

TEST(CombineCrc32, MayJoinPartsInAnyOrder) {
  const std::string bytes = Noise(3000);
  const auto crc = [&](size_t from, size_t to) {
    return ExtendCrc32(0, bytes.data() + from, to - from);
  };
  const uint32_t front = CombineCrc32(crc(0, 1000), crc(1000, 1700), 700);
  const uint32_t back = CombineCrc32(crc(1000, 1700), crc(1700, 3000), 1300);
  EXPECT_EQ(CombineCrc32(front, crc(1700, 3000), 1300), Crc32(bytes));
  EXPECT_EQ(CombineCrc32(crc(0, 1000), back, 2000), Crc32(bytes));
}

TEST(CombineCrc32, TakesSizesThatNoTestCouldRead) {
  // 2^40 zeros, from 1 zero: each step doubles them.
  uint32_t zeros = ExtendCrc32(0, "", 1);
  for (int i = 0; i < 40; ++i) zeros = CombineCrc32(zeros, zeros, uint64_t{1} << i);
  const uint32_t one_more = CombineCrc32(zeros, ExtendCrc32(0, "", 1), 1);
  EXPECT_EQ(CombineCrc32(ExtendCrc32(0, "", 1), zeros, uint64_t{1} << 40), one_more);
}

}  // namespace
}  // namespace tf_npz
