// Files as bytes that can be read at any offset: local ones, remote ones and memory.

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

// An open file. Several threads may read it at the same time. Its size is the size at the time of
// opening.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Reads `size` bytes at byte `offset` into `destination`. Returns the number of bytes read. It is
  // less than `size` only if the file ends there. Error messages do not name the file; the caller
  // adds its name.
  virtual Result<size_t> Read(uint64_t offset, void* destination, size_t size) const = 0;

  virtual uint64_t size() const = 0;

  // Differs from that of any other file, and of this file after any change. Empty if the file
  // system does not tell the time of changes, or if the file changed so shortly ago that another
  // change may get the same time. It may ask the file system.
  virtual std::string identity() const { return ""; }

  // Releases the file descriptor, or other resources, until the next Read opens the file again. So
  // thousands of files can be open at the same time. Other threads may read meanwhile.
  virtual void CloseIdle() {}
};

// Whether a file that changed at `changed`, in nanoseconds since 1970, would get another time if it
// changed again now. File systems count time in steps: some in seconds, others in milliseconds.
bool IsSettled(int64_t changed);

// Reads exactly `size` bytes. DataLoss if the file ends earlier.
Status ReadExactly(const RandomAccessFile& file, uint64_t offset, void* destination, size_t size);

// The destination of some bytes of a file.
struct FilePart {
  void* data;
  size_t size;
};

// Reads whole small files, one after the other, with few system calls. Used by one thread, for a
// short time: it may hold a descriptor of the folder.
class WholeFileReader {
 public:
  virtual ~WholeFileReader() = default;

  // Reads the file at `path` into `first` and then `second`. DataLoss if the size of the file is
  // not the sum of both sizes.
  virtual Status Read(const std::string& path, FilePart first, FilePart second) = 0;
};

// Opens files by name. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const = 0;

  // The reader must not outlive the file system. The default one opens and reads each file with
  // Open.
  virtual std::unique_ptr<WholeFileReader> NewWholeFileReader() const;
};

// Returns a file with the bytes of `contents`, which must outlive it.
std::unique_ptr<RandomAccessFile> NewMemoryFile(std::string_view contents);

// The same of bytes that it owns.
std::unique_ptr<RandomAccessFile> NewOwnedFile(std::string contents);

// Reads the whole of `file` into a buffer of `pool` and returns it as a file.
Result<std::unique_ptr<RandomAccessFile>> ReadToMemory(const RandomAccessFile& file,
                                                       BufferPool& pool);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_FILE_H_
