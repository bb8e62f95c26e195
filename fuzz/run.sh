#!/usr/bin/env bash
# Runs the fuzz targets that the `asan-ubsan` preset built.
#
#   fuzz/run.sh [--seconds N] [--runs N] [TARGET...]
#
# Seeds come from fuzz/seeds/<target>/recipe. What a run discovers stays in
# out/fuzz/corpus/<target> and is where the next run starts; crashes go to
# out/fuzz/crashes/<target>, logs to out/fuzz/logs. Exit 1 on any crash,
# timeout, leak, or if there is nothing to run.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

build=${COUNTERSIGN_BUILD:-build}/asan-ubsan
out=out/fuzz
seconds=60
runs=-1
wanted=()

usage() {
  sed -n '2,/^set /{s/^# \{0,1\}//;/^set /!p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}

while [[ $# -gt 0 ]]; do
  case $1 in
    --seconds | --runs)
      [[ ${2:-} =~ ^[0-9]+$ ]] || usage
      if [[ $1 == --seconds ]]; then seconds=$2; else runs=$2; fi
      shift 2
      ;;
    -*) usage ;;
    *)
      wanted+=("$1")
      shift
      ;;
  esac
done

if [[ ! -s $build/fuzzers.txt ]]; then
  echo "fuzz: $build holds no fuzz target; run \`make fuzz\`" >&2
  exit 1
fi
targets=()
while read -r binary; do
  name=${binary##*/}
  if [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $name "* ]]; then
    targets+=("$binary")
  fi
done <"$build/fuzzers.txt"
if [[ ${#targets[@]} -eq 0 ||
      (${#wanted[@]} -gt 0 && ${#targets[@]} -ne ${#wanted[@]}) ]]; then
  echo "fuzz: unknown target among: ${wanted[*]}; there are:" >&2
  sed 's/.*\//    /' "$build/fuzzers.txt" >&2
  exit 1
fi

forge=()
if [[ -x $build/tests/forge/countersign-forge ]]; then
  forge=(--forge "$build/tests/forge/countersign-forge")
else
  echo "fuzz: no forge in this build, so seeds are the recipes' literals only"
fi
names=("${targets[@]##*/}")
python3 -B tools/make_seeds.py "$out/seeds" "${forge[@]}" "${names[@]}"

fuzz_one() {
  local binary=$1 name=${1##*/}
  local seeds=$out/seeds/$name
  local options=()
  mapfile -t options <"$seeds/options"
  if [[ -s $seeds/dict ]]; then
    options+=("-dict=$seeds/dict")
  fi
  mkdir -p "$out/corpus/$name" "$out/crashes/$name"
  # Limit: 10 s and 2 GiB for one input; the product's own limits stop it long
  # before.
  "$binary" -max_total_time="$seconds" -runs="$runs" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$out/crashes/$name/" "${options[@]}" \
    "$out/corpus/$name" "$seeds/seeds" >"$out/logs/$name.log" 2>&1
}

# One line of the summary, from the log.
summary() {
  local log=$out/logs/$1.log
  awk -v name="$1" -v result="$2" '
    /stat::number_of_executed_units/ { units = $2 }
    / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cover = $(i + 1) }
    END { printf "%-28s %-7s %12d inputs %8d edges\n", name, result, units,
                 cover }
  ' "$log"
}

mkdir -p "$out/logs"
echo "fuzz: ${#targets[@]} target(s), $seconds s each, $(nproc) at a time"
declare -A name_of=() binary_of=()
failed=()
finish_one() {
  local finished status=0
  wait -n -p finished || status=$?
  local name=${name_of[$finished]}
  unset "name_of[$finished]"
  if [[ $status -eq 0 ]]; then
    summary "$name" ok
  else
    summary "$name" FAILED
    failed+=("$name")
  fi
}
for binary in "${targets[@]}"; do
  if [[ ${#name_of[@]} -ge $(nproc) ]]; then
    finish_one
  fi
  fuzz_one "$binary" &
  name_of[$!]=${binary##*/}
  binary_of[${binary##*/}]=$binary
done
while [[ ${#name_of[@]} -gt 0 ]]; do
  finish_one
done

for name in "${failed[@]}"; do
  echo
  echo "== $name: end of $out/logs/$name.log"
  tail -n 40 "$out/logs/$name.log"
  echo "== again: ${binary_of[$name]} $out/crashes/$name/*"
done
[[ ${#failed[@]} -eq 0 ]]
