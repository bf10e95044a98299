#include "cc/format/datetime_unit.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "cc/base/checked.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

// A unit, and its length in smaller units. NumPy tries these units, in this order, if the unit has
// a denominator.
struct Unit {
  std::string_view name;
  struct Part {
    int32_t count;
    std::string_view name;
  } parts[3];
};
constexpr Unit kUnits[] = {
    {"Y", {{12, "M"}, {52, "W"}, {365, "D"}}},
    {"M", {{4, "W"}, {30, "D"}, {720, "h"}}},
    {"W", {{7, "D"}, {168, "h"}, {10080, "m"}}},
    {"D", {{24, "h"}, {1440, "m"}, {86400, "s"}}},
    {"h", {{60, "m"}, {3600, "s"}}},
    {"m", {{60, "s"}, {60000, "ms"}}},
    {"s", {{1000, "ms"}, {1000000, "us"}}},
    {"ms", {{1000, "us"}, {1000000, "ns"}}},
    {"us", {{1000, "ns"}, {1000000, "ps"}}},
    {"ns", {{1000, "ps"}, {1000000, "fs"}}},
    {"ps", {{1000, "fs"}, {1000000, "as"}}},
    {"fs", {{1000, "as"}}},
    {"as", {}},
    {"generic", {}},
};
constexpr std::string_view kGreekMicroseconds = "\xce\xbcs";  // with U+03BC, small letter mu

const Unit* FindUnit(std::string_view name) {
  if (name == kGreekMicroseconds) name = "us";
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

Result<std::string> ParseDateTimeUnit(std::string_view text) {
  if (text.empty()) return std::string();
  const auto malformed = [text](std::string_view what) {
    return DataLoss(std::string(what) + " in the unit of time " + Quote(text));
  };
  if (text.size() < 3 || text.front() != '[' || text.find(']') != text.size() - 1) {
    return malformed("misplaced brackets");
  }
  std::string_view rest = text.substr(1, text.size() - 2);

  int64_t multiple = TakeCInteger(&rest).value_or(1);
  if (multiple < 0 || multiple > std::numeric_limits<int32_t>::max()) {
    return malformed("multiple out of range");
  }
  const size_t slash = rest.find('/');
  const Unit* unit = FindUnit(rest.substr(0, slash));
  if (unit == nullptr) return malformed("unknown name");
  std::string_view name = unit->name;

  if (slash != std::string_view::npos) {
    rest.remove_prefix(slash + 1);
    const std::optional<int64_t> taken = TakeCInteger(&rest);
    if (!taken.has_value() || !rest.empty()) return malformed("malformed denominator");
    const auto denominator = static_cast<int32_t>(*taken);  // NumPy drops the upper bits too
    if (denominator < 1) return malformed("denominator out of range");
    if (denominator > 1) {
      const Unit::Part* part = nullptr;
      for (const Unit::Part& candidate : unit->parts) {
        if (part == nullptr && candidate.count % denominator == 0 && candidate.count > 0) {
          part = &candidate;
        }
      }
      if (part == nullptr) return malformed("denominator that divides no smaller unit");
      name = part->name;
      if (!CheckedMultiply<int64_t>(multiple, part->count / denominator, &multiple) ||
          multiple > std::numeric_limits<int32_t>::max()) {
        return malformed("multiple out of range");
      }
    }
  }
  if (name == "generic") return std::string();
  return multiple == 1 ? std::string(name) : std::to_string(multiple) + std::string(name);
}

}  // namespace tf_npz
