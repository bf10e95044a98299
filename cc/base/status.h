// Status and Result: how every layer reports errors.
//
// A Status is a code and a message. A Result<T> is a T, or a Status that is not OK. The codes are
// the ones of TensorFlow that this project uses; docs/design.md says what each means. The end of
// the data is never an error. Both types are plain values: they own what they hold, and a copy
// shares nothing with the original.

#ifndef TF_NPZ_BASE_STATUS_H_
#define TF_NPZ_BASE_STATUS_H_

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tf_npz {

// The numbers are those of absl::StatusCode and of tf.errors, so a cast converts one to the other.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kInvalidArgument = 3,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
};

// "InvalidArgument" and so on. The documentation and the messages use this spelling.
std::string_view CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same code, and `context` followed by the message. Each layer adds what it knows: for
  // example the name of the file. An OK status stays as it is.
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

// The Status of a failed system call. `errnum` is its errno and decides the code. `what` says what
// was tried ("can't open") and begins the message.
Status StatusFromErrno(int errnum, std::string_view what);

template <typename T>
class [[nodiscard]] Result {
 public:
  // A function that returns a Result returns a T or a Status.
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) { assert(!std::get<Status>(state_).ok()); }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? OkStatus() : std::get<Status>(state_); }

  // Call these only if ok().
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
