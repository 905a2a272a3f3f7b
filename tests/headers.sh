#!/usr/bin/env bash
# headers.sh - every public header compiles alone, as C and as C++.
#
#     tests/headers.sh C_COMPILER
set -u

compiler=$1
cd "$(dirname "${BASH_SOURCE[0]}")/../include" || exit 1
failed=0

compile() { # HEADER LANGUAGE STANDARD
    echo "#include \"$1\"" |
        "$compiler" -x "$2" -std="$3" -fsyntax-only -Wall -Wextra -pedantic -Werror -I. - && return
    echo "FAIL: $1 alone as $3"
    failed=1
}

languages=("c c11")
if "$compiler" -x c++ -fsyntax-only - </dev/null 2>/dev/null; then
    languages+=("c++ c++11" "c++ c++20")
else
    echo "SKIPPED: the headers as C++ ($compiler has no C++; install g++)"
fi
for header in omost/*.h; do
    for language in "${languages[@]}"; do
        # shellcheck disable=SC2086
        compile "$header" $language
    done
done
exit "$failed"
