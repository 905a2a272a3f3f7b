#!/usr/bin/env bash
# serve.sh - the studio's API, route by route.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
run serve --port 70000
want_usage '--port'
run serve --host nowhere.invalid --insecure-no-key --data d
want_code 2
want_err 'nowhere.invalid is no address of this machine'
run serve --host 0.0.0.0 --data d
want_code 2
want_err 'set a key in OMOST_SERVE_KEY'
for name in '' a/b 'a b' http://a a:99999; do
    run serve --allow-host "$name" --data d
    want_code 2
    want_err "--allow-host $name is no name"
done
for name in a https://a/ ftp://a https://a:0 null '*'; do
    run serve --allow-origin "$name" --data d
    want_code 2
    want_err "--allow-origin $name is no origin"
done
run serve --api-key '' --data d
want_usage '--api-key: a key is not empty'
for text in '' '\n' 'a\nb\n'; do
    # shellcheck disable=SC2059
    printf "$text" >key
    run serve --api-key-file key --data d
    want_usage '--api-key-file key: it must have the key in it, one line'
done
run serve --api-key-file nowhere --data d
want_code 3
want_err 'nowhere'
run serve --api-key a --api-key-file key --data d
want_usage '--api-key and --api-key-file: one of them'
run serve --lora x:nan --data d
want_usage '--lora x:nan: a weight is a number such as 0.8 or -1'
last='serve_api.py'
python3 "$here/serve_api.py" || fail "see above"
finish
