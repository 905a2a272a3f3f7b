# shellcheck shell=bash
# What the tests of the page in a browser need: a Chromium from the system's
# packages, and what tests/e2e/run.sh takes from npm. Not everybody can have them
# (Ubuntu's package is no browser), so they are optional: the tests say that
# they were skipped.
# shellcheck disable=SC2154  # root, cache, offline come from tools/setup

have_chromium() {
    [ -n "${OMOST_CHROMIUM:-}" ] || have chromium || have chromium-browser ||
        have google-chrome
}

chromium_install() {
    have_chromium && return 0 # a set-up beside this one was faster
    note "installing chromium (takes a minute or so)"
    apt_install chromium || { apt_update && apt_install chromium; } || return 1
    hash -r
}

e2e_ensure() {
    local rc=0
    case $1 in build) return ;; esac
    step_begin
    if ! have_chromium && [ "$offline" = 0 ] && have apt-get; then
        with_lock chromium_install || note "no chromium: $(log_reason "$cache/apt.log")"
    fi
    "$root/tests/e2e/run.sh" --setup >"$cache/e2e-setup.log" 2>&1 || rc=$?
    if [ "$rc" = 0 ]; then
        step_end ok "Chromium, playwright-core, axe-core, openai"
    else
        soft_fail "$(tail -n 1 "$cache/e2e-setup.log" | sed 's/^SKIPPED: //')"
    fi
}
