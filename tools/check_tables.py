#!/usr/bin/env python3
"""Checks that every row of a table has its companions (ARCHITECTURE.md 6).

Findings have a page and a test, formats a fuzz target and a page, fuzz
targets a seed recipe and a line in fuzz/README.md; no page or recipe is left
without its row; links between documents resolve; the changelog is up to date.
Prints `file:line: rule: what to do` and exits 1 if anything is missing.
"""

import argparse
import pathlib
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
from check_layers import without_comments  # noqa: E402

# ---- Where the tables are and what a row looks like. Adapt here. -----------

# Rows of findings: {"signing.digest_mismatch", ...
FINDING_TABLES = ("src/**/findings.cc", "src/**/checks.cc")
FINDING_ROW = re.compile(
    r'\{\s*(?:\.id\s*=\s*)?"(?P<name>[a-z0-9_]+(?:\.[a-z0-9_]+)+)"')

# Rows of file formats: FormatRow{Format::kMachO, "Mach-O", Support::kParsed, ...
# The folder, page and fuzz target of this one are called mach_o.
FORMAT_TABLES = ("src/formats/table.cc",)
FORMAT_ROW = re.compile(r'FormatRow\{\s*Format::k(?P<name>\w+),\s*"[^"]*",'
                        r'\s*Support::k(?P<support>\w+)')
# The support of a format that Sniff names and nothing parses.
RECOGNISED_ONLY = "Recognised"

# Where a finding's id counts as tested, when it appears there.
TEST_FILES = ("src/**/*_test.cc", "src/**/testdata/**/*", "tests/**/*")
TEST_SUFFIXES = {".cc", ".h", ".py", ".sh", ".md", ".json", ".toml", ".txt",
                 ".in", ".yaml"}

FINDING_PAGE = "docs/findings/{name}.md"
# Says for every finding what follows from it, in a row of a table.
POLICY_PAGE = "docs/policy.md"
FORMAT_PAGE = "docs/formats/{name}.md"
FUZZ_TARGETS = "src/**/*_fuzz.cc"
FUZZ_RECIPE = "fuzz/seeds/{name}/recipe"
FUZZ_LIST = "fuzz/README.md"
# Pages of these folders that are no row's.
INDEX_PAGES = {"README", "index"}

# Folders whose documents are not ours to check.
SKIPPED_FOLDERS = {".git", "build", "out"}

# ----------------------------------------------------------------------------

FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.S | re.M)
INLINE_CODE = re.compile(r"(`+)[^\n]*?\1")
LINK = re.compile(r"\]\(\s*<?(?P<inline>[^\s)>]+)|"
                  r"^\[[^\]]+\]:\s*(?P<reference>\S+)", re.M)
HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.M)
ANCHOR = re.compile(r'<a\s+(?:id|name)="([^"]+)"')
VERSION = re.compile(r"project\(countersign\s+VERSION\s+([0-9.]+)")


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Checker:
    def __init__(self, root):
        self.root = root
        self.violations = []

    def report(self, path, line, rule, advice):
        self.violations.append((str(path), line, rule, advice))

    def run(self):
        self.check_findings()
        self.check_formats()
        self.check_fuzz_targets()
        self.check_links()
        self.check_changelog()

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8",
                                            errors="replace")

    def glob(self, *patterns):
        """Paths of files, relative to the root."""
        return sorted({path.relative_to(self.root)
                       for pattern in patterns
                       for path in self.root.glob(pattern)
                       if path.is_file()})

    def rows(self, tables, row):
        """Name -> (file, line, match). A table without rows is reported."""
        found = {}
        for path in self.glob(*tables):
            text = without_comments(self.read(path))
            matches = list(row.finditer(text))
            if not matches:
                self.report(path, 1, "table",
                            "no row recognised: adapt the pattern at the top "
                            "of tools/check_tables.py")
            for match in matches:
                line = line_of(text, match.start("name"))
                if match["name"] in found:
                    self.report(path, line, "duplicate",
                                f"{match['name']} has a row already")
                found[match["name"]] = (path, line, match)
        return found

    def require(self, path, line, rule, needed):
        if not (self.root / needed).is_file():
            self.report(path, line, rule, f"write {needed}")

    # -- findings ----------------------------------------------------------

    def check_findings(self):
        rows = self.rows(FINDING_TABLES, FINDING_ROW)
        tests = "\n".join(self.read(path) for path in self.glob(*TEST_FILES)
                          if path.suffix in TEST_SUFFIXES)
        tested = set(re.findall(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+", tests))
        policy = self.root / POLICY_PAGE
        decided = set(re.findall(r"^\| \[([a-z0-9_.]+)\]\(findings/",
                                 self.read(policy) if policy.is_file() else "",
                                 re.M))
        for name, (path, line, _) in rows.items():
            if name not in decided:
                self.report(path, line, "finding policy",
                            f"{POLICY_PAGE} has no row for {name}: say what "
                            "follows from it")
            self.require(path, line, "finding page",
                         FINDING_PAGE.format(name=name))
            if name not in tested:
                self.report(path, line, "finding test",
                            f"no test mentions {name}: add a case in which "
                            "it fires")
        for page in self.glob(FINDING_PAGE.format(name="*")):
            name = page.name.removesuffix(".md")
            if name not in rows and name not in INDEX_PAGES:
                self.report(page, 1, "stray page",
                            f"no table has a row {name}: remove the page or "
                            "add the row")

    # -- formats -----------------------------------------------------------

    def check_formats(self):
        targets = {path.stem for path in self.glob(FUZZ_TARGETS)}
        for name, (path, line, match) in self.rows(
                FORMAT_TABLES, FORMAT_ROW).items():
            if match["support"] == RECOGNISED_ONLY:
                continue
            name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
            self.require(path, line, "format page",
                         FORMAT_PAGE.format(name=name))
            if f"{name}_fuzz" not in targets:
                self.report(path, line, "fuzz target",
                            f"write src/formats/{name}/{name}_fuzz.cc, or "
                            "mark the row as recognised only")

    # -- fuzz targets ------------------------------------------------------

    def check_fuzz_targets(self):
        listed = ""
        if (self.root / FUZZ_LIST).is_file():
            listed = self.read(FUZZ_LIST)
        targets = {}
        for path in self.glob(FUZZ_TARGETS):
            if path.stem in targets:
                self.report(path, 1, "duplicate",
                            f"{targets[path.stem]} has the same target name")
            targets[path.stem] = path
            self.require(path, 1, "fuzz seeds",
                         FUZZ_RECIPE.format(name=path.stem))
            if f"`{path.stem}`" not in listed:
                self.report(path, 1, "fuzz list",
                            f"list `{path.stem}` with its invariants in "
                            f"{FUZZ_LIST}")
        for recipe in self.glob(FUZZ_RECIPE.format(name="*")):
            if recipe.parent.name not in targets:
                self.report(recipe, 1, "stray seeds",
                            f"there is no {recipe.parent.name}.cc")

    # -- documents ---------------------------------------------------------

    def documents(self):
        return [path for path in self.glob("**/*.md")
                if not SKIPPED_FOLDERS.intersection(path.parts)]

    def check_links(self):
        for path in self.documents():
            text = INLINE_CODE.sub(blank, FENCE.sub(blank, self.read(path)))
            for match in LINK.finditer(text):
                target = match["inline"] or match["reference"]
                advice = self.broken(path, target)
                if advice:
                    self.report(path, line_of(text, match.start()), "link",
                                f"{target}: {advice}")

    def broken(self, document, target):
        """What is wrong with a link, or nothing."""
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            return None
        name, _, anchor = urllib.parse.unquote(target).partition("#")
        if name.startswith("/"):
            return "write a relative path"
        file = document
        if name:
            file = (self.root / document.parent / name).resolve()
            if not file.is_relative_to(self.root):
                return "leaves the repository"
            if not file.exists():
                return "there is no such file"
        if anchor and file.suffix == ".md" and anchor not in self.anchors(
                file):
            return "there is no such heading"
        return None

    def anchors(self, file):
        """The anchors that a code host makes of a document's headings."""
        text = FENCE.sub(blank, self.read(file))
        anchors = set(ANCHOR.findall(text))
        for heading in HEADING.findall(text):
            words = re.sub(r"\]\([^)]*\)", "", heading).lower()
            slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            number = 0
            while (f"{slug}-{number}" if number else slug) in anchors:
                number += 1
            anchors.add(f"{slug}-{number}" if number else slug)
        return anchors

    # -- changelog ---------------------------------------------------------

    def check_changelog(self):
        if not (self.root / "CHANGELOG.md").is_file():
            self.report("CHANGELOG.md", 1, "changelog",
                        "write it (Keep a Changelog)")
            return
        version = VERSION.search(self.read("CMakeLists.txt"))
        if not version:
            self.report("CMakeLists.txt", 1, "changelog",
                        "project(countersign VERSION x.y.z) not found")
            return
        heading = rf"^## \[?(?:Unreleased|{re.escape(version[1])})\]?(?!\S)"
        if not re.search(heading, self.read("CHANGELOG.md"), re.M):
            self.report("CHANGELOG.md", 1, "changelog",
                        f"add a section [Unreleased] or [{version[1]}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    checker = Checker(parser.parse_args().root.resolve())
    checker.run()
    for path, line, rule, advice in sorted(set(checker.violations)):
        print(f"{path}:{line}: {rule}: {advice}")
    if checker.violations:
        print(f"check_tables: {len(set(checker.violations))} violation(s)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
