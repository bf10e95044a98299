# FILE exports EXPORTS and nothing else, lacks nothing, needs the system's zlib when it was built for that and only then,
# and has no run path.
# Given: NM, READELF, FILE, EXPORTS, SYSTEM_ZLIB, IS_PYTHON_MODULE.

# symbols(<variable> <filter>): the names that nm lists with <filter>.
function(symbols variable filter)
  execute_process(COMMAND "${NM}" -D ${filter} --format=posix "${FILE}" OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${lines}")
  list(FILTER lines EXCLUDE REGEX " w ")  # A weak symbol may stay undefined.
  list(TRANSFORM lines REPLACE " .*" "")
  set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

symbols(defined --defined-only)
list(REMOVE_ITEM defined "" ${EXPORTS})
if(defined)
  message(SEND_ERROR "${FILE} exports ${defined}")
endif()

# The linker cannot tell what a Python module lacks, since it takes Python itself from the interpreter. Here, what is
# neither Python's nor of a versioned library is lacking; the system's zlib has no versions.
if(IS_PYTHON_MODULE AND NOT SYSTEM_ZLIB)
  symbols(undefined --undefined-only)
  list(FILTER undefined EXCLUDE REGEX "@|^_?Py")
  if(undefined)
    message(SEND_ERROR "${FILE} lacks ${undefined}")
  endif()
endif()

execute_process(COMMAND "${READELF}" -d "${FILE}" OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\\((NEEDED|RUNPATH|RPATH)\\)[^\n]*" dynamic "${dynamic}")
if(dynamic MATCHES "RUNPATH|RPATH")
  message(SEND_ERROR "${FILE} holds a run path: ${dynamic}")
endif()
string(REGEX MATCH "libz\\.so|libdeflate\\.so" needs_codec "${dynamic}")
if((SYSTEM_ZLIB AND NOT needs_codec) OR (needs_codec AND NOT SYSTEM_ZLIB))
  message(SEND_ERROR "${FILE}, built with TF_NPZ_SYSTEM_ZLIB=${SYSTEM_ZLIB}, needs: ${dynamic}")
endif()
