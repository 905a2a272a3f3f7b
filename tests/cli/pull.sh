#!/usr/bin/env bash
# pull.sh - omost pull and omost models against a hub that misbehaves
# (tests/support/mock_hub.py).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || {
    echo "SKIPPED: no python3 for the mock hub"
    exit 77
}

# --- the hub ------------------------------------------------------------------

mkdir hub
mkfifo hub/stdin
python3 "$source_dir/tests/support/mock_hub.py" "$tmp/hub" <hub/stdin &
exec 9>hub/stdin # it ends when this is closed
for _ in $(seq 100); do
    [ -s hub/cdn ] && break
    sleep 0.1
done
[ -s hub/cdn ] || {
    echo "FAIL: the mock hub does not start"
    exit 1
}
hub=$(cat hub/hub)
cdn=$(cat hub/cdn)

commit=0123456789abcdef0123456789abcdef01234567
export HF_HOME=$tmp/hf HF_ENDPOINT=$hub XDG_CACHE_HOME=$tmp/cache HOME=$tmp
unset HF_HUB_CACHE HF_TOKEN HF_HUB_OFFLINE HF_TOKEN_PATH
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
cache=$HF_HOME/hub
files=$cache/models--acme--files

new_log() {
    : >hub/log
}

want_log() { # PATTERN COUNT
    local n
    n=$(grep -c -e "$1" hub/log)
    [ "$n" = "$2" ] && return
    fail "the hub saw $n times instead of $2: $1"
    show hub/log
}

content() { # NAME: what the hub has under it
    python3 -c '
import hashlib, sys
seed = hashlib.sha256(sys.argv[1].encode()).digest()
sys.stdout.buffer.write((seed * 12501)[:400000])' "$1"
}

want_content() { # PATH NAME
    content "$2" >want
    want_same "$1" want
}

want_nothing_left() { # NAME
    local sum
    sum=$(content "$1" | sha256sum | cut -d' ' -f1)
    [ -e "$files/blobs/$sum" ] && fail "a blob of $1 is left"
    find "$HF_HOME" -name '*.incomplete' | grep -q . && fail "$1 left an unfinished file"
}

# --- one file -------------------------------------------------------------------

export HF_TOKEN=hf_secret
run pull hf:acme/files/a.bin
want_code 0
want_out "$files/snapshots/$commit/a.bin"
want_err 'fetched: a.bin'
want_content "$files/snapshots/$commit/a.bin" a.bin
sum=$(content a.bin | sha256sum | cut -d' ' -f1)
[ "$(cat "$files/refs/main")" = "$commit" ] || fail "refs/main is not the commit"
[ "$(readlink "$files/snapshots/$commit/a.bin")" = "../../blobs/$sum" ] || fail "the link leads elsewhere"
[ -f "$cache/.locks/models--acme--files/$sum.lock" ] || fail "there is no lock where the hub's programs have theirs"
want_log '^hub .*auth=Bearer hf_secret' 2 # HEAD, GET
want_log '^cdn .*hf_secret' 0             # nobody else sees the token
want_log '^cdn GET .*auth=-' 1
grep -rq 'hf_secret\|s3cr3t' out err && fail "a secret is shown"
unset HF_TOKEN
mkdir -p "$HF_HOME"
echo 'hf_file' >"$HF_HOME/token"

new_log
run pull hf:acme/files/a.bin
want_code 0
want_err 'already there: a.bin'
want_log '^cdn' 0
want_log 'auth=Bearer hf_file' 1
rm "$HF_HOME/token"

# A text, in folders; a revision; quietly.
run pull -q hf:acme/files/deep/er/x.json@v2
want_code 0
want_no_err
[ "$(cat "$files/snapshots/$commit/deep/er/x.json")" = '{"file": "deep/er/x.json"}' ] || fail "x.json is another file"
[ "$(cat "$files/refs/v2")" = "$commit" ] || fail "refs/v2 is not the commit"
case $(readlink "$files/snapshots/$commit/deep/er/x.json") in
../../../../blobs/????????????????????????????????????????) ;;
*) fail "the link of a file in folders leads elsewhere" ;;
esac

# By its commit: what cannot change is not asked for again.
new_log
run pull "hf:acme/files/a.bin@$commit"
want_code 0
want_log . 0

# --- a repository ---------------------------------------------------------------

