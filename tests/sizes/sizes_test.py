#!/usr/bin/env python3
"""Shows that sizes.py finds what it is there to find."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import sizes
from sizes import cpp_functions, problems, python_functions

BODY = "  work();\n" * 125


class Functions(unittest.TestCase):
    def lengths(self, text):
        return {name: lines for name, _, lines in cpp_functions(text)}

    def test_functions_methods_and_tests(self):
        text = "// A.\nnamespace a {\nint f(int x) {\n  if (x) {\n  }\n  return x;\n}\nclass B {\n  void g() { f(1); }\n};\n}\n"
        self.assertEqual(self.lengths(text + "TEST(One, Two) {\n}\n"), {"f": 5, "g": 1, "TEST": 2})

    def test_constructors_with_lists(self):
        self.assertEqual(self.lengths("A::A(int b)\n    : b_{b}, c_(1) {\n  f();\n}\nint g() {\n}\n"), {"A::A": 4, "g": 2})
        self.assertEqual(self.lengths("A::A(int b) : b_{b}, c_{1} {\n  f();\n}\n"), {"A::A": 3})

    def test_what_is_no_function(self):
        for text in ("namespace a {\n}\n", "struct A {\n  int b;\n};\n", "enum class A { b };\n", "constexpr int a[] = {1, 2};\n",
                     "// f() {\n", '/* f() { */\n', '#define A(x) \\\n  f(x) {}\n'):
            with self.subTest(text=text):
                self.assertEqual(cpp_functions(text), [])

    def test_braces_in_text_do_not_count(self):
        self.assertEqual(self.lengths('void f() {\n  g("}", \'}\', R"({{)");\n  // }\n}\nvoid h() {\n}\n'), {"f": 4, "h": 2})

    def test_python(self):
        self.assertEqual(python_functions("def f():\n    def g():\n        pass\n    return g\n"), [("f", 1, 4), ("g", 2, 2)])


class Trees(unittest.TestCase):
    def broken(self, path, text, *others):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in [(path, text), *others]:
                file = Path(folder) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, encoding="utf-8")
            return [line for line in problems(folder) if line.startswith(path)]

    def test_long_files(self):
        for path in ("equipoise/io/a.hpp", "tests/a.py", "scripts/a", "tests/browser/a.mjs"):
            with self.subTest(path=path):
                self.assertEqual(len(self.broken(path, "\n" * 451)), 1)
                self.assertEqual(self.broken(path, "\n" * 450), [])
        self.assertEqual(self.broken("bench/runs/a.py", "\n" * 451), [])
        self.assertEqual(self.broken("docs/a.md", "\n" * 451), [])

    def test_long_functions(self):
        for path, text in (("bench/a.cpp", "void f() {\n" + BODY + "}\n"), ("tests/a.py", "def f():\n" + "    pass\n" * 125)):
            found = self.broken(path, text)
            self.assertEqual(len(found), 1, found)
            self.assertIn("line 1: f has", found[0])

    def test_a_name_that_is_long_no_more(self):
        path = "equipoise/io/was_long.cpp"
        with unittest.mock.patch.object(sizes, "LONG_FOR_NOW", {path}):
            self.assertEqual(len(self.broken(path, "// Tested in here\n" + "\n" * 500, ("here", ""))), 0)
            self.assertIn("LONG_FOR_NOW", self.broken(path, "// Short.\n// Tested in here\n", ("here", ""))[0])

    def test_every_file_is_tested(self):
        path = "equipoise/io/a.cpp"
        self.assertIn("no test", self.broken(path, "// A.\n")[0])
        self.assertEqual(self.broken(path, "// A.\n", ("equipoise/io/a_test.cpp", "// A.\n")), [])
        named = "// A.\n// Tested in tests/a.py\n"
        self.assertEqual(self.broken(path, named, ("tests/a.py", '"""A."""\n')), [])
        self.assertIn("not there", self.broken(path, named)[0])


if __name__ == "__main__":
    unittest.main()
