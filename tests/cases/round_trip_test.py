#!/usr/bin/env python3
"""What other programs pack, opened again: members identical, none left out.

usage: round_trip_test.py COUNTERSIGN COUNTERSIGN-FORGE

One row of PACKERS for each form of a format. A row whose tool is not there
fails, but for jar, which is said to be skipped. Formats that no tool on Linux writes have writers of our own
in src/formats/*/sample, and their round trips in formats_test.
"""
import hashlib
import io
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

COUNTERSIGN = FORGE = None


def run(*command, **options):
    result = subprocess.run([str(c) for c in command], capture_output=True,
                            timeout=300, **options)
    if result.returncode != 0:
        raise RuntimeError(f"{command}: {result.stdout}{result.stderr}")
    return result


def contents(program):
    """What is packed, by name. Every content once, so that a digest says which.

    Names are such as every format here can hold; what tricks names may play is
    tested elsewhere.
    """
    noise = random.Random(3)
    # Calls to a few targets: what filters for x86 rewrite.
    calls = b"".join(
        b"\xe8" + (0x1000 * (i % 7) - 5 * i & 0xFFFFFFFF).to_bytes(4, "little")
        + noise.randbytes(i % 4) for i in range(20000))
    return {
        "empty.txt": b"",
        "one.txt": b"1",
        "sub/lines.txt": b"".join(b"line %d of plain text\r\n" % (i * i)
                                  for i in range(20000)),
        "sub/zeros.bin": bytes(700001),
        "sub/deeper/noise.bin": noise.randbytes(300007),
        "calls.bin": calls,
        "a b.exe": program,
    }


# Each takes the folder with the files, their names and where to write.

def python_zip(method, **options):
    def pack(folder, names, out):
        with zipfile.ZipFile(out, "w", method) as archive:
            for name in names:
                info = zipfile.ZipInfo.from_file(folder / name, name)
                info.compress_type = method
                with archive.open(info, "w", **options) as member:
                    member.write((folder / name).read_bytes())
    return pack


class Pipe(io.RawIOBase):
    """A file that cannot seek, so that sizes come behind each member."""

    def __init__(self, out):
        super().__init__()
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        return self.out.write(data)


def streamed_zip(folder, names, out):
    with open(out, "wb") as file, zipfile.ZipFile(
            Pipe(file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / name, name)


def python_tar(form, mode="w"):
    def pack(folder, names, out):
        with tarfile.open(out, mode, format=form) as archive:
            for name in names:
                archive.add(folder / name, name)
    return pack


def tool(*command):
    """A command with OUT for the package and NAMES for all files."""
    def pack(folder, names, out):
        words = []
        for word in command:
            if word == "NAMES":
                words += names
            else:
                words.append(word.replace("OUT", str(out)))
        run(*words, cwd=folder)
    return pack


def flat(pack):
    """For formats without folders: the names alone."""
    def pack_flat(folder, names, out):
        with tempfile.TemporaryDirectory() as other:
            for name in names:
                shutil.copy(folder / name, other)
            pack(pathlib.Path(other), [pathlib.PurePath(n).name for n in names],
                 out)
    return pack_flat


def behind(program, pack):
    """An archive that a program carries behind its end."""
    def pack_behind(folder, names, out):
        pack(folder, names, out.with_suffix(".tail"))
        tail = out.with_suffix(".tail")
        out.write_bytes((folder / program).read_bytes() + tail.read_bytes())
        tail.unlink()
    return pack_behind


def stream(*command):
    """One file through a program that packs its input."""
    def pack(folder, names, out):
        out.write_bytes(run(*command, input=(folder / names[0]).read_bytes())
                        .stdout)
    return pack


def cpio_of(form):
    def pack(folder, names, out):
        out.write_bytes(run("cpio", "-o", "-H", form, "--quiet", cwd=folder,
                            input="\n".join(names).encode()).stdout)
    return pack


def debian(compression):
    def pack(folder, names, out):
        with tempfile.TemporaryDirectory() as root:
            tree = pathlib.Path(root)
            for name in names:
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / name, tree / name)
            (tree / "DEBIAN").mkdir()
            (tree / "DEBIAN/control").write_text(
                "Package: inert\nVersion: 1\nArchitecture: all\n"
                "Maintainer: Example <e@example.com>\nDescription: inert\n")
            run("dpkg-deb", "--root-owner-group", f"-Z{compression}", "-b", root,
                out)
    return pack


