#!/usr/bin/env bash
# llama.sh STAMP: installs llama-cpp-python, compiled here once (about four minutes); the wheel is kept for later checkouts.
set -euo pipefail
wheels=${XDG_CACHE_HOME:-$HOME/.cache}/repartee/wheels
pin=$(grep -o '^llama-cpp-python==[^ ;]*' requirements.txt)
mkdir -p "$wheels" "$(dirname "$1")"
install() { VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet --no-deps --no-index --find-links "$wheels" "$pin"; }
if ! install 2>/dev/null; then
  command -v g++ >/dev/null || { echo "A C++ compiler (g++) is needed for llama-cpp-python." >&2; exit 1; }
  echo "Building llama-cpp-python (about 4 minutes, once) ..."
  .venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir "$wheels" "$pin"
  install
fi
touch "$1"
