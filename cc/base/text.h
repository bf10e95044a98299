// Text for messages: untrusted bytes quoted and cut, sizes and lists as a person reads them.

#ifndef TF_NPZ_BASE_TEXT_H_
#define TF_NPZ_BASE_TEXT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// `text` in double quotes; bytes that are not printable ASCII or part of well-formed UTF-8 as \xNN;
// cut after `limit` bytes with "…" to say so.
std::string Quote(std::string_view text, size_t limit = 100);

// Whether `text` is well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view text);

// `text` as Quote has it, but without the quotes and whole: for paths, which a user wants to copy.
std::string Escape(std::string_view text);

// The message of an error with a file, in one line and without the file's path: whoever says which
// file it is names it, once. What only says it ("\n\t when reading PATH", as gs:// appends) is cut.
std::string WithoutPath(std::string_view message, std::string_view path);

// text_of(0), text_of(1), …, `count` in all, separated by ", "; after `limit` of them "… (N in
// all)".
std::string List(size_t count, const std::function<std::string(size_t)>& text_of,
                 size_t limit = 20);

// The same of the Quote of each.
std::string QuoteList(const std::vector<std::string>& texts, size_t limit = 20);

// (28, 28), (3,), (): as NumPy prints a shape. A negative dimension, which is one not known, prints
// as None.
std::string ShapeText(const std::vector<int64_t>& shape);

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_TEXT_H_
