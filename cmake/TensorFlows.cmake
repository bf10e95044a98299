# Finds the TensorFlows that ops are built for. Lists their minor versions in TF_NPZ_TENSORFLOW_MINORS, and makes the
# target TensorFlow::<minor> for each.

set(TF_NPZ_TENSORFLOW "installed" CACHE STRING
    "installed: the TensorFlow of the Python interpreter; all: those of cmake/tensorflow.txt; or some of those: 2.16;2.21")
set(TF_NPZ_TENSORFLOW_DIR "${PROJECT_SOURCE_DIR}/build/tensorflow" CACHE PATH
    "Where TensorFlow's headers and libraries are, by minor version; what is missing is fetched (builds may share it)")

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)

# tf_npz_tool(<variable> <script> <argument>...): sets the variable to the output of a script of tools/.
function(tf_npz_tool variable script)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tools/${script}" ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE error RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${error}Or build without the ops: -DTF_NPZ_BUILD_OPS=OFF.")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# tf_npz_tensorflow(<minor> <folder>): makes the target for the TensorFlow that pip installed in <folder>.
function(tf_npz_tensorflow minor folder)
  set(target TensorFlow::${minor})
  string(REPLACE "." ";" numbers ${minor})
  list(GET numbers 0 major_number)
  list(GET numbers 1 minor_number)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  # The includes of an imported target are system includes. TensorFlow's headers do not pass -Wall.
  target_include_directories(${target} INTERFACE "${folder}/include")
  # Eigen's alignment must be that of TensorFlow's allocator. Headers since 2.20 do not define their version.
  target_compile_definitions(${target} INTERFACE
    EIGEN_MAX_ALIGN_BYTES=64 TF_NPZ_TF_MAJOR=${major_number} TF_NPZ_TF_MINOR=${minor_number})
  target_compile_options(${target} INTERFACE "-fmacro-prefix-map=${folder}/include/=")
  # Parts of tf.data (split providers, serialization) are only in libtensorflow_cc.
  target_link_directories(${target} INTERFACE "${folder}")
  target_link_libraries(${target} INTERFACE -l:libtensorflow_framework.so.2 -l:libtensorflow_cc.so.2)
endfunction()

if(TF_NPZ_TENSORFLOW STREQUAL "installed")
  tf_npz_tool(found find_tensorflow.py)
  list(GET found 0 version)
  list(GET found 1 folder)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" TF_NPZ_TENSORFLOW_MINORS "${version}")
  tf_npz_tensorflow(${TF_NPZ_TENSORFLOW_MINORS} "${folder}")
else()
  set(TF_NPZ_TENSORFLOW_MINORS "${TF_NPZ_TENSORFLOW}")
  if(TF_NPZ_TENSORFLOW STREQUAL "all")
    tf_npz_tool(TF_NPZ_TENSORFLOW_MINORS tensorflow_versions.py --minors)
  endif()
  message(STATUS "TensorFlows to build for: ${TF_NPZ_TENSORFLOW_MINORS}")
  set(sources_option "")
  if(TF_NPZ_SOURCES)
    set(sources_option --sources "${TF_NPZ_SOURCES}")
  endif()
  set(folder "${TF_NPZ_TENSORFLOW_DIR}")
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    string(APPEND folder "/${CMAKE_SYSTEM_PROCESSOR}")
  endif()
  tf_npz_tool(_ fetch_tensorflow.py --into "${folder}" --machine ${CMAKE_SYSTEM_PROCESSOR} ${sources_option}
              ${TF_NPZ_TENSORFLOW_MINORS})
  foreach(minor IN LISTS TF_NPZ_TENSORFLOW_MINORS)
    tf_npz_tensorflow(${minor} "${folder}/${minor}")
  endforeach()
endif()
