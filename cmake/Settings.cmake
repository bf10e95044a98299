# Compiler and linker flags of all our own C++. Codecs and GoogleTest keep their own flags.

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

# Compiling a file that includes TensorFlow's dataset.h takes about 0.9 GB of memory. So at most two are compiled at once.
set_property(GLOBAL PROPERTY JOB_POOLS tensorflow=2)

add_library(tf_npz_flags INTERFACE)
# Every layer has TensorFlow's ABI, because layers pass std::string to each other.
target_compile_definitions(tf_npz_flags INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_include_directories(tf_npz_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(tf_npz_flags INTERFACE -Wall -Wextra -ffunction-sections -fdata-sections
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")  # so that __FILE__ holds no path of this machine
if(TF_NPZ_WERROR)
  target_compile_options(tf_npz_flags INTERFACE -Werror)
endif()
if(TF_NPZ_SANITIZE)
  target_compile_options(tf_npz_flags INTERFACE
    -fsanitize=${TF_NPZ_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g
    -Wno-maybe-uninitialized  # GCC's guesses go wrong in instrumented code.
    -UNDEBUG)  # assert runs. CMake's build types turn it off.
  target_link_options(tf_npz_flags INTERFACE -fsanitize=${TF_NPZ_SANITIZE})
endif()

# tf_npz_shared_object(<target> [EXPORTS <symbol>...])
# Links <target> so that it exports only EXPORTS, not even the weak symbols of std:: templates. TensorFlow itself exports
# inflate, crc32 and more. If our copies were visible, the copy that is loaded first would replace the others.
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
  # No run path: the libraries that it needs are in the process already when it is loaded.
  set_target_properties(${target} PROPERTIES SKIP_BUILD_RPATH ON INSTALL_RPATH "" LINK_DEPENDS "${script}")
  install(TARGETS ${target} LIBRARY DESTINATION tf_npz COMPONENT extension)
endfunction()
