#!/usr/bin/env bash
# tests/training/world.sh - the scenes that the tiny models are trained on: drawings and
# colours are where the words say (training/world/check.py); and their canvases are read
# by the program as they are meant (training/text/check.py).
set -euo pipefail
python=${OMOST_PYTHON:-/usr/bin/python3}
"$python" -c 'import cairo, numpy' 2>/dev/null || {
    echo "SKIPPED: $python has no cairo and numpy; run: tools/setup test" >&2
    exit 77
}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
omost=${OMOST_BIN:-$root/build/release/omost}
export PYTHONPATH=$root/training PYTHONDONTWRITEBYTECODE=1
"$python" -m world.check --scenes 300
if [ -x "$omost" ]; then
    "$python" -m text.check --omost "$omost"
else
    echo "SKIPPED: canvases read by the program (none at $omost; run: make build)"
fi
