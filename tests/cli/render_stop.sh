#!/usr/bin/env bash
# render_stop.sh - omost render when the disk is full or somebody wants it to stop.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_render.sh
. "$here/_render.sh"

need_model

draw "$good" -o /dev/full
want_code 3
want_err 'cannot write /dev/full: No space left on device'
draw "$good" -o - >/dev/null
"$omost" render -q "$good" -m "$model" --backend ref -W 64 -H 64 --steps 1 -o - >/dev/full 2>err
code=$?
last='omost render -o - >/dev/full'
want_code 3
want_err 'cannot write standard output: No space left on device'
echo precious >old.png
last='omost render under ulimit -f'
(
    ulimit -f 4
    trap '' XFSZ
    exec "$omost" render -q "$good" -m "$model" --backend ref -W 64 -H 64 --steps 1 -o old.png
) >out 2>err
code=$?
want_code 3
want_err 'cannot write old.png: File too large'
[ "$(cat old.png)" = precious ] || fail "the old picture was touched"
want_no_temporaries .

# Stopped: soon, with the code of the signal, without a file. (The plain back end
# takes minutes for this.)
for signal in INT:130 TERM:143; do
    for after in 0.1 0.5 2; do
        last="omost render, ${signal%:*} after $after s"
        begin=$(date +%s%N)
        timeout --preserve-status -s "${signal%:*}" "$after" "$omost" render "$good" -m "$model" \
            --backend ref -W 1024 -H 1024 -o old.png --preview stop-preview.png >out 2>err
        code=$?
        want_code "${signal#*:}"
        # (A signal may come before the program has begun to say anything.)
        [ ! -s err ] || want_err 'omost render: stopped'
        echo "$last: ended after $((($(date +%s%N) - begin) / 1000000)) ms"
        [ "$(cat old.png)" = precious ] || fail "the old picture was touched"
        want_no_temporaries .
    done
done
# Pictures that were finished stay.
last='omost render -b 1000, stopped'
timeout --preserve-status -s INT 2 "$omost" render -q "$good" -m "$model" --backend ref -W 1024 -H 1024 \
    -b 1000 -o some.png >out 2>err
code=$?
want_code 130
for f in some*.png; do [ -e "$f" ] && want_picture "$f" 1024x1024; done

# On a terminal one line changes; it is gone at the end.
if script -qec true /dev/null >/dev/null 2>&1; then
    last='omost render on a terminal'
    TERM=xterm script -qec "'$omost' render '$good' -m '$model' --backend ref -W 64 -H 64 --steps 2 -o t.png" \
        /dev/null </dev/null >terminal
    tr '\r' '\n' <terminal >lines
    grep -q '^drawing: step 1/2 \[=*>* *\] ' lines || fail "no bar"
    tail -n 2 lines | grep -q 't.png: 64x64, seed 12345' || fail "no last word"
fi

finish
