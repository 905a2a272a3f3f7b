#!/usr/bin/env bash
# tests/training/world.sh - the scenes that the tiny models are trained on: boxes,
# relations and colours are what the words say (training/world/check.py).
set -euo pipefail
python=${OMOST_PYTHON:-/usr/bin/python3}
"$python" -c 'import cairo, numpy' 2>/dev/null || {
    echo "SKIPPED: $python has no cairo and numpy; run: tools/setup test" >&2
    exit 77
}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONPATH=$root/training PYTHONDONTWRITEBYTECODE=1
exec "$python" -m world.check --scenes 300
