// Names of a zip archive's members, in the encodings that they come in.

#ifndef TF_NPZ_FORMAT_ZIP_NAME_H_
#define TF_NPZ_FORMAT_ZIP_NAME_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace tf_npz {

// A name as well-formed UTF-8. The flags of the header that it stands in (APPNOTE.TXT 4.4.4, bit
// 11) say whether it is that already, or IBM code page 437 (appendix D.1). One that is not the
// UTF-8 that its flag says comes out escaped: it leaves the other members readable.
std::string DecodeZipName(std::string_view raw, uint16_t flags);

// Whether `raw` is what `flags` say that it is.
bool IsZipNameWellFormed(std::string_view raw, uint16_t flags);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_NAME_H_
