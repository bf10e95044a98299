#include "cc/io/remote.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

bool IsLetter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); }

bool IsOfScheme(char c) {
  return IsLetter(c) || ('0' <= c && c <= '9') || c == '+' || c == '.' || c == '-';
}

struct FileSystemCode {
  const char* name;
  Code code;
};

// In the order of absl::StatusCode. What is to be tried again, or nobody's fault here, is
// Unavailable.
constexpr FileSystemCode kCodes[] = {
    {"ok", Code::kUnavailable},  // no error has this code
    {"cancelled", Code::kCancelled},
    {"unknown", Code::kUnavailable},
    {"invalid argument", Code::kInvalidArgument},
    {"deadline exceeded", Code::kUnavailable},
    {"not found", Code::kNotFound},
    {"already exists", Code::kUnavailable},
    {"permission denied", Code::kPermissionDenied},
    {"resource exhausted", Code::kResourceExhausted},
    {"failed precondition", Code::kUnavailable},  // there is no way to the server
    {"aborted", Code::kUnavailable},              // gs:// has retried in vain
    {"out of range", Code::kDataLoss},            // the file ends too early
    {"unimplemented", Code::kUnimplemented},
    // The server's answer makes no sense: half an object, for example. It is no bug of ours.
    {"internal", Code::kUnavailable},
    {"unavailable", Code::kUnavailable},
    {"data loss", Code::kDataLoss},
    {"unauthenticated", Code::kPermissionDenied},
};
constexpr FileSystemCode kUnknown = kCodes[2];

}  // namespace

bool HasScheme(std::string_view path) {
  const size_t end = path.find("://");
  if (end == std::string_view::npos || end == 0) return false;
  return IsLetter(path[0]) && std::all_of(path.begin(), path.begin() + end, IsOfScheme);
}

Status FileSystemError(int code, std::string_view message, std::string_view path) {
  const bool is_known = 0 <= code && static_cast<size_t>(code) < std::size(kCodes);
  const FileSystemCode& known = is_known ? kCodes[code] : kUnknown;
  return Status(known.code, message.empty() ? known.name : WithoutPath(message, path));
}

}  // namespace tf_npz
