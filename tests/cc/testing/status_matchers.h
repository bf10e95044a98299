// Assertions about a Status or a Result: it is OK, or it is an error with a certain code and
// message.

#ifndef TF_NPZ_TESTING_STATUS_MATCHERS_H_
#define TF_NPZ_TESTING_STATUS_MATCHERS_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "cc/base/status.h"

namespace tf_npz {

// How GoogleTest prints a code.
inline void PrintTo(Code code, std::ostream* os) { *os << CodeName(code); }

inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

inline ::testing::AssertionResult IsOk(const Status& status) {
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << CodeName(status.code()) << ": " << status.message();
}

// Succeeds if `status` has the code `code` and a message that contains `fragment`.
inline ::testing::AssertionResult IsError(const Status& status, Code code,
                                          std::string_view fragment) {
  if (status.code() == code && status.message().find(fragment) != std::string::npos) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << "expected " << CodeName(code) << " with \"" << fragment << "\", got "
         << CodeName(status.code()) << ": " << status.message();
}

}  // namespace tf_npz

#define ASSERT_OK(expr) ASSERT_TRUE(::tf_npz::IsOk(::tf_npz::StatusOf(expr)))
#define EXPECT_OK(expr) EXPECT_TRUE(::tf_npz::IsOk(::tf_npz::StatusOf(expr)))
#define EXPECT_ERROR(expr, code, fragment) \
  EXPECT_TRUE(::tf_npz::IsError(::tf_npz::StatusOf(expr), ::tf_npz::Code::code, fragment))

#endif  // TF_NPZ_TESTING_STATUS_MATCHERS_H_
