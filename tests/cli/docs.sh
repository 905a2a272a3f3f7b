#!/usr/bin/env bash
# docs.sh - every python block of docs/canvas.md is what it says: a canvas, or,
# marked "python refused", none; and every link within the repository leads to a
# file.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

awk '
    /^```python/ { inside = 1; name = ++n ($0 ~ /refused/ ? ".refused" : ".fine"); next }
    /^```$/ { inside = 0 }
    inside { print > name }
' "$source_dir/docs/canvas.md"

ls ./*.fine ./*.refused >/dev/null || fail "no examples found"
for block in ./*.fine; do
    run check "$block"
    want_code 0
done
for block in ./*.refused; do
    run check "$block"
    want_code 1
done

n_links=0
while IFS= read -r file; do
    last=${file#"$source_dir/"}
    while IFS= read -r link; do
        n_links=$((n_links + 1))
        [ -e "$(dirname "$file")/$link" ] || fail "a link to $link, which is not there"
    done < <(awk '/^ *```/ { code = !code } !code' "$file" | grep -oE '\]\([^()]+\)' |
        sed -E 's/^..//; s/\)$//; s/[ #].*//' | grep -vE '^([a-z]+:|$)')
done < <(printf '%s\n' "$source_dir"/{README,CONTRIBUTING}.md && find "$source_dir/docs" -name '*.md')
[ "$n_links" -gt 10 ] || fail "only $n_links links were found"

# Every option that is named for the server is one.
run serve --help
cp out serve.help
# shellcheck disable=SC2016  # these are Markdown's
marked='`--[a-z-]+[^`]*`' words='omost serve[^`]*'
n_options=0
while IFS= read -r option; do
    n_options=$((n_options + 1))
    grep -qE -- "(^|[ ,])$option([ ,]|\$)" serve.help ||
        fail "omost serve has no $option"
done < <({
    grep -oE "$marked" "$source_dir/docs/serve.md"
    grep -hoE "$words" "$source_dir/docs/serve.md" "$source_dir/contrib/omost.service"
} | grep -oE -- '(^|[ `])--?[a-z][a-z-]*' | tr -d ' `' | sort -u)
[ "$n_options" -gt 5 ] || fail "only $n_options options were found"
finish
