#!/bin/sh
# Makes sure that the outside programs of `make test-tools`, or with the word box of
# `make test-box`, are there: installs them with apt where it may, else names what
# is missing and fails.
set -eu
missing=""
want() { # program, Debian package
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
if [ "${1:-}" = box ]; then
  want qemu-system-x86_64 qemu-system-x86
  want mmdebstrap mmdebstrap
  want mke2fs e2fsprogs
else
  want chromium chromium
  want npm npm
  want python3 python3
  want curl curl
  want zbarimg zbar-tools
  want sqlite3 sqlite3
  want systemd-analyze systemd
  want udevadm udev
  want strace strace
  want dpkg-deb dpkg
  want promtool prometheus # its checker of alerts
  want man man-db
  want groff groff
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql" # for books of a chain
fi
[ -n "$missing" ] || exit 0
echo "tests: missing:$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -q >/dev/null
  # shellcheck disable=SC2086 # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
  exit 0
fi
echo "tests: install them (Debian: apt-get install$missing) and start again"
exit 1
