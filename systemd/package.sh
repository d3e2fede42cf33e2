#!/bin/sh
# Makes the Debian packages of one architecture in a folder, bit for bit the same each time:
# posd, and posd-sim with the simulators where SIM is set. The programs stand in FOLDER/ARCH
# already (make deb, release.sh); native is a posd that runs here.
#
#	package.sh FOLDER ARCH VERSION NATIVE
set -eu
out=$1 arch=$2 version=$3 native=$4
parts=$out/parts-$arch
mkdir -p "$parts"
time=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH="$time" DEB_VERSION="$version" DEB_ARCH="$arch" DEB_BIN="$out/$arch" DEB_PARTS="$parts"
export DEB_MAINTAINER="${MAINTAINER:-posd <root@localhost>}"

gzip -9nc systemd/posd.1 >"$parts/posd.1.gz"
for shell in bash zsh fish; do "$native" completion "$shell" >"$parts/completion.$shell"; done
for name in posd posd-sim; do
  printf '%s (%s) stable; urgency=medium\n\n  * Built from commit %s.\n\n -- %s  %s\n' "$name" "$version" \
    "$(git rev-parse --short=10 HEAD)" "$DEB_MAINTAINER" "$(date -u -R -d "@$time")" | gzip -9nc >"$parts/$name.changelog.gz"
  sed "s/^[a-z][^ ]*$/$name: &/" systemd/lintian.overrides >"$parts/$name.overrides"
done

# Whose code is in it, and under which words: from the modules that the program is linked of.
modules=$(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/posd ./cmd/possim | sort -u)
echo "$modules" | while read -r path version dir; do
  printf '%s %s\n\n' "$path" "$version"
  cat "$dir"/LICENSE* "$dir"/COPYING* "$dir"/LICENCE* 2>/dev/null || true
  printf '\n----\n\n'
done | gzip -9nc >"$parts/licences.gz"
{
  printf 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: posd-%s\n' "$version"
  printf 'DocumentNamespace: urn:posd:%s:%s\nCreator: Tool: posd-package.sh\nCreated: %s\n' "$version" "$(git rev-parse HEAD)" "$(date -u -d "@$time" +%Y-%m-%dT%H:%M:%SZ)"
  printf '\nPackageName: posd\nSPDXID: SPDXRef-posd\nPackageVersion: %s\nPackageDownloadLocation: NOASSERTION\nPackageLicenseConcluded: MIT\nFilesAnalyzed: false\n' "$version"
  printf '\nPackageName: go\nSPDXID: SPDXRef-go\nPackageVersion: %s\nPackageDownloadLocation: NOASSERTION\nPackageLicenseConcluded: BSD-3-Clause\nFilesAnalyzed: false\n' "$(go env GOVERSION)"
  n=0
  echo "$modules" | while read -r path version dir; do
    n=$((n + 1))
    printf '\nPackageName: %s\nSPDXID: SPDXRef-module-%d\nPackageVersion: %s\nPackageDownloadLocation: NOASSERTION\nPackageLicenseConcluded: NOASSERTION\nFilesAnalyzed: false\nExternalRef: PACKAGE-MANAGER purl pkg:golang/%s@%s\nRelationship: SPDXRef-posd CONTAINS SPDXRef-module-%d\n' "$path" "$n" "$version" "$path" "$version" "$n"
  done
} | gzip -9nc >"$parts/posd.spdx.gz"

nfpm=${NFPM:-github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2}
go run "$nfpm" package -f systemd/nfpm.yaml -p deb -t "$out/posd_${version}_$arch.deb"
[ -z "${SIM:-}" ] || go run "$nfpm" package -f systemd/nfpm-sim.yaml -p deb -t "$out/posd-sim_${version}_$arch.deb"
