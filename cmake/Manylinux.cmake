# A toolchain file for libraries that run on other machines: -DCMAKE_TOOLCHAIN_FILE=cmake/Manylinux.cmake.
# It uses this machine's g++ with the headers and libraries of an old Debian. Libraries linked against these run on any
# Linux with glibc 2.27, like TensorFlow. (That Debian's own g++ is not used, because it has no Python that we support.)
# tools/check_symbols.py finds newer symbols, if any come from the compiler.

# cmake/ManylinuxAarch64.cmake includes this file for another processor.
if(NOT TF_NPZ_PROCESSOR)
  set(TF_NPZ_PROCESSOR x86_64)
  set(debian_architecture amd64)
  set(prefix "")
endif()
set(arch ${TF_NPZ_PROCESSOR}-linux-gnu)

# The folder with that Debian's packages. If it is missing, apt-get fetches them.
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
# -B is the folder of crti.o and the libraries. --sysroot alone does not replace this machine's own folders.
set(flags "--sysroot=${TF_NPZ_SYSROOT} -B${TF_NPZ_SYSROOT}/usr/lib/${arch}")
set(c_library "")
if(prefix)  # A cross-compiler has its own headers, and would use them before those of the sysroot.
  set(c_library "-isystem ${TF_NPZ_SYSROOT}/usr/include/${arch} -isystem ${TF_NPZ_SYSROOT}/usr/include")
endif()
set(CMAKE_C_FLAGS_INIT "${flags} ${c_library}")
# The newer g++ warns that std::function of the old Debian is uninitialised.
set(CMAKE_CXX_FLAGS_INIT "${flags} -nostdinc++ -isystem ${TF_NPZ_SYSROOT}/usr/include/c++/10 \
-isystem ${TF_NPZ_SYSROOT}/usr/include/${arch}/c++/10 ${c_library} -Wno-uninitialized -Wno-maybe-uninitialized")
foreach(kind EXE MODULE SHARED)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${TF_NPZ_SYSROOT}/usr/lib/gcc/${arch}/10 -L${TF_NPZ_SYSROOT}/lib/${arch}")
endforeach()
