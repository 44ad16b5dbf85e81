#!/usr/bin/env bash
# python.sh STAMP REQUIREMENTS: makes .venv once, installs the pinned packages (llama-cpp-python has its own step), leaves STAMP.
set -euo pipefail
stamp=$1 requirements=$2
python=${PYTHON:-python3}
if [ ! -x .venv/bin/uv ]; then
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { echo "Python 3.11 or newer is needed; '$python' is not. Set PYTHON=/path/to/python3.11." >&2; exit 1; }
  "$python" -m venv .venv || { echo "Python's venv module is missing: install python3-venv." >&2; exit 1; }
  .venv/bin/python -m pip install --quiet uv
fi
echo "Installing Python packages of $requirements ..."
grep -v '^llama-cpp-python' "$requirements" | VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet --compile-bytecode -r -
mkdir -p "$(dirname "$stamp")" && touch "$stamp"
