#include "cc/pipeline/checkpoint.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Filenames = std::vector<std::string>;

Checkpoint In(const Filenames& filenames, int64_t file) {
  return CheckpointAt({file, 3, 100}, filenames, file, CrcOfNames(filenames));
}
Status Check(const Checkpoint& checkpoint, const Filenames& filenames) {
  return ValidateCheckpoint(checkpoint, filenames, checkpoint.position.file, CrcOfNames(filenames));
}

TEST(Checkpoint, AllowsFilesToMoveToAnotherFolder) {
  const Checkpoint checkpoint = In({"here/a.npy", "here/b.npy"}, 1);
  EXPECT_EQ(checkpoint.file_name, "b.npy");
  EXPECT_OK(Check(checkpoint, {"a.npy", "gs://there/and/there/b.npy"}));
  EXPECT_OK(Check(In({"a.npy"}, 1), {"/a.npy"}));  // the end
}

TEST(Checkpoint, SaysWhatIsDifferent) {
  const Checkpoint checkpoint = In({"a.npy", "b.npy", "c.npy"}, 1);
  EXPECT_ERROR(Check(checkpoint, {"a.npy", "b.npy"}), kInvalidArgument,
               "over 3 files, but now there are 2");
  EXPECT_ERROR(Check(checkpoint, {"a.npy", "c.npy", "b.npy"}), kInvalidArgument,
               "was in \"b.npy\", but the list now has \"c.npy\" in its place");
  EXPECT_ERROR(Check(checkpoint, {"c.npy", "b.npy", "a.npy"}), kInvalidArgument, "another order");
  EXPECT_ERROR(Check(checkpoint, {"a.npy", "b.npy", "d.npy"}), kInvalidArgument, "other names");
}

TEST(Checkpoint, ChecksEveryNumber) {
  const Filenames filenames = {"a.npy", "b.npy"};
  for (const int64_t file : {INT64_MIN, int64_t{-1}, int64_t{3}, INT64_MAX}) {
    Checkpoint checkpoint = In(filenames, 1);
    checkpoint.position.file = file;
    EXPECT_ERROR(Check(checkpoint, filenames), kInvalidArgument, "no valid position");
  }
  Checkpoint checkpoint = In(filenames, 1);
  checkpoint.position.element = -1;
  EXPECT_ERROR(Check(checkpoint, filenames), kInvalidArgument, "no valid position");
}

TEST(Checkpoint, DistinguishesNamesThatAreEqualWhenJoined) {
  EXPECT_NE(CrcOfNames({"ab", "c"}), CrcOfNames({"a", "bc"}));
  EXPECT_NE(CrcOfNames({"", "a"}), CrcOfNames({"a", ""}));
}

}  // namespace
}  // namespace tf_npz
