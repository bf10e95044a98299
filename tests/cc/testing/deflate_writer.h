// Writes raw deflate (RFC 1951) symbol by symbol, well-formed or not. Also zlib's encoder and
// decoder, to compare with.

#ifndef TF_NPZ_TESTING_DEFLATE_WRITER_H_
#define TF_NPZ_TESTING_DEFLATE_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

class DeflateWriter {
 public:
  // Writes the lowest `count` bits of `value`, the lowest first.
  DeflateWriter& Bits(uint32_t value, int count);
  // Writes zeros up to the next whole byte.
  DeflateWriter& Align();

  DeflateWriter& Stored(std::string_view bytes, bool is_last = false);
  DeflateWriter& BeginFixed(bool is_last = false);
  // Writes the header of a block whose codes have codewords of these lengths. They are not checked.
  DeflateWriter& BeginDynamic(const std::vector<int>& literal_lengths,
                              const std::vector<int>& distances, bool is_last = false);

  // Write into the block that was begun.
  DeflateWriter& Literal(uint8_t byte) { return LengthSymbol(byte); }
  DeflateWriter& Literals(std::string_view bytes);
  DeflateWriter& Match(int length, int distance);
  DeflateWriter& End() { return LengthSymbol(256); }
  DeflateWriter& LengthSymbol(int symbol) { return Put(literal_lengths_[symbol]); }
  DeflateWriter& DistanceSymbol(int symbol) { return Put(distances_[symbol]); }

  const std::string& bytes() const { return bytes_; }

 private:
  struct Codeword {
    uint32_t bits;
    int length;
  };
  static std::vector<Codeword> CodeOf(const std::vector<int>& lengths);
  DeflateWriter& Put(const Codeword& codeword);

  std::string bytes_;
  int free_bits_ = 0;  // not yet written bits of the last byte
  std::vector<Codeword> literal_lengths_;
  std::vector<Codeword> distances_;
};

// zlib's encoding. `level` is 0 to 9, `strategy` is one of zlib's numbers, 0 to 4.
std::string DeflateAs(std::string_view contents, int level, int strategy);

// The result of zlib's decoder.
struct ZlibOutcome {
  std::string contents;  // the bytes before the end or the error
  bool is_good = false;  // true if the data is well-formed
  size_t consumed = 0;   // compressed bytes
};
ZlibOutcome InflateByZlib(std::string_view compressed);

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_DEFLATE_WRITER_H_
