# Files as constants of the program: src/base/embedded.h declares them.
#
#     omost_embed(TARGET name file [name file]...)
#
# makes an object library with om_embedded_NAME[] and om_embedded_NAME_size.
# The assembler reads the file itself (.incbin), so a megabyte costs nothing. An
# empty file name gives a constant of no bytes.

function(omost_embed target)
  set(sources)
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest name)
    list(POP_FRONT rest file)
    set(asm "${CMAKE_CURRENT_BINARY_DIR}/embed/${name}.S")
    set(OM_NAME "${name}")
    set(OM_INCBIN "")
    if(file)
      set(OM_INCBIN ".incbin \"${file}\"")
    endif()
    configure_file("${PROJECT_SOURCE_DIR}/cmake/embed.S.in" "${asm}" @ONLY)
    if(file)
      set_source_files_properties("${asm}" PROPERTIES OBJECT_DEPENDS "${file}")
    endif()
    list(APPEND sources "${asm}")
  endwhile()
  add_library(${target} OBJECT ${sources})
endfunction()

# The page: every file of a folder that a browser asks for, and the table of them
# that src/server/web_files.h declares.
function(omost_embed_web target folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${folder}" "${folder}/*")
  list(FILTER files INCLUDE REGEX "\\.(html|css|js|mjs|svg|png|ico|woff2|txt)$")
  list(SORT files)
  set(named)
  set(externs "")
  set(rows "")
  set(i 0)
  foreach(file ${files})
    # The tag of a file that was changed must be another one.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 "${folder}/${file}")
    file(SHA256 "${folder}/${file}" hash)
    list(APPEND named "web_${i}" "${folder}/${file}")
    string(APPEND externs
           "extern const unsigned char om_embedded_web_${i}[];\n"
           "extern const size_t om_embedded_web_${i}_size;\n")
    string(APPEND rows "    {\"${file}\", om_embedded_web_${i}, "
           "&om_embedded_web_${i}_size, \"\\\"${hash}\\\"\"},\n")
    math(EXPR i "${i} + 1")
  endforeach()
  set(table "${CMAKE_CURRENT_BINARY_DIR}/embed/web_table.c")
  file(CONFIGURE OUTPUT "${table}" @ONLY CONTENT
"/* Made by CMake from the files in web/. */
#include \"server/web_files.h\"

@externs@
const om_web_file om_web_files[] = {
@rows@    {0},
};
")
  omost_embed(${target} ${named})
  target_sources(${target} PRIVATE "${table}")
  target_link_libraries(${target} PRIVATE omost_flags)
endfunction()

# CLIP's merges: set-up fetches them; without them prompts cannot be tokenized.
function(omost_clip_merges out)
  set(file "${OMOST_CLIP_MERGES}")
  if(NOT file)
    set(file "${OMOST_DEPS_CLIP_MERGES}")
  endif()
  if(NOT file OR NOT EXISTS "${file}")
    message(WARNING "CLIP's merges.txt is missing; this build cannot turn words "
            "into tokens by itself. Run: tools/setup build, or configure with "
            "-DOMOST_CLIP_MERGES=FILE")
    set(file "")
  endif()
  set(${out} "${file}" PARENT_SCOPE)
endfunction()

function(omost_find_font out)
  file(GLOB folders /usr/share/fonts/dejavu*)
  find_file(OMOST_FONT DejaVuSans.ttf
      PATHS /usr/share/fonts/truetype/dejavu ${folders} /usr/share/fonts/TTF
            "$ENV{HOME}/Library/Fonts" /Library/Fonts
            /opt/homebrew/share/fonts /usr/local/share/fonts)
  if(NOT OMOST_FONT)
    message(FATAL_ERROR "DejaVuSans.ttf is missing (Debian: fonts-dejavu-core). "
            "Run: tools/setup build, or configure with -DOMOST_FONT=FILE")
  endif()
  set(${out} "${OMOST_FONT}" PARENT_SCOPE)
endfunction()
