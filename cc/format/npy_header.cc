#include "cc/format/npy_header.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cc/base/bytes.h"
#include "cc/base/checked.h"
#include "cc/base/text.h"
#include "cc/base/utf8.h"
#include "cc/format/parse_descr.h"
#include "cc/format/python_literal.h"

namespace tf_npz {
namespace {

constexpr size_t kVersionOffset = 6;
constexpr size_t kLengthOffset = 8;

size_t LengthSize(int major_version) { return major_version == 1 ? 2 : 4; }

std::string Latin1ToUtf8(std::string_view latin1) {
  std::string utf8;
  utf8.reserve(latin1.size());
  for (const char c : latin1) {
    if (const auto code_point = static_cast<unsigned char>(c); code_point < 0x80) {
      utf8.push_back(c);
    } else {
      AppendUtf8(code_point, &utf8);
    }
  }
  return utf8;
}

// In Python a bool is an int, so `_read_array_header` accepts bools, and also negative integers. No
// array can have such a shape: np.load fails with a TypeError or a ValueError.
Result<std::vector<int64_t>> ParseShape(const PythonLiteral& literal) {
  if (literal.type != PythonLiteral::Type::kTuple) {
    return DataLoss("header's shape is not a tuple of integers");
  }
  if (literal.items.size() > kMaxRank) {
    return DataLoss("header's shape has " + std::to_string(literal.items.size()) +
                    " dimensions (expected at most " + std::to_string(kMaxRank) + ")");
  }
  std::vector<int64_t> shape;
  for (const PythonLiteral& item : literal.items) {
    if (item.type != PythonLiteral::Type::kInt) {
      return DataLoss("header's shape is not a tuple of integers");
    }
    if (item.integer < 0) {
      return DataLoss("header's shape has the negative dimension " + std::to_string(item.integer));
    }
    shape.push_back(item.integer);
  }
  return shape;
}

// Returns true if an array of `shape` has no items.
bool IsEmpty(const std::vector<int64_t>& shape) {
  return std::find(shape.begin(), shape.end(), 0) != shape.end();
}

// NumPy reads an array of sub-arrays only if each sub-array has a single item, and then drops their
// dimensions, or if the array is empty (numpy.lib.format.read_array: "Failed to read all data for
// array").
Status CheckSubArray(const std::vector<int64_t>& sub_array, const std::vector<int64_t>& shape) {
  const bool of_one = std::all_of(sub_array.begin(), sub_array.end(),
                                  [](int64_t dimension) { return dimension == 1; });
  // While NumPy reads, its array has the dimensions of the sub-array and one more.
  const bool fits = sub_array.size() < kMaxRank;
  if (fits && (of_one || IsEmpty(shape))) return OkStatus();
  return DataLoss("header's descr is a sub-array of shape " + ShapeText(sub_array) +
                  " (expected a single item in it)");
}

// The size of an array in bytes. A dimension of 0 makes it 0. The other dimensions must multiply
// without overflow nevertheless, as in NumPy, so that no later product of some of them overflows.
// The number of items of a field is multiplied too, because items of a field may have 0 bytes.
Result<uint64_t> DataSize(const NpyHeader& header) {
  const int64_t itemsize = header.dtype.itemsize;
  int64_t largest = std::max(itemsize, MaxFieldItems(header.dtype));
  int64_t count = 1;
  for (const int64_t dimension : header.shape) {
    if (!CheckedMultiply(largest, std::max<int64_t>(dimension, 1), &largest)) {
      return DataLoss("header's shape " + ShapeText(header.shape) + " is larger than any array");
    }
    count *= std::max<int64_t>(dimension, 1);
  }
  const bool no_bytes = IsEmpty(header.shape) || header.is_pickle;
  return no_bytes ? uint64_t{0} : static_cast<uint64_t>(count * itemsize);
}

}  // namespace

Result<size_t> ParseNpyPreamble(std::string_view preamble) {
  if (preamble.substr(0, kNpyMagic.size()) != kNpyMagic) {
    return DataLoss("not an array at byte 0 (expected " + Quote(kNpyMagic) + ", got " +
                    Quote(preamble.substr(0, kNpyMagic.size())) + ")");
  }
  const auto truncated = [&preamble] {
    return DataLoss("header is cut off at byte " + std::to_string(preamble.size()));
  };
  if (preamble.size() < kLengthOffset) return truncated();
  const int major = static_cast<unsigned char>(preamble[kVersionOffset]);
  const int minor = static_cast<unsigned char>(preamble[kVersionOffset + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    return DataLoss(
        "unknown version of the array format at byte 6 (expected 1.0, 2.0 or 3.0, got " +
        std::to_string(major) + "." + std::to_string(minor) + ")");
  }
  const size_t header_offset = kLengthOffset + LengthSize(major);
  if (preamble.size() < header_offset) return truncated();
  const size_t header_length =
      major == 1 ? LoadLittle16(&preamble[kLengthOffset]) : LoadLittle32(&preamble[kLengthOffset]);
  if (header_length > kMaxNpyHeaderSize) {
    return ResourceExhausted("header of " + std::to_string(header_length) +
                             " bytes (the limit is " + std::to_string(kMaxNpyHeaderSize) + ")");
  }
  return header_offset + header_length;
}

Result<NpyHeader> ParseNpyHeader(std::string_view bytes) {
  TF_NPZ_ASSIGN_OR_RETURN(const size_t data_offset, ParseNpyPreamble(bytes));
  if (bytes.size() < data_offset) {
    return DataLoss("header is cut off at byte " + std::to_string(bytes.size()) + " (expected " +
                    std::to_string(data_offset) + " bytes)");
  }
  NpyHeader header;
  header.data_offset = data_offset;
  header.major_version = static_cast<unsigned char>(bytes[kVersionOffset]);
  const size_t header_offset = kLengthOffset + LengthSize(header.major_version);
  const std::string_view encoded = bytes.substr(header_offset, data_offset - header_offset);
  const std::string source =
      header.major_version == 3 ? std::string(encoded) : Latin1ToUtf8(encoded);

  PythonLiteralOptions options;
  options.python2 = header.major_version < 3;
  Result<PythonLiteral> parsed = ParsePythonLiteral(source, options);
  if (!parsed.ok()) {
    return parsed.status().WithContext("malformed header, which begins at byte " +
                                       std::to_string(header_offset) + ": ");
  }
  const PythonLiteral& dict = *parsed;
  const PythonLiteral* descr = dict.Find("descr");
  const PythonLiteral* fortran_order = dict.Find("fortran_order");
  const PythonLiteral* shape = dict.Find("shape");
  if (descr == nullptr || fortran_order == nullptr || shape == nullptr) {
    return DataLoss("header lacks one of the keys descr, fortran_order and shape");
  }
  for (size_t i = 0; i < dict.items.size(); i += 2) {
    const PythonLiteral& key = dict.items[i];
    if (key.type != PythonLiteral::Type::kString ||
        (key.text != "descr" && key.text != "fortran_order" && key.text != "shape")) {
      return DataLoss("header has a key besides descr, fortran_order and shape");
    }
  }
  if (fortran_order->type != PythonLiteral::Type::kBool) {
    return DataLoss("header's fortran_order is neither True nor False");
  }
  header.fortran_order = fortran_order->integer != 0;
  TF_NPZ_ASSIGN_OR_RETURN(Descr parsed_descr, ParseDescr(*descr));
  header.dtype = std::move(parsed_descr.dtype);
  header.is_pickle = HoldsObjects(header.dtype);
  TF_NPZ_ASSIGN_OR_RETURN(header.shape, ParseShape(*shape));
  if (!header.is_pickle) {
    TF_NPZ_RETURN_IF_ERROR(CheckSubArray(parsed_descr.shape, header.shape));
  }
  TF_NPZ_ASSIGN_OR_RETURN(header.data_size, DataSize(header));
  return header;
}

}  // namespace tf_npz
