# TensorFlow as pip installed it, asked of the Python interpreter without importing it.
# Sets TensorFlow_VERSION, _VERSION_MAJOR, _VERSION_MINOR; makes the target TensorFlow::TensorFlow.

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
execute_process(
  COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tools/find_tensorflow.py"
  OUTPUT_VARIABLE found ERROR_VARIABLE error RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${error}Or build without the ops: -DTF_NPZ_BUILD_OPS=OFF.")
endif()
list(GET found 0 TensorFlow_VERSION)
list(GET found 1 TensorFlow_ROOT_DIR)
string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" _ "${TensorFlow_VERSION}")
set(TensorFlow_VERSION_MAJOR "${CMAKE_MATCH_1}")
set(TensorFlow_VERSION_MINOR "${CMAKE_MATCH_2}")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TensorFlow REQUIRED_VARS TensorFlow_ROOT_DIR VERSION_VAR TensorFlow_VERSION)

add_library(TensorFlow::TensorFlow INTERFACE IMPORTED)
# An imported target's includes are system includes: TensorFlow's headers do not pass -Wall.
target_include_directories(TensorFlow::TensorFlow INTERFACE "${TensorFlow_ROOT_DIR}/include")
# Eigen's alignment is TensorFlow's allocator's. Headers since 2.20 no longer say which version they are.
target_compile_definitions(TensorFlow::TensorFlow INTERFACE
  EIGEN_MAX_ALIGN_BYTES=64
  TF_NPZ_TF_MAJOR=${TensorFlow_VERSION_MAJOR} TF_NPZ_TF_MINOR=${TensorFlow_VERSION_MINOR})
target_compile_options(TensorFlow::TensorFlow INTERFACE "-fmacro-prefix-map=${TensorFlow_ROOT_DIR}/include/=")
# Parts of tf.data (split providers, serialization) are only in libtensorflow_cc.
target_link_directories(TensorFlow::TensorFlow INTERFACE "${TensorFlow_ROOT_DIR}")
target_link_libraries(TensorFlow::TensorFlow INTERFACE -l:libtensorflow_framework.so.2 -l:libtensorflow_cc.so.2)
