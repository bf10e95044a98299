// A file where every read is a request to somewhere else, read by few large ones.
//
// Readers take small steps, several of them at once, each going forward. Here a step is served from
// a window, the bytes that one request brought:
//
//     a read within a window                  a copy, no request
//     a read that goes on behind a window     a window twice as large, up to kMaxWindow
//     a read elsewhere                        a window of kMinWindow
//     a read no smaller than its window       a request straight to the caller's memory
//
// To skip up to kMinWindow is to go on: the bytes cost less than what it takes to ask for them. A
// file of up to kMaxWholeFile is a single window.
//
// Memory: at most kMaxWindows windows of kMaxWindowBytes together, for each file; and for the time
// of a copy, for each thread that reads, a window that others have displaced. Where there is no
// room, windows read to their end go first, then the longest unused. A reader's window grows only
// into room that no window takes whose reader came by since the last one was asked for: readers
// that are too many for large windows share the memory, instead of each displacing what another is
// about to read.
//
// Threads: one lock guards the list of windows and is held to look through it and to change it,
// never during a request or a copy. A window that is being fetched stands in the list with the
// range that it will have; a reader of that range waits for it, because a request of its own would
// bring the same bytes later. All others pass: they find their own windows, or fetch them. Windows
// are immutable once fetched and kept alive by those who copy from them, so that one may be
// displaced meanwhile.
//
// Errors are not remembered. Where a window can't be fetched, the read asks for its own bytes
// alone: what is wrong with those ahead of them is for their readers to learn, and no sooner. Those
// who waited for the window try anew.

#ifndef TF_NPZ_IO_READ_AHEAD_FILE_H_
#define TF_NPZ_IO_READ_AHEAD_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cc/io/file.h"

namespace tf_npz {

// What a header takes, at little more than the price of its first byte.
inline constexpr size_t kMinWindow = size_t{64} << 10;
// From here on a request's latency, some 30 ms, is small beside its transfer; larger windows would
// only read further beyond the end of what is wanted.
inline constexpr size_t kMaxWindow = size_t{4} << 20;
// What is transferred in about the time that a request takes.
inline constexpr size_t kMaxWholeFile = size_t{1} << 20;

inline constexpr size_t kMaxWindows = 32;
inline constexpr size_t kMaxWindowBytes = 8 * kMaxWindow;

// `file`, read as above. Nothing is requested behind the size that it has now. CloseIdle drops all
// windows.
std::unique_ptr<RandomAccessFile> NewReadAheadFile(std::unique_ptr<RandomAccessFile> file);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_READ_AHEAD_FILE_H_
