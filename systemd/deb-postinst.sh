#!/bin/sh
# After posd's files are there: its user, its devices' names, its unit. posd is not
# enabled here: it needs its configuration and key first, see
# /usr/share/doc/posd/systemd/README.md. An upgrade starts again what was running.
set -e
[ "$1" = configure ] || exit 0
if [ -n "$DPKG_ROOT" ]; then # into a folder, not into this machine
  systemd-sysusers --root="$DPKG_ROOT" posd.conf
  exit 0
fi
systemd-sysusers posd.conf || true
if command -v udevadm >/dev/null 2>&1; then
  udevadm control --reload 2>/dev/null || true
  udevadm trigger --subsystem-match=tty --subsystem-match=usbmisc 2>/dev/null || true
fi
if [ -z "$2" ]; then # the first time
  echo "posd: no token is made by itself: until 'posd token create', every program of this box may sell and give money back."
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  systemctl try-restart posd.service 'posd@*.service' || true
fi
