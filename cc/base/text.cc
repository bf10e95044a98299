#include "cc/base/text.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "cc/base/checked.h"
#include "cc/base/utf8.h"

namespace tf_npz {
namespace {

// Appends the first character of `text`: as it is if it is printable, else its first byte as \xNN.
// Returns the number of bytes taken from `text`. If `in_quotes`, a backslash is put before a quote
// and before a backslash.
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

std::optional<int64_t> TakeCInteger(std::string_view* text) {
  size_t i = text->find_first_not_of(" \t\n\v\f\r");
  if (i == std::string_view::npos) return std::nullopt;
  const bool negative = (*text)[i] == '-';
  if (negative || (*text)[i] == '+') ++i;
  const size_t digits = i;
  int64_t value = 0;
  for (; i < text->size() && (*text)[i] >= '0' && (*text)[i] <= '9'; ++i) {
    const int64_t digit = (*text)[i] - '0';
    if (!CheckedMultiply<int64_t>(value, 10, &value) ||
        !(negative ? CheckedAdd(value, -digit, &value) : CheckedAdd(value, digit, &value))) {
      value = negative ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    }
  }
  if (i == digits) return std::nullopt;
  text->remove_prefix(i);
  return value;
}

}  // namespace tf_npz
