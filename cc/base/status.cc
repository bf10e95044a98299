#include "cc/base/status.h"

#include <cerrno>
#include <cstring>

namespace tf_npz {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "OK";
    case Code::kCancelled:
      return "Cancelled";
    case Code::kInvalidArgument:
      return "InvalidArgument";
    case Code::kNotFound:
      return "NotFound";
    case Code::kPermissionDenied:
      return "PermissionDenied";
    case Code::kResourceExhausted:
      return "ResourceExhausted";
    case Code::kUnimplemented:
      return "Unimplemented";
    case Code::kInternal:
      return "Internal";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kDataLoss:
      return "DataLoss";
  }
  return "Internal";
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  return Status(code_, std::string(context) + message_);
}

Status InvalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
Status NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
Status DataLoss(std::string message) { return {Code::kDataLoss, std::move(message)}; }
Status Unimplemented(std::string message) { return {Code::kUnimplemented, std::move(message)}; }
Status ResourceExhausted(std::string message) {
  return {Code::kResourceExhausted, std::move(message)};
}
Status Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
Status Internal(std::string message) { return {Code::kInternal, std::move(message)}; }
Status Cancelled() { return {Code::kCancelled, "reading was cancelled"}; }

Status StatusFromErrno(int errnum, std::string_view what) {
  char buffer[128];
  // The GNU variant returns the text. It may lie outside of `buffer`.
  const char* text = strerror_r(errnum, buffer, sizeof(buffer));
  std::string message = std::string(what) + ": " + text;
  switch (errnum) {
    case ENOENT:
    case ENOTDIR:
      return NotFound(std::move(message));
    case EACCES:
    case EPERM:
      return {Code::kPermissionDenied, std::move(message)};
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return InvalidArgument(std::move(message));
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ResourceExhausted(std::move(message));
    default:  // EIO too: a disk or a network failed, which says nothing about the file's bytes
      return Unavailable(std::move(message));
  }
}

}  // namespace tf_npz
