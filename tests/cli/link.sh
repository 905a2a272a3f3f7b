#!/usr/bin/env bash
# link.sh - a program of one's own against what is installed, by the line that
# docs/render.md gives.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$omost")
skip() {
    echo "SKIPPED: ${0##*/} ($1)"
    exit 77
}
command -v pkg-config >/dev/null || skip "no pkg-config"
command -v cmake >/dev/null || skip "no cmake"
[ -e "$build/omost-engine.pc" ] || skip "$build is no build folder with an engine"
grep -q -- '-fsanitize' "$build/build.ninja" && skip "sanitizers want to be linked first"

last='cmake --install'
DESTDIR=$tmp/root cmake --install "$build" >install.log 2>&1 || {
    fail "it does not install"
    show install.log
    finish
}
pc=$(find root -name omost-engine.pc)
export PKG_CONFIG_PATH=$tmp/${pc%/*} PKG_CONFIG_SYSROOT_DIR=$tmp/root
cat >program.c <<'C'
#include <omost/render.h>
#include <stdio.h>

int main(void)
{
    omost_error err;
    omost_engine_opts o = {.model = "nowhere.safetensors", .backend = "dnnl"};
    omost_engine *e = omost_engine_open(&o, &err);
    printf("%s: %s\n", omost_version(), e ? "opened" : err.msg);
    omost_engine_close(e);
    return 0;
}
C
line=$(sed -n 's/^\(cc program.c .*\)$/\1/p' "$source_dir/docs/render.md")
[ -n "$line" ] || fail "docs/render.md has no such line any more"
last=$line
eval "$line" >out 2>err || {
    fail "it does not link"
    show err
}
libraries=$(dirname "$(find "$PWD/root" -name 'libomost-engine.so' | head -1)")
# (By its own environment: the tools here are linked with another C library.)
env LD_LIBRARY_PATH="$libraries" ./program >out 2>err || fail "it does not start"
want_out 'nowhere.safetensors'

finish
