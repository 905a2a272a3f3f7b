# How our own code is compiled: C11 without extensions, POSIX 2008, position
# independent, everything hidden that is not OMOST_API.
#
#     omost_flags              INTERFACE target every object of ours links to

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
include(CheckCCompilerFlag)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
# Line tables cost nothing at run time and make a backtrace readable.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")

add_library(omost_flags INTERFACE)
target_include_directories(omost_flags INTERFACE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_definitions(omost_flags INTERFACE
    _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE
    "OM_VERSION=\"${PROJECT_VERSION}\"")
if(APPLE)
  target_compile_definitions(omost_flags INTERFACE _DARWIN_C_SOURCE)
endif()

set(warnings
    -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings
    -Werror=implicit-function-declaration -Werror=incompatible-pointer-types)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  # gcc lets a function with the attribute pass its format on; clang does not.
  list(APPEND warnings -Wno-format-nonliteral)
endif()
if(OMOST_WERROR)
  list(APPEND warnings -Werror)
endif()
# Masks are -inf and NaN is a finding: never -ffast-math here.
set(c_only "$<COMPILE_LANGUAGE:C>")
target_compile_options(omost_flags INTERFACE "$<${c_only}:${warnings}>")

if(OMOST_SANITIZE)
  set(sanitize "-fsanitize=${OMOST_SANITIZE}")
  if(OMOST_FUZZ)
    string(APPEND sanitize ",fuzzer-no-link")
  endif()
  target_compile_options(omost_flags INTERFACE
      "$<${c_only}:${sanitize};-fno-sanitize-recover=all;-fno-omit-frame-pointer>")
  target_link_options(omost_flags INTERFACE
      "-fsanitize=${OMOST_SANITIZE}" -fno-sanitize-recover=all)
else()
  # What distributions build with.
  target_compile_options(omost_flags INTERFACE
      "$<${c_only}:-fstack-protector-strong>")
  target_compile_definitions(omost_flags INTERFACE
      "$<$<AND:${c_only},$<CONFIG:Release>>:_FORTIFY_SOURCE=2>")
  if(NOT APPLE)
    target_link_options(omost_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
  endif()
endif()
