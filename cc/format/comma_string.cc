#include "cc/format/comma_string.h"

#include <algorithm>
#include <utility>

namespace tf_npz {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Python's \s, in UTF-8.
constexpr std::string_view kSpaces[] = {
    "\t",           "\n",           "\v",           "\f",           "\r",
    "\x1c",         "\x1d",         "\x1e",         "\x1f",         " ",
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

// Reads repeats as Python does: "2" is an integer, "(2, 3)" and "2, 3" are tuples.
Result<PythonLiteral> ParseRepeats(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const bool bare_tuple = text.substr(begin, 1) != "(" && text.find(',') != std::string_view::npos;
  return ParsePythonLiteral(bare_tuple ? "(" + std::string(text) + ")" : std::string(text));
}

}  // namespace

bool IsCommaString(std::string_view text) {
  const bool has_order = !text.empty() && IsByteOrder(text[0]);
  const std::string_view unordered = text.substr(has_order ? 1 : 0);
  if (!unordered.empty() && IsDigit(unordered[0])) return true;
  if (text.substr(0, 2) == "()" || (text.size() > 3 && unordered.substr(0, 2) == "()")) return true;
  // A comma within brackets separates no parts: NumPy reserves it for parameters of a dtype.
  int brackets = 0;
  for (const char c : text) {
    if (c == ',' && brackets == 0) return true;
    brackets += c == '[';
    brackets -= c == ']';
  }
  return false;
}

Result<CommaString::Part> CommaString::Next() {
  std::string_view order = TakeOrder();
  const std::string_view repeats = TakeRepeats();
  const std::string_view second_order = TakeOrder();
  const std::string_view dtype = TakeDType();
  if (!rest_.empty() && !TakeSeparator()) return DataLoss("unexpected text in a field");

  const auto native = [](std::string_view o) { return o == "=" ? std::string_view("<") : o; };
  if (order.empty()) {
    order = second_order;
  } else if (!second_order.empty() && native(order) != native(second_order)) {
    return DataLoss("two byte orders");
  }
  Part part;
  part.dtype = std::string(order == ">" ? ">" : "") + std::string(dtype);
  if (!repeats.empty()) {
    Result<PythonLiteral> value = ParseRepeats(repeats);
    if (!value.ok()) return DataLoss("malformed repeats");
    part.repeats = *std::move(value);
  }
  return part;
}

std::string_view CommaString::Take(size_t size) {
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string_view CommaString::TakeOrder() {
  return Take(!rest_.empty() && IsByteOrder(rest_[0]) ? 1 : 0);
}

// " *[(]?[ ,0-9]*[)]? *"
std::string_view CommaString::TakeRepeats() {
  size_t end = 0;
  const auto skip = [this, &end](std::string_view characters) {
    end = std::min(rest_.find_first_not_of(characters, end), rest_.size());
  };
  skip(" ");
  if (rest_.substr(end, 1) == "(") ++end;
  skip(" ,0123456789");
  if (rest_.substr(end, 1) == ")") ++end;
  skip(" ");
  return Take(end);
}

// "[A-Za-z0-9.?]*(?:\[[a-zA-Z0-9,.]+\])?"
std::string_view CommaString::TakeDType() {
  const auto skip = [this](size_t begin, char other, char another) {
    size_t end = begin;
    while (end < rest_.size() &&
           (IsAlphanumeric(rest_[end]) || rest_[end] == other || rest_[end] == another)) {
      ++end;
    }
    return end;
  };
  const size_t end = skip(0, '.', '?');
  if (rest_.substr(end, 1) != "[") return Take(end);
  const size_t closing = skip(end + 1, ',', '.');
  const bool closed = closing > end + 1 && rest_.substr(closing, 1) == "]";
  return Take(closed ? closing + 1 : end);
}

void CommaString::SkipSpaces() {
  const auto begins = [this](std::string_view space) {
    return rest_.substr(0, space.size()) == space;
  };
  for (;;) {
    const auto* space = std::find_if(std::begin(kSpaces), std::end(kSpaces), begins);
    if (space == std::end(kSpaces)) return;
    rest_.remove_prefix(space->size());
  }
}

// Takes a comma with the spaces around it, or the spaces at the end. Returns false if there is
// other text.
bool CommaString::TakeSeparator() {
  SkipSpaces();
  if (rest_.empty()) return true;
  if (rest_[0] != ',') return false;
  rest_.remove_prefix(1);
  SkipSpaces();
  has_comma_ = true;
  return true;
}

}  // namespace tf_npz
