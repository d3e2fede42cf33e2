#!/bin/sh
# Makes the box that the tests of this folder boot: a small Debian as a disk, a kernel and an initial file
# system, in the folder given. It is made once; another one is made when this file changes, for the
# folder's name carries a hash of it.
#
#	image.sh FOLDER
set -eu
suite=bookworm

# furnish is run by mmdebstrap when the packages are installed: root is the Debian, out where it goes.
furnish() {
  root=$1
  out=$2
  echo box >"$root/etc/hostname"
  echo "127.0.0.1 localhost box" >"$root/etc/hosts"
  echo "/dev/vda / ext4 rw,errors=remount-ro 0 1" >"$root/etc/fstab"
  chroot "$root" adduser --quiet --disabled-password --gecos "" shop
  echo "shop ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/shop"
  mkdir -p "$root/var/log/journal" "$root/srv/supplies"

  # The tests' hand in the box: a root shell on the second serial line.
  cat >"$root/etc/systemd/system/box-shell.service" <<'UNIT'
[Unit]
Description=Shell of the tests
DefaultDependencies=no
After=systemd-tmpfiles-setup-dev.service basic.target
Conflicts=shutdown.target
[Service]
ExecStartPre=/bin/stty -F /dev/ttyS1 raw -echo
ExecStart=/bin/bash /usr/local/bin/box-shell
StandardInput=tty
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
Restart=always
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
UNIT
  # One line in: a name and a script in base64. Out: the script's output in base64 and its exit code.
  cat >"$root/usr/local/bin/box-shell" <<'SHELL'
stty raw -echo
echo "box-shell ready"
while read -r name script; do
  echo "$script" | base64 -d >/run/box-script
  bash /run/box-script >/run/box-output 2>&1 </dev/null
  code=$?
  echo "begin $name"
  base64 /run/box-output
  echo "end $name $code"
done
SHELL
  cat >"$root/etc/systemd/network/10-box.network" <<'UNIT'
[Match]
Type=ether
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
UNIT
  # The gateway is outside; posd speaks without TLS to this machine alone.
  cat >"$root/etc/systemd/system/box-gateway.socket" <<'UNIT'
[Socket]
ListenStream=127.0.0.1:8481
[Install]
WantedBy=sockets.target
UNIT
  cat >"$root/etc/systemd/system/box-gateway.service" <<'UNIT'
[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.2:8481
UNIT
  chroot "$root" systemctl --quiet enable box-shell.service box-gateway.socket systemd-networkd
  # What takes a machine without hardware virtualisation minutes and no test looks at.
  chroot "$root" systemctl --quiet mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-timesyncd systemd-pstore \
    getty@tty1.service serial-getty@ttyS0.service
  rm -rf "$root"/var/cache/apt/archives/*.deb

  cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
  cp "$root"/boot/initrd.img-* "$out/initrd.img"
  chroot "$root" dpkg-query -W >"$out/packages"
}

# lighten is run before the kernel comes: its initial file system is to hold what the root disk needs and
# no more, so that it is made and unpacked in a moment.
lighten() {
  mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
  printf 'MODULES=list\nCOMPRESS=gzip\nFSTYPE=ext4\n' >"$1/etc/initramfs-tools/conf.d/box"
  printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >"$1/usr/share/initramfs-tools/modules.d/box"
}

case $1 in
furnish | lighten)
  "$@"
  exit 0
  ;;
esac
out=$1
[ ! -e "$out/disk.raw" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "test-box: making the box needs root; start make test-box as root once"; exit 1; }
rm -rf "$out.new"
mkdir -p "$out.new"
echo "test-box: making a Debian ($suite) in $out, which takes some minutes"
# A Debian with nothing to spare, a kernel without the drivers that no box of a shop has, and sudo, which
# README.md uses; of the tests: a library that makes every fsync a lie, and a reader of SQLite.
set --
for unused in /usr/share/man /usr/share/locale /usr/share/doc '/lib/modules/*/kernel/sound'; do
  set -- "$@" --dpkgopt="path-exclude=$unused/*"
done
for unused in gpu media infiniband iio net/ethernet net/wireless staging isdn hwmon edac mtd; do
  set -- "$@" --dpkgopt="path-exclude=/lib/modules/*/kernel/drivers/$unused/*"
done
self=$(realpath "$0")
mmdebstrap --mode=root --variant=minbase "$@" \
  --include=systemd,systemd-sysv,udev,dbus,kmod,iproute2,procps,sudo,adduser,linux-image-amd64,initramfs-tools,libeatmydata1,sqlite3 \
  --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
  --essential-hook="sh '$self' lighten \"\$1\"" --customize-hook="sh '$self' furnish \"\$1\" '$out.new'" \
  "$suite" "$out.new/root"
truncate -s 2G "$out.new/disk.raw"
mke2fs -q -t ext4 -L box -d "$out.new/root" "$out.new/disk.raw"
rm -rf --one-file-system "$out.new/root"
mv "$out.new" "$out"
