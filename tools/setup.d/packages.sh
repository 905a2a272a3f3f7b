# shellcheck shell=bash
# The system's packages. A need is "group  package  probe": the package's Debian
# name, and how to see that the thing is there, however it was installed:
#     cmd:NAME   a program       pc:NAME   a pkg-config module
#     path:GLOB  a file          fn:NAME   a function of this file
# shellcheck disable=SC2154  # offline comes from tools/setup

packages_needs() {
    cat <<'NEEDS'
build  gcc                  cmd:cc
build  libc6-dev            fn:have_libc_headers
build  make                 cmd:make
build  cmake                cmd:cmake
build  ninja-build          cmd:ninja
build  pkg-config           cmd:pkg-config
build  libjansson-dev       pc:jansson
build  libpng-dev           pc:libpng
build  libfreetype-dev      pc:freetype2
build  libicu-dev           pc:icu-uc
build  libssl-dev           pc:libcrypto
build  libcurl4-openssl-dev pc:libcurl
build  libsqlite3-dev       pc:sqlite3
build  libmicrohttpd-dev    pc:libmicrohttpd
build  fonts-dejavu-core    fn:have_font
build  ca-certificates      fn:have_certificates
build  npm                  cmd:npm
test   libcmocka-dev        pc:cmocka
test   zlib1g-dev           pc:zlib
test   clang                cmd:clang
test   CLANG_RT             fn:have_clang_rt
test   python3              cmd:python3
test   python3-numpy        fn:have_numpy
test   python3-cairo        fn:have_pycairo
lint   clang-format         cmd:clang-format
lint   clang-tidy           cmd:clang-tidy
lint   cppcheck             cmd:cppcheck
lint   shellcheck           cmd:shellcheck
NEEDS
}

have_libc_headers() {
    [ -e /usr/include/stdio.h ] || echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1
}
have_font() {
    local f
    for f in /usr/share/fonts/truetype/dejavu /usr/share/fonts/dejavu* \
        /usr/share/fonts/TTF /opt/homebrew/share/fonts /usr/local/share/fonts; do
        [ -e "$f/DejaVuSans.ttf" ] && return 0
    done
    return 1
}
have_certificates() {
    [ -s /etc/ssl/certs/ca-certificates.crt ] || [ ! -d /etc/apt ]
}
# The system's Python, whatever other one comes first.
have_numpy() { /usr/bin/python3 -c 'import numpy' 2>/dev/null; }
have_pycairo() { /usr/bin/python3 -c 'import cairo' 2>/dev/null; }
have_clang_rt() {
    local dir
    have clang || return 1
    dir=$(clang -print-runtime-dir 2>/dev/null) || return 1
    compgen -G "$dir/libclang_rt.fuzzer*" >/dev/null && return 0
    compgen -G "$(clang -print-resource-dir)/lib/*/libclang_rt.fuzzer*" >/dev/null
}

need_is_met() {
    case $1 in
    cmd:*) have "${1#cmd:}" ;;
    pc:*) have pkg-config && pkg-config --exists "${1#pc:}" ;;
    path:*) compgen -G "${1#path:}" >/dev/null ;;
    fn:*) "${1#fn:}" ;;
    esac
}

# The Debian names of what GROUP still lacks, one a line.
packages_missing() {
    local group package probe
    while read -r group package probe; do
        case $1:$group in
        all:* | *:build | test:test | lint:test | lint:lint) ;;
        *) continue ;;
        esac
        need_is_met "$probe" || echo "$package"
    done < <(packages_needs)
}

apt_has() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

# clang's run-time package carries clang's number in its name in most releases.
clang_rt_package() {
    local n
    if apt_has libclang-rt-dev; then
        echo libclang-rt-dev
        return
    fi
    n=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
    echo "libclang-rt-${n:-14}-dev"
}

apt_install() {
    local log=$cache/apt.log
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" \
        >"$log" 2>&1 </dev/null
}

apt_update() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update \
        >"$cache/apt.log" 2>&1 </dev/null
}

packages_ensure() {
    local group=$1 missing names still count
    step_begin
    missing=$(packages_missing "$group" | tr '\n' ' ')
    if [ -z "$missing" ]; then
        step_end ok "system packages ($group)"
        return
    fi
    names=${missing% }
    [ "$offline" = 0 ] || die "missing: $names (OMOST_SETUP_OFFLINE is set)"
    if ! have apt-get; then
        packages_explain "$names"
    fi
    if [ "$(id -u)" != 0 ] && ! have sudo; then
        die "not root and no sudo; have an administrator run:" \
            "apt-get install ${names/CLANG_RT/$(clang_rt_package)}"
    fi
    case $names in *CLANG_RT*)
        apt_has clang || apt_update || true
        names=${names/CLANG_RT/$(clang_rt_package)}
        ;;
    esac
    note "installing $names (takes a minute or so)"
    # Fresh machines have no lists, old ones have stale lists: try, update, retry.
    # shellcheck disable=SC2086  # names is a list of words
    if ! apt_install $names; then
        apt_update || true
        apt_install $names ||
            die "apt-get install $names failed: $(log_reason "$cache/apt.log")" \
                "(whole log: $cache/apt.log)"
    fi
    hash -r
    still=$(packages_missing "$group" | tr '\n' ' ')
    [ -z "$still" ] || die "installed, yet still not usable: $still"
    count=$(echo "$names" | wc -w)
    step_end new "system packages ($group): $count installed"
}

packages_explain() {
    if have brew; then
        die "no apt-get here; run: brew install cmake ninja pkg-config jansson" \
            "libpng freetype icu4c openssl@3 curl sqlite libmicrohttpd llama.cpp" \
            "ggml onednn node && brew install --cask font-dejavu (still missing: $1)"
    fi
    die "no apt-get here; install with your package manager what Debian calls: $1"
}
