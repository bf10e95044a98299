// Writes raw deflate (RFC 1951) symbol by symbol, right or wrong, and asks zlib what it thinks of
// any.

#ifndef TF_NPZ_TESTING_DEFLATE_WRITER_H_
#define TF_NPZ_TESTING_DEFLATE_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

class DeflateWriter {
 public:
  // `count` bits, the lowest first.
  DeflateWriter& Bits(uint32_t value, int count);
  DeflateWriter& Align();

  DeflateWriter& Stored(std::string_view bytes, bool is_last = false);
  DeflateWriter& BeginFixed(bool is_last = false);
  // Writes the codes as they are told, by the lengths of their codewords.
  DeflateWriter& BeginDynamic(const std::vector<int>& literal_lengths,
                              const std::vector<int>& distances, bool is_last = false);

  // Of the block that was begun.
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
  int free_bits_ = 0;  // of the last byte
  std::vector<Codeword> literal_lengths_;
  std::vector<Codeword> distances_;
};

// By zlib. `strategy` is one of its numbers, 0 to 4.
std::string DeflateAs(std::string_view contents, int level, int strategy);

struct ZlibsView {
  std::string contents;  // all that comes before the end or the error
  bool is_good = false;
  size_t consumed = 0;
};
ZlibsView InflateByZlib(std::string_view compressed);

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_DEFLATE_WRITER_H_
