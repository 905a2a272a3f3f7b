#!/usr/bin/env bash
# plan.sh - omost plan.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run plan good.py
want_code 0
want_no_err
want_out '"rect": [0,90,0,90]'
want_out '"rect": [20,70,0,40]'
want_out '"distance": null'
want_out '"A heron."'
grep -q '"ids"' out && fail "bags without a vocabulary"
cp out laid-out.json

# --compact is the same object on one line.
run plan --compact good.py
want_code 0
[ "$(wc -l <out)" = 1 ] || fail "--compact is not one line"
tr -d ' \n' <out >one
tr -d ' \n' <laid-out.json >two
want_same one two

run plan good.py -o p.json
want_no_out
want_same p.json laid-out.json
run plan - <reply.txt
want_code 0

# A canvas without a global description: noted, and refused by --strict.
sed '/set_global/,/^)/d' good.py >headless.py
run plan headless.py
want_code 0
want_err 'note: '
want_out '"notes": ['
run plan -q headless.py
want_no_err
{ echo '```python'; cat headless.py; echo '```'; } >headless.txt
run plan --strict headless.txt
want_code 1
want_no_out

# The vocabulary of a model folder.
if [ -n "${OMOST_GOLDEN:-}" ] && [ -d "$OMOST_GOLDEN/model/tokenizer" ]; then
    run plan -m "$OMOST_GOLDEN/model" good.py
    want_code 0
    want_no_err
    # A bag is a line: start, words, end, pads, 77 in all.
    grep '"ids":' out | tr -cd '0-9,\n' | awk -F, 'NF != 77 + 1 && NF != 77 { exit 1 }' ||
        fail "a bag is not of 77"
    want_out '"ids": [49406,'
    want_out '"ids_2": [49406,'
    cp out folder.json
    # ... named as omost pull names it
    export HF_HUB_CACHE=$tmp/hub
    commit=0123456789abcdef0123456789abcdef01234567
    mkdir -p hub/models--acme--sdxl/refs hub/models--acme--sdxl/snapshots
    echo -n $commit >hub/models--acme--sdxl/refs/main
    ln -s "$OMOST_GOLDEN/model" hub/models--acme--sdxl/snapshots/$commit
    run plan -m hf:acme/sdxl good.py
    want_code 0
    want_same out folder.json
else
    echo "SKIPPED: plan -m FOLDER (no golden model at OMOST_GOLDEN)"
fi
run plan -m builtin good.py
if [ "$code" = 3 ]; then
    want_no_out
    want_err 'vocabulary'
    echo "SKIPPED: plan -m builtin (this build has no vocabulary)"
else
    want_code 0
    want_no_err
    want_out '"ids": [49406,'
    [ ! -e folder.json ] || want_same out folder.json
fi

mkdir hollow
run plan -m hollow good.py
want_code 3
want_no_out
want_err 'hollow'
run plan -m nowhere good.py
want_code 3
want_err 'nowhere'
HF_HUB_CACHE=$tmp/empty run plan -m realvisxl-4 good.py
want_code 3
want_no_out
want_err 'run: omost pull realvisxl-4'

# Styles and profiles.
run plan good.py --prompt-style description
want_code 0
want_same out laid-out.json
run plan good.py --prompt-style tags
want_code 0
cmp -s out laid-out.json && fail "--prompt-style tags changes nothing"
run plan good.py --prompt-style tgas
want_usage '--prompt-style takes profile, description or tags'
for name in sdxl pony illustrious anime; do
    run plan --profile "$name" good.py
    want_code 0
    "$omost" plan --help | grep -q "$name" || fail "plan --help does not name $name"
done
run plan --profile pony good.py
want_out 'score_9'
printf 'style: tags\nquality: splendid\nheron -> grey heron\n' >mine
run plan --profile mine good.py
want_code 0
want_out 'splendid'
want_out 'grey heron'
run plan --profile pnoy good.py
want_code 3
want_err 'pnoy is neither a file nor one of the profiles sdxl, pony'
printf 'style: tags\nno rule at all\n' >bad-profile
run plan --profile bad-profile good.py
want_code 1
want_err 'bad-profile:2:'

run plan broken.py -o p.json
want_code 1
want_same p.json laid-out.json

finish
