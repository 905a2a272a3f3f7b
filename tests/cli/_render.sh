# _render.sh - what the scripts about omost render share; sourced by them, after
# lib.sh. The golden model is tiny; the plain back end draws the same everywhere.
# shellcheck shell=bash disable=SC2034,SC2154

export XDG_CACHE_HOME=$tmp/cache
model=${OMOST_GOLDEN:-}/model
single=${OMOST_GOLDEN:-}/model-single

need_model() {
    [ -d "$model" ] && return
    echo "SKIPPED: the rest of ${0##*/} (set OMOST_GOLDEN to the golden data)"
    finish
}

draw() { # ARGUMENTS...
    run render -m "$model" --backend ref -t 1 -W 64 -H 64 --steps 2 "$@"
}

want_picture() { # FILE WxH
    "$omost" info "$1" >picture-info 2>&1
    grep -qF "$1: a PNG picture of $2 pixels" picture-info && return
    fail "$1 is no picture of $2"
    show picture-info
}

same_pixels() { # FILE FILE
    cmp -s <(pixels "$1") <(pixels "$2")
}

# The compressed pixels: our encoder is deterministic.
pixels() { # FILE
    grep -abo IDAT "$1" | head -1 | cut -d: -f1 | {
        read -r at
        tail -c +"$((at + 1))" "$1"
    }
}

ones() { # COUNT: so many floats of 0.125
    local i
    for ((i = 0; i < $1; i++)); do printf '\000\000\000\076'; done
}
# Write FILE: a LoRA of one layer of the golden model.
make_lora() { # FILE
    local key header
    key=lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q
    header="{\"$key.lora_down.weight\":{\"dtype\":\"F32\",\"shape\":[1,64],\"data_offsets\":[0,256]},"
    header+="\"$key.lora_up.weight\":{\"dtype\":\"F32\",\"shape\":[64,1],\"data_offsets\":[256,512]}}"
    {
        # shellcheck disable=SC2059
        printf "\\$(printf %03o $((${#header} & 255)))\\$(printf %03o $((${#header} >> 8)))\\0\\0\\0\\0\\0\\0"
        printf '%s' "$header"
        ones 128
    } >"$1"
}
