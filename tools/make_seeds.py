#!/usr/bin/env python3
"""Makes the seeds of fuzz targets from their recipes; no seed is in git.

    make_seeds.py OUT [--forge countersign-forge] [TARGET...]

Reads fuzz/seeds/<target>/recipe and writes OUT/<target>/seeds/*,
OUT/<target>/dict and OUT/<target>/options (arguments for libFuzzer). The
lines of a recipe, of which `#` starts a comment:

    cases GLOB...         every case of the forge whose file name matches
    certificates GLOB...  the signatures inside those cases: the content of
                          each WIN_CERTIFICATE of a PE file
    hex NAME DIGITS...    these bytes
    text NAME TEXT        this text, with \\n, \\t, \\\\ and \\xHH
    dict NAME...          use fuzz/dict/NAME.dict
    max_len N             bytes of the longest input to try

Without --forge, `cases` and `certificates` yield nothing.
"""

import argparse
import fnmatch
import pathlib
import shutil
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Longer seeds only slow a fuzzer down.
MAX_SEED_BYTES = 1 << 20


class RecipeError(Exception):
    pass


def certificates(image):
    """The content of each WIN_CERTIFICATE of a PE file's certificate table."""
    try:
        header = struct.unpack_from("<I", image, 0x3C)[0] + 24
        wide = struct.unpack_from("<H", image, header)[0] == 0x20B
        at, size = struct.unpack_from("<II", image,
                                      header + (112 if wide else 96) + 4 * 8)
        end = min(at + size, len(image))
        while at + 8 <= end:
            length = struct.unpack_from("<I", image, at)[0]
            if length < 8:
                return
            yield image[at + 8:min(at + length, end)]
            at += (length + 7) & ~7
    except struct.error:
        return


class Recipe:
    def __init__(self, path, out, cases):
        self.path = path
        self.out = out
        self.cases = cases
        self.options = []
        self.dictionaries = []

    def make(self):
        shutil.rmtree(self.out, ignore_errors=True)
        (self.out / "seeds").mkdir(parents=True)
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if line.startswith("text "):
                words = line.split(None, 2)
            if not words:
                continue
            try:
                getattr(self, f"do_{words[0]}")(*words[1:])
            except (AttributeError, TypeError, ValueError, OSError) as error:
                raise RecipeError(
                    f"{self.path}:{number}: {line.strip()}: {error}") from error
        (self.out / "dict").write_text("".join(self.dictionaries))
        (self.out / "options").write_text("\n".join(self.options))

    def write(self, name, content):
        if len(content) <= MAX_SEED_BYTES:
            (self.out / "seeds" / name).write_bytes(content)

    def matching(self, globs):
        for case in self.cases:
            if any(fnmatch.fnmatch(case.name, glob) for glob in globs):
                yield f"{case.parent.name}-{case.name}", case.read_bytes()

    def do_cases(self, *globs):
        for name, content in self.matching(globs):
            self.write(name, content)

    def do_certificates(self, *globs):
        for name, content in self.matching(globs):
            for index, blob in enumerate(certificates(content)):
                self.write(f"{name}-{index}", blob)

    def do_hex(self, name, *digits):
        self.write(name, bytes.fromhex("".join(digits)))

    def do_text(self, name, text):
        self.write(name, text.encode("latin-1", "backslashreplace")
                   .decode("unicode_escape").encode("latin-1"))

    def do_dict(self, *names):
        for name in names:
            path = ROOT / "fuzz" / "dict" / f"{name}.dict"
            self.dictionaries.append(path.read_text(encoding="utf-8") + "\n")

    def do_max_len(self, number):
        self.options.append(f"-max_len={int(number)}")


def forge_cases(forge, folder):
    """Runs the forge, and yields the paths of what it made."""
    if not forge:
        return []
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([forge, "cases", folder], check=True,
                   stdout=subprocess.DEVNULL)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--forge")
    parser.add_argument("--recipes", type=pathlib.Path,
                        default=ROOT / "fuzz" / "seeds")
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_intermixed_args()

    targets = arguments.targets or sorted(
        path.parent.name for path in arguments.recipes.glob("*/recipe"))
    cases = forge_cases(arguments.forge, arguments.out / "cases")
    for target in targets:
        recipe = arguments.recipes / target / "recipe"
        try:
            Recipe(recipe, arguments.out / target, cases).make()
        except (RecipeError, OSError) as error:
            print(f"make_seeds: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
