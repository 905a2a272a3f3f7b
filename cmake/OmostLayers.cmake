# One folder below src/ is one layer is one object library; what may include
# what is written in tools/layers.txt. New files need no word here.
#
#     omost_layer(NAME libraries...)         om_layer_NAME, OMOST_LAYER_NAME_SOURCES
#     omost_library(NAME LAYERS... OBJECTS... [ON LIBRARY])   NAME_shared, _static
#     omost_program(TARGET LAYERS...)        a program's sources from layers

function(omost_layer name)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.c")
  if(NOT OMOST_HAVE_ENGINE)
    # Files that include a foreign library's header have its name.
    list(FILTER sources EXCLUDE REGEX
         "/src/(composer/[^/]*llama[^/]*|nn/(ggml|dnnl)[^/]*|models/gguf_[^/]*)\\.c$")
  endif()
  set_property(GLOBAL APPEND PROPERTY OMOST_LAYERS ${name})
  set(OMOST_LAYER_${name}_SOURCES "${sources}" PARENT_SCOPE)
  set(OMOST_LAYER_${name}_LIBS "${ARGN}" PARENT_SCOPE)
  if(NOT sources)
    return()
  endif()
  add_library(om_layer_${name} OBJECT ${sources})
  target_link_libraries(om_layer_${name} PRIVATE omost_flags ${ARGN})
endfunction()

# A folder with sources that no omost_layer() names would be left out silently.
function(omost_layers_are_all_known)
  get_property(known GLOBAL PROPERTY OMOST_LAYERS)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/src"
       "${PROJECT_SOURCE_DIR}/src/*/*.c")
  foreach(source ${sources})
    get_filename_component(layer "${source}" DIRECTORY)
    if(NOT layer IN_LIST known)
      message(FATAL_ERROR "src/${layer} is no layer yet: name it in "
              "CMakeLists.txt and in tools/layers.txt")
    endif()
  endforeach()
endfunction()

# Objects and libraries of layers, as lists.
function(omost_collect objects libs)
  set(o)
  set(l)
  foreach(name ${ARGN})
    if(OMOST_LAYER_${name}_SOURCES)
      list(APPEND o "$<TARGET_OBJECTS:om_layer_${name}>")
      list(APPEND l ${OMOST_LAYER_${name}_LIBS})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES l)
  set(${objects} "${o}" PARENT_SCOPE)
  set(${libs} "${l}" PARENT_SCOPE)
endfunction()

# NAME_static holds everything and shows it to whom links it; NAME_shared shows
# OMOST_API alone. A library ON another takes the private functions it needs from
# the other's archive and keeps them to itself; objects pass between the two
# because they are of one version.
function(omost_library name)
  cmake_parse_arguments(arg "" "ON" "LAYERS;OBJECTS" ${ARGN})
  omost_collect(objects libs ${arg_LAYERS})
  foreach(extra ${arg_OBJECTS})
    list(APPEND objects "$<TARGET_OBJECTS:${extra}>")
  endforeach()
  set(OMOST_HAVE_${name} FALSE PARENT_SCOPE)
  if(NOT objects)
    return()
  endif()
  set(OMOST_HAVE_${name} TRUE PARENT_SCOPE)
  string(REPLACE _ - file "${name}")

  add_library(${name}_static STATIC ${objects})
  add_library(${name}_shared SHARED ${objects})
  foreach(target ${name}_static ${name}_shared)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME "${file}" LINKER_LANGUAGE C)
    target_include_directories(${target} INTERFACE
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  endforeach()
  set_target_properties(${name}_shared PROPERTIES
      VERSION "${PROJECT_VERSION}" SOVERSION 0)
  target_link_libraries(${name}_static PUBLIC ${libs})
  target_link_libraries(${name}_shared PRIVATE omost_flags ${libs})
  if(arg_ON)
    target_link_libraries(${name}_static PUBLIC ${arg_ON}_static)
    target_link_libraries(${name}_shared PRIVATE ${arg_ON}_static)
    if(NOT APPLE)
      target_link_options(${name}_shared PRIVATE
          "-Wl,--exclude-libs,lib${arg_ON}.a")
    endif()
  endif()
  if(NOT APPLE AND NOT OMOST_SANITIZE)
    target_link_options(${name}_shared PRIVATE -Wl,--as-needed -Wl,-z,defs)
  endif()
endfunction()

function(omost_program target)
  cmake_parse_arguments(arg "" "" "LAYERS" ${ARGN})
  omost_collect(objects libs ${arg_LAYERS})
  target_sources(${target} PRIVATE ${objects})
  target_link_libraries(${target} PRIVATE omost_flags omost_engine_link ${libs})
endfunction()
