#!/bin/bash
# Stands in the box for what is plugged into it and speaks by a USB class of its own, over the kernel's own two
# ends of a cable (dummy_hcd): a terminal with its own plug (cdc_acm) and a receipt printer (usblp). What the box
# says to one of them goes to a port of the machine outside, where its simulator is.
#
#	gadget.sh plug terminal|printer SOCKET PORT	SOCKET: 0 to 3
#	gadget.sh pull terminal|printer
set -eu
at=/sys/kernel/config/usb_gadget/$2
pids=/run/gadget-$2

# make describes a device to the kernel, as it stays while it is plugged and pulled.
make() {
  modprobe dummy_hcd num=4
  modprobe -a libcomposite usb_f_acm usb_f_printer
  mkdir "$at"
  cd "$at"
  mkdir -p strings/0x409 configs/c.1
  echo 0x1d6b >idVendor
  case $1 in
  terminal)
    echo 0x0104 >idProduct
    echo "PAX Technology" >strings/0x409/manufacturer # as the rules of the package know it
    function=acm.0
    ;;
  printer)
    echo 0x0105 >idProduct
    echo "box" >strings/0x409/manufacturer
    function=printer.0
    ;;
  esac
  echo "$1-of-its-own-plug" >strings/0x409/serialnumber
  mkdir functions/$function
  ln -s functions/$function configs/c.1/
}

# carry brings bytes both ways between a device's end and a port, until it is ended. A printer's end is
# there while it is plugged.
carry() {
  exec 3<>"/dev/tcp/10.0.2.2/$2"
  [ "$1" = /dev/g_printer0 ] || open "$1"
  touch "$pids.carries"
  [ "$1" != /dev/g_printer0 ] || open "$1"
  cat <&4 >&3 &
  cat <&3 >&4 &
  wait
}

open() {
  until [ -c "$1" ] && exec 4<>"$1"; do sleep 0.02; done
  [ ! -t 4 ] || stty raw -echo <&4
}

case $1 in
carry) carry "$3" "$4" ;;
plug)
  [ -e "$at" ] || (make "$2")
  node=/dev/ttyGS0
  [ "$2" = terminal ] || node=/dev/g_printer0
  rm -f "$pids.carries"
  setsid bash "$0" carry "$2" "$node" "$4" >"$pids.log" 2>&1 &
  echo $! >"$pids"
  until [ -e "$pids.carries" ]; do sleep 0.02; done # it listens before anybody talks to it
  echo "dummy_udc.$3" >"$at/UDC"
  ;;
pull)
  kill -KILL -- -"$(cat "$pids")"
  while kill -0 -- -"$(cat "$pids")" 2>/dev/null; do sleep 0.05; done
  echo "" >"$at/UDC"
  ;;
esac
