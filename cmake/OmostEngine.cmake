# The inference libraries: libllama, ggml >= 0.27, oneDNN >= 3. They come from
# the private prefix that tools/setup made, else from the system, else the
# engine is built without them and says so when asked (`omost doctor`).
#
#     omost_llama, omost_ggml, omost_dnnl   what a layer links with; they define
#                                           OM_WITH_LLAMA ... to 0 or 1
#     omost_engine_link                     what a program that holds the engine
#                                           links with as well
#     OMOST_HAVE_ENGINE                     are they there
#     OMOST_GGML_PLUGINS                    folder of ggml's back ends
#
# The prefix holds libraries of a newer Debian, with the libc they need. A
# program that loads them must start with the loader of that libc and find all
# of its C++ run time there, before libllama's own RUNPATH sends it elsewhere:
# hence the interpreter, the old-style rpath (which also serves dependencies),
# and the run-time libraries named first.

add_library(omost_llama INTERFACE)
add_library(omost_ggml INTERFACE)
add_library(omost_dnnl INTERFACE)
add_library(omost_engine_link INTERFACE)
set(OMOST_HAVE_ENGINE FALSE)
set(OMOST_GGML_PLUGINS "")
set(OMOST_RUNTIME_LIBDIR "") # not empty: the prefix is in use
set(OMOST_PREFIX_LIBDIR "")

function(omost_engine_from_prefix prefix)
  file(GLOB loader "${prefix}/usr/lib/*/ld-linux*.so.*")
  if(NOT loader)
    message(WARNING "${prefix} is incomplete. Run: tools/setup build")
    return()
  endif()
  list(GET loader 0 loader)
  get_filename_component(libdir "${loader}" DIRECTORY)
  get_filename_component(loader "${loader}" NAME)
  file(GLOB plugins "${libdir}/ggml/backends*")

  # Where the libraries will be when the program runs.
  set(runtime "${libdir}")
  if(OMOST_PRIVATE_RUNTIME)
    set(runtime "${CMAKE_INSTALL_FULL_LIBDIR}/omost")
  endif()
  string(REPLACE "${libdir}" "${runtime}" plugins "${plugins}")

  foreach(pair "llama;llama" "ggml;ggml" "ggml;ggml-base" "dnnl;dnnl")
    list(GET pair 0 target)
    list(GET pair 1 lib)
    target_link_libraries(omost_${target} INTERFACE "${libdir}/lib${lib}.so")
    target_include_directories(omost_${target} SYSTEM INTERFACE
        "${prefix}/usr/include")
  endforeach()
  target_link_libraries(omost_llama INTERFACE omost_ggml)
  # Our loops run in the threads that oneDNN has.
  target_link_libraries(omost_dnnl INTERFACE "${libdir}/libgomp.so.1")
  # A shared library of ours finds them by rpath, too.
  target_link_options(omost_ggml INTERFACE
      -Wl,--disable-new-dtags "-Wl,-rpath,${runtime}"
      "-Wl,-rpath-link,${libdir}" -Wl,--allow-shlib-undefined)
  target_link_options(omost_engine_link INTERFACE
      "-Wl,--dynamic-linker=${runtime}/${loader}" "-L${libdir}"
      -Wl,--disable-new-dtags "-Wl,-rpath,${runtime}"
      "-Wl,-rpath-link,${libdir}" -Wl,--allow-shlib-undefined
      # In one word: CMake would drop the second of two equal options.
      "LINKER:--push-state,--no-as-needed,-l:libstdc++.so.6,-l:libm.so.6,-l:libgcc_s.so.1,-l:libgomp.so.1,--pop-state")
  set(OMOST_HAVE_ENGINE TRUE PARENT_SCOPE)
  set(OMOST_GGML_PLUGINS "${plugins}" PARENT_SCOPE)
  set(OMOST_RUNTIME_LIBDIR "${runtime}" PARENT_SCOPE)
  set(OMOST_RUNTIME_LOADER "${runtime}/${loader}" PARENT_SCOPE)
  set(OMOST_PREFIX_LIBDIR "${libdir}" PARENT_SCOPE)
  message(STATUS "Inference libraries: ${prefix}")
