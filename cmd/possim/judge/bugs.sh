#!/bin/sh
# Shows that the judge sees: plants a bug of testdata/bugs in posd, has possim sell with
# it, and judges the history, for a few bugs that such a counter can meet. Each must be
# found; posd as it is must pass the same scripts.
#
#	bugs.sh FOLDER [NUMBER...]
set -eu
out=$1
shift
mkdir -p "$out"
go build -o "$out/possim" ./cmd/possim
go build -o "$out/judge" ./cmd/possim/judge

# sells plays the scripts with the posd given and reports whether the judge is content.
sells() { # name
  rm -f "$out/$1".*.jsonl
  "$out/possim" -posd "$out/posd" -script all -history "$out/$1.all.jsonl" >"$out/$1.all.txt" 2>&1 || true
  "$out/possim" -posd "$out/posd" -script power -history "$out/$1.power.jsonl" >"$out/$1.power.txt" 2>&1 || true
  "$out/possim" -posd "$out/posd" -script chaos -seed 5 -sales 40 -history "$out/$1.chaos.jsonl" >"$out/$1.chaos.txt" 2>&1 || true
  "$out/judge" "$out/$1".*.jsonl >"$out/$1.verdict" 2>&1
}

go build -o "$out/posd" ./cmd/posd
if ! sells none; then
  cat "$out/none.verdict"
  echo "posd as it is does not pass"
  exit 1
fi
echo "none: posd as it is passes"
missed=0
for number in ${@:-01 04 06 09 10 14}; do
  for patch in testdata/bugs/"$number"-*.patch; do
    name=$(basename "$patch" .patch)
    file=$(sed -n 's|^--- a/||p' "$patch")
    patch -s -o "$out/$name.go" "$file" "$patch"
    printf '{"Replace":{"%s":"%s"}}\n' "$PWD/$file" "$(realpath "$out/$name.go")" >"$out/$name.json"
    go build -overlay "$out/$name.json" -o "$out/posd" ./cmd/posd
    if sells "$name"; then
      echo "$name: NOT FOUND"
      missed=1
    else
      echo "$name: found: $(sed -n '/BROKEN/{n;s/^ *//p;q}' "$out/$name.verdict")"
    fi
  done
done
exit $missed
