#!/usr/bin/env bash
# Behind `make vet`: vets the file given, or, without one, a sample that it
# forges: a program signed just now by a throw-away certificate authority.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

release=${COUNTERSIGN_BUILD:-build}/release
file=${1:-}

if [[ -n $file ]]; then
  status=0
  "$release/countersign" vet -- "$file" || status=$?
  if [[ $status -ne 0 ]]; then
    echo "countersign's exit code was $status; make reports any failure as 2." \
         "Run $release/countersign itself to get the code." >&2
  fi
  exit "$status"
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

program=()
compiler=x86_64-w64-mingw32-gcc
if command -v "$compiler" >/dev/null && [[ -f tests/forge/hello.c ]]; then
  "$compiler" -O1 -s -Wl,--no-insert-timestamp -o "$work/hello.exe" tests/forge/hello.c
  program=(--program "$work/hello.exe")
fi
"$release/tests/forge/countersign-forge" sample "$work/sample.exe" \
  --root "$work/root.pem" "${program[@]}"

echo "A sample, signed just now by a throw-away authority. What Countersign" \
     "says of it:"
echo
echo "    countersign vet --trust root.pem sample.exe"
echo
"$release/countersign" vet --trust "$work/root.pem" "$work/sample.exe"
echo
echo "Now your own file:  make vet FILE=path/to/setup.exe"
