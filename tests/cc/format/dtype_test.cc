#include "cc/format/dtype.h"

#include <gtest/gtest.h>

#include "cc/format/parse_descr.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

DType Parse(const std::string& source) {
  return ParseDescr(ParsePythonLiteral(source).value()).value().dtype;
}

TEST(DType, ComparesAllItsMembers) {
  const char* different[] = {
      "'<f4'",
      "'>f4'",
      "'<i4'",
      "'<f8'",
      "'|S4'",
      "'|V4'",
      "'<U1'",
      "'<M8[ns]'",
      "'<M8[us]'",
      "'<m8[ns]'",
      "'bfloat16'",
      "'float8_e4m3fn'",
      "'float8_e5m2'",
      "[]",
      "[('', '|V4')]",
      "[('a', '<f4')]",
      "[('a', '>f4')]",
      "[('b', '<f4')]",
      "[(('t', 'a'), '<f4')]",
      "[(('', 'a'), '<f4')]",
      "[('a', '<f4', (1,))]",
      "[('a', '<f4'), ('', '|V4')]",
      "[('', '|V4'), ('a', '<f4')]",
      "[('a', [('a', '<f4')])]",
  };
  for (const char* a : different) {
    for (const char* b : different) {
      EXPECT_EQ(Parse(a) == Parse(b), std::string_view(a) == b) << a << " " << b;
    }
  }
}

TEST(DType, KnowsWhetherAnArrayIsAPickle) {
  const struct {
    const char* source;
    bool holds_objects;
  } cases[] = {
      {"'O'", true},
      {"'T'", true},
      {"[('a', '<i4'), ('b', '|O')]", true},
      {"[('a', [('b', 'T')], (2,))]", true},
      {"[('a', 'O', (0,))]", true},
      {"'i4,O'", true},
      {"'<f4'", false},
      {"'S'", false},
      {"[]", false},
      {"[('O', '<i4'), ('T', '|V1'), ('object', '<f4')]", false},
      {"[(('O', 'a'), '<i4')]", false},
      {"[('', 'O', (2,))]", false},  // NumPy reads it as padding
  };
  for (const auto& c : cases) EXPECT_EQ(HoldsObjects(Parse(c.source)), c.holds_objects) << c.source;
}

TEST(DType, KnowsHowManyItemsItHoldsOfAField) {
  const struct {
    const char* source;
    int64_t items;
  } cases[] = {
      {"'<f4'", 1},
      {"[]", 1},
      {"[('a', '<f4', (2, 3)), ('b', '<f4')]", 6},
      {"[('a', [('b', '<f4', (2,)), ('c', '|i1', (5,))], (3,))]", 15},
      {"[('a', '<f4', (0, 3))]", 3},
      {"[('a', [('b', [], (32768,))], (65535,))]", 32768 * int64_t{65535}},
  };
  for (const auto& c : cases) EXPECT_EQ(MaxFieldItems(Parse(c.source)), c.items) << c.source;
}

}  // namespace
}  // namespace tf_npz
