#include "cc/base/shape.h"

#include <gtest/gtest.h>

namespace tf_npz {
namespace {

TEST(ItemCount, IsTheProductOfTheDimensions) {
  EXPECT_EQ(ItemCount({}), 1);
  EXPECT_EQ(ItemCount({5}), 5);
  EXPECT_EQ(ItemCount({5, 3, 2}), 30);
  EXPECT_EQ(ItemCount({5, 3, 2}, 1), 6);
  EXPECT_EQ(ItemCount({5, 3, 2}, 3), 1);
  EXPECT_EQ(ItemCount({5, 0, 2}), 0);
}

}  // namespace
}  // namespace tf_npz
