#!/usr/bin/env bash
# tour.sh - docs/tour.md, executed: what stands after "$ " in its ```console
# blocks is run among the examples, and the rest of the block must be what it
# prints. A line "..." stands for any number of lines.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cp "$examples"/* .
mkdir bin
ln -s "$omost" bin/omost
PATH=$tmp/bin:$PATH
unset COLUMNS

mkdir steps
awk '
    /^```console$/ { inside = 1; next }
    /^```$/ { inside = 0 }
    inside && /^\$ / {
        name = sprintf("steps/%03d", ++n)
        print substr($0, 3) > (name ".run")
        printf "" > (name ".want")
        next
    }
    inside { print > (name ".want") }
' "$source_dir/docs/tour.md"

# Whether the lines of OUT are those of WANT, "..." standing for any.
matches() { # WANT OUT
    awk '
        NR == FNR { want[++n] = $0; next }
        { got[++m] = $0 }
        END {
            i = j = 1
            while (i <= n) {
                if (want[i] == "...") {
                    if (i == n) exit 0
                    i++
                    while (j <= m && got[j] != want[i]) j++
                }
                if (j > m || got[j] != want[i]) exit 1
                i++; j++
            }
            exit j <= m
        }
    ' "$1" "$2"
}

n=0
for step in steps/*.run; do
    last="tour: $(cat "$step")"
    n=$((n + 1))
    if grep -q -e '-m builtin' "$step" && ! omost plan -q -m builtin market.py >/dev/null 2>&1; then
        echo "SKIPPED: $last (this build has no vocabulary)"
        continue
    fi
    bash "$step" >out 2>&1 </dev/null
    code=$?
    [ $code -lt 126 ] || fail "exit code $code"
    matches "${step%.run}.want" out || {
        fail "it prints something else"
        diff "${step%.run}.want" out | sed 's/^/    | /' | head -20
    }
done
[ "$n" -ge 5 ] || fail "only $n steps were found"
[ -s layout.png ] || fail "no picture"

finish
