# make install: libraries, headers, pkg-config files, a CMake package, docs.

include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_MESSAGE NEVER)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/omost")

file(GLOB public_headers CONFIGURE_DEPENDS
     "${PROJECT_SOURCE_DIR}/include/omost/*.h")
install(FILES ${public_headers}
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/omost")

foreach(lib omost omost_engine)
  if(OMOST_HAVE_${lib} AND NOT OMOST_FUZZ)
    install(TARGETS ${lib}_static ${lib}_shared
            ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
            LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
            RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()

# What a program that holds the engine must link with besides (the reason is in
# cmake/OmostEngine.cmake), as words for pkg-config and for CMake.
set(OMOST_RUNTIME_FLAGS "")
set(OMOST_ENGINE_PRIVATE_LIBS "")
set(OMOST_ENGINE_PRIVATE_REQUIRES "libcurl")
if(OMOST_RUNTIME_LIBDIR)
  set(d "${OMOST_RUNTIME_LIBDIR}")
  set(OMOST_RUNTIME_FLAGS
      "-Wl,--dynamic-linker=${OMOST_RUNTIME_LOADER} -Wl,--disable-new-dtags"
      "-Wl,-rpath,${d} -Wl,-rpath-link,${d} -Wl,--allow-shlib-undefined"
      "-L${d} -Wl,--push-state,--no-as-needed,-l:libstdc++.so.6,-l:libm.so.6,-l:libgcc_s.so.1,-l:libgomp.so.1,--pop-state")
  string(REPLACE ";" " " OMOST_RUNTIME_FLAGS "${OMOST_RUNTIME_FLAGS}")
  set(OMOST_ENGINE_PRIVATE_LIBS
      "-L${d} -l:libllama.so.0 -l:libggml.so.0 -l:libggml-base.so.0")
  file(GLOB dnnl_soname RELATIVE "${OMOST_PREFIX_LIBDIR}"
       "${OMOST_PREFIX_LIBDIR}/libdnnl.so.*")
  list(SORT dnnl_soname COMPARE NATURAL)
  list(GET dnnl_soname -1 dnnl_soname)
  string(APPEND OMOST_ENGINE_PRIVATE_LIBS " -l:${dnnl_soname}")
elseif(OMOST_HAVE_ENGINE)
  set(OMOST_ENGINE_PRIVATE_REQUIRES "libcurl llama ggml")
  set(OMOST_ENGINE_PRIVATE_LIBS "-ldnnl")
endif()

foreach(pc omost omost-engine)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${pc}.pc.in"
                 "${CMAKE_BINARY_DIR}/${pc}.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/${pc}.pc"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/omost-config.cmake.in"
    "${CMAKE_BINARY_DIR}/omost-config.cmake"
    INSTALL_DESTINATION "${package_dir}"
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/omost-config-version.cmake"
    VERSION "${PROJECT_VERSION}" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/omost-config.cmake"
              "${CMAKE_BINARY_DIR}/omost-config-version.cmake"
        DESTINATION "${package_dir}")

file(GLOB manuals CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/*.1")
install(FILES ${manuals} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")

# The prefix's libraries, where the installed program looks for them.
if(OMOST_PRIVATE_RUNTIME AND OMOST_PREFIX_LIBDIR)
  install(DIRECTORY "${OMOST_PREFIX_LIBDIR}/"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/omost" USE_SOURCE_PERMISSIONS
          PATTERN "cmake" EXCLUDE
          PATTERN "pkgconfig" EXCLUDE
          PATTERN "libmtmd*" EXCLUDE
          PATTERN "libllama-common*" EXCLUDE)
  install(DIRECTORY "${OMOST_DEPS_PREFIX}/usr/share/doc/"
          DESTINATION "${CMAKE_INSTALL_DOCDIR}/licenses")
endif()

# Completions of the three shells, where each looks.
set(completions "${PROJECT_SOURCE_DIR}/docs/completions")
install(FILES "${completions}/omost.bash" RENAME omost OPTIONAL
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${completions}/_omost" OPTIONAL
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES "${completions}/omost.fish" OPTIONAL
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
