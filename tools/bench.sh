#!/usr/bin/env bash
# Behind `make bench`: runs every benchmark program of the release build.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

release=${COUNTERSIGN_BUILD:-build}/release
mapfile -t programs < <(
  find "$release/bench" -name '*_bench' -type f -executable 2>/dev/null | sort)
if [[ ${#programs[@]} -eq 0 ]]; then
  echo "bench: there are no benchmark programs in $release/bench" >&2
  exit 1
fi
for program in "${programs[@]}"; do
  echo "== ${program##*/}"
  "$program" --benchmark_counters_tabular=true
done
