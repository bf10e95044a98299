#include "cc/pipeline/file_order.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tf_npz {
namespace {

FileOrder::Filenames Names(int count) {
  auto names = std::make_shared<std::vector<std::string>>();
  for (int i = 0; i < count; ++i) names->push_back(std::to_string(i));
  return names;
}

TEST(FileOrder, GivesTheListFromFrontToBack) {
  FileOrder order(Names(3), {}, {});
  for (int64_t place = 0; place < 3; ++place) {
    EXPECT_FALSE(order.at_end());
    const std::optional<Extent> extent = order.Next(1);
    ASSERT_TRUE(extent);
    EXPECT_EQ(extent->place, place);
    EXPECT_EQ(*extent->filenames, std::to_string(place));
    EXPECT_EQ(extent->first, 0);
    EXPECT_EQ(extent->end, kToTheEnd);
  }
  EXPECT_TRUE(order.at_end());
  EXPECT_FALSE(order.Next(1));
}

TEST(FileOrder, BeginsAtTheGivenPosition) {
  FileOrder order(Names(3), {}, {1, 7, 1000});
  const std::optional<Extent> first = order.Next(1);
  EXPECT_EQ(first->place, 1);
  EXPECT_EQ(first->first, 7);
  EXPECT_EQ(first->least, 7);
  EXPECT_EQ(first->file_size, 1000);
  EXPECT_TRUE(first->verify_skipped);
  const std::optional<Extent> second = order.Next(1);
  EXPECT_EQ(second->first, 0);
  EXPECT_EQ(second->file_size, -1);
}

TEST(FileOrder, StaysWithinItsShare) {
  FileOrder::Options options;
  options.begin = 3;
  options.end = 5;
  FileOrder order(Names(2), options, {});
  const std::optional<Extent> first = order.Next(1);
  EXPECT_EQ(first->first, 3);
  EXPECT_FALSE(first->verify_skipped);  // the beginning belongs to another share
  const std::optional<Extent> last = order.Next(1);
  EXPECT_EQ(last->end, 5);
  EXPECT_EQ(last->least, 5);
}

TEST(FileOrder, NothingBeforeASkipIsVerified) {
  FileOrder::Options options;
  options.verify_before_start = false;
  FileOrder order(Names(2), options, {0, 4, 100});
  EXPECT_FALSE(order.Next(1)->verify_skipped);
  EXPECT_TRUE(order.Next(1)->verify_skipped);
}

TEST(FileOrder, RunsEndAtFilesThatFailed) {
  FileOrder order(Names(20), {}, {});
  order.Cut(5, 0);
  order.Cut(9, 2);
  EXPECT_EQ(order.Next(16)->files, 5);
  std::optional<Extent> extent = order.Next(16);
  EXPECT_EQ(extent->place, 6);  // file 5 has no elements left
  EXPECT_EQ(extent->files, 3);
  extent = order.Next(16);
  EXPECT_EQ(extent->place, 9);
  EXPECT_EQ(extent->files, 1);
  EXPECT_EQ(extent->end, 2);
  EXPECT_EQ(order.Next(16)->files, 10);
  EXPECT_TRUE(order.at_end());
}

TEST(FileOrder, RestartsAnywhere) {
  FileOrder order(Names(4), {}, {});
  order.Next(4);
  order.Restart({2, 5, 77});
  const std::optional<Extent> extent = order.Next(4);
  EXPECT_EQ(extent->place, 2);
  EXPECT_EQ(extent->first, 5);
  EXPECT_EQ(extent->file_size, 77);
  EXPECT_EQ(extent->files, 1);  // the extent begins within the file
}

TEST(FileOrder, FilesAreNamedOneByOne) {
  FileOrder::Options options;
  options.is_named = true;
  options.named = {2};
  FileOrder order(Names(4), options, {});
  EXPECT_EQ(*order.Next(16)->filenames, "2");
  EXPECT_FALSE(order.Next(16));
  EXPECT_FALSE(order.at_end());
  order.Add(0);
  order.Add(3);
  EXPECT_EQ(*order.Next(16)->filenames, "0");
  order.Complete();
  EXPECT_FALSE(order.at_end());
  EXPECT_EQ(*order.Next(16)->filenames, "3");
  EXPECT_TRUE(order.at_end());
  EXPECT_EQ(order.IndicesFrom(1), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(order.IndicesFrom(3), (std::vector<int64_t>{}));
}

}  // namespace
}  // namespace tf_npz
