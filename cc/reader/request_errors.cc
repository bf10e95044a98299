#include "cc/reader/request_errors.h"

#include <string>

#include "cc/base/text.h"

namespace tf_npz {

Status NoRows(std::string_view remedy) {
  return InvalidArgument("has no dimensions, so it has no rows: pass rows=False" +
                         std::string(remedy));
}

Status KeyOfUnnamedArray(std::string_view key) {
  return InvalidArgument("has no array " + Quote(key) +
                         ": the only array of an .npy file has no name; leave keys out");
}

}  // namespace tf_npz
