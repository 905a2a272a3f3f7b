# shellcheck shell=bash
# Small verbs that tools/setup and its parts share.
# shellcheck disable=SC2154  # cache, deps and the like come from tools/setup

now_ms() {
    local t=${EPOCHREALTIME:-}
    if [ -n "$t" ]; then
        t=${t/[.,]/}
        echo $((t / 1000))
    else
        echo $((SECONDS * 1000))
    fi
}

# step_begin; ...; step_end STATE TEXT     prints one line with its time
step_begin() { step_started=$(now_ms); }
step_end() {
    local ms=$(($(now_ms) - step_started))
    printf 'setup: %-7s %-62s %3d.%02d s\n' "$1" "$2" \
        $((ms / 1000)) $((ms % 1000 / 10))
}

note() { printf 'setup: note    %s\n' "$*"; }

die() {
    printf 'setup: ERROR   %s\n' "$*" >&2
    exit 1
}

# An optional part could not be had: say so and go on.
soft_fail() {
    printf 'setup: WARNING %s\n' "$*" >&2
    soft_failures=$((soft_failures + 1))
}

have() { command -v "$1" >/dev/null 2>&1; }

# The error lines of a log, or its end: the reason in a few words.
log_reason() {
    { grep -hE '^(E:|Err:|npm (ERR!|error) |.*[Ee]rror)' "$1" || tail -n 3 "$1"; } |
        head -n 3 | cut -c1-200 | tr '\n' ';' | sed 's/;$//'
}

# as_root CMD...: run as root directly or through sudo; fails when neither works.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        return 1
    fi
}

# with_lock CMD...: one set-up at a time may change the user's cache.
with_lock() {
    if ! have flock; then
        "$@"
        return
    fi
    local rc=0
    exec 9>"$cache/.lock"
    flock -n 9 || { note "another set-up is running; waiting for it" && flock 9; }
    "$@" || rc=$?
    exec 9>&-
    return "$rc"
}

# Write stdin to FILE only when it changes, so that CMake does not re-run.
write_if_changed() {
    local tmp=$1.tmp.$$
    cat >"$tmp"
    if cmp -s "$tmp" "$1"; then
        rm -f "$tmp"
    else
        mv -f "$tmp" "$1"
    fi
}

write_config() {
    {
        echo "# Written by tools/setup; read by CMakeLists.txt. Not for editing."
        echo "set(OMOST_DEPS_PREFIX \"$prefix\")"
        echo "set(OMOST_DEPS_PEERS \"$peers\")"
        echo "set(OMOST_DEPS_CLIP_MERGES \"${clip_dir:+$clip_dir/merges.txt}\")"
    } | write_if_changed "$deps/config.cmake"
}
