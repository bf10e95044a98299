#include "cc/io/folder_advice.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tf_npz {
namespace {

namespace fs = std::filesystem;

class FolderAdviceTest : public ::testing::Test {
 protected:
  FolderAdviceTest() : folder_(fs::path(::testing::TempDir()) / Unique()) {
    fs::create_directories(folder_);
  }
  ~FolderAdviceTest() override { fs::remove_all(folder_); }

  static std::string Unique() {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::string("folder_advice_") + test->name();
  }
  // The advice for a folder called `name` that holds `files`.
  std::string Advice(const std::string& name, const std::vector<std::string>& files) {
    const fs::path folder = folder_ / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const std::string& file : files) {
      fs::create_directories((folder / file).parent_path());
      std::ofstream(folder / file) << "x";
    }
    std::string advice = FolderAdvice(folder.string());
    for (size_t at; (at = advice.find(folder_.string())) != std::string::npos;) {
      advice.replace(at, folder_.string().size(), "ROOT");
    }
    return advice;
  }

  const fs::path folder_;
};

TEST_F(FolderAdviceTest, ProposesOnlyPatternsThatMatch) {
  const struct {
    const char* what;
    const char* name;
    std::vector<std::string> files;
    const char* advice;
  } cases[] = {
      {"npz", "d", {"a.npz", "b.npz"}, R"(name the files in it with a pattern: "ROOT/d/*.npz")"},
      {"npy", "d", {"a.npy"}, R"(name the files in it with a pattern: "ROOT/d/*.npy")"},
      {"both",
       "d",
       {"a.npy", "b.npz"},
       R"(name the files in it with a pattern: "ROOT/d/*.npz" or "ROOT/d/*.npy")"},
      {"below", "d", {"e/f/a.npz"}, R"(name the files in it with a pattern: "ROOT/d/**/*.npz")"},
      {"the nearest first",
       "d",
       {"a.npz", "e/a.npy"},
       R"(name the files in it with a pattern: "ROOT/d/*.npz")"},
      {"brackets in its name",
       "d[1]",
       {"a.npz"},
       R"(name the files in it with a pattern: "ROOT/d[[]1]/*.npz")"},
      {"nothing", "d", {}, "it holds no .npz or .npy files, nor do the folders in it"},
      {"other files",
       "d",
       {"notes.txt", "e/npz"},
       "it holds no .npz or .npy files, nor do the "
       "folders in it"},
      {"hidden files",
       "d",
       {".a.npz", ".e/a.npz"},
       "it holds no .npz or .npy files, nor do the "
       "folders in it"},
  };
  for (const auto& c : cases) EXPECT_EQ(Advice(c.name, c.files), c.advice) << c.what;
}

TEST_F(FolderAdviceTest, DoesNotFollowCircles) {
  fs::create_directories(folder_ / "d");
  fs::create_directory_symlink(folder_ / "d", folder_ / "d" / "e");
  EXPECT_EQ(FolderAdvice((folder_ / "d").string()),
            "it holds no .npz or .npy files, nor do the folders in it");
}

TEST_F(FolderAdviceTest, LooksAtALimitedNumberOfEntries) {
  for (int i = 0; i < kMaxAdviceEntries; ++i) {
    std::fclose(std::fopen((folder_ / std::to_string(i)).c_str(), "w"));
  }
  EXPECT_EQ(FolderAdvice(folder_.string()), "name the files in it");
}

}  // namespace
}  // namespace tf_npz
