#include "cc/base/text.h"

#include <algorithm>
#include <cstdio>

namespace tf_npz {
namespace {

// The length of the well-formed UTF-8 sequence (RFC 3629) of two bytes or more that `text` begins
// with, or 0.
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

// Appends the character that `text` begins with, printable or as \xNN; returns its length in bytes.
// In quotes, a quote and a backslash get a backslash.
size_t AppendEscaped(std::string_view text, bool in_quotes, std::string* escaped) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte >= 0x20 && byte < 0x7F) {
    if (in_quotes && (text[0] == '"' || text[0] == '\\')) escaped->push_back('\\');
    escaped->push_back(text[0]);
    return 1;
  }
  if (const size_t length = byte < 0x80 ? 0 : Utf8SequenceLength(text); length > 0) {
    escaped->append(text.substr(0, length));
    return length;
  }
  char hex[8];
  std::snprintf(hex, sizeof(hex), "\\x%02x", byte);
  escaped->append(hex);
  return 1;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const bool ascii = static_cast<unsigned char>(text[0]) < 0x80;
    const size_t length = ascii ? 1 : Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size();) i += AppendEscaped(text.substr(i), false, &escaped);
  return escaped;
}

std::string Quote(std::string_view text, size_t limit) {
  std::string quoted = "\"";
  size_t i = 0;
  while (i < text.size() && i < limit) i += AppendEscaped(text.substr(i), true, &quoted);
  quoted += '"';
  if (i < text.size()) quoted += "…";
  return quoted;
}

std::string WithoutPath(std::string_view message, std::string_view path) {
  const std::string word = " " + std::string(path);
  std::string text;
  while (!message.empty()) {
    const std::string line = " " + std::string(message.substr(0, message.find('\n')));
    message.remove_prefix(std::min(line.size(), message.size()));
    if (line[1] != '\t' || line.find(word) == std::string::npos) text += line;
  }
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
    const size_t end = at + word.size();
    if (end == text.size() || text[end] == ' ') {
      text.erase(at, word.size());
    } else {
      at = end;
    }
  }
  return text.empty() ? text : text.substr(1);
}

std::string List(size_t count, const std::function<std::string(size_t)>& text_of, size_t limit) {
  std::string list;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) list += ", ";
    if (i == limit) return list + "… (" + std::to_string(count) + " in all)";
    list += text_of(i);
  }
  return list;
}

std::string QuoteList(const std::vector<std::string>& texts, size_t limit) {
  return List(texts.size(), [&](size_t i) { return Quote(texts[i]); }, limit);
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
