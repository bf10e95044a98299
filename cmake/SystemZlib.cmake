# Finds the system's ZLIB::ZLIB. If only the library is there, the header is taken from Debian's package.

find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  find_package(Python COMPONENTS Interpreter)
  set(folder "${TF_NPZ_DOWNLOADS}/zlib1g-dev")
  if(Python_FOUND AND NOT EXISTS "${folder}/usr/include/zlib.h")
    execute_process(COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/../tools/fetch_debian.py" zlib1g-dev "${folder}")
  endif()
  find_path(ZLIB_INCLUDE_DIR zlib.h PATHS "${folder}/usr/include" NO_DEFAULT_PATH)
  find_library(ZLIB_LIBRARY NAMES libz.so.1)
  find_package(ZLIB QUIET)
endif()
if(NOT ZLIB_FOUND)
  message(FATAL_ERROR "zlib was not found. Install it (Debian, Ubuntu: apt-get install zlib1g-dev; Fedora: dnf install "
                      "zlib-devel), or build with the bundled codecs: -DTF_NPZ_SYSTEM_ZLIB=OFF.")
endif()
