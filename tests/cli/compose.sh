#!/usr/bin/env bash
# compose.sh - omost compose, chat and draw as programs, with replies that are
# replayed. Models and servers have tests of their own (tests/engine,
# tests/cli/remote.sh).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_render.sh
. "$here/_render.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

# ---- what is said wrongly ----------------------------------------------------

run compose 'two cats'
want_usage 'who writes the canvas? Name a GGUF model (--model FILE)'
run compose -m a.gguf --script b 'two cats'
want_usage '--model, --server and --script: one of them writes the canvas'
run compose --script two.txt --timeout 3 x
want_usage '--server-model and --timeout go with --server'
run compose -m a.gguf --script-rate 3 x
want_usage '--script-rate goes with --script'
run compose --script two.txt --top-p 0 x
want_usage '--top-p must be above 0'
run compose -m a.gguf -ngl x y
want_usage '--n-gpu-layers takes a whole number from -1 to 10000, not "x"'
run compose -m a.gguf -ngl
want_usage '--n-gpu-layers (-ngl) needs a value'
run compose --script two.txt '  '
want_usage_error 'the message is empty; say what the picture should show'
run compose --script nowhere.txt x
want_code 3
want_err 'cannot open nowhere.txt'
run compose -m nowhere.gguf x
want_code 3
want_err 'nowhere.gguf'
run draw 'two cats' --script two.txt
want_usage 'which model? Name a .safetensors file or a folder'
run draw 'two cats' -m m
want_usage 'who writes the canvas? Name a GGUF model (--llm FILE)'

# ---- compose -----------------------------------------------------------------

run compose --script two.txt two cats
want_code 0
cmp -s out first.txt || fail "the reply is not what the script says"
want_err '2 regions,'
want_err 'seed '
run compose -q --script two.txt -s 7 two cats
want_code 0
want_no_err
run compose --script two.txt -s 7 two cats
want_err 'seed 7'
run compose --script two.txt -o new.txt two cats
want_code 0
want_no_out
cmp -s new.txt first.txt || fail "the file is not the reply"
want_err '  A ginger cat (on the left, a medium-sized square area)'
"$omost" check --strict new.txt >/dev/null 2>&1 || fail "the reply is no canvas"
echo 'two cats' | "$omost" compose -q --script two.txt >piped 2>&1
cmp -s piped first.txt || fail "a wish on standard input"
echo 'two cats' | "$omost" compose -q --script two.txt - >piped 2>&1
cmp -s piped first.txt || fail "a wish on standard input, named"

# an edit asks for the second answer
run compose -q --script two.txt --edit first.txt 'make it a dog'
want_code 0
cmp -s out second.txt || fail "--edit does not continue the conversation"
run compose -q --script two.txt --edit "$broken" 'make it a dog'
want_code 1

# no canvas: the text is there all the same, the exit code tells
run compose --script prose.txt --no-mend x
want_code 1
want_out 'I would rather not'
want_err 'the reply:'
# broken once, mended the second time
run compose --script mend.txt -o mended.txt x
want_code 0
want_err 'asked once more'
cmp -s mended.txt second.txt || fail "the mended reply is not what is written"
run compose --script mend.txt --no-grammar x
want_code 0
cmp -s out second.txt || fail "a broken reply reached standard output"

