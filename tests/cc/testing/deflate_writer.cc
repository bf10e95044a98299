#include "tests/cc/testing/deflate_writer.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

namespace tf_npz {
namespace {

// RFC 1951 3.2.5: where the values of length and distance symbols begin.
constexpr int kLengths[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                            31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr int kDistances[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                              33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                              1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

int ExtraBits(int symbol, int step) { return symbol < 2 * step ? 0 : symbol / step - 1; }

template <size_t kSize>
int SymbolOf(const int (&begins)[kSize], int value) {
  return static_cast<int>(std::upper_bound(begins, begins + kSize, value) - begins) - 1;
}

}  // namespace

DeflateWriter& DeflateWriter::Bits(uint32_t value, int count) {
  for (int i = 0; i < count; ++i) {
    if (free_bits_ == 0) {
      bytes_.push_back('\0');
      free_bits_ = 8;
    }
    const int bit = static_cast<int>(value >> i & 1) << (8 - free_bits_);
    bytes_.back() = static_cast<char>(bytes_.back() | bit);
    --free_bits_;
  }
  return *this;
}

DeflateWriter& DeflateWriter::Align() {
  free_bits_ = 0;
  return *this;
}

DeflateWriter& DeflateWriter::Stored(std::string_view bytes, bool is_last) {
  const auto size = static_cast<uint32_t>(bytes.size());
  Bits(is_last, 1).Bits(0, 2).Align().Bits(size, 16).Bits(~size, 16);
  bytes_.append(bytes);
  return *this;
}

DeflateWriter& DeflateWriter::BeginFixed(bool is_last) {
  std::vector<int> lengths(288, 8);
  std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
  std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
  literal_lengths_ = CodeOf(lengths);
  distances_ = CodeOf(std::vector<int>(32, 5));
  return Bits(is_last, 1).Bits(1, 2);
}

DeflateWriter& DeflateWriter::BeginDynamic(const std::vector<int>& literal_lengths,
                                           const std::vector<int>& distances, bool is_last) {
  Bits(is_last, 1).Bits(2, 2);
  Bits(static_cast<uint32_t>(literal_lengths.size() - 257), 5);
  Bits(static_cast<uint32_t>(distances.size() - 1), 5);
  // The code of the code lengths: 16, 17 and 18 have no codeword, each other one has one of 4 bits.
  Bits(19 - 4, 4).Bits(0, 3 * 3);
  for (int i = 0; i < 16; ++i) Bits(4, 3);
  const std::vector<Codeword> code_lengths = CodeOf(std::vector<int>(16, 4));
  for (const int length : literal_lengths) Put(code_lengths[length]);
  for (const int length : distances) Put(code_lengths[length]);
  literal_lengths_ = CodeOf(literal_lengths);
  distances_ = CodeOf(distances);
  return *this;
}

DeflateWriter& DeflateWriter::Literals(std::string_view bytes) {
  for (const char byte : bytes) Literal(static_cast<uint8_t>(byte));
  return *this;
}

DeflateWriter& DeflateWriter::Match(int length, int distance) {
  const int length_symbol = SymbolOf(kLengths, length);
  LengthSymbol(257 + length_symbol);
  if (length < 258) {
    Bits(static_cast<uint32_t>(length - kLengths[length_symbol]), ExtraBits(length_symbol, 4));
  }
  const int symbol = SymbolOf(kDistances, distance);
  DistanceSymbol(symbol);
  return Bits(static_cast<uint32_t>(distance - kDistances[symbol]), ExtraBits(symbol, 2));
}

// 3.2.2: codewords in the order of their lengths, and of their symbols.
std::vector<DeflateWriter::Codeword> DeflateWriter::CodeOf(const std::vector<int>& lengths) {
  std::vector<Codeword> code(lengths.size(), Codeword{0, 0});
  uint32_t next = 0;
  for (int length = 1; length <= 15; ++length) {
    next *= 2;
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] == length) code[symbol] = {next++, length};
    }
  }
  return code;
}

DeflateWriter& DeflateWriter::Put(const Codeword& codeword) {
  for (int bit = codeword.length - 1; bit >= 0; --bit) Bits(codeword.bits >> bit, 1);
  return *this;
}

std::string DeflateAs(std::string_view contents, int level, int strategy) {
  z_stream z = {};
  if (deflateInit2(&z, level, Z_DEFLATED, -15, 8, strategy) != Z_OK) std::abort();
  std::string compressed(deflateBound(&z, static_cast<uLong>(contents.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(contents.data()));
  z.avail_in = static_cast<uInt>(contents.size());
  z.next_out = reinterpret_cast<Bytef*>(compressed.data());
  z.avail_out = static_cast<uInt>(compressed.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
  compressed.resize(z.total_out);
  deflateEnd(&z);
  return compressed;
}

ZlibOutcome InflateByZlib(std::string_view compressed) {
  ZlibOutcome view;
  z_stream z = {};
  if (inflateInit2(&z, -15) != Z_OK) std::abort();
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  z.avail_in = static_cast<uInt>(compressed.size());
  std::string part(size_t{64} << 10, '\0');
  int outcome = Z_OK;
  do {
    z.next_out = reinterpret_cast<Bytef*>(part.data());
    z.avail_out = static_cast<uInt>(part.size());
    outcome = inflate(&z, Z_NO_FLUSH);
    view.contents.append(part, 0, part.size() - z.avail_out);
  } while (outcome == Z_OK);
  view.is_good = outcome == Z_STREAM_END;
  view.consumed = z.total_in;
  inflateEnd(&z);
  return view;
}

}  // namespace tf_npz
