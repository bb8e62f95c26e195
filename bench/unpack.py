#!/usr/bin/env python3
"""Measures opening packages beside other unpackers, in one run on one machine.

usage: unpack.py --build BUILD-FOLDER [--size MIB] [--from FOLDER ...]
                 [--only NAME]

Packs SIZE MiB of files of FOLDER (programs and libraries of the system, if none
is given) as ZIP, cabinet, MSI, 7z and NSIS, or only those whose name begins with
NAME, and prints a Markdown table: the time that `countersign vet` takes to open
each, to hash every member and to look for signatures, beside 7z, bsdtar,
cabextract and msiextract that unpack it, with sha256sum over what they yield.
Seconds on the clock and of all processors, the best of three; and the peak
memory of the largest process. Needs 7z, bsdtar, cabextract, msiextract, gcab,
wixl and makensis; a tool that is missing is left out and said so.
"""
import argparse
import hashlib
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from compare import Run  # noqa: E402


def measure(command, times=3):
    """Best seconds, processor seconds and peak MiB of a shell command."""
    best = None
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = Run(["sh", "-c", command], dict(os.environ))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = (after.ru_utime + after.ru_stime - before.ru_utime
                     - before.ru_stime)
        if best is None or run.seconds < best[0]:
            best = (run.seconds, processor, run.peak)
    return best


def collect(folders, size, target):
    """Copies files of the folders into target until they have size bytes.

    No content twice: some packers store that once.
    """
    total = 0
    names = []
    seen = set()
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if total >= size:
                return names
            if path.is_symlink() or not path.is_file():
                continue
            length = path.stat().st_size
            if length < 4096 or length > size // 8:
                continue
            content = hashlib.sha256(path.read_bytes()).digest()
            if content in seen:
                continue
            seen.add(content)
            name = f"f{len(names):05}{path.suffix[:4]}"
            shutil.copyfile(path, target / name)
            names.append(name)
            total += length
    return names


WXS_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
 <Product Name="Bench" Id="*" UpgradeCode="12345678-1234-1234-1234-123456789abc"
   Language="1033" Version="1.0.0" Manufacturer="Example">
  <Package InstallerVersion="200" Compressed="yes"/>
  <Media Id="1" Cabinet="bench.cab" EmbedCab="yes"/>
  <Directory Id="TARGETDIR" Name="SourceDir">
   <Directory Id="INSTALLDIR" Name="Bench">
"""


def write_wxs(path, names):
    with open(path, "w", encoding="utf-8") as out:
        out.write(WXS_HEAD)
        for name in names:
            key = name.replace(".", "_").replace("-", "_")
            out.write(f'<Component Id="C{key}" Guid="*"><File Id="F{key}" '
                      f'Name="{name}" Source="files/{name}" KeyPath="yes"/>'
                      f"</Component>\n")
        out.write('</Directory></Directory><Feature Id="All" Level="1">')
        for name in names:
            key = name.replace(".", "_").replace("-", "_")
            out.write(f'<ComponentRef Id="C{key}"/>')
        out.write("</Feature></Product></Wix>")


def write_nsi(path, compressor, names):
    # Why one by one: a pattern takes only names with a dot.
    files = "\n".join(f'  File "files/{name}"' for name in names)
    path.write_text(f"""
{compressor}
Name "Bench"
OutFile "{path.stem}.exe"
InstallDir "$TEMP\\bench"
Section
  SetOutPath "$INSTDIR"
{files}
SectionEnd
""")


def pack(root, names, only):
    """The packages that could be made, by name."""
    files = [f"files/{n}" for n in names]
    write_wxs(root / "bench.wxs", names)
    write_nsi(root / "nsis-zlib.nsi", "SetCompressor zlib", names)
    write_nsi(root / "nsis-lzma.nsi", "SetCompressor /SOLID lzma", names)
    packages = {}
    for name, file, command in (
            ("ZIP", "b.zip", ["7z", "a", "-tzip", "-mx=5", "b.zip", *files]),
            ("CAB, MSZIP", "b.cab", ["gcab", "-c", "-z", "b.cab", *files]),
            ("MSI, MSZIP", "b.msi", ["wixl", "-o", "b.msi", "bench.wxs"]),
            ("7z, LZMA2 solid", "b.7z", ["7z", "a", "-t7z", "-mx=3", "b.7z",
                                         *files]),
            ("NSIS, zlib", "nsis-zlib.exe", ["makensis", "-V1",
                                             "nsis-zlib.nsi"]),
            ("NSIS, LZMA solid", "nsis-lzma.exe", ["makensis", "-V1",
                                                   "nsis-lzma.nsi"])):
        if not name.startswith(only):
            continue
        if shutil.which(command[0]) is None:
            print(f"{command[0]} is missing: no {name}", file=sys.stderr)
            continue
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        packages[name] = root / file
    return packages


def peers(name, path, scratch):
    """Commands that unpack the package and hash what comes out."""
    hashed = f"| sha256sum"
    into = f"rm -rf {scratch}/x; mkdir {scratch}/x"
    hash_folder = f"find {scratch}/x -type f -exec sha256sum {{}} +"
    rows = {"7z": f"7z x -so {path} {hashed}"}
    if name == "ZIP" or name.startswith("7z") or name.startswith("CAB"):
        rows["bsdtar"] = f"bsdtar -xOf {path} {hashed}"
    if name.startswith("CAB"):
        rows["cabextract"] = f"cabextract -q -p {path} {hashed}"
    if name.startswith("MSI"):
        # 7z unpacks the cabinet inside, and not what that holds.
        rows = {"msiextract": f"{into}; msiextract -C {scratch}/x {path} "
                              f">/dev/null && {hash_folder}"}
    return {tool: command for tool, command in rows.items()
            if shutil.which(tool)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--from", dest="folders", action="append")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    countersign = pathlib.Path(arguments.build).resolve() / "countersign"
    folders = arguments.folders or ["/usr/lib/x86_64-linux-gnu", "/usr/bin",
                                    "/usr/lib"]
    shared_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory() as work, \
            tempfile.TemporaryDirectory(dir=shared_memory) as scratch:
        root = pathlib.Path(work)
        (root / "files").mkdir()
        names = collect(folders, arguments.size << 20, root / "files")
        total = sum((root / "files" / n).stat().st_size for n in names)
        print(f"{len(names)} files, {total / 2**20:.0f} MiB\n")
        print("| Package | Tool | seconds | processor | peak MiB |")
        print("|--|--|--|--|--|")
        for name, path in pack(root, names, arguments.only).items():
            size = path.stat().st_size / 2**20
            own = f"{countersign} vet --json {path} > /dev/null"
            rows = {"countersign vet": own, **peers(name, path, scratch)}
            for tool, command in rows.items():
                seconds, processor, peak = measure(command)
                print(f"| {name}, {size:.0f} MiB | {tool} | {seconds:.2f} | "
                      f"{processor:.2f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
