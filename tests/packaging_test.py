#!/usr/bin/env python3
"""The recipes of package managers name the version and the libraries that CMakeLists.txt and tools/dev name."""

import json
import re
import unittest
from pathlib import Path
from typing import Set

ROOT = Path(__file__).resolve().parent.parent
# What builds and tests, and is in no package.
OF_DEVELOPERS = {
    *("build-essential", "cmake", "ninja-build", "libgtest-dev", "libgmock-dev", "libbenchmark-dev"),
    *("python3", "python3-dev", "python3-venv"),
}
# Of the command and of what is compiled alone; a program that is linked with the library does without.
HEADERS_OF_THE_BUILD = {"libcli11-dev", "libhnswlib-dev"}
# vcpkg's names. Its Boost is in parts, Beast among them, which Debian's headers of any part bring along.
PORTS = {
    "librocksdb-dev": "rocksdb",
    "libsimdjson-dev": "simdjson",
    "libboost-filesystem-dev": "boost-filesystem",
    "libexpected-dev": "tl-expected",
    "libssl-dev": "openssl",
    "libcurl4-openssl-dev": "curl",
    "libcli11-dev": "cli11",
    "libhnswlib-dev": "hnswlib",
    "libstemmer-dev": "libstemmer",
    "libicu-dev": "icu",
    "libpq-dev": "libpq",
    "libhiredis-dev": "hiredis",
}


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def libraries() -> Set[str]:
    """What building needs, by the names of Debian, as tools/dev installs it."""
    listed = re.search(r"\npackages=\((.*?)\n\)", text("tools/dev"), re.DOTALL)
    assert listed is not None, "tools/dev has no packages"
    return set(listed[1].split()) - OF_DEVELOPERS


def debian_names(path: str) -> Set[str]:
    return set(re.findall(r"\blib[a-z0-9-]+-dev\b", text(path)))


class PackagingTest(unittest.TestCase):
    def test_conan_installs_the_libraries(self) -> None:
        self.assertEqual(debian_names("packaging/conan/conanfile.py"), libraries())

    def test_the_package_of_the_library_depends_on_them(self) -> None:
        named = debian_names("cmake/package.cmake") - {"libquipu-dev"}
        self.assertEqual(named, libraries() - HEADERS_OF_THE_BUILD)

    def test_the_port_of_vcpkg_depends_on_them(self) -> None:
        manifest = json.loads(text("packaging/vcpkg/vcpkg.json"))
        named = [each if isinstance(each, str) else each["name"] for each in manifest["dependencies"]]
        self.assertEqual(named, sorted(named), "vcpkg wants them sorted")
        for feature in manifest["features"].values():
            named += feature["dependencies"]
        wanted = {PORTS[name] for name in libraries()} | {"boost-beast", "vcpkg-cmake", "vcpkg-cmake-config"}
        self.assertEqual(set(named), wanted)

    def test_the_port_has_the_version(self) -> None:
        version = re.search(r"project\(quipu VERSION ([0-9.]+)", text("CMakeLists.txt"))
        assert version is not None
        self.assertEqual(json.loads(text("packaging/vcpkg/vcpkg.json"))["version-semver"], version[1])


if __name__ == "__main__":
    unittest.main()
