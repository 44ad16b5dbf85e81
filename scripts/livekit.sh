#!/usr/bin/env bash
# Builds livekit-server into .venv/bin once, unless one is on PATH.
set -euo pipefail
version=1.13.5
command -v livekit-server >/dev/null && exit 0
[ -e ".venv/bin/livekit-server-$version" ] && exit 0
command -v go >/dev/null || { echo "Neither livekit-server nor Go is here: install either, or set LIVEKIT_URL." >&2; exit 1; }
echo "Building livekit-server $version (about 100 s, once) ..."
built=$(mktemp -d); trap 'rm -rf "$built"' EXIT
GOBIN="$built" go install "github.com/livekit/livekit-server/cmd/server@v$version"
mkdir -p .venv/bin && mv "$built/server" ".venv/bin/livekit-server-$version"
ln -sf "livekit-server-$version" .venv/bin/livekit-server
