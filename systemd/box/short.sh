#!/bin/sh
# Starts the box in the least time: /init of an initial file system of its own (short_test.go). It does for posd
# what the box's systemd and udev do, by posd.service and 99-posd.rules, as far as its journal can tell: the same
# user, groups, mask and credential, the same names of its lines, started again two seconds after it ended.
# Kernel, disk, file system, packages and posd are the box's own.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

if [ "$$" = 1 ] && [ "${1:-}" != furnished ]; then
  mkdir -p /proc /root
  mount -t proc proc /proc
  modprobe -a virtio_pci virtio_blk ext4 crc32c
  mount -t devtmpfs dev /dev
  mount -t ext4 /dev/vda /root # replays the file system's journal
  mount -t tmpfs run /root/run
  cat /init >/root/run/short.sh
  umount /dev
  umount /proc
  exec run-init /root /bin/bash /run/short.sh furnished
fi

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
modprobe -a xhci_pci usbserial ftdi_sio virtio_net

ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
door() { systemd-socket-activate -l "$1" /lib/systemd/systemd-socket-proxyd "$2" & }
door 10.0.2.15:8490 127.0.0.1:8480
door 127.0.0.1:8481 10.0.2.2:8481

key=/run/credentials/posd.service
mkdir -p /run/lock "$key" /run/posd
chmod 1777 /run/lock
cp /etc/posd/iotpay-key "$key/"
chown -R posd:posd "$key" /run/posd
chmod 0400 "$key/iotpay-key"
chmod 0750 /run/posd
names() {
  for line in /sys/class/tty/ttyUSB*; do
    [ -e "$line" ] || return 1
    read -r serial <"$line/device/../../serial" || return 1
    chown root:dialout "/dev/${line##*/}"
    chmod 0660 "/dev/${line##*/}"
    ln -sf "${line##*/}" "/dev/posd-${serial%-1}"
  done
  [ -e /dev/posd-terminal ] && [ -e /dev/posd-display ]
}
until names; do sleep 0.1; done
# Drop-ins may hand posd more: the control's lying library.
more=$(cat /etc/systemd/system/posd.service.d/*.conf 2>/dev/null | sed -n 's/^Environment=//p')
(
  ulimit -c 0
  umask 0027
  cd /
  while :; do
    # shellcheck disable=SC2086 # a list of settings
    setpriv --reuid=posd --regid=posd --groups=dialout,lp --bounding-set=-all --inh-caps=-all --no-new-privs \
      env -i PATH="$PATH" CREDENTIALS_DIRECTORY="$key" $more /usr/bin/posd run -config /etc/posd/posd.toml >>/run/posd.log 2>&1
    sleep 2
  done
) &
exec bash /usr/local/bin/box-shell <>/dev/ttyS1 >&0