def rpm(payload):
    def pack(folder, names, out):
        with tempfile.TemporaryDirectory() as top:
            listed = "\n".join(f'"/inert/{n}"' for n in names)
            copies = "\n".join(
                f'install -D "{folder / n}" "%{{buildroot}}/inert/{n}"'
                for n in names)
            spec = pathlib.Path(top) / "inert.spec"
            spec.write_text(
                f"%define _topdir {top}\n%define _binary_payload {payload}\n"
                "%define __os_install_post %{nil}\n"
                "Name: inert\nVersion: 1\nRelease: 1\nSummary: inert\n"
                "License: none\nBuildArch: noarch\n%description\ninert\n"
                f"%install\n{copies}\n%files\n{listed}\n")
            run("rpmbuild", "-bb", "--quiet", spec)
            shutil.copy(next(pathlib.Path(top).glob("RPMS/*/*.rpm")), out)
    return pack


def wixl(folder, names, out):
    files = "".join(
        f'<Component Id="C{i}" Guid="*"><File Id="F{i}" KeyPath="yes" '
        f'Name="{pathlib.PurePath(n).name}" Source="{n}"/></Component>'
        for i, n in enumerate(names))
    used = "".join(f'<ComponentRef Id="C{i}"/>' for i in range(len(names)))
    source = out.with_suffix(".wxs")
    source.write_text(
        '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Product '
        'Name="Inert" Id="*" Language="1033" Version="1.0.0" Manufacturer="E" '
        'UpgradeCode="12345678-1234-1234-1234-123456789abc">'
        '<Package InstallerVersion="200" Compressed="yes"/>'
        '<Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>'
        '<Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="INSTALLDIR" '
        f'Name="Inert">{files}</Directory></Directory>'
        f'<Feature Id="All" Level="1">{used}</Feature></Product></Wix>')
    run("wixl", "-o", out, source, cwd=folder)
    source.unlink()


def makensis(compressor, unicode):
    def pack(folder, names, out):
        script = out.with_suffix(".nsi")
        files = "\n".join(
            'SetOutPath "$INSTDIR\\{}"\nFile "/oname={}" "{}"'.format(
                str(pathlib.PurePath(n).parent).replace("/", "\\"),
                pathlib.PurePath(n).name, folder / n) for n in names)
        script.write_text(
            f'Unicode {unicode}\n{compressor}\nName "Inert"\nOutFile "{out}"\n'
            f'InstallDir "$PROGRAMFILES\\Inert"\nSection\n{files}\nSectionEnd\n')
        run("makensis", "-V1", script)
        script.unlink()
    return pack


def seven_zip(*options):
    return tool("7z", "a", "-bd", *options, "OUT", "NAMES")


def bsdtar(form):
    return tool("bsdtar", "-c", "--format", form, "-f", "OUT", "NAMES")


def genisoimage(*options):
    return tool("genisoimage", "-quiet", *options, "-o", "OUT", ".")


NSIS = [(f"nsis {kind} {'Unicode' if unicode == 'true' else 'ANSI'}.exe",
         "makensis", makensis(statement, unicode))
        for kind, statement in (
            ("zlib", "SetCompressor zlib"),
            ("zlib solid", "SetCompressor /SOLID zlib"),
            ("bzip2", "SetCompressor bzip2"),
            ("bzip2 solid", "SetCompressor /SOLID bzip2"),
            ("lzma", "SetCompressor lzma"),
            ("lzma solid", "SetCompressor /SOLID lzma"),
            ("stored", "SetCompress off"))
        for unicode in ("true", "false")]

