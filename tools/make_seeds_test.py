#!/usr/bin/env python3
"""Tests of make_seeds.py."""

import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

FORGE = """#!/bin/sh
[ "$1" = cases ] && mkdir "$2/good" && cp "$(dirname "$0")/image" \
"$2/good/plain.exe" && echo note > "$2/good/case.md"
"""


def signed_image():
    """The few bytes of a PE32+ file that lead to its certificate table."""
    image = bytearray(0x200)
    struct.pack_into("<I", image, 0x3C, 0x40)
    struct.pack_into("<H", image, 0x40 + 24, 0x20B)
    struct.pack_into("<II", image, 0x40 + 24 + 112 + 32, 0x200, 32)
    first = struct.pack("<IHH", 8 + 5, 0x200, 2) + b"first\0\0\0"
    second = struct.pack("<IHH", 8 + 6, 0x200, 2) + b"second\0\0"
    return bytes(image) + first + second


class MakeSeedsTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "image").write_bytes(signed_image())
        self.forge = self.root / "forge"
        self.forge.write_text(FORGE)
        self.forge.chmod(0o755)

    def make(self, recipe, forge=True):
        folder = self.root / "recipes" / "a_fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recipe").write_text(recipe)
        command = [sys.executable, HERE / "make_seeds.py", self.root / "out",
                   "--recipes", self.root / "recipes"]
        if forge:
            command += ["--forge", self.forge]
        command.append("a_fuzz")
        return subprocess.run(command, capture_output=True, text=True,
                              check=False)

    def seeds(self):
        folder = self.root / "out" / "a_fuzz" / "seeds"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_every_kind_of_line(self):
        done = self.make("# comment\ncases *.exe  # programs\n"
                         "certificates *.exe\nhex null 05 00\n"
                         "text words a # b\\n\\x00\ndict der pe\n"
                         "max_len 4096\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.seeds(), {
            "good-plain.exe": signed_image(),
            "good-plain.exe-0": b"first", "good-plain.exe-1": b"second",
            "null": b"\x05\x00", "words": b"a # b\n\x00"})
        target = self.root / "out" / "a_fuzz"
        self.assertEqual((target / "options").read_text(), "-max_len=4096")
        self.assertIn("oid_signed_data", (target / "dict").read_text())

    def test_without_forge(self):
        done = self.make("cases *\nhex null 0500\n", forge=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.seeds(), {"null": b"\x05\x00"})

    def test_wrong_lines(self):
        for line in ("case *", "hex a 0", "dict none", "max_len x", "hex"):
            with self.subTest(line):
                done = self.make(f"\n{line}\n")
                self.assertEqual(done.returncode, 1)
                self.assertIn("recipe:2:", done.stderr)

    def test_failing_forge(self):
        self.forge.write_text("#!/bin/sh\nexit 3\n")
        self.assertNotEqual(self.make("cases *\n").returncode, 0)


if __name__ == "__main__":
    unittest.main()
