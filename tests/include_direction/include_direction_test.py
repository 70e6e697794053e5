#!/usr/bin/env python3
"""Shows that include_direction.py finds what it is there to find, on made-up trees."""

import tempfile
import unittest
from pathlib import Path

from include_direction import problems

HEADER = "// The idea of this file.\n#pragma once\n"


class Tree(unittest.TestCase):
    def problems_of(self, files):
        """What is wrong with a tree of these files; every .cpp is in the build, and one sound header is always there."""
        files = {"equipoise/core/sound.hpp": HEADER + "#include <vector>\n#include <Eigen/Core>\n", **files}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                lists = path.parent / "CMakeLists.txt"
                if path.suffix == ".cpp" and lists.relative_to(root).as_posix() not in files:
                    with lists.open("a", encoding="utf-8") as build:
                        build.write(f"target_sources(equipoise PRIVATE {path.name})\n")
            return problems(root)

    def assert_broken(self, path, text, *words):
        found = self.problems_of({path: text})
        self.assertEqual(len(found), 1, found)
        for word in (path, *words):
            self.assertIn(word, found[0])

    def assert_sound(self, path, text):
        self.assertEqual(self.problems_of({path: text}), [])

    def test_a_sound_tree(self):
        self.assert_sound("equipoise/theory/a.hpp", HEADER + '#include "equipoise/core/run.hpp"\n#include <string>\n')
        self.assert_sound("equipoise/io/a.cpp", HEADER + '#include "equipoise/page/page.hpp"\n#include <fstream>\n')
        self.assert_sound("equipoise/store/a.cpp", HEADER + '#include "equipoise/solve/run_page.hpp"\n#include <fstream>\n')
        self.assert_sound("apps/cli/a.cpp", HEADER + '#include "equipoise/io/files.hpp"\n#include "apps/cli/flags.hpp"\n')

    def test_a_tree_without_headers_is_not_the_project(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(len(problems(folder)), 1)

    def test_every_arrow_that_points_back(self):
        for path, name in [
            ("equipoise/core/a.hpp", "equipoise/problems/dense.hpp"),
            ("equipoise/core/a.cpp", "equipoise/io/files.hpp"),
            ("equipoise/problems/a.hpp", "equipoise/theory/theory.hpp"),
            ("equipoise/problems/a.cpp", "equipoise/io/files.hpp"),
            ("equipoise/theory/a.cpp", "equipoise/problems/dense.hpp"),
            ("equipoise/ensemble/a.cpp", "equipoise/problems/dense.hpp"),
            ("equipoise/page/a.cpp", "equipoise/theory/theory.hpp"),
            ("equipoise/solve/a.cpp", "equipoise/io/files.hpp"),
            ("equipoise/solve/a.cpp", "equipoise/sweep/grid.hpp"),
            ("equipoise/sweep/a.hpp", "equipoise/atlas/picture.hpp"),
            ("equipoise/atlas/a.cpp", "equipoise/io/png.hpp"),
            ("equipoise/io/a.cpp", "equipoise/store/grid_file.hpp"),
            ("equipoise/certify/a.cpp", "equipoise/problems/dense.hpp"),
            ("equipoise/io/a.cpp", "equipoise/certify/proof.hpp"),
            ("mpi/a.cpp", "equipoise/sweep/sweep.hpp"),
            ("apps/web/a.cpp", "equipoise/io/files.hpp"),
        ]:
            for line in (f'#include "{name}"', f"#  include <{name}>", f'  #include "{name}"  // because'):
                with self.subTest(path=path, line=line):
                    self.assert_broken(path, HEADER + line + "\n", name)

    def test_tiny_ensembles_do_not_know_small_ones(self):
        self.assert_broken("equipoise/ensemble/tiny/a.cpp", HEADER + '#include "equipoise/ensemble/small/rules.hpp"\n', "small")
        self.assert_sound("equipoise/ensemble/small/a.cpp", HEADER + '#include "equipoise/ensemble/tiny/rules.hpp"\n')

    def test_the_build_has_the_same_arrows(self):
        for linked, broken in (("core", 0), ("core exact", 1)):
            rooms = f"set(equipoise_all_rooms core page)\nset(equipoise_on_page {linked})\n"
            self.assertEqual(len(self.problems_of({"cmake/EquipoiseRooms.cmake": rooms})), broken)

    def test_installed_headers_include_installed_ones(self):
        for listed, broken in (("a.hpp sound.hpp", 0), ("a.hpp", 1), ("a.hpp sound.hpp gone.hpp", 1), ("", 0)):
            with self.subTest(listed=listed):
                self.assertEqual(len(self.problems_of({
                    "equipoise/core/CMakeLists.txt": f"equipoise_add_room(core HEADERS {listed} LINKS fmt::fmt)\n",
                    "equipoise/core/a.hpp": HEADER + '#include "equipoise/core/sound.hpp"\n'})), broken)

    def test_a_dispatched_file_is_an_include_too(self):
        self.assert_broken(
            "equipoise/core/a.cpp", HEADER + '#define HWY_TARGET_INCLUDE "equipoise/problems/k.cpp"\n', "problems/k.cpp")

    def test_an_include_in_a_comment_or_in_a_string_is_none(self):
        self.assert_sound("equipoise/core/a.cpp", HEADER + '// #include "equipoise/io/files.hpp"\n')
        self.assert_sound("equipoise/core/a.cpp", HEADER + '/*\n#include "equipoise/io/files.hpp"\n*/\n')
        self.assert_sound("equipoise/core/a.cpp", HEADER + 'auto x = R"(\n#include "equipoise/io/files.hpp"\n)";\n')

    def test_tests_may_include_what_they_need(self):
        self.assert_sound("equipoise/core/run_test.cpp", HEADER + '#include "equipoise/problems/dense.hpp"\n')

        self.assert_sound("equipoise/io/test_support.hpp", HEADER + "#include <gtest/gtest.h>\n#include <unistd.h>\n")
        self.assert_broken("equipoise/io/support.hpp", HEADER + "#include <gtest/gtest.h>\n", "gtest")

    def test_a_module_that_nobody_agreed_on(self):
        self.assert_broken("equipoise/utils/a.hpp", HEADER, "no module")

    def test_a_relative_path(self):
        found = self.problems_of({"equipoise/core/a.cpp": HEADER + '#include "sound.hpp"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("whole path", found[0])

    def test_core_opens_no_files_prints_nothing_and_reads_no_environment(self):
        for line in ("#include <iostream>", "#include <fstream>", "#include <cstdio>", "#include <filesystem>",
                     'auto x = std::getenv("HOME");', 'auto f = fopen("x", "r");'):
            with self.subTest(line=line):
                self.assert_broken("equipoise/core/a.cpp", HEADER + line + "\n")
        self.assert_sound("equipoise/core/a.cpp", HEADER + '// getenv\nauto x = "std::getenv";\nauto y = R"(fopen)";\n')

    def test_only_io_and_store_open_files(self):
        for part in ("problems", "solve", "atlas", "paper"):
            self.assert_broken(f"equipoise/{part}/a.cpp", HEADER + "#include <fstream>\n", "only io and store open files")
            self.assert_broken(f"equipoise/{part}/a.cpp", HEADER + "std::ofstream out;\n", "only io and store open files")

    def test_heavy_headers_stay_in_cpp_files(self):
        for name in ("Spectra/SymEigsSolver.h", "hwy/highway.h", "nlohmann/json.hpp", "zlib.h", "fmt/format.h"):
            self.assert_broken("equipoise/io/a.hpp", HEADER + f"#include <{name}>\n", name)
            self.assert_sound("equipoise/io/a.cpp", HEADER + f"#include <{name}>\n")
        self.assert_sound("equipoise/problems/parallel/a.cpp", HEADER + "#include <oneapi/tbb/parallel_for.h>\n")
        self.assert_broken("equipoise/problems/parallel/a.hpp", HEADER + "#include <oneapi/tbb/parallel_for.h>\n", "tbb")
        self.assert_broken("apps/cli/a.hpp", HEADER + "#include <Spectra/SymEigsSolver.h>\n", "header")
        self.assert_sound("equipoise/problems/kernel-inl.hpp", HEADER + "#include <hwy/highway.h>\n")

    def test_the_first_line_says_the_idea(self):
        for text in ("", "#pragma once\n", "\n// Late.\n", "//\n"):
            self.assert_broken("equipoise/core/a.hpp", text, "first line")
        self.assert_broken("tests/a.py", "import sys\n", "first line")
        self.assert_sound("tests/a.py", '#!/usr/bin/env python3\n"""The idea."""\n')
        self.assert_sound("tests/a.py", "# The idea.\n")

    def test_a_cpp_file_that_is_never_compiled(self):
        for build in ("", "# a.cpp", "target_sources(x PRIVATE ba.cpp)", "target_sources(x PRIVATE a.cpp.in)"):
            with self.subTest(build=build):
                found = self.problems_of({"equipoise/core/CMakeLists.txt": build, "equipoise/core/a.cpp": HEADER})
                self.assertEqual(len(found), 1, found)
                self.assertIn("never compiled", found[0])
        self.assertEqual(
            self.problems_of({"equipoise/CMakeLists.txt": "x(core/a.cpp)", "equipoise/core/CMakeLists.txt": "",
                              "equipoise/core/a.cpp": HEADER}), [])


if __name__ == "__main__":
    unittest.main()