# Name of the package, the tool that it needs, how it is packed.
PACKERS = [
    ("stored.zip", None, python_zip(zipfile.ZIP_STORED)),
    ("deflate.zip", None, python_zip(zipfile.ZIP_DEFLATED)),
    ("bzip2.zip", None, python_zip(zipfile.ZIP_BZIP2)),
    ("lzma.zip", None, python_zip(zipfile.ZIP_LZMA)),
    ("zip64.zip", None, python_zip(zipfile.ZIP_DEFLATED, force_zip64=True)),
    ("streamed.zip", None, streamed_zip),
    ("deflate64.zip", "7z", seven_zip("-tzip", "-mm=Deflate64")),
    ("ppmd.zip", "7z", seven_zip("-tzip", "-mm=PPMd")),
    ("info-zip.zip", "zip", tool("zip", "-q", "-X", "OUT", "NAMES")),
    ("libarchive.zip", "bsdtar", bsdtar("zip")),
    ("tool.jar", "jar", tool("jar", "cf", "OUT", "NAMES")),
    ("self-extracting zip.exe", None,
     behind("a b.exe", python_zip(zipfile.ZIP_DEFLATED))),
    ("lzma.7z", "7z", seven_zip("-m0=LZMA")),
    ("lzma2.7z", "7z", seven_zip("-m0=LZMA2")),
    ("lzma2 not solid.7z", "7z", seven_zip("-m0=LZMA2", "-ms=off")),
    ("ppmd.7z", "7z", seven_zip("-m0=PPMd")),
    ("bzip2.7z", "7z", seven_zip("-m0=BZip2")),
    ("deflate.7z", "7z", seven_zip("-m0=Deflate")),
    ("deflate64.7z", "7z", seven_zip("-m0=Deflate64")),
    ("copy.7z", "7z", seven_zip("-m0=Copy", "-mhc=off")),
    ("bcj.7z", "7z", seven_zip("-m0=BCJ", "-m1=LZMA")),
    ("bcj2.7z", "7z", seven_zip(
        "-m0=BCJ2", "-m1=LZMA:d25", "-m2=LZMA:d19", "-m3=LZMA:d19",
        "-mb0:1", "-mb0s1:2", "-mb0s2:3")),
    ("delta.7z", "7z", seven_zip("-m0=Delta:4", "-m1=LZMA2")),
    ("self-extracting 7z.exe", "7z",
     behind("a b.exe", seven_zip("-t7z", "-m0=LZMA2"))),
    ("ustar.tar", None, python_tar(tarfile.USTAR_FORMAT)),
    ("gnu.tar", None, python_tar(tarfile.GNU_FORMAT)),
    ("pax.tar", None, python_tar(tarfile.PAX_FORMAT)),
    ("old.tar", "bsdtar", bsdtar("v7tar")),
    ("gnu.tar.gz", None, python_tar(tarfile.GNU_FORMAT, "w:gz")),
    ("gnu.tar.bz2", None, python_tar(tarfile.GNU_FORMAT, "w:bz2")),
    ("gnu.tar.xz", None, python_tar(tarfile.GNU_FORMAT, "w:xz")),
    ("gnu.tar.zst", "zstd",
     tool("tar", "--zstd", "-cf", "OUT", "NAMES")),
    ("gnu.tar.lzma", "xz",
     tool("tar", "-I", "xz --format=lzma", "-cf", "OUT", "NAMES")),
    ("old binary.cpio", "cpio", cpio_of("bin")),
    ("portable.cpio", "cpio", cpio_of("odc")),
    ("new.cpio", "cpio", cpio_of("newc")),
    ("checksums.cpio", "cpio", cpio_of("crc")),
    ("gnu.a", "ar", flat(tool("ar", "rc", "OUT", "NAMES"))),
    ("bsd.a", "bsdtar", flat(bsdtar("arbsd"))),
    ("plain.deb", "dpkg-deb", debian("none")),
    ("gzip.deb", "dpkg-deb", debian("gzip")),
    ("xz.deb", "dpkg-deb", debian("xz")),
    ("zstd.deb", "dpkg-deb", debian("zstd")),
    ("gzip.rpm", "rpmbuild", rpm("w9.gzdio")),
    ("bzip2.rpm", "rpmbuild", rpm("w9.bzdio")),
    ("xz.rpm", "rpmbuild", rpm("w6.xzdio")),
    ("zstd.rpm", "rpmbuild", rpm("w9.zstdio")),
    ("rock ridge.iso", "genisoimage", genisoimage("-R")),
    ("joliet.iso", "genisoimage", genisoimage("-J")),
    ("udf.iso", "genisoimage", genisoimage("-J", "-udf")),
    ("stored.cab", "gcab", tool("gcab", "-c", "OUT", "NAMES")),
    ("mszip.cab", "gcab", tool("gcab", "-c", "-z", "OUT", "NAMES")),
    ("wixl.msi", "wixl", wixl),
    *NSIS,
    ("compressed.arj", "arj", tool("arj", "a", "-i", "-y", "-r", "-a", "OUT",
                                   "NAMES")),
]

