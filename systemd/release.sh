#!/bin/sh
# Makes a release in a folder: the packages of posd and posd-sim for each architecture, built
# twice from nothing and compared bit for bit, checksums, and an apt repository that a web
# server or a stick can hand out as it stands.
#
#	release.sh FOLDER VERSION
#
# ARCHES="amd64": those alone. KEY=ID: the repository is signed with that key of gpg; without
# one a shop has to say [trusted=yes], and apt says so. ONCE=1: not built a second time.
set -eu
out=$1 version=$2
native=$(go env GOHOSTARCH)
rm -rf "$out"
mkdir -p "$out"
out=$(realpath "$out")

build() { # folder, architecture
  case $2 in
  amd64) cc=x86_64-linux-gnu-gcc goarch=amd64 ;;
  arm64) cc=aarch64-linux-gnu-gcc goarch=arm64 ;;
  armhf) cc=arm-linux-gnueabihf-gcc goarch=arm ;;
  *) echo "release: nobody knows the architecture $2"; exit 1 ;;
  esac
  [ "$2" != "$native" ] || cc=${CC:-gcc}
  command -v $cc >/dev/null || {
    echo "release: $cc is missing (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross)"
    exit 1
  }
  for program in cmd/posd cmd/possim cmd/possim/judge; do
    CC=$cc CGO_ENABLED=1 GOARCH=$goarch GOARM=7 CGO_CFLAGS="-O2 -g -DHAVE_FDATASYNC=1" go build -trimpath -buildvcs=false \
      -ldflags "-s -w -buildid= -X main.release=$version" -o "$1/$2/${program##*/}" "./$program"
  done
}

for arch in ${ARCHES:-amd64 arm64 armhf}; do
  echo "release: $arch"
  build "$out" "$arch"
  [ "$arch" = "$native" ] || [ -x "$out/$native/posd" ] || build "$out" "$native" # writes the completions
  SIM=1 ./systemd/package.sh "$out" "$arch" "$version" "$out/$native/posd"
  [ -z "${ONCE:-}" ] || continue
  again=$(mktemp -d)
  GOCACHE=$again/cache build "$again" "$arch"
  SIM=1 ./systemd/package.sh "$again" "$arch" "$version" "$out/$native/posd"
  for deb in "$again"/*.deb; do
    cmp "$deb" "$out/$(basename "$deb")"
    echo "release: $(basename "$deb") is the same, built again from nothing"
  done
  rm -rf "$again"
done

# The repository: pool, one list a architecture, and a Release that names their sums.
apt=$out/apt
mkdir -p "$apt/pool"
cp "$out"/*.deb "$apt/pool"
for arch in ${ARCHES:-amd64 arm64 armhf}; do
  lists=$apt/dists/stable/main/binary-$arch
  mkdir -p "$lists"
  for deb in "$apt"/pool/*_"$arch".deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: pool/%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$deb")" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  done >"$lists/Packages"
  gzip -9nk "$lists/Packages"
done
(
  cd "$apt/dists/stable"
  printf 'Origin: posd\nLabel: posd\nSuite: stable\nCodename: stable\nArchitectures: %s\nComponents: main\nDate: %s\nSHA256:\n' \
    "${ARCHES:-amd64 arm64 armhf}" "$(date -u -R -d "@$(git -C "$OLDPWD" log -1 --format=%ct)" | sed 's/+0000/UTC/')" >Release
  find main -type f | sort | while read -r f; do
    printf ' %s %s %s\n' "$(sha256sum "$f" | cut -d' ' -f1)" "$(stat -c %s "$f")" "$f" >>Release
  done
  if [ -n "${KEY:-}" ]; then
    gpg --batch --yes -u "$KEY" --clearsign -o InRelease Release
    gpg --batch --yes -u "$KEY" -abs -o Release.gpg Release
    gpg --export "$KEY" >"$apt/posd-archive-key.gpg"
  fi
)
(cd "$out" && sha256sum ./*.deb >SHA256SUMS)
if command -v lintian >/dev/null; then lintian --allow-root --fail-on error "$out"/*.deb; else echo "release: lintian is not installed: the packages are not looked over"; fi
echo "release: $out"
ls -l "$out"
