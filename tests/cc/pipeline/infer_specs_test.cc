#include "cc/pipeline/infer_specs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Counts = std::vector<int64_t>;

TEST(ParallelFor, CallsItsBodyOnceForEach) {
  for (const size_t count : {0, 1, 2, 15, 1000}) {
    for (const int num_threads : {1, 2, 16}) {
      std::vector<std::atomic<int>> calls(count);
      ParallelFor(count, num_threads, StartStdThread(), [&](size_t i) { ++calls[i]; });
      for (const std::atomic<int>& call : calls) EXPECT_EQ(call, 1);
    }
  }
}

TEST(ParallelFor, WorksWithFewerThreads) {
  std::set<std::thread::id> threads;
  const StartThread none = [](std::function<void()>) { return nullptr; };
  ParallelFor(5, 16, none, [&](size_t) { threads.insert(std::this_thread::get_id()); });
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

class InferSpecsTest : public ::testing::Test {
 protected:
  // Files a0, a1, …, with `counts[i]` rows in file i.
  void AddFiles(const Counts& counts) {
    for (const int64_t count : counts) {
      names_.push_back("a" + std::to_string(names_.size()));
      files_.Add(names_.back(), TwoArrays(0, count, 3, names_.size() % 2 == 0));
    }
  }
  Result<InferredSpecs> Infer(bool skip_damaged = false, bool rows = true) {
    InferOptions options;
    options.skip_damaged = skip_damaged;
    return InferSpecs(files_, names_, {std::nullopt, rows}, options);
  }

  TestFileSystem files_;
  std::vector<std::string> names_;
};

TEST_F(InferSpecsTest, OnePassGivesSpecAndCounts) {
  const Counts counts = {5, 0, 1, 7, 7, 2, 3, 1, 1, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
  AddFiles(counts);
  const Result<InferredSpecs> rows = Infer();
  ASSERT_OK(rows);
  EXPECT_EQ(rows->counts, counts);
  EXPECT_EQ(rows->label, "a0");
  ASSERT_EQ(rows->components.size(), 2u);
  EXPECT_EQ(rows->components[0].spec.shape, (Counts{3}));
  EXPECT_EQ(files_.opened(), 20);
  const Result<InferredSpecs> whole = Infer(false, false);
  ASSERT_OK(whole);
  EXPECT_EQ(whole->counts, Counts());
  EXPECT_EQ(whole->components[0].spec.shape, (Counts{-1, 3}));
}

TEST_F(InferSpecsTest, ComponentsAreInTheOrderOfTheFirstFile) {
  const ZipMember x = Member("x.npy", Npy("|i1", {1}, "1"));
  const ZipMember a = Member("a.npy", Npy("|i1", {1}, "1"));
  files_.Add("xa", WriteZip({x, a}));
  files_.Add("ax", WriteZip({a, x}));
  for (const char* first : {"xa", "ax"}) {
    names_ = {first, "ax", "xa"};
    const Result<InferredSpecs> specs = Infer();
    ASSERT_OK(specs);
    std::string order;
    for (const InferredComponent& component : specs->components) order += component.keys[0];
    EXPECT_EQ(order, first);
  }
}

TEST_F(InferSpecsTest, TheErrorOfTheFirstFileInOrderIsReturned) {
  AddFiles(Counts(40, 1));
  for (int repeat = 0; repeat < 20; ++repeat) {
    files_.Add("a7", Npy("<f4", {1}, "1234"));
    EXPECT_ERROR(Infer(), kInvalidArgument, "files hold different arrays: a0 has \"x\", \"y\", a7");
    files_.Add("a5", "");
    EXPECT_ERROR(Infer(), kDataLoss, "a5: is empty");
    EXPECT_ERROR(Infer(true), kInvalidArgument, "a7 has one without a name");
    files_.Add("a5", TwoArrays(0, 1, 3, false));
  }
  names_[3] = "none";
  EXPECT_ERROR(Infer(true), kNotFound, "none: no such file");
}

TEST_F(InferSpecsTest, DamagedFilesAreLeftOutUnlessAllAreDamaged) {
  AddFiles({1, 2, 3});
  files_.Add("a0", "");
  files_.Add("a2", "some text");
  EXPECT_ERROR(Infer(), kDataLoss, "a0: is empty");
  const Result<InferredSpecs> specs = Infer(true);
  ASSERT_OK(specs);
  EXPECT_EQ(specs->label, "a1");
  EXPECT_EQ(specs->counts, Counts());
  files_.Add("a1", "text");
  EXPECT_ERROR(Infer(true), kDataLoss, "a0: is empty");
  names_.clear();
  EXPECT_ERROR(Infer(true), kInvalidArgument, "there are no arrays in the files");
}

TEST_F(InferSpecsTest, NoFileIsOpenedAfterCancelling) {
  AddFiles(Counts(1000, 1));
  const std::thread::id caller = std::this_thread::get_id();
  InferOptions options;
  int asked = 0;
  options.num_threads = 1;
  options.is_cancelled = [&] { return ++asked == 3; };
  EXPECT_ERROR(InferSpecs(files_, names_, {}, options), kCancelled, "cancelled");
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(files_.opened(), 2);

  // Other threads stop too. They begin after the calling thread has been cancelled.
  struct LateThread : Thread {
    explicit LateThread(std::function<void()> body) : body(std::move(body)) {}
    ~LateThread() override { std::thread(body).join(); }
    std::function<void()> body;
  };
  options.num_threads = 4;
  options.is_cancelled = [&] {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    return true;
  };
  options.start_thread = [](std::function<void()> body) {
    return std::make_unique<LateThread>(std::move(body));
  };
  EXPECT_ERROR(InferSpecs(files_, names_, {}, options), kCancelled, "cancelled");
  EXPECT_EQ(files_.opened(), 2);
}

}  // namespace
}  // namespace tf_npz
