#include "cc/base/shape.h"

#include <gtest/gtest.h>

namespace tf_npz {
namespace {

TEST(ElementCount, IsTheProductOfTheDimensions) {
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(ElementCount({5}), 5);
  EXPECT_EQ(ElementCount({5, 3, 2}), 30);
  EXPECT_EQ(ElementCount({5, 3, 2}, 1), 6);
  EXPECT_EQ(ElementCount({5, 3, 2}, 3), 1);
  EXPECT_EQ(ElementCount({5, 0, 2}), 0);
}

}  // namespace
}  // namespace tf_npz
