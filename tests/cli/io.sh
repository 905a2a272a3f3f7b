#!/usr/bin/env bash
# io.sh - files and pipes that fail: a code, a sentence, no half-written file.
# (Root may write anywhere, so a folder that refuses is /proc here.)
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Missing and unreadable.
run check nowhere.py
want_code 3
want_err 'omost check: cannot open nowhere.py: No such file or directory'
run check good.py/nowhere.py
want_code 3
run check ''
want_code 3
mkdir folder
run fmt folder
want_code 3
want_err 'folder is a folder, not a file'
if [ -r /proc/self/mem ]; then
    run check /proc/self/mem
    want_code 3
    want_err 'cannot read /proc/self/mem'
fi

# Too large: exactly 1 MiB is looked at, one byte more is not.
head -c 1048576 /dev/zero | tr '\0' '#' >limit.py
run check limit.py
want_code 1
{ cat limit.py; printf '#'; } >over.py
run check over.py
want_code 4
want_err 'over.py is larger than the 1048576 bytes accepted here'
run check - <over.py
want_code 4
want_err 'standard input is larger than'
run check /dev/zero # without end
want_code 4
run check good.py nowhere.py over.py
want_code 4

# Out of memory: 192 MiB of pixels where there are 64.
base_kib=$(address_space)
if [ "$base_kib" != 0 ]; then
    last='omost preview --size 8192 in little memory'
    (
        ulimit -v $((base_kib + 65536))
        exec "$omost" preview good.py --labels --size 8192 -o huge.png
    ) >out 2>err
    code=$?
    want_code 4
    want_err 'omost preview: out of memory'
    [ ! -e huge.png ] || fail "half a picture"
fi

# A full disk. No command ends well whose output did not arrive.
for command in 'check good.py' 'check --json good.py' 'fmt good.py' 'convert --to json good.py' \
    'convert --to comfy good.py' 'preview good.py' 'preview --format svg good.py' 'plan good.py' \
    'diff --json good.py reply.txt' '--help' '--version' 'help plan' 'plan --help' \
    '--generate man'; do
    # shellcheck disable=SC2086
    last="omost $command >/dev/full"
    # shellcheck disable=SC2086
    "$omost" $command >/dev/full 2>err
    code=$?
    want_code 3
    want_err 'cannot write standard output: No space left on device'
    # shellcheck disable=SC2086
    last="omost $command >&-"
    # shellcheck disable=SC2086
    "$omost" $command >&- 2>err
    code=$?
    want_code 3
    want_err 'cannot write standard output: '
done
run fmt good.py -o /dev/full
want_code 3
want_err 'cannot write /dev/full: No space left on device'
[ -c /dev/full ] || fail "/dev/full was replaced"
run convert good.py -o /dev/null --to json
want_code 0
[ -c /dev/null ] || fail "/dev/null was replaced"

# A reader that leaves early is not an error worth a word.
last='omost fmt | true'
i=0
while [ $i -lt 400 ]; do
    sed -n '/add_local/,$p' good.py
    i=$((i + 1))
done | cat good.py - >long.py
{ "$omost" fmt long.py; echo $? >code; } 2>err | true
code=$(cat code)
want_code 3
want_no_err

# Standard error closed: the work is done all the same.
last='omost fmt 2>&-'
"$omost" fmt good.py -o quiet.py 2>&-
code=$?
want_code 0
want_same quiet.py good.py
"$omost" fmt broken.py -o quiet.py 2>&-
code=$?
want_code 1
want_same quiet.py good.py

# Targets that cannot be: nothing new, nothing changed, nothing left behind.
echo precious >old
for target in nowhere/x.json good.py/x.json folder /proc/x.json; do
    run convert good.py --to json -o "$target"
    want_code 3
    want_err "cannot write $target"
done
for source in broken.py nowhere.py over.py; do
    for command in 'convert --to json' 'fmt' 'plan' 'preview --format png' 'preview --format svg'; do
        # shellcheck disable=SC2086
        run $command "$source" -o old
        [ "$code" != 0 ] || fail "accepted"
        want_no_out
        [ "$(cat old)" = precious ] || fail "the old output was touched"
    done
done
# A file-size limit stands for a disk that fills up half way.
last='omost fmt under ulimit -f'
(
    ulimit -f 16
    trap '' XFSZ
    exec "$omost" fmt long.py -o old
) >out 2>err
code=$?
want_code 3
want_err 'cannot write old: File too large'
[ "$(cat old)" = precious ] || fail "the old output was touched"
want_no_temporaries .
want_no_temporaries folder

# In place onto itself through another name.
cp good.py self.py
run fmt ./self.py -o self.py
want_code 0
want_same self.py good.py

# Colour only on a terminal, and NO_COLOR is honoured.
run check broken.py
grep -q "$(printf '\033')" err && fail "colour in a file"
if script -qec true /dev/null >/dev/null 2>&1; then
    last='omost check on a terminal'
    TERM=xterm script -qec "'$omost' check broken.py" /dev/null </dev/null >terminal
    grep -q "$(printf '\033\\[1;31m')" terminal || fail "no colour on a terminal"
    NO_COLOR=1 TERM=xterm script -qec "'$omost' check broken.py" /dev/null </dev/null >terminal
    grep -q "$(printf '\033\\[')" terminal && fail "NO_COLOR is not honoured"
fi

finish
