# A toolchain file like cmake/Manylinux.cmake, for 64-bit Arm, with Debian's cross-compiler.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(TF_NPZ_PROCESSOR aarch64)
set(debian_architecture arm64)
set(prefix aarch64-linux-gnu-)
find_program(TF_NPZ_CROSS_COMPILER ${prefix}g++)
if(NOT TF_NPZ_CROSS_COMPILER)
  message(FATAL_ERROR "There is no ${prefix}g++ here. On Debian or Ubuntu: apt-get install g++-aarch64-linux-gnu")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/Manylinux.cmake")

# Programs and packages, such as pybind11, are taken from this machine. The sysroot has none that run here.
set(CMAKE_FIND_ROOT_PATH "${TF_NPZ_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE NEVER)
