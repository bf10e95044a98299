// The names of sources. A source is what a pipeline reads elements from, one source after another:
// a file, or one array of a file.
//
// The name of a file is its path. The name of an array is the path, a NUL, and the name of its
// member: no path holds a NUL. All functions are pure.

#ifndef TF_NPZ_READER_SOURCE_NAME_H_
#define TF_NPZ_READER_SOURCE_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace tf_npz {

// The source that is one array of an `.npz`.
std::string SourceOf(std::string_view path, std::string_view member);

std::string_view PathOf(std::string_view source);
// The name of the member in the archive. Nothing if the source is a file.
std::optional<std::string_view> MemberOf(std::string_view source);

// The source as messages print it: `PATH`, or `PATH["NAME"]`.
std::string SourceLabel(std::string_view source);
// The name without the folders of its path.
std::string_view WithoutFolders(std::string_view source);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SOURCE_NAME_H_
