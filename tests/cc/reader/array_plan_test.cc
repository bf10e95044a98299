#include "cc/reader/array_plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Components = std::vector<size_t>;

std::string Header(int64_t rows) { return NpyHeaderBytes(NpyDict("<f4", {rows, 3})); }

std::shared_ptr<const ArrayPlan> Layout(int64_t rows) {
  ArrayPlan layout = ArrayPlan::Of(ParseNpyHeader(Header(rows)).value(), true).value();
  layout.header_bytes = Header(rows);
  layout.components.resize(1);
  return std::make_shared<const ArrayPlan>(std::move(layout));
}

TEST(ArrayPlan, HasElementsThatAreRowsOrTheWhole) {
  const NpyHeader header = ParseNpyHeader(NpyHeaderBytes(NpyDict("<f4", {5, 2, 3}))).value();
  const ArrayPlan rows = ArrayPlan::Of(header, true).value();
  EXPECT_EQ(rows.count, 5);
  EXPECT_EQ(rows.element_shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(rows.rows_per_element, 1);
  EXPECT_EQ(rows.row_size, 24u);
  const ArrayPlan whole = ArrayPlan::Of(header, false).value();
  EXPECT_EQ(whole.count, 1);
  EXPECT_EQ(whole.element_shape, (std::vector<int64_t>{5, 2, 3}));
  EXPECT_EQ(whole.rows_per_element, 5);
  EXPECT_EQ(whole.row_size, 24u);
}

TEST(PlanCache, KnowsWhatItWasToldAndNothingElse) {
  PlanCache cache;
  EXPECT_EQ(cache.Find(Header(1), {0}), nullptr);
  const std::shared_ptr<const ArrayPlan> layout = Layout(1);
  cache.Insert({0}, layout);
  EXPECT_EQ(cache.Find(Header(1), {0}), layout);
  EXPECT_EQ(cache.Find(Header(1), {1}), nullptr);
  EXPECT_EQ(cache.Find(Header(1), {0, 1}), nullptr);
  EXPECT_EQ(cache.Find(Header(2), {0}), nullptr);
}

TEST(PlanCache, DoesNotGrow) {
  PlanCache cache;
  int known = 0;
  for (int64_t rows = 0; rows < 500; ++rows) cache.Insert({0}, Layout(rows));
  for (int64_t rows = 0; rows < 500; ++rows) known += cache.Find(Header(rows), {0}) != nullptr;
  EXPECT_GT(known, 0);
  EXPECT_LE(known, 16);
  const std::string large = NpyHeaderBytes(NpyDict("<f4", {7}) + std::string(5000, ' '));
  ArrayPlan layout = *Layout(7);
  layout.header_bytes = large;
  cache.Insert({0}, std::make_shared<const ArrayPlan>(layout));
  EXPECT_EQ(cache.Find(large, {0}), nullptr);
}

TEST(PlanCache, MayBeUsedByManyThreads) {
  PlanCache cache;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int64_t i = 0; i < 500; ++i) {
        const int64_t rows = (i * (thread + 1)) % 37;
        const std::shared_ptr<const ArrayPlan> layout = cache.Find(Header(rows), {0});
        if (layout == nullptr) {
          cache.Insert({0}, Layout(rows));
        } else {
          EXPECT_EQ(layout->count, rows);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
