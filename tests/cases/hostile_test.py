"""Archives that want to exhaust whoever opens them.

    hostile_test.py COUNTERSIGN

Each is made here, and each must be answered in bounded time and memory, with
what it is. None holds anything but zeros and itself.
"""
import json
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

COUNTERSIGN = None

# Far above what is needed (a second, some tens of MiB), far below what harms.
MOST_SECONDS = 60
MOST_KIB = 1 << 20


def literal(size):
    """The header of a stored block of Deflate: the next `size` bytes."""
    return b"\0" + struct.pack("<HH", size, size ^ 0xFFFF)


def repeat(size):
    """A block of five bytes that repeats the last `size` bytes, 17 to 20."""
    bits = [0, 1, 0]  # not the last block; fixed codes

    def code(value, count):
        bits.extend(value >> i & 1 for i in reversed(range(count)))

    for length in (size // 2, size - size // 2):
        code(length - 2, 7)
        code(8, 5)  # distances from 17 on, with three more bits
        bits.extend(size - 17 >> i & 1 for i in range(3))
    code(0, 7)
    return bytes(sum(bits[i + j] << j for j in range(8))
                 for i in range(0, 40, 8))


def quine(checksum, size):
    """A gzip file that decompresses to itself, given the right checksum.

    The construction is that of "Zip Files All The Way Down" (R. Cox, 2010):
    blocks that are printed by the blocks before them.
    """
    front = b"\x1f\x8b\x08\x08\0\0\0\0\0\xffq\0"
    back = literal(0).replace(b"\0", b"\1", 1) + struct.pack(
        "<II", checksum, size)
    one, four = literal(5), literal(20)
    to_front, to_back = len(front) + 5, len(back) + 5
    blocks = [
        literal(to_front), front, literal(to_front), repeat(to_front),
        one, repeat(to_front), one, one,
        four, repeat(to_front), one, one, four, repeat(20),
        four, repeat(20), four, repeat(20), four, repeat(20),
        four, repeat(20), literal(0), literal(0), literal(to_back), repeat(20),
        literal(0), literal(0), literal(to_back), repeat(to_back), back,
        repeat(to_back), back]
    return front + b"".join(blocks)


def checksum_of_quine(size):
    """The CRC-32 that is that of the file it stands in.

    A CRC is affine in every bit, so this is a system of 32 equations.
    """
    start = zlib.crc32(quine(0, size))
    columns = [zlib.crc32(quine(1 << i, size)) ^ start ^ 1 << i
               for i in range(32)]
    rows = [(sum((columns[i] >> bit & 1) << i for i in range(32)),
             start >> bit & 1) for bit in range(32)]
    for column in range(32):
        pivot = next(i for i in range(column, 32)
                     if rows[i][0] >> column & 1)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows = [(row[0] ^ rows[column][0], row[1] ^ rows[column][1])
                if i != column and row[0] >> column & 1 else row
                for i, row in enumerate(rows)]
    return sum(row[1] << i for i, row in enumerate(rows))


def overlapping(content, count):
    """A ZIP archive whose directory names the same data `count` times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(content) + packer.flush()
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, zlib.crc32(content),
                         len(data), len(content))
    local = b"PK\3\4" + fields + struct.pack("<HH", 5, 0) + b"00000" + data
    directory = b"".join(
        b"PK\1\2" + struct.pack("<H", 20) + fields
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"%05d" % i
        for i in range(count))
    return local + directory + b"PK\5\6" + struct.pack(
        "<HHHHIIH", 0, 0, count, count, len(directory), len(local), 0)


class Hostile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def packed(self, name, members):
        with zipfile.ZipFile(self.root / name, "w", zipfile.ZIP_DEFLATED,
                             compresslevel=9) as archive:
            for member, content in members:
                archive.writestr(member, content)
        return self.root / name

    def vet(self, file):
        start = time.monotonic()
        result = subprocess.run(
            [COUNTERSIGN, "vet", "--json", "--at", "2026-11-23T10:00:00Z",
             str(file)], capture_output=True, timeout=10 * MOST_SECONDS)
        seconds = time.monotonic() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        report = json.loads(result.stdout)
        print(f"{file.name}: {len(report['artifacts'])} artifacts, "
              f"{[row['limit'] for row in report['limits']]}, "
              f"{seconds:.1f} s, {peak // 1024} MiB", file=sys.stderr)
        self.assertLess(seconds, MOST_SECONDS)
        self.assertLess(peak, MOST_KIB)
        self.assertEqual(report["verdict"], "hold")
        self.assertIn(result.returncode, (1, 3))
        return report

    def ids(self, report):
        return {finding["id"] for finding in report["findings"]}

    def test_a_flat_bomb(self):
        file = self.root / "flat.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("zeros", "w", force_zip64=True) as member:
                for _ in range(300):
                    member.write(bytes(1 << 20))
        report = self.vet(file)
        self.assertFalse(report["complete"])
        self.assertEqual({row["limit"] for row in report["limits"]}, {"ratio"})

    def test_a_nested_bomb(self):
        """Sixteen in each of sixteen, six times: 16 TiB, as in 42.zip."""
        content = bytes(1 << 20)
        for level in range(6):
            content = self.packed(
                f"{level}.zip",
                [(f"{i:02}", content) for i in range(16)]).read_bytes()
        report = self.vet(self.root / "5.zip")
        # The same bytes are looked at once.
        self.assertLess(len(report["artifacts"]), 200)

    def test_a_nested_bomb_of_different_archives(self):
        """The same with no two alike."""
        def archive(level, path):
            if level == 0:
                return bytes(4 << 20) + path.encode()
            return self.packed("inner.zip", [
                (str(i), archive(level - 1, f"{path}{i}"))
                for i in range(3)]).read_bytes()
        (self.root / "different.zip").write_bytes(archive(5, ""))
        report = self.vet(self.root / "different.zip")
        self.assertTrue(report["complete"] or report["limits"])

    def test_deeper_than_anybody_packs(self):
        content = b"x"
        for level in range(30):
            content = self.packed("deep.zip",
                                  [(str(level), content)]).read_bytes()
        report = self.vet(self.root / "deep.zip")
        self.assertEqual([row["limit"] for row in report["limits"]], ["depth"])

    def test_an_overlapping_bomb(self):
        """A directory that names 10 MiB of zeros 20,000 times: 195 GiB."""
        file = self.root / "overlapping.zip"
        file.write_bytes(overlapping(bytes(10 << 20), 20_000))
        report = self.vet(file)
        self.assertFalse(report["complete"])
        self.assertIn("vet.members_overlap", self.ids(report))

    def test_an_archive_of_itself(self):
        size = len(quine(0, 0))
        file = self.root / "quine.gz"
        file.write_bytes(quine(checksum_of_quine(size), size))
        self.assertEqual(zlib.decompress(file.read_bytes(), 31),
                         file.read_bytes())
        report = self.vet(file)
        self.assertLessEqual(len(report["artifacts"]), 3)


if __name__ == "__main__":
    COUNTERSIGN = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