STREAMS = [
    ("lines.txt.gz", "gzip", stream("gzip", "-9")),
    ("lines.txt.bz2", "bzip2", stream("bzip2")),
    ("lines.txt.xz", "xz", stream("xz", "-T1")),
    ("lines.txt.lzma", "xz", stream("xz", "--format=lzma")),
    ("lines.txt.zst", "zstd", stream("zstd", "-19")),
]


# What is said of packages that nobody signed, and of bytes that are no file.
EXPECTED = {"vet.not_vouched", "vet.overlay"}


class RoundTrips(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        run(FORGE, "cases", cls.root / "cases")
        cls.files = contents((cls.root / "cases/unsigned.exe").read_bytes())
        for name, content in cls.files.items():
            path = cls.root / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def reports(self, rows, names):
        """The report on each package that can be made here, by its name."""
        packages = self.root / "packages"
        shutil.rmtree(packages, ignore_errors=True)
        packages.mkdir()
        for name, needed, pack in rows:
            if needed is not None and shutil.which(needed) is None:
                # Others are in packages.txt.
                self.assertEqual(needed, "jar", name)
                print(f"{name:<32} skipped: no {needed}")
                continue
            pack(self.root / "files", names, packages / name)
        result = subprocess.run(
            [COUNTERSIGN, "vet", "--json", "--fail-on", "never", packages],
            capture_output=True, timeout=600, check=True)
        return {pathlib.PurePath(report["input"]).name: report
                for report in map(json.loads, result.stdout.splitlines())}

    def check(self, report, names, has_names=True):
        """Every file is there as it was, and nothing is left or made up."""
        for artifact in report["artifacts"]:
            self.assertNotEqual(artifact["contents"], "partial",
                                artifact["path"])
            self.assertNotIn("[unaccounted]", artifact["path"])
            self.assertNotIn("[appended]", artifact["path"])
        # Signatures of Debian's and Red Hat's packages are not read.
        others = [f["message"] for f in report["findings"]
                  if f["id"].startswith("vet.") and f["id"] not in EXPECTED
                  and "Whether it is signed" not in f["message"]]
        self.assertEqual(others, [])
        self.assertEqual(report["limits"], [])
        found = {a["sha256"]: a["path"] for a in reversed(report["artifacts"])
                 if a["sha256"]}
        for name in names:
            digest = hashlib.sha256(self.files[name]).hexdigest()
            self.assertIn(digest, found, name)
            if has_names:
                last = found[digest].replace("\\", "/").rsplit("!", 1)[-1]
                self.assertEqual(pathlib.PurePath(last).name,
                                 pathlib.PurePath(name).name)

    def test_packages(self):
        names = list(self.files)
        reports = self.reports(PACKERS, names)
        for package, report in reports.items():
            with self.subTest(package=package):
                self.check(report, names)
                print(f"{package:<32} {report['artifacts'][0]['format']:<8} "
                      f"{len(names)} members identical")

    def test_streams(self):
        names = ["sub/lines.txt"]
        reports = self.reports(STREAMS, names)
        for package, report in reports.items():
            with self.subTest(package=package):
                self.check(report, names, has_names=False)
                print(f"{package:<32} {report['artifacts'][0]['format']:<8} "
                      "content identical")


if __name__ == "__main__":
    COUNTERSIGN = str(pathlib.Path(sys.argv.pop(1)).resolve())
    FORGE = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
