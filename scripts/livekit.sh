#!/usr/bin/env bash
# livekit.sh FOLDER: builds livekit-server into FOLDER once, unless one is on PATH.
set -euo pipefail
version=1.13.5
mkdir -p "$1" && folder=$(cd "$1" && pwd)
command -v livekit-server >/dev/null && exit 0
[ -e "$folder/livekit-server-$version" ] && exit 0
command -v go >/dev/null || { echo "Neither livekit-server nor Go is here: install either, or set LIVEKIT_URL." >&2; exit 1; }
echo "Building livekit-server $version (about 100 s, once) ..."
GOBIN="$folder" go install "github.com/livekit/livekit-server/cmd/server@v$version"
mv "$folder/server" "$folder/livekit-server-$version"
ln -sf "livekit-server-$version" "$folder/livekit-server"
