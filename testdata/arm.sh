#!/bin/sh
# Runs what a release made for other processors, under qemu-user: every script of possim with
# the daemon beside it, and the store's tests.
#
#	arm.sh FOLDER   where release.sh wrote
set -eu
folder=$(realpath "$1")

# emulated writes a script that gives its place to a program under the emulator: possim and
# the tests start programs by their path, and kill them by their process.
emulated() { # script, emulator, libraries, program
  printf '#!/bin/sh\nexec %s -0 %s -L %s %s "$@"\n' "$2" "$1" "$3" "$4" >"$1"
  chmod +x "$1"
}

run() { # Debian's name, Go's, triplet, emulator
  root=/usr/$3
  for program in "$4" "$3-gcc"; do
    command -v "$program" >/dev/null || {
      echo "arm: $program is missing (Debian: qemu-user-static gcc-$3)"
      exit 1
    }
  done
  [ -x "$folder/$1/posd" ] || {
    echo "arm: $folder/$1/posd is missing: make release makes it"
    exit 1
  }
  work=$(mktemp -d)
  echo "arm: $1: every script of possim"
  emulated "$work/posd" "$4" "$root" "$folder/$1/posd"
  "$4" -L "$root" "$folder/$1/possim" -script all -posd "$work/posd" -state "$work/state" >"$work/log" || {
    tail -n 40 "$work/log"
    exit 1
  }
  tail -n 1 "$work/log"
  echo "arm: $1: the store's tests"
  GOARCH=$2 GOARM=7 CGO_ENABLED=1 CC=$3-gcc go test -c -o "$work/store" ./store
  emulated "$work/store.test" "$4" "$root" "$work/store"
  (cd store && "$work/store.test" -test.timeout 30m)
  rm -rf "$work"
}

run arm64 arm64 aarch64-linux-gnu qemu-aarch64-static
run armhf arm arm-linux-gnueabihf qemu-arm-static
