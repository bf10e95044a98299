#include "cc/inflate/crc32.h"

#include <array>

namespace tf_npz {
namespace {

// The polynomials are kept as the CRC is: bit 31 is the coefficient of x^0, bit 0 that of x^31.
// The CRC's own polynomial has x^32 too, which has no bit.
constexpr uint32_t kPolynomial = 0xEDB88320;
constexpr uint32_t kOne = 0x80000000;

constexpr uint32_t TimesX(uint32_t a) { return (a >> 1) ^ ((a & 1) != 0 ? kPolynomial : 0); }

// a * b modulo the CRC's polynomial.
constexpr uint32_t Multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = kOne; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = TimesX(b);
  }
  return product;
}

// kPowers[i]: what 2^i bytes that follow multiply a CRC by, x^(8 * 2^i).
constexpr std::array<uint32_t, 64> MakePowers() {
  std::array<uint32_t, 64> powers = {};
  uint32_t power = kOne >> 8;
  for (size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    power = Multiply(power, power);
  }
  return powers;
}
constexpr std::array<uint32_t, 64> kPowers = MakePowers();

}  // namespace

uint32_t CombineCrc32(uint32_t crc1, uint32_t crc2, uint64_t size2) {
  for (size_t i = 0; size2 != 0; ++i, size2 >>= 1) {
    if ((size2 & 1) != 0) crc1 = Multiply(crc1, kPowers[i]);
  }
  return crc1 ^ crc2;
}

}  // namespace tf_npz
