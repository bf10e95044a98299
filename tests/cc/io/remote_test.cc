#include "cc/io/remote.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

TEST(HasScheme, TellsPathsOfOtherFileSystemsFromLocalOnes) {
  for (const char* path : {"gs://b/o", "ram://", "file:///tmp", "s3+x.y-1://b", "A://"}) {
    EXPECT_TRUE(HasScheme(path)) << path;
  }
  for (const char* path :
       {"", "a", "/a", "://a", "1s://a", "a b://c", "dir/gs://b", "gs:/b", "ü://"}) {
    EXPECT_FALSE(HasScheme(path)) << path;
  }
}

TEST(FileSystemError, IsOneOfOurs) {
  const struct {
    int code;  // of absl::StatusCode
    Code expected;
    const char* name;
  } cases[] = {
      {1, Code::kCancelled, "cancelled"},
      {2, Code::kUnavailable, "unknown"},
      {3, Code::kInvalidArgument, "invalid argument"},
      {4, Code::kUnavailable, "deadline exceeded"},
      {5, Code::kNotFound, "not found"},
      {6, Code::kUnavailable, "already exists"},
      {7, Code::kPermissionDenied, "permission denied"},
      {8, Code::kResourceExhausted, "resource exhausted"},
      {9, Code::kUnavailable, "failed precondition"},
      {10, Code::kUnavailable, "aborted"},
      {11, Code::kDataLoss, "out of range"},
      {12, Code::kUnimplemented, "unimplemented"},
      {13, Code::kUnavailable, "internal"},
      {14, Code::kUnavailable, "unavailable"},
      {15, Code::kDataLoss, "data loss"},
      {16, Code::kPermissionDenied, "unauthenticated"},
      {17, Code::kUnavailable, "unknown"},
      {-1, Code::kUnavailable, "unknown"},
  };
  for (const auto& c : cases) {
    const Status named = FileSystemError(c.code, "", "gs://b/o");
    EXPECT_EQ(named.code(), c.expected) << c.name;
    EXPECT_EQ(named.message(), c.name);
    const Status told = FileSystemError(c.code, "no\n\t when reading gs://b/o", "gs://b/o");
    EXPECT_EQ(told.code(), c.expected) << c.name;
    EXPECT_EQ(told.message(), "no");
  }
}

}  // namespace
}  // namespace tf_npz
