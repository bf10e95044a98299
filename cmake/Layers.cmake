# Layers that cannot reach past what they may include.
#
# Files include each other as "tf_npz/<layer>/<file>.h" while they lie in cc/<layer>/. For each layer the build tree holds
# one include root with nothing but that layer in it, roots/<layer>/tf_npz/<layer> -> cc/<layer>, and a target is given the
# roots of the layers it may include and no others: an include that goes against the table does not compile.

# tf_npz_root(<layer> <folder> <variable>): makes the include root of <folder> and puts its path into <variable>.
function(tf_npz_root layer folder variable)
  set(root "${PROJECT_BINARY_DIR}/roots/${layer}")
  file(MAKE_DIRECTORY "${root}/tf_npz")
  file(CREATE_LINK "${folder}" "${root}/tf_npz/${layer}" SYMBOLIC)
  set(${variable} "${root}" PARENT_SCOPE)
endfunction()

# tf_npz_layer(<layer> [MAY_INCLUDE <layer>...]): the static library tf_npz_<layer> of the .cc files in cc/<layer>.
function(tf_npz_layer layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "MAY_INCLUDE")
  tf_npz_root(${layer} "${PROJECT_SOURCE_DIR}/cc/${layer}" root)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cc/${layer}/*.cc")
  add_library(tf_npz_${layer} STATIC ${sources})
  target_include_directories(tf_npz_${layer} PUBLIC "${root}")
  list(TRANSFORM arg_MAY_INCLUDE PREPEND tf_npz_ OUTPUT_VARIABLE lower)
  target_link_libraries(tf_npz_${layer} PUBLIC tf_npz_flags ${lower})
endfunction()
