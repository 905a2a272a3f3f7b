#!/usr/bin/env bash
# render.sh - omost render: its options, and the files it makes. What is drawn is
# compared with the original in tests/engine.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_render.sh
. "$here/_render.sh"

# ---- what needs no model -----------------------------------------------------

run render
want_usage 'which model? Name a .safetensors file or a folder'
run render -m m.safetensors
want_usage 'which canvas? Name a file, or - for standard input'
run render "$good" "$good" -m m.safetensors
want_usage 'is one argument too many'
run render "$good" -m nowhere.safetensors
want_code 3
want_err 'nowhere.safetensors'
run render nowhere.py -m nowhere.safetensors
want_code 3
want_err 'cannot open nowhere.py'
run render "$broken" -m nowhere.safetensors
want_code 1
want_err 'would have to be executed'
for words in '-W 8' '-W 63' '-H 8193' '-W 64.5' '-W x' '-W 1e3'; do
    # shellcheck disable=SC2086
    run render "$good" -m m $words
    want_usage 'takes a whole number from 64 to 8192, not'
done
for words in '--steps 0' '--steps 1001' '--steps -1'; do
    # shellcheck disable=SC2086
    run render "$good" -m m $words
    want_usage '--steps takes a whole number from 1 to 1000'
done
for words in '--cfg-scale -1' '--cfg-scale 101' '--cfg-scale nan' '--cfg-scale inf' '--cfg-scale 0x5' \
    '--cfg-scale 5,5' '--cfg-scale='; do
    # shellcheck disable=SC2086
    run render "$good" -m m $words
    want_usage '--cfg-scale takes a number from 0 to 100'
done
run render "$good" -m m -s 99999999999999999999
want_usage '--seed takes a whole number, not'
run render "$good" -m m -s 1.5
want_usage '--seed takes a whole number'
run render "$good" -m m --strength 1.5 -i x.png
want_usage '--strength takes a number from 0.01 to 1'
run render "$good" -m m --strength 0 -i x.png
want_usage '--strength takes a number from 0.01 to 1'
run render "$good" -m m -s 9223372036854775807
want_usage '--seed is 9223372036854775807; it must be at most'
run render "$good" -m m --hires 8 -W 2048
want_usage '--hires is 8, which makes 16384x9216 of 2048x1152'
run render "$good" -m m --init-layout 0.001
want_usage '--init-layout is 0.001; it must be 0 or 0.01 to 1'
run render "$good" -m m --lora x.safetensors:inf
want_usage '--lora x.safetensors:inf: a weight is a number such as 0.8'
run render "$good" -m m --hires 9
want_usage '--hires takes a number from 1 to 8'
run render "$good" -m m -b 1025
want_usage '--batch-count takes a whole number from 1 to 1024'
run render "$good" -m m --sampling-method magic
want_usage '--sampling-method takes dpm++2m, euler, euler_a, ddim or lcm, not "magic"'
run render "$good" -m m --sampling-method 'DPM++ 2M Karras'
want_usage 'not "DPM++ 2M Karras"; write --sampling-method dpm++2m --scheduler karras'
run render "$good" -m m --sampling-method 'Euler a Magic'
want_usage 'or lcm, not "Euler a Magic"'
grep -q '; write' err && fail "a hint out of the blue"
run render "$good" -m m --scheduler magic
want_usage '--scheduler takes karras, normal, simple'
run render "$good" -m m --rng dice
want_usage '--rng takes cpu or cuda, not "dice"'
run render "$good" -m m --region here
want_usage '--region takes score, couple, multidiffusion or none'
run render "$good" -m m --backend abacus
want_usage '--backend takes auto'
run render "$good" -m m --precision f8
want_usage '--precision takes auto, f32 or bf16'
run render "$good" -m m --compat other
want_usage '--compat takes none or omost'
run render "$good" -m m --samplng-method euler
want_usage 'did you mean --sampling-method?'
run render "$good" -m m --strength 0.5
want_usage '--strength goes with -i'
run render "$good" -m m --hires-steps 5
want_usage 'go with --hires SCALE'
for scale in 1.01 1.05; do
    run render "$good" -m m --hires "$scale"
    want_usage "--hires $scale is too little for a second pass"
done
run render "$good" -m m --projected-pooled
want_usage '--projected-pooled goes with --compat omost'
run render "$good" -m m -o x.png --preview ./x.png
want_usage '--preview and the picture are both ./x.png'
run render "$good" -m m -o x.png -b 3 --preview x_3.png
want_usage '--preview and the picture are both x_3.png'
run render "$good" -m m --preview picture.png
want_usage '--preview and the picture are both picture.png'
run render "$good" -m m -o x.JPG
want_usage 'x.JPG: pictures are written as PNG; give a name that ends in .png'
run render "$good" -m m -o x.png --preview p.webp
want_usage 'p.webp: pictures are written as PNG'
run render "$good" -m m --preview-every 5
want_usage '--preview-every goes with --preview'
run render "$good" -m m --taesd t.safetensors
want_usage '--taesd goes with --preview'
run preview "$good" --size 64 -o start.png
run render "$good" -m m --init-layout 0.9 -i start.png
want_usage 'begin from one of them only'
run render "$good" -m m -b 2 -o -
want_usage 'standard output takes one picture, not 2'
run render "$good" -m m --preview - -o x.png
want_usage '--preview takes a file'
run render "$good" -m m -i nowhere.png
want_code 3
want_err 'cannot open nowhere.png'
run render "$good" -m m -i "$good"
want_code 1
want_err 'good.py: not a readable PNG; convert it to PNG first'
run render "$good" -m m --profile nowhere
want_code 3
want_err 'nowhere is neither a file nor one of the profiles'
run render --from start.png -m m
want_code 3
want_err 'start.png carries no record of how it was drawn'
run render --from nowhere.png -m m
want_code 3
run render --from "$good" -m m
want_code 1
want_err 'good.py: '
# Before anything is loaded: a place where no file can be.
run render "$good" -m m -o nowhere/x.png
want_code 3
want_err 'cannot write nowhere/x.png'
run render "$good" -m m -o x.png --preview nowhere/p.png
want_code 3
want_err 'cannot write nowhere/p.png'
mkdir y_3.png
run render "$good" -m m -o y.png -b 4
want_code 3
want_err 'y_3.png'
rmdir y_3.png
mkdir taken
run render "$good" -m m -o taken
want_code 3
run render - -m m <"$broken"
want_code 1
want_no_out
[ -z "$(find . -name '*.png' ! -name start.png)" ] || fail "a picture from a wrong command line"
want_no_temporaries .

