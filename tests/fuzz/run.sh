#!/bin/sh
# Runs every fuzzer at once for SECONDS (default 10), or those named after it. Leaves the tree as it is.
# Usage: tests/fuzz/run.sh [SECONDS [READER...]]    READER: matrix_market npy npz csv
set -eu
seconds=${1:-10}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- matrix_market npy npz csv
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build/fuzz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -f "$build/CMakeCache.txt" ]; then
  (cd "$root" && cmake --preset fuzz -B "$build") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
fi
targets=
for reader in "$@"; do
  targets="$targets fuzz_$reader"
done
# shellcheck disable=SC2086 # several words
cmake --build "$build" --target $targets >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

running=
# Started in the background, they do not hear Ctrl-C themselves.
trap 'for each in $running; do kill "${each#*:}" || true; done; exit 130' INT TERM
for reader in "$@"; do
  cp -r "$here/corpus/$reader" "$work/$reader"
  mkdir "$work/$reader.found"
  dictionary=
  [ -f "$here/$reader.dict" ] && dictionary="-dict=$here/$reader.dict"
  echo "fuzz_$reader for $seconds s"
  # shellcheck disable=SC2086 # empty or one word
  "$build/fuzz_$reader" "$work/$reader" $dictionary -max_total_time="$seconds" -max_len=4096 -timeout=10 \
    -rss_limit_mb=1024 -malloc_limit_mb=256 -print_final_stats=1 -artifact_prefix="$work/$reader.found/" \
    >"$work/$reader.log" 2>&1 &
  running="$running $reader:$!"
done

status=0
for each in $running; do
  reader=${each%%:*}
  if wait "${each#*:}"; then
    echo "fuzz_$reader found nothing"
    grep -E "cov: |stat::number_of_executed_units|stat::peak_rss_mb" "$work/$reader.log" | tail -n 3
    continue
  fi
  status=1
  echo "fuzz_$reader failed"
  tail -n 60 "$work/$reader.log"
  found=${FINDINGS:-$PWD}
  for artifact in "$work/$reader.found"/*; do
    [ -f "$artifact" ] && cp "$artifact" "$found/" && echo "kept: $found/$(basename "$artifact")"
  done
done
exit $status
