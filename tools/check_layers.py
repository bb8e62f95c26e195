#!/usr/bin/env python3
"""Enforces the dependency rules of layers.toml (ARCHITECTURE.md section 2).

Prints every violation as `file:line: rule: what to do` and exits 1 if there
is one. Size warnings are printed too, but do not fail.

The source is read as text, not compiled: comments, string literals and
preprocessor lines are blanked first, and the rules are then regular
expressions. That is exact for includes, and near enough for the rest.
"""

import argparse
import functools
import pathlib
import re
import sys
import tomllib

SOURCE_FOLDERS = ("src", "tests", "fuzz", "bench")
NAMED_FOLDERS = SOURCE_FOLDERS + ("tools", "docs", "packaging", "cmake")
SOURCE_SUFFIXES = (".cc", ".h", ".c", ".cpp", ".hpp")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
# Comments, raw strings, strings, and character literals. Why the look-behind:
# the apostrophe in 4'096 opens no character literal.
LITERAL = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>\b(?:u8|[uUL])?R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')""",
    re.S | re.X)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
REGISTRATION = re.compile(
    r"\b[A-Z0-9_]*REGISTER_\w*\s*\(|\b\w*Registrar\b|\b\w*Registerer\b"
    r"|__attribute__\s*\(\(\s*constructor|\bgnu::constructor\b")
STATIC_LOCAL = re.compile(
    r"\b(?:static|thread_local)\s+(?!.*\b(?:const|constexpr|constinit)\b)"
    r"(?P<head>[\w:<>,&*\s]+?)\s*(?:=|;|\{)")
NOT_A_VARIABLE = re.compile(
    r"^(?:namespace|using|typedef|struct|class|enum|union|template|friend"
    r"|static_assert|concept|extern|public|private|protected|asm)\b")


def blank(match_text):
    """Spaces of the same length; line ends stay, so line numbers do too."""
    return re.sub(r"[^\n]", " ", match_text)


def without_comments(text):
    def replace(match):
        return blank(match[0]) if match["comment"] else match[0]
    return LITERAL.sub(replace, text)


