// Text for messages: untrusted bytes are quoted and cut, shapes and lists are made readable. Also
// small functions that read text. All functions are pure.

#ifndef TF_NPZ_BASE_TEXT_H_
#define TF_NPZ_BASE_TEXT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// `text` in double quotes. A byte is printed as \xNN if it is neither printable ASCII nor part of
// well-formed UTF-8. Text longer than `limit` bytes is cut there, and "…" follows.
std::string Quote(std::string_view text, size_t limit = 100);

// Like Quote, but without the quotes and never cut. It is for paths, because a user may want to
// copy them.
std::string Escape(std::string_view text);

// The message of an error about the file `path`, in one line and without that path. The caller puts
// the path before the message, so it would appear twice. A line that only names the file is removed
// as a whole: TensorFlow's gs:// file system appends "\n\t when reading PATH".
std::string WithoutPath(std::string_view message, std::string_view path);

// Joins text_of(0), text_of(1), … with ", ". `count` is the number of texts. After `limit` of them
// it ends with "… (N in all)".
std::string List(size_t count, const std::function<std::string(size_t)>& text_of,
                 size_t limit = 20);

// List of the Quote of each text.
std::string QuoteList(const std::vector<std::string>& texts, size_t limit = 20);

// A shape as NumPy prints it: (28, 28), (3,), (). A negative dimension means an unknown one; it is
// printed as None.
std::string ShapeText(const std::vector<int64_t>& shape);

// Reads an integer at the beginning of `*text` as C's strtol does: white space, a sign, decimal
// digits. Removes it from `*text`. A value outside of int64_t becomes the nearest int64_t. Returns
// nullopt, and leaves `*text` as it is, if there is no integer.
std::optional<int64_t> TakeCInteger(std::string_view* text);

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_TEXT_H_
