#!/bin/sh
# Before posd's files go. The journal in /var/lib/posd stays, also when the package
# is purged: it is the shop's, and may hold sales that are not reported yet.
set -e
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
  systemctl disable --now posd.service || true
  systemctl stop 'posd@*.service' || true
  systemctl disable posd@.service || true # every counter's
fi
