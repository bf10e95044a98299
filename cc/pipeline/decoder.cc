#include "cc/pipeline/decoder.h"

namespace tf_npz {
namespace {

// Largest array that is decoded whole when the list has one file. It is also the largest that
// libdeflate decodes (kMaxWholeInflate). A reader of one file usually runs inside interleave.
// There, larger steps mean fewer hand-overs: streaming such members cost a fifth of the speed of
// rows in interleave.
constexpr uint64_t kMaxWholeOfOne = uint64_t{4} << 20;

// The same when the list has other files. A stream decodes straight into the batch. It saves a
// copy, and memory that is in no cache. Members of 2 MiB on one thread took 1.08 times the CPU time
// of a bare libdeflate loop as streams, 1.16 times when they were decoded whole.
constexpr uint64_t kMaxWholeOfMany = uint64_t{256} << 10;

// One array, the policy, and the bytes that the arrays before it take.
struct Case {
  const DecoderInput& array;
  const DecoderPolicy& policy;
  uint64_t taken;

  uint64_t size() const { return array.load_size; }
  // The element is the array, and not a part of it.
  bool is_element() const { return policy.is_element && !array.is_cut; }
  // Small enough that the whole-buffer decoder is worth its copy.
  bool is_small() const {
    return size() <= (policy.is_only_file ? kMaxWholeOfOne : kMaxWholeOfMany) &&
           size() <= policy.memory_limit / 4;
  }
  // The arrays of a file that are decoded whole take half of the limit at most.
  bool is_crowded() const { return taken + size() + array.load_overhead > policy.memory_limit / 2; }
};

struct Rule {
  std::string_view name;
  bool (*applies)(const Case&);
  bool is_whole;
};

// The first rule that applies decides.
constexpr Rule kRules[] = {
    {"it must be: no element without all bytes", [](const Case& c) { return c.array.must_load; },
     true},
    {"nothing is gained", [](const Case& c) { return c.size() == 0; }, false},
    {"the Fortran-ordered element itself",
     [](const Case& c) { return c.array.fortran_order && c.is_element(); }, true},
    {"Fortran order, transposed in memory",
     [](const Case& c) { return c.array.fortran_order && !c.is_crowded(); }, true},
    {"Fortran order, too large: gathered by ranged reads",
     [](const Case& c) { return c.array.fortran_order; }, false},
    {"its end is not read",
     [](const Case& c) { return !c.policy.is_read_to_the_end || !c.array.has_end; }, false},
    {"the element itself", [](const Case& c) { return c.is_element(); }, true},
    {"small, and there is room", [](const Case& c) { return c.is_small() && !c.is_crowded(); },
     true},
    {"a stream", [](const Case&) { return true; }, false},
};

Decoding Choose(const Case& c) {
  const Rule* rule = kRules;
  while (!rule->applies(c)) ++rule;
  Decoding decoding;
  decoding.rule = rule->name;
  decoding.is_whole = rule->is_whole;
  decoding.is_in_order = !rule->is_whole && !c.array.is_random_access;
  // An array that is the element counts as the block, unless it has to be copied there.
  const bool becomes_block = c.policy.is_element && c.array.serves_as_block;
  if (rule->is_whole && !becomes_block) {
    decoding.load_size = c.size();
    decoding.load_overhead = c.array.load_overhead;
  }
  return decoding;
}

}  // namespace

std::vector<Decoding> ChooseDecoders(const std::vector<DecoderInput>& arrays,
                                     const DecoderPolicy& policy) {
  std::vector<Decoding> decodings;
  uint64_t taken = 0;
  for (const DecoderInput& array : arrays) {
    decodings.push_back(Choose({array, policy, taken}));
    taken += decodings.back().load_size + decodings.back().load_overhead;
  }
  return decodings;
}

}  // namespace tf_npz
