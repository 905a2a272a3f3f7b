#!/usr/bin/env bash
# generated.sh - the committed documents are what the tables say today.
# After a change of options: tests/cli/generated.sh --update
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

documents='man:docs/omost.1 options:docs/options.md bash:docs/completions/omost.bash
zsh:docs/completions/_omost fish:docs/completions/omost.fish
http_api:docs/http-api.md'

for pair in $documents; do
    what=${pair%%:*} file=$source_dir/${pair#*:}
    run --generate "$what"
    want_code 0
    want_no_err
    if [ "${1:-}" = --update ]; then
        mkdir -p "$(dirname "$file")"
        cp out "$file"
    fi
    cmp -s out "$file" ||
        fail "${pair#*:} is not current; run: OMOST_BIN=$omost tests/cli/generated.sh --update"
done
run --generate poetry
want_usage '--generate takes man, bash, zsh, fish, options or http_api'
run --generate
want_code 2

# Each in its own language.
if command -v mandoc >/dev/null; then
    last='mandoc -Tlint'
    # No date: the same tables shall give the same page on every day.
    mandoc -Tlint -W warning "$source_dir/docs/omost.1" 2>&1 | grep -v 'missing date' >lint
    [ ! -s lint ] || {
        fail "it complains"
        show lint
    }
fi
bash -n "$source_dir/docs/completions/omost.bash" || fail "bash does not read its completion"
if command -v zsh >/dev/null; then
    zsh -n "$source_dir/docs/completions/_omost" || fail "zsh does not read its completion"
fi
if command -v fish >/dev/null; then
    fish -n "$source_dir/docs/completions/omost.fish" || fail "fish does not read its completion"
    last='fish: complete'
    fish -c "source '$source_dir/docs/completions/omost.fish'
        complete -C 'omost pre'; complete -C 'omost preview --the'
        complete -C 'omost preview --theme '; complete -C 'omost help do'" >completed 2>&1
    cut -f1 completed | tr '\n' ' ' >words
    [ "$(cat words)" = 'preview --theme dark light doctor ' ] || fail "$(cat words)"
fi

# bash: complete a line as the shell would, and compare.
# shellcheck source=/dev/null
. "$source_dir/docs/completions/omost.bash"
complete_line() { # WORDS...
    # shellcheck disable=SC2034
    COMP_WORDS=("$@")
    # shellcheck disable=SC2034
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _omost
    last="completion of: $*"
    completed=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
}
want_completed() { # WORDS
    [ "$completed" = "$1 " ] || fail "\"$completed\" instead of \"$1 \""
}
mkdir -p models/sdxl
touch "a file.txt" x.py
complete_line omost pr
want_completed 'preview'
complete_line omost preview --th
want_completed '--theme'
complete_line omost preview x.py --theme ''
want_completed 'dark light'
complete_line omost preview --theme = da
want_completed 'dark'
complete_line omost convert --to j
want_completed 'json'
complete_line omost help d
want_completed 'diff doctor draw'
complete_line omost plan -m mod
want_completed 'models'
complete_line omost check 'a f'
want_completed 'a file.txt'
complete_line omost check x
want_completed 'x.py'
complete_line omost check --str
want_completed '--strict'

finish