def code_only(text):
    """The text without comments, literals and includes."""
    text = INCLUDE.sub(lambda m: blank(m[0]), text)
    return LITERAL.sub(lambda m: blank(m[0]), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


@functools.cache
def pattern_of(glob):
    out = ""
    for part in re.split(r"(\*\*/|\*)", glob):
        out += {"**/": "(?:.*/)?", "*": "[^/]*"}.get(part, re.escape(part))
    return re.compile(out)


def matches(path, globs):
    return any(pattern_of(glob).fullmatch(path) for glob in globs)


class File:
    """One source file and the texts derived from it."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.parts = self.path.split("/")
        self.is_header = path.suffix in (".h", ".hpp")
        commentless = without_comments(self.text)
        self.includes = [(line_of(commentless, m.start()), m[1], m[2])
                         for m in INCLUDE.finditer(commentless)]
        self.code = code_only(self.text)
        self.statements = DIRECTIVE.sub(lambda m: blank(m[0]), self.code)

    @property
    def in_src(self):
        return self.parts[0] == "src"

    @property
    def module(self):
        """Module name, "main" for a file at the root of src, else None."""
        if not self.in_src:
            return None
        return self.parts[1] if len(self.parts) > 2 else "main"


class Checker:
    def __init__(self, root, rules):
        self.root = root
        self.rules = rules
        self.violations = []
        self.warnings = []
        self.used_by = {}  # third-party name -> files that include it

    def report(self, file, line, rule, advice):
        self.violations.append((file.path, line, rule, advice))

    def warn(self, path, line, rule, advice):
        self.warnings.append((path, line, rule, advice))

    def run(self):
        self.check_names()
        files = []
        for folder in SOURCE_FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in SOURCE_SUFFIXES and path.is_file():
                    files.append(File(self.root, path))
        for file in files:
            self.check_file(file)
        self.check_third_party_counts()
        self.check_module_roots(files)

    def check_file(self, file):
        loose = matches(file.path, self.rules["loose"]["files"])
        if file.in_src and file.module not in self.rules["modules"]:
            self.report(file, 1, "unknown module",
                        f"add '{file.module}' to layers.toml and to the table "
                        "of ARCHITECTURE.md, or move the file")
            return
        for line, quote, target in file.includes:
            self.check_include(file, line, quote, target, loose)
        self.check_size(file)
        if file.in_src:
            self.check_code(file)
            if not loose:
                self.check_namespace(file)
                self.check_hermetic(file)

    # -- names -------------------------------------------------------------

    def check_names(self):
        buckets = set(self.rules["buckets"]["names"])
        for folder in NAMED_FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                stem = path.name.split(".")[0].lower()
                if stem in buckets or stem.split("_")[-1] in buckets:
                    self.violations.append((
                        path.relative_to(self.root).as_posix(), 1, "bucket",
                        "a name that says nothing collects anything: name "
                        "the file after what it holds"))

    # -- includes ----------------------------------------------------------

    def check_include(self, file, line, quote, target, loose):
        first = target.split("/")[0]
        if first in self.rules["modules"] and "/" in target and (
                quote == '"' or (self.root / "src" / target).exists()):
            self.check_own_include(file, line, quote, target, loose)
            if not loose and matches(f"src/{target}",
                                     self.rules["loose"]["files"]):
                self.report(file, line, "test only",
                            f'"{target}" is for tests: the program must not '
                            "depend on it")
        elif quote == '"' and not loose:
            self.report(file, line, "include path",
                        f'"{target}" names no module: write includes from '
                        'src/, as in "base/reader.h"')
        elif quote == "<":
            self.check_foreign_include(file, line, target, loose)

    def check_own_include(self, file, line, quote, target, loose):
        module = target.split("/")[0]
        if quote == "<":
            self.report(file, line, "include path",
                        f'write our own header with quotes: "{target}"')
        if file.module == module:
            return
        if file.in_src and module not in self.rules["modules"][file.module]:
            self.report(file, line, "layer",
                        f"{file.module} may not include {module}: pass the "
                        "value in as a parameter, or move the code to a "
                        "module that may (layers.toml)")
        elif target.count("/") != 1 and not (loose and "/sample/" in target):
            self.report(file, line, "one door",
                        f'"{target}" is private to {module}: include a '
                        f'header at the root of src/{module}')

    def check_foreign_include(self, file, line, target, loose):
        for row in self.rules["third_party"]:
            if not matches(target, row["headers"]):
                continue
            if loose:
                return
            self.used_by.setdefault(row["name"], []).append((file, line))
            if file.is_header:
                self.report(file, line, "third party",
                            f"{row['name']} never appears in a header: hide "
                            "it behind the .cc")
            elif not matches(file.path, row["files"]):
                self.report(file, line, "third party",
                            f"{row['name']} belongs in "
                            f"{', '.join(row['files'])} only: call that file")
            return
        if loose or "." not in target and "/" not in target:
            return  # the standard library
        if not matches(target, self.rules["system"]["headers"]):
            self.report(file, line, "third party",
                        f"<{target}> is in no row of layers.toml: prefer the "
                        "C++ header, or add a row (and an ADR) for a new "
                        "dependency")

    def check_third_party_counts(self):
        for row in self.rules["third_party"]:
            used_by = self.used_by.get(row["name"], [])
            if len({file.path for file, _ in used_by}) > row.get("at_most",
                                                                 10**9):
                for file, line in used_by:
                    self.report(file, line, "third party",
                                f"{row['name']} is included by more than "
                                f"{row['at_most']} file: keep one")

    # -- code --------------------------------------------------------------

    def search(self, file, expression, rule, advice, text=None):
        for match in re.finditer(expression, text or file.code):
            self.report(file, line_of(file.code, match.start()), rule, advice)

    def check_code(self, file):
        self.search(file, r"\bthrow\b", "throw",
                    "we never throw: return base::Result")
        self.search(file, REGISTRATION, "registration",
                    "nothing registers itself: add a row to the visible table")
        for offset, statement, _ in file_level_statements(file.statements):
            # Literals ("..."sv) cannot be named one by one.
            if re.match(r"using\s+namespace\b", statement) and (
                    file.is_header or not statement.endswith("literals")):
                self.report(file, line_of(file.code, offset),
                            "using namespace",
                            "name what you use, or move it into the function")

    def check_namespace(self, file):
        if file.module == "main":
            return
        if not re.search(rf"\bnamespace\s+countersign::{file.module}\b",
                         file.code):
            self.report(file, 1, "namespace",
                        f"a folder is a namespace: put the code into "
                        f"countersign::{file.module}")

    def check_hermetic(self, file):
        hermetic = self.rules["hermetic"]
        if file.module not in hermetic["modules"]:
            return
        allowed = hermetic["allow"].get(file.path, [])
        advice = ("{} is not for " + file.module + ": files, clocks, threads, "
                  "the environment and output belong to the flows; take the "
                  "value as a parameter")
        for line, quote, target in file.includes:
            refused = target in hermetic["headers"] or matches(
                target, self.rules["system"]["headers"])
            if quote == "<" and refused and target not in allowed:
                self.report(file, line, "hermetic",
                            advice.format(f"<{target}>"))
        for name in hermetic["calls"]:
            if name not in allowed:
                # A name of a namespace may stand in front, an object or a
                # return type may not.
                self.search(file, rf"(?<![\w.>~&*])(?<!\w )"
                            rf"(?:\w*::)*{name}\s*\(", "hermetic",
                            advice.format(name + "()"))
                self.search(file, rf"\breturn\s+{name}\s*\(", "hermetic",
                            advice.format(name + "()"))
        for name in hermetic["names"]:
            if name not in allowed:
                self.search(file, rf"(?<!\w){name}\b", "hermetic",
                            advice.format(name))
        self.check_globals(file)

    def check_globals(self, file):
        advice = ("no state outlives a call: make it constexpr, or a member "
                  "of an object that the caller owns")
        for match in STATIC_LOCAL.finditer(file.statements):
            if len(match["head"].split()) > 1:
                self.report(file, line_of(file.code, match.start()),
                            "mutable global", advice)
        for offset, statement, ending in file_level_statements(
                file.statements):
            head = statement.split("=")[0].strip()
            if (ending in ";{=" and len(head.split()) > 1
                    and "(" not in head and "operator" not in head
                    and not re.search(r"\b(static|thread_local)\b", head)
                    and not NOT_A_VARIABLE.match(head)
                    and not re.search(r"\bconst(expr|init)?\b", head)):
                self.report(file, line_of(file.code, offset),
                            "mutable global", advice)

    # -- sizes -------------------------------------------------------------

    def check_size(self, file):
        sizes = self.rules["sizes"]
        lines = file.text.count("\n")
        if matches(file.path, sizes["tables"]):
            return
        if lines > sizes["fail_lines"]:
            self.report(file, lines, "size",
                        f"{lines} lines, limit {sizes['fail_lines']}: split "
                        "it by what it does")
        elif lines > sizes["warn_lines"]:
            self.warn(file.path, lines, "size",
                      f"{lines} lines, review above {sizes['warn_lines']}")
        elif file.is_header and lines > sizes["header_warn_lines"]:
            self.warn(file.path, lines, "size",
                      f"header of {lines} lines, aim for "
                      f"{sizes['header_warn_lines']} at most")

    def check_module_roots(self, files):
        limit = self.rules["sizes"]["root_headers_warn"]
        for module in self.rules["modules"]:
            headers = [f for f in files if f.is_header and f.module == module
                       and len(f.parts) == 3]
            if len(headers) > limit:
                self.warn(f"src/{module}", 1, "size",
                          f"{len(headers)} public headers, aim for {limit}")


def file_level_statements(text):
    """Yields (offset, statement, ending) at file or namespace level.

    A statement ends at `;` or at `{`; a block that is not a namespace's is
    skipped. After an initialiser block the rest up to `;` is skipped too.
    """
    start, at, end = 0, 0, len(text)
    while at < end:
        character = text[at]
        if character in ";{}":
            raw = text[start:at]
            statement = re.sub(r"^(?:\s|\[\[[^\]]*\]\])+", "", raw)
            offset = at - len(statement)
            statement = statement.strip()
            if statement and character != "}":
                yield offset, statement, character
            if character == "{" and not re.search(
                    r'\bnamespace\b[\w\s:]*$|\bextern\s*$', raw):
                at = end_of_block(text, at)
                if is_initialiser(raw):
                    at = end_of_statement(text, at + 1)
            start = at + 1
        at += 1


def is_initialiser(statement):
    """Whether `=` stands outside parentheses: `x = T{...} + 1;`."""
    previous = None
    while previous != statement:
        previous, statement = statement, re.sub(r"\([^()]*\)", "", statement)
    return "=" in statement and "operator" not in statement


def end_of_statement(text, at):
    """Offset of the `;` that ends the statement, blocks skipped."""
    while at < len(text) and text[at] != ";":
        at = (end_of_block(text, at) if text[at] == "{" else at) + 1
    return at


def end_of_block(text, at):
    """Offset of the brace that closes the one at `at`."""
    depth = 0
    for offset in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[offset], 0)
        if depth == 0:
            return offset
    return len(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root.resolve()
    with open(root / "layers.toml", "rb") as stream:
        checker = Checker(root, tomllib.load(stream))
    checker.run()
    for path, line, rule, advice in sorted(set(checker.warnings)):
        print(f"{path}:{line}: warning: {rule}: {advice}")
    for path, line, rule, advice in sorted(set(checker.violations)):
        print(f"{path}:{line}: {rule}: {advice}")
    if checker.violations:
        print(f"check_layers: {len(set(checker.violations))} violation(s)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
