#include "cc/reader/plan_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

const std::vector<size_t> kFirst = {0};
const PlanCache::Key kKey = {kFirst, kFirst, true};

std::string Header(int64_t rows) { return NpyHeaderBytes(NpyDict("<f4", {rows, 3})); }

std::shared_ptr<const ArrayPlan> PlanOf(int64_t rows) {
  FieldPath culprit;
  ArrayPlan plan = ArrayPlan::Make(ParseNpyHeader(Header(rows)).value(),
                                   {true, {{{}, {ElementType::kFloat32, std::nullopt}}}}, &culprit)
                       .value();
  plan.header_bytes = Header(rows);
  return std::make_shared<const ArrayPlan>(std::move(plan));
}

TEST(PlanCache, FindsOnlyThePlansThatWereInserted) {
  PlanCache cache;
  const std::vector<size_t> second = {1}, both = {0, 1};
  EXPECT_EQ(cache.Find(Header(1), kKey), nullptr);
  const std::shared_ptr<const ArrayPlan> plan = PlanOf(1);
  cache.Insert(kKey, plan);
  EXPECT_EQ(cache.Find(Header(1), kKey), plan);
  EXPECT_EQ(cache.Find(Header(1), {second, kFirst, true}), nullptr);
  EXPECT_EQ(cache.Find(Header(1), {both, both, true}), nullptr);
  EXPECT_EQ(cache.Find(Header(1), {kFirst, second, true}), nullptr) << "another key was chosen";
  EXPECT_EQ(cache.Find(Header(1), {kFirst, kFirst, false}), nullptr)
      << "keys of an .npy name no array";
  EXPECT_EQ(cache.Find(Header(2), kKey), nullptr);
}

TEST(PlanCache, KeepsABoundedNumberOfPlans) {
  PlanCache cache;
  int known = 0;
  for (int64_t rows = 0; rows < 500; ++rows) cache.Insert(kKey, PlanOf(rows));
  for (int64_t rows = 0; rows < 500; ++rows) known += cache.Find(Header(rows), kKey) != nullptr;
  EXPECT_GT(known, 0);
  EXPECT_LE(known, 16);
  const std::string large = NpyHeaderBytes(NpyDict("<f4", {7}) + std::string(5000, ' '));
  ArrayPlan plan = *PlanOf(7);
  plan.header_bytes = large;
  cache.Insert(kKey, std::make_shared<const ArrayPlan>(plan));
  EXPECT_EQ(cache.Find(large, kKey), nullptr);
}

TEST(PlanCache, MayBeUsedByManyThreads) {
  PlanCache cache;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int64_t i = 0; i < 500; ++i) {
        const int64_t rows = (i * (thread + 1)) % 37;
        const std::shared_ptr<const ArrayPlan> plan = cache.Find(Header(rows), kKey);
        if (plan == nullptr) {
          cache.Insert(kKey, PlanOf(rows));
        } else {
          EXPECT_EQ(plan->count, rows);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
