# How all of our own C++ is compiled and linked. Codecs and GoogleTest keep their own flags.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  foreach(language C CXX)
    if(NOT DEFINED CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER "${CCACHE}")
    endif()
  endforeach()
endif()

# A file that includes TensorFlow's dataset.h needs about 0.9 GB: never more than two compilers of them at once.
set_property(GLOBAL PROPERTY JOB_POOLS tensorflow=2)

add_library(tf_npz_flags INTERFACE)
# The ABI must be TensorFlow's in every layer, since layers pass std::string to each other.
target_compile_definitions(tf_npz_flags INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_include_directories(tf_npz_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(tf_npz_flags INTERFACE -Wall -Wextra -ffunction-sections -fdata-sections
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")  # __FILE__ in messages: no machine's paths in what is shipped
if(TF_NPZ_WERROR)
  target_compile_options(tf_npz_flags INTERFACE -Werror)
endif()
if(TF_NPZ_SANITIZE)
  target_compile_options(tf_npz_flags INTERFACE
    -fsanitize=${TF_NPZ_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g
    -Wno-maybe-uninitialized)  # GCC's guesses go wrong in instrumented code.
  target_link_options(tf_npz_flags INTERFACE -fsanitize=${TF_NPZ_SANITIZE})
endif()

# tf_npz_shared_object(<target> [EXPORTS <symbol>...])
# Links <target> so that it exports EXPORTS and nothing else, not even the weak symbols of std:: templates. TensorFlow
# exports inflate, crc32 and more itself, and whichever copy is loaded first would win over one that is visible.
function(tf_npz_shared_object target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXPORTS")
  set(global "")
  if(arg_EXPORTS)
    string(JOIN "; " names ${arg_EXPORTS})
    set(global "global: ${names}; ")
  endif()
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}.map")
  file(CONFIGURE OUTPUT "${script}" CONTENT "{ @global@local: *; };\n" @ONLY)
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${script}" LINKER:--exclude-libs,ALL LINKER:--as-needed LINKER:--gc-sections)
  # What it needs is in the process already when it is loaded, so no machine's path is written into it.
  set_target_properties(${target} PROPERTIES SKIP_BUILD_RPATH ON INSTALL_RPATH "" LINK_DEPENDS "${script}")
  install(TARGETS ${target} LIBRARY DESTINATION tf_npz COMPONENT extension)
endfunction()