need_model

# ---- drawing -----------------------------------------------------------------

draw "$good" -o a.png
want_code 0
want_no_out
want_err 'a.png: 64x64, seed 12345'
want_err 'drawing: step 1/2'
want_picture a.png 64x64
draw -q "$good" -o b.png
want_code 0
want_no_err
want_same a.png b.png
draw -q "$reply" -o b.png
want_same a.png b.png
"$omost" convert --to json "$good" >good.json
draw -q - -o b.png <good.json
want_same a.png b.png
draw -q "$good" -o - >/dev/null
cmp -s out a.png || fail "standard output is another picture"
want_no_err

# A name of its own for every picture, nothing overwritten without -o.
draw -q "$good"
draw -q "$good" -b 2
draw -q "$good"
for f in picture.png picture-2.png picture-2_2.png picture-3.png; do want_picture $f 64x64; done
want_same picture.png a.png
draw -q "$good" -b 3 -o many.png
for f in many.png many_2.png many_3.png; do want_picture $f 64x64; done
want_same many.png a.png
draw -q "$good" -s 12346 -o one.png
want_same many_2.png one.png
draw -q "$good" -b 2 -o bare
want_picture bare_2 64x64

# Every option reaches the picture (or, where it must not, does not).
changes() { # OPTIONS...
    rm -f c.png
    draw -q "$good" -o c.png "$@"
    want_code 0
    if [ -e c.png ]; then same_pixels a.png c.png && fail "the same picture: $*"; fi
    rm -f c.png
}
keeps() { # OPTIONS...
    rm -f c.png
    draw -q "$good" -o c.png "$@"
    want_code 0
    same_pixels a.png c.png || fail "another picture: $*"
}
changes -s 1
changes -W 128
changes -H 128
changes --steps 3
changes --cfg-scale 7.5
changes -n 'blue'
changes -n ''
changes --sampling-method 'euler a'
changes --sampling-method lcm
changes --scheduler sgm_uniform
changes --scheduler Trailing
changes --rng cpu
changes --prediction v
changes --region couple
changes --region multidiffusion
changes --region none
changes --compat omost
changes --init-layout 0.95
changes --hires 2 --hires-steps 1
changes -i start.png
changes -i start.png --strength 0.5
changes --profile pony
changes --prompt-style tags
keeps --prediction eps
keeps --region Score
keeps --tokenizer "$model"
keeps --vae "$model/vae"
keeps --fit-prefix
keeps -t 2
keeps -n 'lowres, bad anatomy, bad hands, cropped, worst quality'
# With two steps the default sampler is Euler: it remembers none.
draw -q "$good" -o three.png --steps 3
draw -q "$good" -o c.png --steps 3 --sampling-method Euler
same_pixels three.png c.png && fail "Euler is DPM++ 2M"
draw -q "$good" -o c.png --compat omost --projected-pooled
same_pixels a.png c.png || fail "projected is not projected"
draw "$good" -o c.png --cfg-scale 1 -n 'blue'
want_code 0
want_err 'omost render: note: with a cfg-scale of 1 the negative prompt is not used'
draw "$good" -o c.png -W 150 -H 130
want_err 'note: 150x130 is drawn as 128x128: sides are multiples of 64'
want_picture c.png 128x128
draw -q "$good" -o c.png -W 150
want_no_err
draw "$broken" -o broken.png
want_code 1
[ ! -e broken.png ] || fail "a picture of a broken canvas"
sed 's/teal/tael/' "$good" | draw - -o c.png
want_err '"tael" is not a colour name; taken as "teal"'

# One file of all parts, the vocabulary built in or given.
run render -q "$good" -m "$single/model-fp32.safetensors" --config "$single/config.json" \
    --tokenizer "$model" --backend ref -W 64 -H 64 --steps 2 -o c.png
want_code 0
same_pixels a.png c.png || fail "the checkpoint draws another picture"

# A LoRA: by its weight more, less or not at all.
make_lora tint.safetensors
changes --lora tint.safetensors
changes --lora tint.safetensors:0.5
changes --lora tint.safetensors:-1
keeps --lora tint.safetensors:0
keeps --lora tint.safetensors:1 --lora tint.safetensors:-1
draw "$good" -o c.png --lora nowhere.safetensors:0.5
want_code 3
want_err 'nowhere.safetensors'
draw "$good" -o c.png --lora "$model/vae"
[ "$code" != 0 ] || fail "a VAE was taken for a LoRA"
run render "$good" -m tint.safetensors -o c.png
want_code 1
want_err 'tint.safetensors is a LoRA'
cp tint.safetensors 'tint:2'
changes --lora tint:2

finish