new_log
run pull hf:acme/sd
want_code 0
sd=$cache/models--acme--sd/snapshots/$commit
[ "$(cat out)" = "$sd" ] || fail "another folder is told"
(cd "$sd" && find . -type l | LC_ALL=C sort) >got
cat >want <<'END'
./model_index.json
./scheduler/scheduler_config.json
./text_encoder/config.json
./text_encoder/model.fp16.safetensors
./tokenizer/merges.txt
./tokenizer/vocab.json
./unet/config.json
./unet/diffusion_pytorch_model.fp16.safetensors
./vae/config.json
./vae/diffusion_pytorch_model.safetensors
END
want_same got want
tail -1 hub/log | grep -q model_index.json || fail "model_index.json is not the last"
want_content "$sd/vae/diffusion_pytorch_model.safetensors" vae/diffusion_pytorch_model.safetensors
want_log HEAD 0 # the list tells it all

run pull hf:acme/llm
want_code 0
(cd "$cache/models--acme--llm/snapshots/$commit" && find . -type l | LC_ALL=C sort | tr '\n' ' ') >got
echo -n './config.json ./generation_config.json ./model-00001-of-00002.safetensors ./model-00002-of-00002.safetensors ./model.safetensors.index.json ./tokenizer.json ./tokenizer_config.json ' >want
want_same got want

run pull hf:acme/ggufs
want_code 3
want_err 'name a file of it, such as hf:acme/ggufs/m-q8_0.gguf'
run pull hf:acme/nothing
want_code 3
want_err 'holds no weights that can be read'
grep -q 'hf:.*hf:' err && fail "the name stands there twice: $(cat err)"

# --- what is here ----------------------------------------------------------------

new_log
run pull --offline hf:acme/sd hf:acme/files/a.bin
want_code 0
want_out "$sd"
want_out "$files/snapshots/$commit/a.bin"
export HF_HUB_OFFLINE=1
run pull hf:acme/files/config.json
want_code 3
want_err 'HF_HUB_OFFLINE'
unset HF_HUB_OFFLINE
want_log . 0
rm "$sd/model_index.json" # as after a download that was broken off
run pull --offline hf:acme/sd
want_code 3

run models
want_code 0
want_out 'omost-llama-3-8b'
want_out 'licence: CreativeML Open RAIL++-M'
run models --here
want_out 'None is here'
vae=$cache/models--madebyollin--sdxl-vae-fp16-fix
mkdir -p "$vae/refs" "$vae/snapshots/$commit"
echo -n "$commit" >"$vae/refs/main"
echo '{}' >"$vae/snapshots/$commit/config.json" # as other programs fetch it
run models --here
want_out 'None is here'
content x >"$vae/snapshots/$commit/diffusion_pytorch_model.safetensors"
run models --here
want_out '* sdxl-vae-fp16-fix'
want_out "$vae/snapshots/$commit"
run models --json
want_code 0
python3 - <<'END' || fail "the list is not the JSON it should be"
import json
known = {m["name"]: m for m in json.load(open("out"))}
assert known["sdxl-vae-fp16-fix"]["here"] and known["sdxl-vae-fp16-fix"]["path"]
assert not known["realvisxl-4"]["here"] and known["realvisxl-4"]["kind"] == "checkpoint"
assert all(m["ref"].startswith("hf:") and m["license"] for m in known.values())
END

# --- lines that break ---------------------------------------------------------------

for name in drop norange short busy; do
    new_log
    run pull hf:acme/files/$name.bin
    want_code 0
    want_content "$files/snapshots/$commit/$name.bin" $name.bin
    [ $name = busy ] || want_err 'trying again: '
    grep -q ': : ' err && fail "an empty name: $(cat err)"
    [ $name = drop ] && want_log '^cdn GET .*range=bytes=160000-' 1
    [ $name = drop ] && want_log '^cdn GET .*range=bytes=320000-' 1
done

# --- servers that lie ------------------------------------------------------------------

run pull hf:acme/files/liesize.bin
want_code 1
want_err 'the server announces 400000 bytes, and 400001 were expected'
want_nothing_left liesize.bin
run pull hf:acme/files/liehash.bin
want_code 1
want_err 'its SHA-256 is'
want_nothing_left liehash.bin
run pull hf:acme/files/huge.bin
want_code 4
want_err 'huge.bin needs 1000000.00 GB'
run pull hf:acme/files/oddtag.bin
want_code 1
want_err 'does not answer as a model hub does'
run pull hf:acme/evil
want_code 1
want_err 'lists a file whose name would lead out of its folder'
[ -e "$HF_HOME/evil" ] || [ -e "$tmp/evil" ] && fail "a file lies where it may not"

# --- what there is not, and what is not for everybody -------------------------------------

