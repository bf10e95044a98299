// Arrays that no file holds. Each is made in memory, as the bytes of an `.npy`. So they are read
// like the arrays of a file: repeated for each row, cast, padded, batched.

#ifndef TF_NPZ_READER_MADE_ARRAY_H_
#define TF_NPZ_READER_MADE_ARRAY_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "cc/io/file.h"

namespace tf_npz {

// An `.npy` with one string, of shape (). A NUL at its end is lost, as in NumPy.
std::unique_ptr<RandomAccessFile> MakeText(std::string_view text);

// An `.npy` with one int64, of shape ().
std::unique_ptr<RandomAccessFile> MakeNumber(int64_t number);

// An `.npy` with the int64 numbers from 0 to `count` - 1, of shape (count,). `count` is less than
// 2**60. They take no memory: a read computes those that it asks for.
std::unique_ptr<RandomAccessFile> MakeRowNumbers(int64_t count);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MADE_ARRAY_H_
