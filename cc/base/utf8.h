// UTF-8 (RFC 3629): written and checked.

#ifndef TF_NPZ_BASE_UTF8_H_
#define TF_NPZ_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tf_npz {

// The bytes that one code point takes at most.
inline constexpr size_t kMaxUtf8Size = 4;

// Writes `code_point`, which is 0x10FFFF at most, to `to` and returns the end of what it wrote.
// Surrogates are written as any other code point, but are no well-formed UTF-8. Inline, because
// arrays hold millions of code points.
inline char* PutUtf8(uint32_t code_point, char* to) {
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(byte); };
  const auto put_continuation = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_continuation(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_continuation(6);
    put_continuation(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_continuation(12);
    put_continuation(6);
    put_continuation(0);
  }
  return to;
}

// Appends `code_point` to `text`.
inline void AppendUtf8(uint32_t code_point, std::string* text) {
  char bytes[kMaxUtf8Size];
  text->append(bytes, PutUtf8(code_point, bytes) - bytes);
}

// The length of the well-formed sequence that `text` begins with, from 1 to kMaxUtf8Size bytes; 0
// where there is none.
size_t Utf8SequenceLength(std::string_view text);

// Whether all of `text` is well-formed.
bool IsUtf8(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_UTF8_H_
