#include "cc/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <limits>
#include <memory>

#include "cc/base/bytes.h"
#include "cc/base/checked.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

TEST(Status, IsOkUnlessItSaysOtherwise) {
  EXPECT_TRUE(Status().ok());
  EXPECT_TRUE(OkStatus().ok());
  EXPECT_FALSE(DataLoss("").ok());
}

TEST(Status, HasTheCodeOfTheFunctionThatMadeIt) {
  const struct {
    Status status;
    Code code;
    const char* name;
  } cases[] = {
      {OkStatus(), Code::kOk, "OK"},
      {Cancelled(), Code::kCancelled, "Cancelled"},
      {InvalidArgument("m"), Code::kInvalidArgument, "InvalidArgument"},
      {NotFound("m"), Code::kNotFound, "NotFound"},
      {Status(Code::kPermissionDenied, "m"), Code::kPermissionDenied, "PermissionDenied"},
      {ResourceExhausted("m"), Code::kResourceExhausted, "ResourceExhausted"},
      {Unimplemented("m"), Code::kUnimplemented, "Unimplemented"},
      {Internal("m"), Code::kInternal, "Internal"},
      {Unavailable("m"), Code::kUnavailable, "Unavailable"},
      {DataLoss("m"), Code::kDataLoss, "DataLoss"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(c.status.code(), c.code) << c.name;
    EXPECT_EQ(CodeName(c.code), c.name);
  }
}

TEST(Status, GainsContextLayerByLayer) {
  const Status leaf = DataLoss("is damaged");
  EXPECT_ERROR(leaf.WithContext("at byte 3: ").WithContext("a.npz: "), kDataLoss,
               "a.npz: at byte 3: is damaged");
  EXPECT_EQ(leaf.message(), "is damaged");
  EXPECT_OK(OkStatus().WithContext("a.npz: "));
  EXPECT_EQ(OkStatus().WithContext("a.npz: ").message(), "");
}

TEST(StatusFromErrno, TellsWhatTheUserCanDoSomethingAbout) {
  const struct {
    int errnum;
    Code code;
  } cases[] = {
      {ENOENT, Code::kNotFound},          {ENOTDIR, Code::kNotFound},
      {EACCES, Code::kPermissionDenied},  {EPERM, Code::kPermissionDenied},
      {EISDIR, Code::kInvalidArgument},   {ENAMETOOLONG, Code::kInvalidArgument},
      {EMFILE, Code::kResourceExhausted}, {ENOMEM, Code::kResourceExhausted},
      {EIO, Code::kUnavailable},          {ETIMEDOUT, Code::kUnavailable},
  };
  for (const auto& c : cases) {
    const Status status = StatusFromErrno(c.errnum, "can't open");
    EXPECT_EQ(status.code(), c.code) << status.message();
    EXPECT_EQ(status.message().rfind("can't open: ", 0), 0u) << status.message();
  }
  EXPECT_ERROR(StatusFromErrno(ENOENT, "x"), kNotFound, "No such file");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value = 3;
  ASSERT_OK(value);
  EXPECT_EQ(*value, 3);
  const Result<int> error = NotFound("no");
  EXPECT_FALSE(error.ok());
  EXPECT_ERROR(error, kNotFound, "no");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  TF_NPZ_ASSIGN_OR_RETURN(const int half, Half(value));
  TF_NPZ_ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int value) {
  TF_NPZ_RETURN_IF_ERROR(Quarter(value).status());
  return OkStatus();
}

TEST(StatusMacros, PassOnTheFirstError) {
  ASSERT_OK(Quarter(8));
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_ERROR(Quarter(6), kInvalidArgument, "odd");
  EXPECT_OK(CheckQuarter(8));
  EXPECT_ERROR(CheckQuarter(3), kInvalidArgument, "odd");
}

TEST(LoadLittle, ReadsUnsignedIntegersAtAnyAddress) {
  const char bytes[] = "\x00\xff\xfe\xfd\xfc\x01\x02\x03\x84";
  EXPECT_EQ(LoadLittle16(bytes + 1), 0xfeff);
  EXPECT_EQ(LoadLittle32(bytes + 1), 0xfcfdfeffu);
  EXPECT_EQ(LoadLittle64(bytes + 1), 0x84030201fcfdfeffu);
}

TEST(Checked, SaysWhereTheResultDoesNotFit) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  uint64_t result = 0;
  EXPECT_TRUE(CheckedAdd<uint64_t>(kMax - 1, 1, &result));
  EXPECT_EQ(result, kMax);
  EXPECT_FALSE(CheckedAdd<uint64_t>(kMax, 1, &result));
  EXPECT_TRUE(CheckedMultiply<uint64_t>(kMax / 5, 5, &result));
  EXPECT_EQ(result, kMax);
  EXPECT_FALSE(CheckedMultiply<uint64_t>(kMax / 5 + 1, 5, &result));
  int64_t signed_result = 0;
  EXPECT_FALSE(CheckedMultiply<int64_t>(int64_t{1} << 62, 2, &signed_result));
}

}  // namespace
}  // namespace tf_npz
