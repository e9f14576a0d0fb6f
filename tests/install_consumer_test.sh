#!/usr/bin/env bash
# Installs the build given, builds examples/consumer against the installed package, and runs it.
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

# The command reads what the library wrote, and its manual and completion are installed.
"$prefix/bin/quipu" get "$folder/notes.quipu" notes note-1 | cmp - <(printf '%s\n' "$printed")
[ -f "$prefix/share/man/man1/quipu.1" ]
[ -f "$prefix/share/bash-completion/completions/quipu" ]
echo "the installed package works"
