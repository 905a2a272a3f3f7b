#!/usr/bin/env bash
# gguf.sh - omost gguf: the command's own part; what is in the files is tested
# by tests/engine/test_gguf.c.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || {
    echo "SKIPPED: no python3 to write a model with"
    exit 77
}
export HF_HOME=$tmp/hf HOME=$tmp XDG_CACHE_HOME=$tmp/cache
unset HF_HUB_CACHE HF_HUB_OFFLINE

# A Llama of one layer, its weights a fixed pattern.
make_model() { # FOLDER
    python3 - "$1" <<'END'
import json, os, struct, sys
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
WIDTH, HEADS, FF, VOCAB = 64, 2, 128, 260
def letter(b):
    printable = 33 <= b <= 126 or 161 <= b <= 172 or b >= 174
    return chr(b) if printable else chr(256 + [x for x in range(256)
        if not (33 <= x <= 126 or 161 <= x <= 172 or x >= 174)].index(b))
tensors = {"model.embed_tokens.weight": (VOCAB, WIDTH), "model.norm.weight": (WIDTH,),
           "lm_head.weight": (VOCAB, WIDTH)}
p = "model.layers.0."
for name, shape in {"input_layernorm": (WIDTH,), "post_attention_layernorm": (WIDTH,),
        "self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (WIDTH, WIDTH),
        "self_attn.v_proj": (WIDTH, WIDTH), "self_attn.o_proj": (WIDTH, WIDTH),
        "mlp.gate_proj": (FF, WIDTH), "mlp.up_proj": (FF, WIDTH),
        "mlp.down_proj": (WIDTH, FF)}.items():
    tensors[p + name + ".weight"] = shape
head, data = {}, b""
for name, shape in tensors.items():
    n = shape[0] * (shape[1] if len(shape) > 1 else 1)
    values = [((i * 7919) % 251 - 125) / 512 for i in range(n)]
    head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * n]}
    data += struct.pack("<%df" % n, *values)
text = json.dumps(head).encode()
with open(folder + "/model.safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + data)
json.dump({"architectures": ["LlamaForCausalLM"], "hidden_size": WIDTH, "intermediate_size": FF,
    "num_hidden_layers": 1, "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
    "vocab_size": VOCAB, "max_position_embeddings": 256, "rms_norm_eps": 1e-5},
    open(folder + "/config.json", "w"))
vocab = {letter(b): b for b in range(256)}
vocab["he"] = 256
json.dump({"added_tokens": [{"id": 257, "content": "<|end_of_text|>", "special": True}],
    "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
    "model": {"type": "BPE", "vocab": vocab, "merges": ["h e"]}}, open(folder + "/tokenizer.json", "w"))
json.dump({"eos_token": "<|end_of_text|>"}, open(folder + "/tokenizer_config.json", "w"))
END
}

make_model models/tiny

run gguf models/tiny --type f16
if grep -q 'built without libllama' err; then
    want_code 3
    echo "SKIPPED: this build has no libllama"
    exit 77
fi
want_code 0
[ "$(cat out)" = tiny-f16.gguf ] || fail "another name is told"
[ "$(head -c 4 tiny-f16.gguf)" = GGUF ] || fail "it is no GGUF file"
want_no_temporaries .

# Quantised; in any case of letters; quietly; over what was there.
echo old >q.gguf
run gguf models/tiny/ --type Q8_0 -t 1 -q -o q.gguf
want_code 0
want_no_err
[ "$(head -c 4 q.gguf)" = GGUF ] || fail "q.gguf is no GGUF file"
[ "$(stat -c %s q.gguf)" -lt "$(stat -c %s tiny-f16.gguf)" ] || fail "q8_0 is not smaller than f16"
run gguf models/tiny
want_code 0
want_out tiny-q4_k_m.gguf
grep -q 'note: ' err && fail "a note where there is nothing to note: $(cat err)"
want_no_temporaries .

# By its name in the hub's cache; offline or not, no server is asked.
commit=0123456789abcdef0123456789abcdef01234567
repo=$HF_HOME/hub/models--acme--omost-tiny
make_model "$repo/snapshots/$commit"
mkdir -p "$repo/refs"
echo -n $commit >"$repo/refs/main"
run gguf hf:acme/omost-tiny --type bf16
want_code 0
grep -qa 'omost-tiny' omost-tiny-bf16.gguf || fail "the file does not name the model"
run gguf hf:acme/other
want_code 3
want_err 'hf:acme/other is not on this machine; run: omost pull hf:acme/other'
run gguf omost-phi-3-mini-128k
want_code 3
want_err 'run: omost pull omost-phi-3-mini-128k'

# Such a name is taken wherever a model is.
run compose -m omost-phi-3-mini-128k 'a pond'
want_code 3
want_err 'run: omost pull omost-phi-3-mini-128k'
run render "$good" -m realvisxl-4
want_code 3
want_err 'run: omost pull realvisxl-4'
run render "$good" -m models/tiny --lora sdxl-lightning-4-lora:0.5
want_code 3
want_err 'run: omost pull sdxl-lightning-4-lora'
run render "$good" -m models/tiny --vae sdxl-vae-fp16-fix
want_code 3
want_err 'run: omost pull sdxl-vae-fp16-fix'
run render "$good" -m models/tiny --taesd taesdxl --preview p.png
want_code 3
want_err 'run: omost pull taesdxl'
run render "$good" -m hf:acme/omost-tiny
want_err "$repo/snapshots/$commit" # found, though it does not draw
mkdir realvisxl-4 # a folder of that name comes first
run render "$good" -m realvisxl-4
want_err 'realvisxl-4'
grep -q 'omost pull' err && fail "a folder of a model's name is not taken"

# What cannot be.
run gguf nowhere
want_code 3
want_err 'there is no folder nowhere'
run gguf models/tiny/config.json
want_code 1
want_err 'is no folder'
run gguf models/tiny --type q9
want_usage '--type takes f32, f16'
run gguf models/tiny -o -
want_usage 'not written to standard output'
run gguf models/tiny -o no/such/x.gguf
want_code 3
run gguf
want_code 2
echo '{"architectures": ["GPT2LMHeadModel"]}' >models/tiny/config.json
run gguf models/tiny -o never.gguf
want_code 1
want_err 'is a GPT2LMHeadModel, and only Llama and Phi-3'
[ -e never.gguf ] && fail "a file was made all the same"

# No room: nothing is left of it.
make_model models/tiny
last='omost gguf, no room'
(
    ulimit -f 50
    exec "$omost" gguf models/tiny --type f32 -o never.gguf
) >out 2>err
code=$?
want_code 3
want_no_out
[ -e never.gguf ] && fail "half a file has the name"
want_no_temporaries .
(
    ulimit -f 300 # enough for f32, not for what is made of it as well
    exec "$omost" gguf models/tiny --type q8_0 -o never.gguf
) >out 2>err
want_no_temporaries .

finish