run pull hf:acme/files/none.bin
want_code 3
want_err 'hf:acme/files/none.bin: 127.0.0.1'
want_err '404'
run pull hf:acme/files/a.bin@none
want_code 3
run pull hf:acme/secret
want_code 3
want_err 'HF_TOKEN'
run pull hf:acme/gated
want_code 3
want_err 'HF_TOKEN'
HF_TOKEN=hf_wrong run pull hf:acme/gated
want_code 3
grep -q hf_wrong err && fail "a token is shown"
HF_TOKEN=hf_good run pull hf:acme/gated
want_code 0
HF_ENDPOINT=http://127.0.0.1:9 run pull hf:acme/files/config.json
want_code 3
want_err '127.0.0.1'
HF_ENDPOINT=http://127.0.0.1:9 run pull hf:acme/files/a.bin
want_code 3
want_err '(it was fetched before, and can be used)'

for bad in hf: hf:acme hf:../x hf:acme/.. hf:acme/a--b hf:acme/files/../../x \
    hf:acme/files//x hf:acme/files/a@../x hf:/acme/files hf:acme/files/x@; do
    run pull "$bad"
    want_code 2
done
run pull nonsense
want_code 2
want_err 'omost models lists'
run pull
want_code 2

# --- two at once -----------------------------------------------------------------------

new_log
"$omost" pull hf:acme/files/slow.bin >one.out 2>one.err &
one=$!
sleep 0.6
run pull hf:acme/files/slow.bin
want_code 0
want_err 'waiting: slow.bin'
want_err 'already there: slow.bin'
wait $one || fail "the first of two pulls failed"
want_same out one.out
want_log '^cdn GET' 1
want_content "$(cat out)" slow.bin

# --- killed, stopped, no room: and on from there -----------------------------------------

part_of() {
    find "$files/blobs" -name '*.incomplete' -size +1k | head -1
}

wait_for_part() {
    for _ in $(seq 100); do
        [ -n "$(part_of)" ] && break
        sleep 0.05
    done
}

resumed() { # NAME
    new_log
    local had
    had=$(stat -c %s "$(part_of)")
    run pull "hf:acme/files/$1"
    want_code 0
    want_log "^cdn GET .*range=bytes=$had-" 1
    want_content "$files/snapshots/$commit/$1" "$1"
    [ -z "$(part_of)" ] || fail "an unfinished file is left"
}

"$omost" pull hf:acme/files/slow2.bin >/dev/null 2>&1 &
wait_for_part
kill -9 $!
wait $! 2>/dev/null
resumed slow2.bin

"$omost" pull hf:acme/files/slow3.bin >/dev/null 2>err &
wait_for_part
kill -TERM $! # a background job of a shell ignores Ctrl-C
wait $!
code=$?
last='omost pull, stopped'
want_code 143
want_err 'the same command goes on later'
resumed slow3.bin

last='omost pull, no room'
(
    ulimit -f 100
    exec "$omost" pull hf:acme/files/full.bin
) >out 2>err
code=$?
want_code 3
want_err 'cannot be written: File too large; what came is kept'
[ "$(stat -c %s "$(part_of)")" = 102400 ] || fail "what fitted is not kept"
resumed full.bin

# What is left may be broken: longer than the file, or other bytes.
sum=$(content full.bin | sha256sum | cut -d' ' -f1)
rm "$files/blobs/$sum"
head -c 500000 /dev/zero >"$files/blobs/$sum.incomplete"
run pull hf:acme/files/full.bin
want_code 0
want_content "$files/snapshots/$commit/full.bin" full.bin
rm "$files/blobs/$sum"
head -c 1000 /dev/zero >"$files/blobs/$sum.incomplete"
run pull hf:acme/files/full.bin
want_code 1
want_err 'thrown away, try again'
run pull hf:acme/files/full.bin
want_code 0
want_content "$files/snapshots/$commit/full.bin" full.bin

# --- any address ---------------------------------------------------------------------------

new_log
HF_TOKEN=hf_secret run pull "$cdn/blob/plain.bin?signature=s3cr3t"
want_code 0
want_content "$(cat out)" plain.bin
case $(cat out) in
"$XDG_CACHE_HOME"/omost/downloads/*/plain.bin) ;;
*) fail "it lies elsewhere" ;;
esac
want_log hf_secret 0
run pull "$cdn/blob/drop-url.bin"
want_code 0
want_content "$(cat out)" drop-url.bin
want_log 'drop-url.bin range=bytes=160000- .*if_range="' 1
run pull "$cdn/blob/changes.bin" # its first bytes are of another file
want_code 0
content 2 >want
want_same "$(cat out)" want
run pull "$cdn/none"
want_code 3
run pull "ftp://example.org/x"
want_code 2
run pull "http://user:secret@127.0.0.1/x"
want_code 2
grep -q secret err && fail "a password is shown"

exec 9>&-
wait
finish
