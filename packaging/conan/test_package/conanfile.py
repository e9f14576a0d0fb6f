"""Builds examples/consumer with the package, and reads by the command what it wrote."""

from pathlib import Path

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout
from conan.tools.files import copy

WRITTEN = '{"text": "knots on a cord"}'


class QuipuTest(ConanFile):
    settings = ("os", "compiler", "build_type", "arch")
    generators = ("CMakeToolchain", "CMakeDeps", "VirtualRunEnv")

    def requirements(self) -> None:
        self.requires(self.tested_reference_str)

    def layout(self) -> None:
        cmake_layout(self)

    def build(self) -> None:
        consumer = Path(self.source_folder).resolve().parents[2] / "examples" / "consumer"
        copy(self, "*", str(consumer), str(Path(self.build_folder) / "consumer"))
        cmake = CMake(self)
        cmake.configure(build_script_folder=str(Path(self.build_folder) / "consumer"))
        cmake.build()

    def test(self) -> None:
        if not can_run(self):
            return
        database = Path(self.build_folder) / "notes.quipu"
        program = Path(self.cpp.build.bindir) / "consumer"
        self.run(f'"{program}" "{database}" | grep -qxF \'{WRITTEN}\'', env="conanrun")
        self.run(f'quipu get "{database}" notes note-1 | grep -qxF \'{WRITTEN}\'', env="conanrun")
