// Recognises files that are neither `.npy` nor `.npz`, so that an error can say what a file is and
// what to do with it. All functions are pure. The answer is for messages only: no reader depends on
// it.

#ifndef TF_NPZ_FORMAT_FILE_KIND_H_
#define TF_NPZ_FORMAT_FILE_KIND_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// The number of first bytes that RecogniseFile looks at. The magic with the largest offset, that of
// NIfTI, ends at byte 348.
inline constexpr size_t kFileKindSize = 512;

struct FileKind {
  std::string_view name;    // with an article: "a pickle"
  std::string_view advice;  // what to do: "load it with …"
  // Whether its first bytes say more to a user than `name` does, as those of a text do.
  bool is_text = false;
};

// The kind of the file that begins with `beginning`: its first kFileKindSize bytes, or all bytes if
// there are fewer. Null if it is not known. It lives as long as the process.
const FileKind* RecogniseFile(std::string_view beginning);

// The kind of a zip archive whose members have these names, if it is a file of another program.
// Null for any other archive, and if a name ends in ".npy".
const FileKind* RecogniseZip(const std::vector<std::string_view>& names);

// The text that follows "neither an .npy nor an .npz file" in a message: `, but a pickle; load it
// with …`, or, for an unknown kind and for text, the first bytes as well: `: begins with "…" at
// byte 0 (expected …)`. `beginning` as for RecogniseFile.
std::string ButKind(std::string_view beginning);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_FILE_KIND_H_
