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

}  // namespace
}  // namespace tf_npz
