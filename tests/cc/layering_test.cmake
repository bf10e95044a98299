# A file of LAYER can include the layers of MAY_INCLUDE and itself, and no others: tried for each with the real compiler.
# Given: COMPILER, CC (the folder cc), LAYERS (all of them), LAYER, MAY_INCLUDE, INCLUDE_PATH (of LAYER's target).

list(TRANSFORM INCLUDE_PATH PREPEND -I)
foreach(other IN LISTS LAYERS)
  file(GLOB headers RELATIVE "${CC}" "${CC}/${other}/*.h")
  if(NOT headers)
    continue()
  endif()
  list(GET headers 0 header)
  # Only whether the header is found: what it includes itself was compiled with its own layer.
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E echo "#include \"tf_npz/${header}\""
    COMMAND "${COMPILER}" -x c++ -std=c++17 -E ${INCLUDE_PATH} -o /dev/null -
    RESULT_VARIABLE status ERROR_VARIABLE error)
  if(other STREQUAL LAYER OR other IN_LIST MAY_INCLUDE)
    if(NOT status EQUAL 0)
      message(SEND_ERROR "${LAYER} cannot include tf_npz/${header}, and should:\n${error}")
    endif()
  elseif(status EQUAL 0)
    message(SEND_ERROR "${LAYER} can include tf_npz/${header}, and must not.")
  elseif(NOT error MATCHES "tf_npz/${header}: No such file|'tf_npz/${header}' file not found")
    message(SEND_ERROR "${LAYER} including tf_npz/${header} failed for another reason:\n${error}")
  endif()
endforeach()

# The one way around the include path: a path relative to the including file.
file(GLOB files "${CC}/${LAYER}/*.h" "${CC}/${LAYER}/*.cc")
foreach(file IN LISTS files)
  file(STRINGS "${file}" relative REGEX "^[ \t]*#[ \t]*include[ \t]*[\"<](\\.\\.?/|[^/\"]*\"|cc/)")
  if(relative)
    message(SEND_ERROR "${file}: spell it \"tf_npz/<layer>/<file>.h\": ${relative}")
  endif()
endforeach()