run compose --script two.txt -n 5 --no-mend x
want_err 'cut off at its greatest length'
run compose --script two.txt -o /dev/full x
want_code 3
want_err '/dev/full'
"$omost" compose --script two.txt x >/dev/full 2>err
[ $? = 3 ] || fail "a full disk behind standard output"
want_err 'cannot write standard output'
words=$(printf '%120000s' '' | tr ' ' x)
run compose -q --script two.txt "$words" "$words" "$words" "$words" "$words" "$words" "$words" "$words" "$words"
last='omost compose, too long a wish'
want_code 4
want_no_out
want_err 'the wish'
run compose --script two.txt -o no/such/folder/x.txt x
want_code 3
grep -q 'ginger' err && fail "the canvas was written for a folder that is not there"
run compose -q --script two.txt -o new.json x
"$omost" convert first.txt --to json | cmp -s - new.json || fail "-o x.json is no JSON"
printf 'a \033[31mred\007 cat\n' >escape.txt
if script -qec true /dev/null >/dev/null 2>&1; then
    for quiet in -q ''; do
        last="omost compose $quiet on a terminal, its reply in a file"
        script -qec "'$omost' compose $quiet --script two.txt --script-rate 200 x >a.txt" \
            /dev/null >shown 2>&1 </dev/null
        cmp -s a.txt first.txt || fail "the reply is not what the script says"
        if [ -n "$quiet" ]; then
            [ -s shown ] && fail "-q shows something" && show shown
        else
            grep -q 'writing: ' shown || fail "it does not show how far it is"
        fi
    done
    last='omost compose on a terminal'
    script -qec "'$omost' compose --script escape.txt --no-mend x" /dev/null >shown 2>&1 </dev/null
    grep -q '?\[31mred? cat' shown || fail "escapes of a model reach the terminal"
else
    echo "SKIPPED: omost compose on a terminal (no script(1) that makes one)"
fi
run compose -q --script escape.txt --no-mend x
cmp -s out escape.txt || fail "the text is changed where nobody looks"

# Ctrl-C
last='omost compose, Ctrl-C'
before=$SECONDS
timeout --preserve-status -s INT 0.5 "$omost" compose --script two.txt \
    --script-rate 20 -o stopped.txt x >out 2>err
code=$?
want_code 130
[ $((SECONDS - before)) -le 3 ] || fail "Ctrl-C takes long"
want_err 'omost compose: stopped'
[ -e stopped.txt ] && fail "a stopped reply was written"

run compose --print-grammar
want_code 0
want_out 'root'

# ---- chat --------------------------------------------------------------------

say() { # LINES...: to a chat
    last="omost chat: $*"
    printf '%s\n' "$@" |
        "$omost" chat --script three.txt "${chat_options[@]}" >out 2>err
    code=$?
}
chat_options=(-q)
say 'two cats' 'make it a dog'
want_code 0
cmp -s out <(cat first.txt second.txt) || fail "two answers"
say 'two cats' '/regions' '/undo' '/regions'
want_code 0
want_out ' 1  A ginger cat (on the left, a medium-sized square area)'
want_err 'there is no canvas yet'
say 'two cats' 'x' '/undo' 'y' '/history'
want_out '  0  two cats'
want_out '  4 (after 1)  y'
want_out '>  5 (after 4)  a canvas, 2 regions'
say 'two cats' '/edit three cats' '/history'
want_out '  2  three cats'
say 'two cats' '/edit 0 four cats' '/go 1' '/history'
want_out '  2  four cats'
want_out '>  1 (after 0)'
say 'two cats' '/go 0' '/go 9' '/edit 1 x' '/nothing' '/cod' '/save' '/retry'
want_code 0
want_err 'there is no answer of that number'
want_err 'there is no question of yours of that number'
want_err 'there is no /nothing'
want_err 'did you mean /code?'
want_err 'name a file: /save canvas.txt'
say '/retry' '/code' '/undo'
want_code 0
want_err 'there is nothing to retry yet'
want_err 'there is no canvas yet'
want_err 'there is nothing to undo'
say '/help' '/quit' 'two cats'
want_code 0
want_out '/save FILE'
grep -q Canvas out && fail "/quit does not end it"
say 'two cats' '/save a.txt' '/save a.json'
cmp -s a.txt first.txt || fail "/save FILE"
"$omost" check a.json >/dev/null 2>&1 || fail "/save FILE.json"
say 'two cats' '/save no/such/folder/a.txt' '/save again.txt'
want_code 3
want_err 'no/such/folder/a.txt'
cmp -s again.txt first.txt || fail "nothing is heard after a /save that failed"
last='omost chat, too long a message'
{ printf '%1100000s\n' '' | tr ' ' x; echo '/quit'; } |
    "$omost" chat -q --script three.txt >out 2>err
