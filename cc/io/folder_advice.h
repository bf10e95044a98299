// What an error about a folder proposes, where a file was expected.

#ifndef TF_NPZ_IO_FOLDER_ADVICE_H_
#define TF_NPZ_IO_FOLDER_ADVICE_H_

#include <string>

namespace tf_npz {

// The most entries of the file system that FolderAdvice looks at.
inline constexpr int kMaxAdviceEntries = 10'000;

// How to name the arrays in the local folder at `path`. A pattern is proposed only if a file was
// found that it matches; Python's glob expands it. Reads names only.
std::string FolderAdvice(const std::string& path);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_FOLDER_ADVICE_H_
