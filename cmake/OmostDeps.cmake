# The system's libraries, all by pkg-config. Each is included in one place only;
# tools/layers.txt says where.

find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

function(omost_need variable module)
  pkg_check_modules(${variable} IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${variable}_FOUND)
    message(FATAL_ERROR "${module} is missing. Run: tools/setup build")
  endif()
endfunction()

omost_need(JANSSON jansson)
omost_need(PNG libpng)
omost_need(FREETYPE freetype2)
omost_need(ICU icu-uc)
omost_need(CRYPTO libcrypto)
omost_need(CURL libcurl)
omost_need(SQLITE sqlite3)
omost_need(MICROHTTPD libmicrohttpd)
