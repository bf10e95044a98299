# Makes the target tf_npz_codecs: zlib's API for gzip streams, and libdeflate (TF_NPZ_HAVE_LIBDEFLATE) for whole members.
# The bundled codecs are static, hidden and always optimised. TF_NPZ_SYSTEM_ZLIB=ON takes only the system's zlib.

add_library(tf_npz_codecs INTERFACE)

if(TF_NPZ_SYSTEM_ZLIB)
  include(SystemZlib)
  target_link_libraries(tf_npz_codecs INTERFACE ZLIB::ZLIB)
  return()
endif()

find_package(Python REQUIRED COMPONENTS Interpreter)
set(sources_option "")
if(TF_NPZ_SOURCES)
  set(sources_option --sources "${TF_NPZ_SOURCES}")
endif()
execute_process(
  COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/../tools/fetch_codecs.py" "${TF_NPZ_DOWNLOADS}" ${sources_option}
  ERROR_VARIABLE error RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${error}")
endif()

# A function, so that its settings hold for the codec only: options of the codecs, and always a Release build.
function(tf_npz_add_codec folder name)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # option() does not change a variable that is set here.
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  set(CMAKE_BUILD_TYPE Release)
  set(CMAKE_EXPORT_COMPILE_COMMANDS OFF)
  set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} -ffunction-sections -fdata-sections")
  if(TF_NPZ_SANITIZE MATCHES "address")  # Codecs write into our buffers. Other sanitizers would test only the codecs' own code.
    string(APPEND CMAKE_C_FLAGS " -fsanitize=address")
  endif()
  set(BUILD_SHARED_LIBS OFF)
  set(BUILD_TESTING OFF)

  set(LIBDEFLATE_BUILD_SHARED_LIB OFF)
  set(LIBDEFLATE_BUILD_GZIP OFF)
  set(LIBDEFLATE_COMPRESSION_SUPPORT OFF)
  set(LIBDEFLATE_GZIP_SUPPORT ON)  # for its CRC-32; the linker drops the rest
  set(LIBDEFLATE_ZLIB_SUPPORT OFF)

  set(ZLIB_COMPAT ON)  # This builds the gz functions too; the linker drops them.
  set(ZLIB_ALIASES OFF)
  set(SKIP_INSTALL_ALL ON)
  add_subdirectory("${TF_NPZ_DOWNLOADS}/${folder}" "${PROJECT_BINARY_DIR}/codecs/${name}" EXCLUDE_FROM_ALL)
endfunction()

tf_npz_add_codec(deflate-0.9.0/libdeflate libdeflate)
tf_npz_add_codec(zlib_ng-1.1.0/src/zlib_ng/zlib-ng zlib-ng)
target_link_libraries(tf_npz_codecs INTERFACE libdeflate_static zlib-ng)
target_compile_definitions(tf_npz_codecs INTERFACE TF_NPZ_HAVE_LIBDEFLATE=1)