endfunction()

function(omost_engine_from_system)
  pkg_check_modules(LLAMA IMPORTED_TARGET GLOBAL llama)
  pkg_check_modules(GGML IMPORTED_TARGET GLOBAL ggml>=0.27)
  find_path(OMOST_DNNL_INCLUDE oneapi/dnnl/dnnl.h)
  find_library(OMOST_DNNL_LIBRARY dnnl)
  # Our loops run in the threads that oneDNN has.
  find_library(OMOST_OPENMP_LIBRARY NAMES libgomp.so.1 gomp omp)
  mark_as_advanced(OMOST_DNNL_INCLUDE OMOST_DNNL_LIBRARY OMOST_OPENMP_LIBRARY)
  if(NOT (LLAMA_FOUND AND GGML_FOUND AND OMOST_DNNL_INCLUDE
          AND OMOST_DNNL_LIBRARY AND OMOST_OPENMP_LIBRARY))
    return()
  endif()
  file(STRINGS "${OMOST_DNNL_INCLUDE}/oneapi/dnnl/dnnl_version.h" major
       REGEX "define DNNL_VERSION_MAJOR [0-9]+")
  string(REGEX REPLACE ".* ([0-9]+)$" "\\1" major "${major}")
  if(major LESS 3)
    message(STATUS "oneDNN ${major} is too old, 3 is needed")
    return()
  endif()
  find_library(OMOST_GGML_BASE_LIBRARY ggml-base HINTS ${GGML_LIBRARY_DIRS})
  mark_as_advanced(OMOST_GGML_BASE_LIBRARY)
  target_link_libraries(omost_ggml INTERFACE PkgConfig::GGML)
  if(OMOST_GGML_BASE_LIBRARY)
    target_link_libraries(omost_ggml INTERFACE "${OMOST_GGML_BASE_LIBRARY}")
  endif()
  target_link_libraries(omost_llama INTERFACE PkgConfig::LLAMA omost_ggml)
  target_link_libraries(omost_dnnl INTERFACE
      "${OMOST_DNNL_LIBRARY}" "${OMOST_OPENMP_LIBRARY}")
  target_include_directories(omost_dnnl SYSTEM INTERFACE
      "${OMOST_DNNL_INCLUDE}")
  # Distributions put ggml's back ends into a folder of their own; where there
  # is none, ggml looks beside itself.
  pkg_get_variable(libdir ggml libdir)
  file(GLOB plugins "${libdir}/ggml/backends*" "${libdir}/ggml-backends*")
  if(plugins)
    list(GET plugins -1 plugins)
  endif()
  set(OMOST_HAVE_ENGINE TRUE PARENT_SCOPE)
  set(OMOST_GGML_PLUGINS "${plugins}" PARENT_SCOPE)
  message(STATUS "Inference libraries: the system's "
          "(ggml ${GGML_VERSION}, oneDNN ${major})")
endfunction()

if(OMOST_ENGINE)
  if(OMOST_DEPS_PREFIX AND EXISTS "${OMOST_DEPS_PREFIX}")
    omost_engine_from_prefix("${OMOST_DEPS_PREFIX}")
  else()
    omost_engine_from_system()
  endif()
  if(NOT OMOST_HAVE_ENGINE)
    set(level WARNING)
    if(NOT OMOST_ENGINE STREQUAL AUTO)
      set(level FATAL_ERROR)
    endif()
    message(${level} "libllama, ggml >= 0.27 and oneDNN >= 3 were not found; "
            "omost will neither compose nor draw. Run: tools/setup build")
  endif()
endif()

set(have 0)
if(OMOST_HAVE_ENGINE)
  set(have 1)
endif()
target_compile_definitions(omost_flags INTERFACE
    OM_WITH_LLAMA=${have} OM_WITH_GGML=${have} OM_WITH_DNNL=${have})

# The prefix's rpath is given above; CMake's own would point into the build.
if(OMOST_PREFIX_LIBDIR)
  set(CMAKE_SKIP_RPATH ON)
else()
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
endif()
