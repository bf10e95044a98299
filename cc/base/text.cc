#include "tf_npz/base/text.h"

#include <cstdio>

namespace tf_npz {
namespace {

// The length of the well-formed UTF-8 sequence (RFC 3629) of two bytes or more that `text` begins with, or 0.
size_t Utf8SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::string Quote(std::string_view text, size_t limit) {
  std::string quoted = "\"";
  size_t i = 0;
  while (i < text.size() && i < limit) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    size_t length = 1;
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += text[i];
    } else if (c >= 0x20 && c < 0x7F) {
      quoted += text[i];
    } else if (c >= 0x80 && (length = Utf8SequenceLength(text.substr(i))) != 0) {
      quoted += text.substr(i, length);
    } else {
      length = 1;
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", c);
      quoted += escaped;
    }
    i += length;
  }
  quoted += '"';
  if (i < text.size()) quoted += "…";
  return quoted;
}

std::string QuoteList(const std::vector<std::string>& texts, size_t limit) {
  std::string list;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) list += ", ";
    if (i == limit) return list + "… (" + std::to_string(texts.size()) + " in all)";
    list += Quote(texts[i]);
  }
  return list;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "None" : std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace tf_npz
