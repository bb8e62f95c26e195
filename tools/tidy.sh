#!/usr/bin/env bash
# clang-format and clang-tidy, every remark an error.
#
#   tools/tidy.sh            the files changed since the branch left origin/main
#                            (on origin/main itself: since the commit before)
#   tools/tidy.sh --all      every file
#   tools/tidy.sh FILE...    these files
#   tools/tidy.sh --format   no check: let clang-format rewrite every file
#
# A changed header brings one source that includes it, through which its remarks
# are seen; `--all` also finds those that it causes elsewhere, in 20 minutes on
# two cores. clang-tidy needs a compile database: the `tidy` preset is configured
# here, nothing is built.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

database=${COUNTERSIGN_BUILD:-build}/tidy
format=clang-format-19
tidy=clang-tidy-19

for tool in "$format" "$tidy" clang++-19; do
  if ! command -v "$tool" >/dev/null; then
    echo "tidy: $tool is missing; run ./setup ci" >&2
    exit 1
  fi
done

# The C++ files under version control or about to be.
all_files() {
  git ls-files --cached --others --exclude-standard -- \
    'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'fuzz/*.cc' 'bench/*.cc' |
    while read -r file; do
      if [[ -f $file ]]; then echo "$file"; fi
    done
}

# The commit to compare with, or nothing.
base_commit() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null) || return 0
  if [[ $base == "$(git rev-parse HEAD)" ]]; then
    base=$(git rev-parse --verify --quiet HEAD^) || return 0
  fi
  echo "$base"
}

changed_files() {
  local base=$1
  {
    git diff --name-only --diff-filter=d "$base"
    git ls-files --others --exclude-standard
  } | sort -u
}

# The sources that clang-tidy reads for these files. Tests are formatted, but
# not tidied: the macros of GoogleTest break its rules at every line.
sources_of() {
  local file
  for file in "$@"; do
    case $file in
      *_test.cc | tests/* | bench/*) ;;
      src/*.cc) echo "$file" ;;
      src/*.h)
        if [[ -f ${file%.h}.cc ]]; then
          echo "${file%.h}.cc"
        else
          all_files | grep '^src/.*\.cc$' | grep -v '_test\.cc$' |
            xargs -r -d '\n' grep -lF "\"${file#src/}\"" | head -n 1 || true
        fi
        ;;
    esac
  done | sort -u
}

if [[ ${1:-} == --format ]]; then
  all_files | xargs -r -d '\n' "$format" -i --
  exit 0
fi

base=
mode=all
if [[ $# -eq 0 ]]; then
  base=$(base_commit)
fi
if [[ -n $base ]]; then
  if changed_files "$base" | grep -qE '^\.clang-(tidy|format)$'; then
    echo "tidy: the rules changed, so every file is checked"
  else
    mode=changed
  fi
elif [[ $# -gt 0 && $1 != --all ]]; then
  mode=given
fi

case $mode in
  all) mapfile -t files < <(all_files) ;;
  changed)
    mapfile -t files < <(comm -12 <(changed_files "$base") \
      <(all_files | sort -u))
    ;;
  given) files=("$@") ;;
esac
if [[ ${#files[@]} -eq 0 ]]; then
  echo "tidy: no C++ file changed since ${base:0:12}"
  exit 0
fi

echo "tidy: $format on ${#files[@]} file(s)"
"$format" --dry-run -Werror -- "${files[@]}"

mapfile -t sources < <(sources_of "${files[@]}")
if [[ ${#sources[@]} -eq 0 ]]; then
  exit 0
fi

cmake --preset tidy -B "$database" -Wno-dev >/dev/null
for source in "${sources[@]}"; do
  if ! grep -qF "/$source\"" "$database/compile_commands.json"; then
    echo "$source: no part of the build; add its module to CMakeLists.txt" >&2
    exit 1
  fi
done
echo "tidy: $tidy on ${#sources[@]} file(s)"
printf '%s\0' "${sources[@]}" |
  xargs -0 -r -n 1 -P "$(nproc)" "$tidy" --quiet -p "$database" \
    2> >(grep -vE '^[0-9]+ warnings? generated' >&2)
