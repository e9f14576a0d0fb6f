#!/usr/bin/env bash
# Installs Debian packages into a bare Debian 12 and does there what the README's first page does: the command between
# JSON files and a database, its manual and completion, and a program built with the library. Needs root and mmdebstrap.
# usage: debian_packages_test.sh SOURCE_DIR PACKAGE.deb...
set -euo pipefail
source_dir=$1
shift

folder=$(mktemp -d)
root=$folder/debian
trap 'umount --quiet "$root/proc" || true; rm -rf --one-file-system "$folder"' EXIT

mmdebstrap --quiet --variant=apt --skip=cleanup/apt/lists bookworm "$root" >/dev/null
cp /etc/resolv.conf /etc/hosts "$root/etc"
mount -t proc proc "$root/proc"
mkdir "$root/try"
cp "$@" "$root/try"
cp -r "$source_dir/tests/data/goldens/basic" "$root/try/storage"
cp -r "$source_dir/examples/consumer" "$root/try/consumer"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/ LC_ALL=C.UTF-8 bash -euo pipefail -c "$1" </dev/null; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

echo "installing the command"
inside 'apt-get install --yes --no-install-recommends /try/quipu_*.deb >/try/log 2>&1 || { cat /try/log; exit 1; }'
inside '
  cd /try
  quipu --version
  quipu import --quiet storage storage.quipu >/dev/null
  quipu verify storage.quipu
  quipu export --quiet storage.quipu storage-copy >/dev/null
  for file in storage-copy/*; do cmp "$file" "storage/${file##*/}"; done
  test "$(quipu scan storage.quipu docstore/data --keys-only | wc -l)" = 58
' || fail "the command does not do what it should"
[ -s "$root/usr/share/bash-completion/completions/quipu" ] || fail "the completion is missing"
# dpkg leaves manuals out of a bare system, as its configuration there says: they are looked for in the package.
dpkg-deb --contents "$root"/try/quipu_*.deb | grep -q ' ./usr/share/man/man1/quipu.1$' || fail "the manual is missing"

echo "installing the library"
inside 'apt-get install --yes --no-install-recommends /try/libquipu-dev_*.deb g++ cmake ninja-build >/try/log 2>&1 ||
  { cat /try/log; exit 1; }'
printed=$(inside '
  cmake -S /try/consumer -B /try/build -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release >&2
  cmake --build /try/build >&2
  cd /try
  build/consumer notes.quipu
  quipu get notes.quipu notes note-1
') || fail "the program with the library does not do what it should"
[ "$printed" = '{"text": "knots on a cord"}
{"text": "knots on a cord"}' ] || fail "the consumer and the command printed: $printed"
inside 'apt-get remove --yes --quiet=2 quipu libquipu-dev >/try/log 2>&1; test ! -e /usr/bin/quipu; test ! -e /usr/include/quipu' ||
  fail "the packages leave something behind"
echo "both packages work in a bare Debian"
