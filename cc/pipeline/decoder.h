// The decoder policy: which arrays are decoded whole before their first element is taken, and which
// in pieces, straight into the blocks.
//
// A whole array needs memory of its own, and a copy into each block. In return the faster decoder
// (libdeflate) does it, its elements can be read in any order by any thread, and an array in
// Fortran order is transposed in memory. A piece needs neither memory nor a copy, and comes at
// once.
//
// The choice depends on the array, the limit, and whether the list has other files. Timing never
// changes it. A damaged array that is decoded whole gives no elements: its checksum is verified
// first.

#ifndef TF_NPZ_PIPELINE_DECODER_H_
#define TF_NPZ_PIPELINE_DECODER_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace tf_npz {

// What the policy looks at, of one array.
struct DecoderInput {
  uint64_t load_size = 0;      // bytes of the array decoded whole; 0: no decoder gains by it
  uint64_t load_overhead = 0;  // bytes needed beside them while it is decoded whole
  bool must_load = false;      // no element can be had without all of the array
  bool fortran_order = false;
  bool serves_as_block = true;   // loaded, its bytes can be an element's memory as they are
  bool is_random_access = true;  // any piece costs no more than its own bytes
  bool is_cut = false;           // some of its items belong to no element
  bool has_end = true;           // its last item belongs to an element
};

// What the policy looks at, of the reader.
struct DecoderPolicy {
  uint64_t memory_limit = 0;
  bool is_only_file = false;       // the list has no other file
  bool is_element = false;         // the whole array is one element, in a block of its own
  bool is_read_to_the_end = true;  // no element at the file's end is left out
};

struct Decoding {
  bool is_whole = false;
  // Bytes that the budget counts for the whole array, until its file is done. 0 if its memory
  // becomes the block's.
  uint64_t load_size = 0;
  // Bytes that the budget counts beside them until the array is loaded.
  uint64_t load_overhead = 0;
  // The pieces must be decoded front to back, by one thread at a time.
  bool is_in_order = false;
  std::string_view
      rule;  // the name of the rule that decided, for tests and for readers of this table
};

// One Decoding for each of a file's arrays. Arrays share memory_limit in the order given.
std::vector<Decoding> ChooseDecoders(const std::vector<DecoderInput>& arrays,
                                     const DecoderPolicy& policy);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_DECODER_H_
