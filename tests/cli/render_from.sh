#!/usr/bin/env bash
# render_from.sh - pictures that tell how they were drawn, and are drawn again.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_render.sh
. "$here/_render.sh"

need_model

run preview "$good" --size 64 -o start.png
draw "$good" -o a.png
make_lora tint.safetensors
draw -q "$good" -b 3 -o many.png
want_code 0
draw -q "$good" -s 12346 -o one.png

draw -q "$good" -o lora.png --lora tint.safetensors:0.5
run info lora.png
want_out 'LoRA        tint.safetensors, weight 0.5, SHA-256 '
want_out 'parameters: A pond.'
run info a.png
want_code 0
want_out 'drawn by omost '
want_out '(ref, f32)'
want_out 'seed        12345'
want_out 'steps       2, dpm++2m, karras, cfg-scale 5'
want_out 'omost render --from a.png draws it again'
run info --json a.png
want_out '"kind":"png","width":64,"height":64'
want_out '"record":{"version":1,'
want_out 'Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, Seed: 12345, Size: 64x64'

# Its canvas can be read wherever a canvas can.
"$omost" fmt "$good" >want.py
run fmt a.png
want_code 0
want_same out want.py
run check a.png
want_out 'a.png: fine: 1 region'
run check --strict a.png
want_code 0
run diff a.png "$good"
want_no_out
draw -q a.png -o again.png
want_same a.png again.png
run check start.png
want_code 3
want_err 'start.png carries no record of how it was drawn'

# Again: byte for byte, whatever it was drawn with.
again() { # FILE OPTIONS...
    local file=$1
    shift
    rm -f again.png
    run render -q --from "$file" -o again.png "$@"
    want_code 0
    want_no_err
    want_same "$file" again.png
}
again a.png
again lora.png
again many_3.png
draw -q "$good" -o d.png -s -1 --sampling-method euler_a --rng cpu --region couple -n 'a "b": c' \
    --profile pony --cfg-scale 3.3 --init-layout 0.9 --vae-tiling
again d.png
draw -q "$good" -o d.png -i start.png --strength 0.6
again d.png
draw -q "$good" -o d.png -b 2 --compat omost --hires 2 --hires-steps 1
again d_2.png
draw -q "$good" -o d.png --vae "$model/vae"
again d.png
# A LoRA that goes by another name now: its weight is not forgotten.
mkdir there
mv tint.safetensors there/hue.safetensors
run render -q --from lora.png -o again.png
want_usage 'was drawn with tint.safetensors'
want_err 'say it: --lora FILE:0.5'
run render -q --from lora.png -o again.png --lora there/hue.safetensors:0.5

run render --from lora.png -o again.png --lora there/hue.safetensors
want_code 0
want_err 'hue.safetensors is added with the weight 1 instead of the recorded 0.5: --lora FILE:0.5'
run render --from lora.png -o again.png --lora there/hue.safetensors:0.5
grep -q 'with the weight' err && fail "a note about the same weight"
same_pixels lora.png again.png || fail "another picture"
# A model whose configuration says something else.
cp -r "$model" odd
sed -i 's/"rescale_betas_zero_snr": false/"rescale_betas_zero_snr": true/' odd/scheduler/scheduler_config.json
run render --from a.png -m odd -o again.png
want_code 0
want_err 'odd is not the recorded model: its scheduler/scheduler_config.json has changed'
# The model from elsewhere, in the same bytes.
cp -r "$model" moved
rm -rf cache
run render -q --from a.png -o again.png
want_usage 'the picture was drawn with model, and it is not known here where that is; say it: --model FILE'
run render -q --from a.png -o again.png -m moved --backend ref
want_code 0
same_pixels a.png again.png || fail "another picture"
run render --from a.png -o again.png -m "$single/model-fp32.safetensors" --config "$single/config.json" --tokenizer "$model"
want_code 0
want_err 'is not the recorded model'
same_pixels a.png again.png || fail "another picture"
draw -q "$good" -o d.png -i start.png
rm -rf cache
run render -q --from d.png -m "$model" -o again.png
want_usage 'the picture was drawn with start.png'
want_err 'say it: --init-img FILE'
run render -q --from d.png -m "$model" -i start.png -o again.png
want_same d.png again.png
# What is given goes before what is recorded; another canvas, too.
run render -q --from a.png -m "$model" -s 12346 -o again.png
want_same one.png again.png
run render -q --from a.png -m "$model" --steps 3 -b 2 -o again.png
want_picture again_2.png 64x64
same_pixels a.png again.png && fail "steps were not changed"
sed 's/heron/stork/' "$good" >stork.py
run render --from a.png stork.py -m "$model" -o again.png
want_code 0
want_err 'the plan is not the recorded one'
# A record that was tampered with.
sed 's/"steps":2/"steps":0/' a.png >liar.png
run render --from liar.png -m "$model" -o again.png
[ "$code" != 0 ] || fail "accepted"

# Change a picture's record, by as many bytes; gzip knows the checksum.
forge() { # FILE OUT SED...
    local file=$1 out=$2 at n crc
    shift 2
    sed "$@" "$file" >forged
    at=$(grep -abo '[it][TE]Xtomost' forged | head -1 | cut -d: -f1)
    n=$((0x$(tail -c +"$((at - 3))" forged | head -c 4 | od -An -tx1 | tr -d ' ') + 4))
    crc=$(tail -c +"$((at + 1))" forged | head -c "$n" | gzip -c | tail -c 8 | head -c 4 | od -An -tx1)
    # shellcheck disable=SC2086
    set -- $crc
    {
        head -c "$((at + n))" forged
        # shellcheck disable=SC2059
        printf "\\x$4\\x$3\\x$2\\x$1"
        tail -c +"$((at + n + 5))" forged
    } >"$out"
}
# From a machine that could do more.
forge a.png far.png 's/"backend":"ref","precision":"f32"/"backend":"npu","precision":"f32"/'
run info far.png
want_out '(npu, f32)'
run render --from far.png -m "$model" -o again.png
want_code 0
want_err 'npu in f32, with which the picture was drawn, cannot be had here'
want_err 'the backend was npu and is '
want_picture again.png 64x64
run render -q --from far.png -m "$model" -o again.png --backend ref
want_code 0
same_pixels a.png again.png || fail "another picture"
forge a.png far.png 's/"backend":"ref","precision":"f32"/"backend":"ref","precision":"f16"/'
run render --from far.png -m "$model" -o again.png --backend ref
want_code 0
want_err 'ref in f16, with which'
same_pixels a.png again.png || fail "another picture"
run render --from far.png -m nowhere.safetensors -o again.png
want_code 3
want_err 'nowhere.safetensors'
# A folder of words is not remembered.
cp -r "$model/tokenizer" words
draw -q "$good" -o d.png --tokenizer words
want_code 0
run render --from d.png -m "$model" --backend ref -o again.png
want_code 0
want_err 'the vocabulary in the folder words, and the model'
want_err '--tokenizer FOLDER'
run render -q --from d.png -m "$model" -o again.png
want_no_err
run render --from d.png -m "$model" -o again.png --tokenizer words
want_code 0
grep -q 'vocabulary' err && fail "a note about what was given"

# A random seed is told and kept.
draw "$good" -s -1 -o d.png
seed=$(sed -n 's/^d.png: 64x64, seed //p' err)
[ -n "$seed" ] || fail "no seed is told"
run info d.png
want_out "seed        $seed,"
draw -q "$good" -s "$seed" -o e.png
want_same d.png e.png

# Previews.
draw -q "$good" -o c.png --preview p.png
want_code 0
want_picture p.png 8x8
want_same c.png a.png

finish
