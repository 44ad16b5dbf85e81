#!/usr/bin/env bash
# Installs the named Debian packages that are missing. NAME:PATH is there when PATH exists, NAME when such a command does.
set -euo pipefail
missing=()
for item in "$@"; do
  case $item in
    *:*) [ -e "${item#*:}" ] || missing+=("${item%%:*}") ;;
    *) command -v "$item" >/dev/null || missing+=("$item") ;;
  esac
done
[ ${#missing[@]} -gt 0 ] || exit 0
as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "Missing: ${missing[*]}. Install them with your system's package manager, then run this again." >&2
  exit 1
fi
echo "Installing system packages: ${missing[*]} ..."
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
"${apt[@]}" update >/dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