code=$?
want_code 4
want_no_out
chat_options=(-q -o last.txt --session s.json)
say 'two cats'
want_code 0
cmp -s last.txt first.txt || fail "-o writes the last canvas"
say 'make it a dog'
want_code 0
cmp -s last.txt second.txt || fail "a session goes on"
say 'and a third' 'and a fourth'
want_code 3
want_err 'has 3 replies and answer 4 was asked for'
say '/history'
want_out 'and a fourth'
say '/retry'
want_code 3
want_err 'answer 4 was asked for'
say '/history'
[ "$(grep -c 'and a fourth' out)" = 2 ] || fail "/retry asks the last question, answered or not"
say '/undo' '/regions' '/history'
grep -q '^>.* 5 ' out || fail "/undo takes back a question without an answer"
"$omost" chat -q --script two.txt --script-rate 20 --session two.json <<<'slow' >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 50; i++)); do
    [ -e two.json ] && break
    sleep 0.1
done
chat_options=(-q --session two.json)
for _ in 1 2; do # the refused one takes nothing with it
    say 'at once'
    want_code 3
    want_err 'another omost chat is at two.json'
done
kill -TERM $pid
wait $pid
say '/history'
want_out 'slow'
[ -e two.json.lock ] && fail "the lock is left"
rm -rf two.json.lock
mkdir two.json.lock
say '/history'
want_code 3
want_err 'cannot lock two.json.lock: Is a directory'
rmdir two.json.lock
chat_options=(-q -o no/such/folder/x --script nowhere)
say x
want_code 3
chat_options=(-q --session s.json --edit first.txt)
say x
want_usage 's.json holds a conversation already'
echo '{' >bad.json
chat_options=(-q --session bad.json)
say x
want_code 1
want_err 'bad.json:'
chat_options=(-q --edit first.txt)
say 'make it a dog'
cmp -s out second.txt || fail "chat --edit"

# ---- draw --------------------------------------------------------------------

need_model
run draw 'two cats' --script two.txt -m nowhere.safetensors
want_code 3
want_err 'nowhere.safetensors'
grep -q 'ginger' err && fail "the canvas was written for a model that is not there"
small=(-m "$model" --backend ref -t 1 -W 64 -H 64 --steps 2)
run draw 'two cats' --script two.txt "${small[@]}" -o cats.png --canvas cats.txt
want_code 0
want_picture cats.png 64x64
want_err 'A ginger cat'
cmp -s cats.txt first.txt || fail "--canvas"
run render cats.txt "${small[@]}" -o same.png
want_code 0
same_pixels cats.png same.png || fail "draw is not compose and render"
run draw 'make it a dog' --edit cats.png --script two.txt "${small[@]}" -o dog.png
want_code 0
same_pixels cats.png dog.png && fail "the edit changed nothing"
"$omost" check dog.png >/dev/null 2>&1 || fail "the picture carries no canvas"
run draw x --script prose.txt --no-mend "${small[@]}" -o none.png
want_code 1
[ -e none.png ] && fail "a picture of no canvas"
last='omost draw, stopped while it draws'
"$omost" draw 'two cats' --script two.txt -m "$model" --backend ref -W 1024 -H 1024 \
    -o stopped.png >out 2>err &
pid=$!
for ((i = 0; i < 600; i++)); do
    grep -q 'drawing: step' err && break
    sleep 0.1
done
want_err 'drawing: step'
kill -TERM $pid
wait $pid
code=$?
want_code 143
want_err 'omost draw: stopped'
[ -e stopped.png ] && fail "a stopped picture was written"

finish
