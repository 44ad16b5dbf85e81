#!/bin/sh
# Bring the page's libraries from npm into services/api/web/vendor, each checked against its hash.
set -eu
cd "$(dirname "$0")/.."
out=services/api/web/vendor
sums=$(pwd)/scripts/web.sha256
(cd "$out" 2>/dev/null && sha256sum --quiet --check "$sums" 2>/dev/null) && exit 0
command -v npm >/dev/null || { echo "npm is missing: install Node.js 18 or newer, then run this again." >&2; exit 1; }
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
mkdir -p "$out"
fonts=node_modules/@fontsource-variable
cp node_modules/livekit-client/dist/livekit-client.umd.js "$out/"
cp node_modules/livekit-client/LICENSE "$out/livekit-client.LICENSE"
for font in bricolage-grotesque figtree; do
  cp "$fonts/$font/files/$font-latin-wght-normal.woff2" "$out/"
  cp "$fonts/$font/LICENSE" "$out/$font.LICENSE"
done
cd "$out" && sha256sum --quiet --check "$sums"
