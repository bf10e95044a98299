# Makes GTest::gtest_main: the installed one, or from Debian's package (without root), or from GoogleTest's release.

find_package(GTest QUIET)
if(GTest_FOUND)
  return()
endif()

find_package(Python COMPONENTS Interpreter)
set(folder "${TF_NPZ_DOWNLOADS}/googletest")
if(Python_FOUND AND NOT EXISTS "${folder}/usr/src/googletest/CMakeLists.txt")
  message(STATUS "Fetching GoogleTest ...")
  execute_process(COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/../tools/fetch_debian.py" googletest "${folder}")
endif()

function(tf_npz_add_googletest)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_POLICY_VERSION_MINIMUM 3.10)  # Debian's GoogleTest asks for a CMake so old that CMake warns.
  set(BUILD_GMOCK ON)
  set(INSTALL_GTEST OFF)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  set(CMAKE_CXX_FLAGS_${build_type} -O0)  # It is compiled quickly. Speed matters nowhere in it.
  if(EXISTS "${folder}/usr/src/googletest/CMakeLists.txt")
    add_subdirectory("${folder}/usr/src/googletest" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
  else()
    include(FetchContent)
    FetchContent_Declare(googletest
      URL https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
      URL_HASH SHA256=8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7
      DOWNLOAD_EXTRACT_TIMESTAMP OFF)
    FetchContent_MakeAvailable(googletest)
  endif()
endfunction()

tf_npz_add_googletest()
foreach(name gtest gtest_main gmock gmock_main)
  if(NOT TARGET GTest::${name})
    add_library(GTest::${name} ALIAS ${name})
  endif()
endforeach()
