#include "cc/pipeline/budget.h"

#include <gtest/gtest.h>

#include <utility>

namespace tf_npz {
namespace {

TEST(Budget, FitsUpToItsLimit) {
  Budget budget(100);
  const Reservation first = budget.Force(60);
  EXPECT_FALSE(budget.Fits(41));
  EXPECT_TRUE(budget.Fits(40));
  EXPECT_EQ(budget.used(), 60u);
}

TEST(Budget, IsFreeAgainWhenReservationsAreDestroyed) {
  Budget budget(100);
  {
    const Reservation forced = budget.Force(1000);
    EXPECT_EQ(budget.used(), 1000u);
    EXPECT_FALSE(budget.Fits(0));
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Budget, AReservationThatMovesIsCountedOnce) {
  Budget budget(100);
  Reservation first = budget.Force(30);
  Reservation second = std::move(first);
  EXPECT_EQ(budget.used(), 30u);
  second = budget.Force(20);
  EXPECT_EQ(budget.used(), 20u);
  second.ShrinkTo(5);
  EXPECT_EQ(budget.used(), 5u);
  second.Release();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Budget, SizesNearTheLargestDoNotOverflow) {
  Budget budget(UINT64_MAX);
  const Reservation most = budget.Force(UINT64_MAX - 1);
  EXPECT_TRUE(budget.Fits(1));
  EXPECT_FALSE(budget.Fits(2));
}

}  // namespace
}  // namespace tf_npz
