#!/usr/bin/env bash
# Runs the fuzz targets of what comes over wires under clang's libFuzzer with the address and
# undefined-behaviour sanitizers, one kind after the other, and ends with 1 when something was found.
#   scripts/fuzz.sh [seconds] [kind…]   each kind, or those named, for so many seconds (600)
#   scripts/fuzz.sh --list              the kinds
#   scripts/fuzz.sh --keep [kind…]      of what was found to reach code that the rest does not, a few
#                                       small inputs into tests/fuzz/corpus, which every test run reads
# Corpora stay in build/libfuzzer/corpora and grow from run to run; inputs that misbehaved are in
# build/libfuzzer/findings. To see one again: RONCHI_FUZZ_KIND=kind build/libfuzzer/…/test_fuzz_x file
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

programs=(ceos de de_tem dectris mcp merlin tango temscript wire)
build=build/libfuzzer
packages="clang-14 libclang-rt-14-dev libfuzzer-14-dev"

if ! command -v clang++-14 > /dev/null \
    || [[ ! -e $(clang++-14 -print-file-name="libclang_rt.fuzzer_no_main-$(uname -m).a") ]]; then
  echo "This needs clang 14 and its libFuzzer: apt-get install --no-install-recommends $packages"
  exit 2
fi
mkdir -p "$build"
{
  [[ -e $build/build.ninja ]] || cmake --preset libfuzzer
  cmake --build "$build" --parallel "${RONCHI_JOBS:-2}" --target "${programs[@]/#/test_fuzz_}"
} &> "$build/fuzz_build.log" || {
  grep -E 'error|FAILED' -A 5 "$build/fuzz_build.log" | head -n 40
  echo "It does not compile (all of it: $build/fuzz_build.log)"
  exit 2
}

declare -A program_of=()
kinds=()
for name in "${programs[@]}"; do
  program=$build/tests/fuzz/test_fuzz_$name
  for kind in $(env -u RONCHI_FUZZ_KIND "$program"); do
    program_of[$kind]=$program
    kinds+=("$kind")
  done
done

seconds=600
keep=false
case ${1:-} in
  --list)
    printf '%s\n' "${kinds[@]}"
    exit
    ;;
  --keep)
    keep=true
    shift
    ;;
  [0-9]*)
    seconds=$1
    shift
    ;;
esac
(($# == 0)) || kinds=("$@")
for kind in "${kinds[@]}"; do
  [[ -n ${program_of[$kind]:-} ]] || {
    echo "There is no kind \"$kind\"; there are: ${!program_of[*]}"
    exit 2
  }
done

# libFuzzer, with the kind's program and these arguments.
fuzzer() { RONCHI_FUZZ_KIND=$kind RONCHI_FUZZ_SEEDS=$build/seeds/$kind "${program_of[$kind]}" "$@"; }

# In the order of new code for each, until 20 are kept: of at most 2 KB, of what no good file and no other
# kept one reaches.
keep_some() {
  local control=$build/logs/$kind.merge small=$build/small/$kind kept=tests/fuzz/corpus/$kind
  rm -rf "$control" "$small"
  mkdir -p "$small" "$build/merged/$kind" "$kept"
  find "$corpus" -type f -size -2049c -exec cp -t "$small" {} +
  fuzzer -detect_leaks=0 -merge=1 -merge_control_file="$control" "$build/merged/$kind" "$build/seeds/$kind" "$kept" \
    "$small" &> "$build/logs/$kind.merge.log"
  rm -rf "$build/merged/$kind"
  python3 scripts/fuzz_cover.py "$control" "$small" $((20 - $(find "$kept" -type f | wc -l))) | while read -r input; do
    cp "$input" "$kept/$(sha1sum "$input" | cut -c 1-12)"
  done
  rmdir --ignore-fail-on-non-empty "$kept"
  echo "$kind: $(find "$kept" -type f 2> /dev/null | wc -l) kept"
}

found=0
for kind in "${kinds[@]}"; do
  corpus=$build/corpora/$kind findings=$build/findings/$kind log=$build/logs/$kind.log
  mkdir -p "$corpus" "$findings" "$build/seeds/$kind" "$build/logs"
  if $keep; then
    keep_some
    continue
  fi
  folders=("$corpus" "$build/seeds/$kind")
  [[ ! -d tests/fuzz/corpus/$kind ]] || folders+=("tests/fuzz/corpus/$kind")
  status=0
  # Leaks are looked for at the end alone, and no function is named when it is first reached: either
  # takes a hundred times as long as the reading.
  fuzzer -detect_leaks=0 -print_funcs=0 -max_total_time="$seconds" -max_len=8192 -timeout=60 -rss_limit_mb=3000 \
    -print_final_stats=1 -artifact_prefix="$findings/" "${folders[@]}" &> "$log" || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  took=$(sed -n 's/^Done .* in \([0-9]*\) second.*/\1/p' "$log")
  coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d ' ' -f 2 || true)
  what=none
  if ((status)); then
    found=1
    what=$(grep -m 1 -E '^finding in|ERROR: |runtime error:|^==.*(SUMMARY|deadly)' "$log" || echo "ended with $status")
    what="$what ($findings, $log)"
  fi
  echo "$kind: ${runs:-0} executions, ${took:-?} s, coverage ${coverage:-0}, findings: $what"
done
exit $found
