#!/usr/bin/env python3
"""Tests of check_tables.py on small trees: it must fail where it must."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

FINDINGS = """constexpr Row kRows[] = {
    // {"signing.commented_out", Severity::kLow},
    {"signing.digest_mismatch", Severity::kHigh,
     "The file was changed.", {"T1553.002"}},
};
"""
FORMATS = """constexpr std::array kFormats = {
    FormatRow{Format::kPe, "Portable Executable", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "MZ"sv); }},
    FormatRow{Format::kMachO, "Mach-O", Support::kRecognised, IsMachO},
};
"""
README = """# Title
See [the manual](docs/manual/use.md#first-steps), [above](#title),
[the web](https://example.invalid/x) and `[not](a-link)`.
```
[nor](this)
```
"""


class CheckTablesTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.put("CMakeLists.txt", "project(countersign VERSION 0.1.0)\n")
        self.put("CHANGELOG.md", "# Changelog\n## [Unreleased]\n")
        self.put("README.md", README)
        self.put("docs/manual/use.md", "# Use\n## First steps\n")
        self.put("src/signing/findings.cc", FINDINGS)
        self.put("docs/findings/signing.digest_mismatch.md", "# Changed\n")
        self.put("docs/policy.md", "| [signing.digest_mismatch]"
                 "(findings/signing.digest_mismatch.md) | block |\n")
        self.put("tests/cases/a/case.md", "Gives signing.digest_mismatch.\n")
        self.put("src/formats/table.cc", FORMATS)
        self.put("docs/formats/pe.md", "# PE\n")
        self.put("src/formats/pe/pe_fuzz.cc", "")
        self.put("fuzz/seeds/pe_fuzz/recipe", "cases *.exe\n")
        self.put("fuzz/README.md", "| `pe_fuzz` | ranges lie inside |\n")

    def put(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def remove(self, path):
        (self.root / path).unlink()

    def run_checker(self):
        done = subprocess.run(
            [sys.executable, HERE / "check_tables.py", "--root", self.root],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_violation(self, start):
        status, output = self.run_checker()
        self.assertEqual(status, 1, output)
        self.assertTrue(output.startswith(start), output)
        self.assertEqual(output.count("\n"), 2, output)

    def test_complete_tree(self):
        self.assertEqual(self.run_checker(), (0, ""))

    def test_tree_without_tables(self):
        shutil.rmtree(self.root / "src")
        shutil.rmtree(self.root / "docs/findings")
        self.remove("docs/policy.md")
        shutil.rmtree(self.root / "fuzz")
        self.assertEqual(self.run_checker(), (0, ""))

    def test_finding_without_page(self):
        self.remove("docs/findings/signing.digest_mismatch.md")
        self.put("docs/policy.md",
                 "| [signing.digest_mismatch](findings/README.md) | block |\n")
        self.put("docs/findings/README.md", "# Findings\n")
        self.assert_violation("src/signing/findings.cc:3: finding page:")

    def test_finding_without_policy(self):
        self.put("docs/policy.md", "| signing.digest_mismatch | block |\n")
        self.assert_violation("src/signing/findings.cc:3: finding policy:")

    def test_finding_without_test(self):
        self.put("tests/cases/a/case.md", "signing.digest_mismatch_other\n")
        self.assert_violation("src/signing/findings.cc:3: finding test:")

    def test_finding_tested_beside_the_code(self):
        self.remove("tests/cases/a/case.md")
        self.put("src/signing/judge_test.cc", '"signing.digest_mismatch"')
        self.assertEqual(self.run_checker(), (0, ""))

    def test_stray_finding_page(self):
        self.put("docs/findings/signing.gone.md", "# Gone\n")
        self.assert_violation("docs/findings/signing.gone.md:1: stray page:")

    def test_finding_twice(self):
        self.put("src/vet/findings.cc", '{"signing.digest_mismatch", kLow},\n')
        self.assert_violation("src/vet/findings.cc:1: duplicate:")

    def test_table_with_unknown_rows(self):
        self.put("src/vet/findings.cc", 'ROW("vet.limit.depth")\n')
        self.assert_violation("src/vet/findings.cc:1: table:")

    def test_format_without_fuzz_target(self):
        self.remove("src/formats/pe/pe_fuzz.cc")
        self.remove("fuzz/seeds/pe_fuzz/recipe")
        self.assert_violation("src/formats/table.cc:2: fuzz target:")

    def test_format_without_page(self):
        self.remove("docs/formats/pe.md")
        self.assert_violation("src/formats/table.cc:2: format page:")

    def test_name_of_format(self):
        self.put("src/formats/table.cc", FORMATS.replace("kRec", "kParsed; "))
        self.put("docs/formats/mach_o.md", "# Mach-O\n")
        self.assert_violation("src/formats/table.cc:4: fuzz target: write "
                              "src/formats/mach_o/mach_o_fuzz.cc")

    def test_fuzz_target_without_recipe(self):
        self.remove("fuzz/seeds/pe_fuzz/recipe")
        self.assert_violation("src/formats/pe/pe_fuzz.cc:1: fuzz seeds:")

    def test_fuzz_target_not_listed(self):
        self.put("fuzz/README.md", "pe_fuzz_other\n")
        self.assert_violation("src/formats/pe/pe_fuzz.cc:1: fuzz list:")

    def test_stray_recipe(self):
        self.put("fuzz/seeds/gone_fuzz/recipe", "")
        self.assert_violation("fuzz/seeds/gone_fuzz/recipe:1: stray seeds:")

    def test_links(self):
        for link in ("docs/gone.md", "docs/manual/use.md#gone", "#gone",
                     "/docs/manual/use.md", "../outside.md"):
            with self.subTest(link):
                self.put("README.md", f"# Title\n\n[text]({link})\n")
                self.assert_violation("README.md:3: link:")
        self.put("README.md", "# Title\n\n[name]: docs/gone.md\n")
        self.assert_violation("README.md:3: link:")

    def test_changelog(self):
        self.put("CHANGELOG.md", "# Changelog\n## [0.1.0] - 2026-01-01\n")
        self.assertEqual(self.run_checker(), (0, ""))
        self.put("CHANGELOG.md", "# Changelog\n## [0.1.0-rc1]\n")
        self.assert_violation("CHANGELOG.md:1: changelog:")
        self.remove("CHANGELOG.md")
        self.assert_violation("CHANGELOG.md:1: changelog:")


if __name__ == "__main__":
    unittest.main()
