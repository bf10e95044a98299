# A toolchain file, for what shall run on other machines than this one: -DCMAKE_TOOLCHAIN_FILE=cmake/Manylinux.cmake.
# This machine's g++, with headers and libraries of a Debian so old that what is linked against them runs on any Linux with
# glibc 2.27, as TensorFlow itself does. (Not that Debian's own g++: it has no Python that we support.) What newer symbols
# could still come from it, tools/check_symbols.py finds.

# cmake/ManylinuxAarch64.cmake includes this file for another processor than this machine's.
if(NOT TF_NPZ_PROCESSOR)
  set(TF_NPZ_PROCESSOR x86_64)
  set(debian_architecture amd64)
  set(prefix "")
endif()
set(arch ${TF_NPZ_PROCESSOR}-linux-gnu)

# Its packages are unpacked here, by apt-get, if nothing is here yet.
if(NOT TF_NPZ_SYSROOT)
  set(TF_NPZ_SYSROOT "$ENV{TF_NPZ_SYSROOT}")
endif()
if(NOT TF_NPZ_SYSROOT)
  set(TF_NPZ_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/downloads/${prefix}sysroot")
endif()
get_filename_component(TF_NPZ_SYSROOT "${TF_NPZ_SYSROOT}" ABSOLUTE)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TF_NPZ_SYSROOT)

if(NOT EXISTS "${TF_NPZ_SYSROOT}/usr/include")
  execute_process(
    COMMAND python3 "${CMAKE_CURRENT_LIST_DIR}/../tools/fetch_debian.py" --suite bullseye --architecture ${debian_architecture}
      libc6 libc6-dev libgcc-s1 libstdc++6 libstdc++-10-dev linux-libc-dev "${TF_NPZ_SYSROOT}"
    ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${error}To build for this machine, leave out cmake/Manylinux.cmake.")
  endif()
endif()

set(CMAKE_C_COMPILER ${prefix}gcc)
set(CMAKE_CXX_COMPILER ${prefix}g++)
# -B before this machine's own folders, which --sysroot does not move: where crti.o and the libraries are.
set(flags "--sysroot=${TF_NPZ_SYSROOT} -B${TF_NPZ_SYSROOT}/usr/lib/${arch}")
set(c_library "")
if(prefix)  # A cross-compiler has headers of its own, which would come before the sysroot's.
  set(c_library "-isystem ${TF_NPZ_SYSROOT}/usr/include/${arch} -isystem ${TF_NPZ_SYSROOT}/usr/include")
endif()
set(CMAKE_C_FLAGS_INIT "${flags} ${c_library}")
# The old std::function, which is the system's, looks uninitialised to the newer g++.
set(CMAKE_CXX_FLAGS_INIT "${flags} -nostdinc++ -isystem ${TF_NPZ_SYSROOT}/usr/include/c++/10 \
-isystem ${TF_NPZ_SYSROOT}/usr/include/${arch}/c++/10 ${c_library} -Wno-uninitialized -Wno-maybe-uninitialized")
foreach(kind EXE MODULE SHARED)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${TF_NPZ_SYSROOT}/usr/lib/gcc/${arch}/10 -L${TF_NPZ_SYSROOT}/lib/${arch}")
endforeach()
