// Files as random-access bytes, wherever they are.
//
// A RandomAccessFile may be read by several threads at once. Its size is the one it had when it was
// opened.

#ifndef TF_NPZ_IO_FILE_H_
#define TF_NPZ_IO_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cc/base/status.h"
#include "cc/io/buffer.h"

namespace tf_npz {

class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Reads `size` bytes from `offset` into `destination`. Returns how many: fewer than `size` only
  // where the file ends. Messages don't name the file: the caller does.
  virtual Result<size_t> Read(uint64_t offset, void* destination, size_t size) const = 0;

  virtual uint64_t size() const = 0;

  // Gives back what the operating system lends for an open file until the next Read, which takes it
  // again: thousands of files can then be known at once. Not while another thread reads.
  virtual void CloseIdle() {}
};

// Reads all of `size` bytes, or DataLoss where the file ends before.
Status ReadExactly(const RandomAccessFile& file, uint64_t offset, void* destination, size_t size);

// Where bytes of a file go.
struct FilePart {
  void* data;
  size_t size;
};

// Reads whole files, one after another: small ones, where each call of the operating system is
// felt. For one thread, and not for long.
class WholeFileReader {
 public:
  virtual ~WholeFileReader() = default;

  // The file at `path` has to be just as large as both parts together: DataLoss where it isn't.
  virtual Status Read(const std::string& path, FilePart first, FilePart second) = 0;
};

// Opens files by name. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const = 0;

  // What it returns must not outlive the file system. This one opens every file.
  virtual std::unique_ptr<WholeFileReader> NewWholeFileReader() const;
};

// The bytes of `contents` as a file. `contents` must outlive it.
std::unique_ptr<RandomAccessFile> NewMemoryFile(std::string_view contents);

// All of `file`, read into memory of `pool`.
Result<std::unique_ptr<RandomAccessFile>> ReadToMemory(const RandomAccessFile& file,
                                                       BufferPool& pool);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_FILE_H_
