"""Quipu for Conan 2, over the system's libraries: `conan create packaging/conan --build=missing`."""

import re
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load
from conan.tools.system.package_manager import Apt

# What the library needs wherever it is built, and what its backends for servers need besides.
LIBRARIES = (
    *("librocksdb-dev", "libsimdjson-dev", "libboost-filesystem-dev", "libexpected-dev", "libssl-dev"),
    *("libcurl4-openssl-dev", "libcli11-dev", "libhnswlib-dev", "libstemmer-dev", "libicu-dev"),
)
SOURCES = ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "engine/*", "backends/*", "tools/*")


class Quipu(ConanFile):
    name = "quipu"
    description = "Embedded storage engine for LlamaIndex's storage API, on RocksDB"
    license = "Apache-2.0"
    topics = ("llamaindex", "storage", "rocksdb", "vector-search", "full-text-search")
    settings = ("os", "compiler", "build_type", "arch")
    options = {"postgres": [True, False], "redis": [True, False]}
    default_options = {"postgres": True, "redis": True}
    package_type = "static-library"

    @property
    def _checkout(self) -> Path:
        return Path(self.recipe_folder).resolve().parents[1]

    def set_version(self) -> None:
        text = load(self, str(self._checkout / "CMakeLists.txt"))
        found = re.search(r"project\(quipu VERSION ([0-9.]+)", text)
        assert found, "CMakeLists.txt names no version"
        self.version = found[1]

    def export_sources(self) -> None:
        for pattern in SOURCES:
            copy(self, pattern, str(self._checkout), self.export_sources_folder)

    def system_requirements(self) -> None:
        servers = [name for name in ("postgres", "redis") if self.options.get_safe(name)]
        Apt(self).install([*LIBRARIES, *({"postgres": "libpq-dev", "redis": "libhiredis-dev"}[name] for name in servers)])

    def layout(self) -> None:
        cmake_layout(self)

    def generate(self) -> None:
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["QUIPU_DEVELOPER"] = False
        toolchain.cache_variables["QUIPU_POSTGRES"] = bool(self.options.postgres)
        toolchain.cache_variables["QUIPU_REDIS"] = bool(self.options.redis)
        toolchain.generate()

    def build(self) -> None:
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self) -> None:
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder) / "licenses"))

    def package_info(self) -> None:
        # Its own package for CMake, which finds the system's libraries, is what programs use.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [str(Path("lib") / "cmake" / "quipu")]
        self.buildenv_info.prepend_path("PATH", str(Path(self.package_folder) / "bin"))
        self.runenv_info.prepend_path("PATH", str(Path(self.package_folder) / "bin"))
