# bench/*.c: one file, one program, built by the target `bench` alone. They link
# the engine too, so each may measure anything.

file(GLOB benches CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.c")
add_custom_target(bench)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  list(FILTER benches EXCLUDE REGEX "/bench_serve\\.c$") # epoll, /proc
endif()
if(OMOST_FUZZ)
  set(benches)
endif()
foreach(source ${benches})
  get_filename_component(name "${source}" NAME_WE)
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
  set_target_properties(bench_${name} PROPERTIES
      OUTPUT_NAME "${name}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
  target_link_libraries(bench_${name} PRIVATE
      omost_flags omost_engine_link omost_engine_static omost_static)
  add_dependencies(bench bench_${name})
endforeach()
