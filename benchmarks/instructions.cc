// Reads files with the engine, without TensorFlow. instructions.py counts what this program does.
//
//   bench_instructions [--batch=N] [--rows] [--padding] [--threads=N] [KEY...] < list of files
//
// Arrays are f32: the arrays KEY of .npz files, or .npy files. It reads on one thread unless
// --threads is given, so that two runs do the same. Prints the number of elements and of blocks.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cc/io/posix_file.h"
#include "cc/pipeline/engine.h"
#include "cc/reader/inspect.h"

namespace {

struct Counts {
  int64_t elements = 0;
  int64_t blocks = 0;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

// The shape of the array in an .npy file.
std::vector<int64_t> ShapeOfFirst(const std::string& path) {
  const tf_npz::PosixFileSystem file_system;
  auto archive = tf_npz::Archive::Open(file_system, path);
  if (!archive.ok()) Fail(archive.status().message());
  const std::vector<tf_npz::MemberFacts> facts = tf_npz::InspectArchive(std::move(*archive));
  if (!facts.at(0).status.ok()) Fail(facts[0].status.message());
  return facts[0].header.shape;
}

}  // namespace

// The function that is counted, by its name: the whole life of an engine. Each block is released
// before the next one, as by a fast consumer.
extern "C" __attribute__((noinline)) Counts ReadWithEngine(std::vector<std::string> files,
                                                           tf_npz::Selection selection,
                                                           tf_npz::EngineOptions options) {
  const tf_npz::PosixFileSystem file_system;
  tf_npz::Engine engine(file_system, std::move(files), selection, std::move(options));
  Counts counts;
  while (true) {
    const tf_npz::Result<std::optional<tf_npz::Block>> block = engine.Next();
    if (!block.ok()) Fail(block.status().message());
    if (!block->has_value()) return counts;
    counts.elements += (*block)->count;
    ++counts.blocks;
  }
}

int main(int argc, char** argv) {
  tf_npz::Selection selection;
  selection.rows = false;
  tf_npz::EngineOptions options;
  bool padded = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--batch=", 0) == 0) {
      options.batch_size = std::atoll(argument.c_str() + 8);
    } else if (argument.rfind("--threads=", 0) == 0) {
      options.num_threads = std::atoi(argument.c_str() + 10);
    } else if (argument == "--rows") {
      selection.rows = true;
    } else if (argument == "--padding") {
      padded = true;
    } else if (argument.rfind("--", 0) == 0) {
      Fail(argument + ": there is no such option");
    } else {
      selection.keys.push_back({argument});
    }
  }
  if (selection.keys.empty()) selection.keys.emplace_back();
  selection.specs.resize(selection.keys.size());  // f32 of any shape
  if (padded) options.padding.assign(selection.keys.size(), std::string(sizeof(float), '\0'));

  std::vector<std::string> files;
  for (std::string line; std::getline(std::cin, line);) files.push_back(line);
  // Whole arrays of one shape: the spec says it, as tf_npz.element_spec would.
  if (!selection.rows && !padded) selection.specs[0].shape = ShapeOfFirst(files.at(0));
  const Counts counts = ReadWithEngine(std::move(files), std::move(selection), std::move(options));
  std::printf("{\"elements\": %" PRId64 ", \"blocks\": %" PRId64 "}\n", counts.elements,
              counts.blocks);
}
