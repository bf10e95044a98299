# The C++ layers. Files include each other by their path from the project's root, "cc/<layer>/<file>.h".
# tools/check_includes.py checks every include against the table in cc/CMakeLists.txt. It runs as a test.

# tf_npz_layer(<layer> [MAY_INCLUDE <layer>...]): makes the static library tf_npz_<layer> of the .cc files in cc/<layer>.
function(tf_npz_layer layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "MAY_INCLUDE")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cc/${layer}/*.cc")
  add_library(tf_npz_${layer} STATIC ${sources})
  list(TRANSFORM arg_MAY_INCLUDE PREPEND tf_npz_ OUTPUT_VARIABLE lower)
  target_link_libraries(tf_npz_${layer} PUBLIC tf_npz_flags ${lower})
endfunction()
