# shellcheck shell=bash
# llama.cpp's own programs (llama-server, llama-completion, llama-bench, ...):
# real peers for tests and benches, started by tools/peer. Where the system has
# them they are the system's. Otherwise they come as the inference libraries do
# (see prefix.sh), into a folder of their own with all they need, so that nothing
# here can disturb what omost is built with. Building needs none of this.
# shellcheck disable=SC2154,SC2034  # cache, offline come from tools/setup

peers_recipe=1 # raise when what is put into the folder changes
peers_packages="llama.cpp-tools libggml0-backend-blas libopenblas0-openmp"

# Sets peers: the folder, "system", or nothing. Only the groups that test fetch.
peers_ensure() { # GROUP
    local rc=0 prefix prefix_recipe=$peers_recipe prefix_packages=$peers_packages
    peers=
    step_begin
    if have llama-server && have llama-completion; then
        peers=system
        [ "$1" = build ] || step_end ok "llama.cpp's programs: the system's own"
        return
    fi
    have dpkg-deb || rc=3
    if [ "$rc" = 0 ]; then
        prefix=$cache/peers-$(prefix_id)
        if prefix_is_good; then
            peers=$prefix
            [ "$1" = build ] || step_end ok "llama.cpp's programs: ${prefix##*/}"
            return
        fi
    fi
    [ "$1" != build ] || return 0
    [ "$offline" = 0 ] || rc=4
    if [ "$rc" != 4 ] && peers_in_apt && apt_install llama.cpp-tools; then
        peers=system
        step_end new "llama.cpp's programs: installed from the system's apt"
        return
    fi
    [ "$rc" != 0 ] ||
        with_lock prefix_build peers_trim "$cache/peers.log" || rc=$?
    case $rc in
    0)
        peers=$prefix
        step_end new "llama.cpp's programs: ${prefix##*/}"
        ;;
    3) soft_fail "no llama.cpp programs to test against: install llama.cpp" \
        "(Homebrew: brew install llama.cpp); the tests that need it are left out" ;;
    4) soft_fail "no llama.cpp programs to test against (OMOST_SETUP_OFFLINE is" \
        "set); the tests that need them are left out" ;;
    *) soft_fail "no llama.cpp programs to test against: fetching" \
        "$prefix_suite's packages failed ($(log_reason "$cache/peers.log")); the" \
        "tests that need them are left out; see $cache/peers.log, then run" \
        "tools/setup test again" ;;
    esac
}

peers_in_apt() {
    have apt-cache && apt_offers llama.cpp-tools 0 &&
        { [ "$(id -u)" = 0 ] || have sudo; }
}

# Of the programs only llama.cpp's stay. They look for ggml's plug-ins in the
# system's folder, where there are none, and then beside the running program,
# which is the loader here.
peers_trim() { # ROOT LIB
    local f loader
    find "$1/usr/bin" -mindepth 1 ! -name 'llama-*' -delete || return
    rm -rf "$1/usr/include" "$1"/usr/lib/*/pkgconfig "$1"/usr/lib/*/cmake
    for f in "$2"/ggml/backends*/*.so; do
        ln -s "${f#"$2"/}" "$2/${f##*/}" || return
    done
    [ -x "$1/usr/bin/llama-server" ] && [ -x "$1/usr/bin/llama-completion" ] ||
        return
    loader=$(compgen -G "$2/ld-linux*.so.*" | head -n 1)
    "$loader" --library-path "$2:$2/llama" "$1/usr/bin/llama-server" --version
}
