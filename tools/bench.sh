#!/usr/bin/env bash
# Behind `make bench`: the benchmark programs of the release build, then the
# comparison with openssl and osslsigncode. With Microsoft's roots if a
# developer has them beside the checkout, else with the forge's alone.
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

echo "== compare.py"
roots=()
trust=../shared/trust
if [[ -f $trust/authroot.stl ]]; then
  roots=(--trust-list "$trust/authroot.stl"
         --roots "$trust/microsoft-authroot-515.pem")
else
  echo "bench: no list of Microsoft's roots here, so few roots are loaded"
fi
python3 -B bench/compare.py --build "$release" "${roots[@]}"
