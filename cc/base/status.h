// Status and Result: how every layer says what went wrong.
//
// A Status is a code and a message; a Result<T> is a T or a Status that is not OK. The codes are
// those of TensorFlow that this project uses, with the meaning that docs/design.md gives them. End
// of data is never an error. Both are plain values: copy, move and share them as such.

#ifndef TF_NPZ_BASE_STATUS_H_
#define TF_NPZ_BASE_STATUS_H_

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tf_npz {

enum class Code {
  kOk,
  kCancelled,
  kInvalidArgument,
  kNotFound,
  kPermissionDenied,
  kResourceExhausted,
  kUnimplemented,
  kInternal,
  kUnavailable,
  kDataLoss,
};

// "InvalidArgument" and so on, as docs and messages spell them.
std::string_view CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same code with `context` before the message: what the next layer knows, added by that
  // layer.
  Status WithContext(std::string_view context) const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

inline Status OkStatus() { return Status(); }
Status InvalidArgument(std::string message);
Status NotFound(std::string message);
Status DataLoss(std::string message);
Status Unimplemented(std::string message);
Status ResourceExhausted(std::string message);
Status Unavailable(std::string message);
Status Internal(std::string message);
Status Cancelled();

// The Status of a failed system call: `errnum` decides the code, `what` names what was tried.
Status StatusFromErrno(int errnum, std::string_view what);

template <typename T>
class [[nodiscard]] Result {
 public:
  // A function that returns a Result returns a T or a Status.
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) { assert(!std::get<Status>(state_).ok()); }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? OkStatus() : std::get<Status>(state_); }

  // Only where ok().
  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace tf_npz

#define TF_NPZ_CONCAT_INNER(a, b) a##b
#define TF_NPZ_CONCAT(a, b) TF_NPZ_CONCAT_INNER(a, b)

#define TF_NPZ_RETURN_IF_ERROR(expr)               \
  do {                                             \
    ::tf_npz::Status tf_npz_status = (expr);       \
    if (!tf_npz_status.ok()) return tf_npz_status; \
  } while (false)

#define TF_NPZ_ASSIGN_OR_RETURN(lhs, expr) \
  TF_NPZ_ASSIGN_OR_RETURN_IMPL(TF_NPZ_CONCAT(tf_npz_result_, __LINE__), lhs, expr)
#define TF_NPZ_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return result.status();             \
  lhs = std::move(result).value()

#endif  // TF_NPZ_BASE_STATUS_H_
