#!/usr/bin/env bash
# Installs the build given, builds examples/consumer and examples/service against the installed package, and runs them.
# usage: install_consumer_test.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source_dir=$1
build_dir=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix

cmake --install "$build_dir" --prefix "$prefix" >"$folder/install.log"
cmake -S "$source_dir/examples/consumer" -B "$folder/build" -G Ninja --log-level=WARNING \
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release
cmake --build "$folder/build"

printed=$("$folder/build/consumer" "$folder/notes.quipu")
[ "$printed" = '{"text": "knots on a cord"}' ] || {
  echo "the consumer printed: $printed" >&2
  exit 1
}

cmake -S "$source_dir/examples/service" -B "$folder/service" -G Ninja --log-level=WARNING \
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Debug
cmake --build "$folder/service"
lines() { for i in $(seq "$1"); do printf '{"id": "n%s", "text": "Cord %s.", "embedding": [%s, 1]}\n' "$i" "$i" "$i"; done; }
serve() { "$folder/service/ingestion_service" "$folder/service.quipu" 2>"$folder/said"; }
[ "$(lines 250 | serve)" = "250 added, 0 known" ]
[ "$(lines 251 | serve)" = "1 added, 250 known" ]
grep -q '^[0-9]* commits, 99 of 100 within 0\.' "$folder/said"
printf '[251, 1]' | "$prefix/bin/quipu" query "$folder/service.quipu" --vector - --top-k 1 --json | grep -q '"n251"'
! printf '{"id": "x"}\n' | serve
grep -q 'line 1: id, text and embedding are wanted' "$folder/said"

# The command reads what the library wrote, and its manual and completion are installed.
"$prefix/bin/quipu" get "$folder/notes.quipu" notes note-1 | cmp - <(printf '%s\n' "$printed")
[ -f "$prefix/share/man/man1/quipu.1" ]
[ -f "$prefix/share/bash-completion/completions/quipu" ]
echo "the installed package works"
