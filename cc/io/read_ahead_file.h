// NewReadAheadFile: reads a remote file by few large requests. In a remote file every read is a
// request over the network.
//
// Several readers read such a file at the same time, each in small steps from front to back. A
// window is the range of bytes that one request brought. Steps are served from windows:
//
//     a read inside a window                  a copy, no request
//     a read after the end of a window        a window of twice the size, up to kMaxWindow
//     a read elsewhere                        a window of kMinWindow
//     a read of at least the window's size    a request straight into the caller's memory
//
// A read that skips up to kMinWindow bytes after a window counts as a read after its end, because
// those bytes take less time than another request. A file of up to kMaxWholeFile bytes is a single
// window.
//
// Memory: for each file at most kMaxWindows windows of kMaxWindowBytes together. During a copy,
// each reading thread may hold one more window that was displaced. If there is no room, windows
// read to their end are displaced first, then the ones unused for the longest time. A window
// doubles only if the windows of all active readers still fit. A reader is active if it read since
// this reader's last window was requested. So many readers share the memory, and none displaces a
// window that another one is about to read.
//
// Threads: any number may read. One lock guards the list of windows. It is held to search and to
// change the list, never during a request or a copy. A window that is being fetched is in the list
// with its future range. A reader of that range waits for it, because its own request would bring
// the same bytes later. Other readers do not wait. A fetched window does not change, and a thread
// that copies from it keeps it alive, so it may be displaced during the copy.
//
// Errors are not stored. If a window cannot be fetched, only the requested bytes are read; an error
// further ahead surfaces when someone reads there. Threads that waited for the window try again.

#ifndef TF_NPZ_IO_READ_AHEAD_FILE_H_
#define TF_NPZ_IO_READ_AHEAD_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cc/io/file.h"

namespace tf_npz {

// Sizes are in bytes. The smallest window holds the header of an array. A request for it takes
// little more time than a request for a single byte.
inline constexpr size_t kMinWindow = size_t{64} << 10;
// At this size the latency of a request, about 30 ms, is short compared with its transfer. Larger
// windows would only fetch more bytes after the last one needed.
inline constexpr size_t kMaxWindow = size_t{4} << 20;
// The transfer of this size takes about as long as the latency of a request.
inline constexpr size_t kMaxWholeFile = size_t{1} << 20;

inline constexpr size_t kMaxWindows = 32;
inline constexpr size_t kMaxWindowBytes = 8 * kMaxWindow;

// Returns a file that reads `file` as described above. It never requests bytes beyond the present
// size of `file`. CloseIdle drops all windows that are
// not being fetched.
std::unique_ptr<RandomAccessFile> NewReadAheadFile(std::unique_ptr<RandomAccessFile> file);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_READ_AHEAD_FILE_H_
