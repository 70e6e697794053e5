#!/usr/bin/env bash
# Shows that scripts/format --check finds a file that is not formatted, and that scripts/format mends it, on a copy of
# the tree.
# usage: format_test.sh ROOT
set -euo pipefail
root=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cp -r "$root"/{apps,bench,equipoise,scripts,tests,.clang-format} "$folder"
"$folder"/scripts/format --check || { echo "the copy is not formatted to begin with" >&2 && exit 1; }
victim=$folder/equipoise/core/balance.cpp
printf 'int  f( ){return 0 ;}\n' >>"$victim"
if "$folder"/scripts/format --check 2>"$folder/complaint"; then
  echo "a file that is not formatted was not found" >&2 && exit 1
fi
grep -q 'core/balance.cpp' "$folder/complaint" || { echo "the complaint does not name the file" >&2 && exit 1; }
"$folder"/scripts/format
"$folder"/scripts/format --check
grep -qx 'int f() { return 0; }' "$victim"
