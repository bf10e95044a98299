// Decodes the names of the members of a zip archive.

#ifndef TF_NPZ_FORMAT_ZIP_NAME_H_
#define TF_NPZ_FORMAT_ZIP_NAME_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace tf_npz {

// Returns a name as well-formed UTF-8. `raw` is the name in a header, and `flags` are the flags of
// that header: bit 11 (APPNOTE.TXT 4.4.4) says that `raw` is UTF-8, otherwise it is in IBM code
// page 437 (appendix D.1). If it should be UTF-8 and is not, its bad bytes are escaped as \xNN. It
// is not an error, so that the other members stay readable.
std::string DecodeZipName(std::string_view raw, uint16_t flags);

// Returns true if `raw` has the encoding that `flags` declare.
bool IsZipNameWellFormed(std::string_view raw, uint16_t flags);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_NAME_H_
