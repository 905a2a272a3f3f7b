#!/usr/bin/env bash
# info.sh - omost info: models, pictures, canvases, and what is none of them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Write FILE: a safetensors file of this header and N zero bytes.
tensors() { # FILE HEADER N
    local n=${#2} octal='' i
    for i in 0 1 2 3 4 5 6 7; do
        octal+=$(printf '\\%03o' $(((n >> (8 * i)) & 255)))
    done
    # shellcheck disable=SC2059
    printf "$octal" >"$1"
    printf '%s' "$2" >>"$1"
    head -c "$3" /dev/zero >>"$1"
}

one() { # NAME DTYPE SHAPE BYTES
    printf '{"%s":{"dtype":"%s","shape":[%s],"data_offsets":[0,%s]}}' "$@"
}

# A checkpoint.
tensors c.safetensors "$(one model.diffusion_model.label_emb.0.0.weight F16 '500,6' 6000)" 6000
run info c.safetensors
want_code 3
want_no_err
want_out 'not whole: c.safetensors: tensor model.diffusion_model.input_blocks.0.0.weight is missing (conv_in.weight of the unet)'
want_out 'it has no vae; to draw, name one: --vae FILE'
want_out 'it has no text_encoder, which drawing needs'
grep -q 'to draw  ' out && fail "memory to draw with half a model"
want_out 'c.safetensors: a checkpoint in one file, SDXL'
want_out 'unet                   1              3,000  F16'
want_out 'in memory  12.0 kB of weights as f32, 6.00 kB as bf16'
run info --tensors c.safetensors
want_out '  unet add_embedding.linear_1.weight  F16 [500, 6]  model.diffusion_model.label_emb.0.0.weight'
run info --json --tensors c.safetensors
want_code 3
want_out '"problem":"c.safetensors: tensor model.'
want_out '"kind":"checkpoint","family":"sdxl"'
want_out '"parts":{"unet":{"tensors":1,"parameters":3000,"bytes":6000,'
want_out '"memory":{"f32":12000,"bf16":6000}'
want_out '"part_name":"add_embedding.linear_1.weight","precision":"F16","shape":[500,6]'
[ "$(wc -l <out)" = 1 ] || fail "more than one line"

# The same by the name omost pull has for it.
export HF_HUB_CACHE=$tmp/hub
commit=0123456789abcdef0123456789abcdef01234567
mkdir -p hub/models--acme--x/refs hub/models--acme--x/snapshots/$commit
echo -n $commit >hub/models--acme--x/refs/main
cp c.safetensors hub/models--acme--x/snapshots/$commit/
run info hf:acme/x/c.safetensors
want_code 3
want_out "$commit/c.safetensors: a checkpoint in one file, SDXL"
run info hf:acme/y/c.safetensors c.safetensors
want_code 3
want_err 'run: omost pull hf:acme/y/c.safetensors'
want_out 'c.safetensors: a checkpoint in one file, SDXL'
run info realvisxl-4
want_code 3
want_err 'run: omost pull realvisxl-4'

# A folder, and one in pieces.
mkdir -p m/vae
echo '{}' >m/model_index.json
run info m
want_code 3
want_no_out
want_err 'm/vae is a folder without a model'
tensors m/vae/p1.safetensors "$(one quant_conv.bias BF16 2 4)" 4
echo '{"weight_map":{"quant_conv.bias":"p1.safetensors"}}' >m/vae/diffusion_pytorch_model.safetensors.index.json
run info m m/vae/diffusion_pytorch_model.safetensors.index.json
want_code 0
want_out 'm: a diffusers folder'
want_out 'vae                    1                  2  BF16'
want_out '1 tensor of no known name, such as quant_conv.bias'

# A LoRA.
tensors l.safetensors "$(one lora_unet_x_attn2_to_k.lora_down.weight F32 '4,2048' 32768)" 32768
run info l.safetensors
want_code 0
want_out 'l.safetensors: a LoRA, SDXL'
want_out 'LoRA, kohya names, rank 4'
run info --json l.safetensors
want_out '"adapter":"LoRA, kohya names","ranks":[4,4]'

# A name that talks to the terminal.
# shellcheck disable=SC1003
tensors t.safetensors "$(one '\u001b[31mred' U8 1 1)" 1
run info --tensors t.safetensors
want_code 0
want_out '?[31mred'

# Pictures and canvases.
run preview "$good" -o p.png
run info p.png
want_code 0
want_out 'p.png: a PNG picture of 90x90 pixels'
run info --json p.png
want_out '{"file":"p.png","kind":"png","width":90,"height":90,"texts":{}}'
run info "$good" "$reply"
want_code 0
want_out 'good.py: a canvas of 1 region'
want_out 'reply.txt: a canvas of 1 region'
want_out 'omost check'
mkfifo pipe
cat "$good" >pipe &
run info pipe
wait
want_code 0
want_out 'pipe: a canvas of 1 region'
run info --json good.py
want_out '{"file":"good.py","kind":"canvas","regions":1}'

# What cannot be told; the rest is told all the same.
printf 'PK\003\004 pickle' >k.ckpt
echo 'just words' >words.txt
head -c 100 c.safetensors >cut.safetensors
run info k.ckpt words.txt cut.safetensors nowhere.safetensors "$good"
want_code 3
want_err 'k.ckpt is a pickled PyTorch file'
want_err 'words.txt is no model, no PNG picture and no canvas'
want_err 'cut.safetensors is cut off'
want_err 'cannot open nowhere.safetensors'
want_out 'a canvas of 1 region'
run info words.txt
want_code 1
head -c 2000000 /dev/zero >zeroes
run info zeroes
want_code 1
want_err 'zeroes is no safetensors file'
run info -
want_usage 'not at standard input'
run info
want_code 2

if [ -d "${OMOST_GOLDEN:-}/model" ]; then
    run info "$OMOST_GOLDEN/model"
    want_code 0
    want_out 'to draw    up to'
    want_out 'in all              1209          4,268,363  F32'
    run info --json --tensors "$OMOST_GOLDEN/model-single/model-fp16.safetensors"
    want_code 0
    want_out '"parameters":4268363'
    # One tensor more, one less; and one that is nobody's.
    model=$OMOST_GOLDEN/model
    mkdir -p whole/unet
    cp "$model/model_index.json" whole
    cp -r "$model/vae" "$model/text_encoder" "$model/text_encoder_2" "$model/scheduler" whole
    cp "$model/unet/config.json" whole/unet
    sed 's/"conv_in.bias"/"conv_on.bias"/' "$model/unet/diffusion_pytorch_model.safetensors" \
        >whole/unet/diffusion_pytorch_model.safetensors
    run info whole
    want_code 3
    want_out 'not whole: whole/unet/diffusion_pytorch_model.safetensors: tensor conv_in.bias of the unet is missing'
    grep -q 'to draw  ' out && fail "memory to draw with a model that is not whole"
fi

finish
