#include "cc/reader/source_name.h"

#include "cc/base/text.h"
#include "cc/reader/directory.h"

namespace tf_npz {

std::string SourceOf(std::string_view path, std::string_view member) {
  std::string name(path);
  name += '\0';
  return name += member;
}

std::string_view PathOf(std::string_view source) { return source.substr(0, source.find('\0')); }

std::optional<std::string_view> MemberOf(std::string_view source) {
  const size_t end = source.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return source.substr(end + 1);
}

std::string SourceLabel(std::string_view source) {
  const std::optional<std::string_view> member = MemberOf(source);
  return Escape(PathOf(source)) + (member ? "[" + Quote(ArrayName(*member)) + "]" : "");
}

std::string_view WithoutFolders(std::string_view source) {
  return source.substr(PathOf(source).rfind('/') + 1);
}

}  // namespace tf_npz
