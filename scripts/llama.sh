#!/usr/bin/env bash
# llama.sh STAMP: installs llama-cpp-python, which is compiled here (about four minutes, once: uv keeps the wheel).
set -euo pipefail
command -v g++ >/dev/null || { echo "A C++ compiler (g++) is needed for llama-cpp-python." >&2; exit 1; }
echo "Building llama-cpp-python (about 4 minutes, once) ..."
grep '^llama-cpp-python' requirements.txt | VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet -r -
mkdir -p "$(dirname "$1")" && touch "$1"
