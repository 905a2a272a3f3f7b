#!/usr/bin/env bash
# convert.sh - omost convert: every format and back.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The format by OUT's name.
for pair in python:.py reply:.txt json:.json comfy:.comfy.json; do
    format=${pair%%:*} extension=${pair#*:}
    run convert reply.txt --to "$format"
    want_code 0
    want_no_err
    cp out expected
    run convert reply.txt -o "x$extension"
    want_code 0
    want_no_out
    want_same "x$extension" expected
done
want_same x.py good.py
run convert good.py --to json -o strange.name
want_code 0
want_same strange.name x.json

# Lossless ones come back equal, through a pipe as well.
for from in good.py reply.txt "$examples"/*.txt "$examples"/*.py "$examples"/*.json; do
    "$omost" fmt "$from" >canonical.py || fail "fmt $from"
    for format in python reply json; do
        run convert --to "$format" "$from"
        want_code 0
        cp out there
        run convert --to python - <there
        want_code 0
        want_no_err
        want_same out canonical.py
    done
done

# ComfyUI's form keeps prompts, boxes and order; what it cannot keep is noted.
run convert x.comfy.json --to comfy
want_code 0
want_same out x.comfy.json
tr -d ' \n' <x.comfy.json | sed 's/\[20,70,0,40\]/[22,69,3,41]/' >odd.json
run convert odd.json --to python
want_code 0
want_out "location='on the left'"
want_err 'odd.json: note: '

run convert good.py
want_usage 'to what? Add --to python, reply, json or comfy'
run convert good.py -o picture.bmp
want_usage "OUT's name does not tell"

# Broken JSON, wrong JSON.
echo '{"a": [1, 2,, 3]}' >bad.json
run convert bad.json --to python
want_code 1
want_err 'bad.json:1:'
echo '[1, 2]' >list.json
run convert list.json --to python
want_code 1
want_err 'list.json'
head -c 200000 /dev/zero | tr '\0' '[' >deep.json
run convert deep.json --to python
want_code 4
want_err 'deep.json:1:'

finish
