#!/usr/bin/env python3
"""Fetches the files of the real corpus through apt-get and npm.

usage: fetch_real_corpus.py --data DIR --cache DIR [--apt-option NAME=VALUE ...]
                            [--only NAME ...] [--keep-free-gib N]

DIR of --data holds real-corpus-sources.csv and real-corpus.csv. The cache is
a folder outside the repository: the files are other people's, and nothing
here makes them ours to distribute. Packages come one at a time; the artefact
and each member wanted is checked against its SHA-256 before it is kept, the
artefact is then dropped. Nothing that was fetched is run: maintainer and
install scripts included. A package that is complete is never asked for again.

Prints one line for each package: "have", "fetched", "absent" (the client does
not have this version), "changed" (not the artefact of the table) or "partial"
(members not found, with how many). Exit code 1 when something is missing.

Containers in containers (an ISO image, an NSIS installer) need 7z; without it
their members are reported as missing.
"""
import argparse
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from real_packages import belongs, packages, read_table, sha256_of, stored

GIB = 1 << 30


def download(package, folder, apt_options):
    """Leaves the artefact in the folder; its path, or None and a reason."""
    if package.ecosystem == "npm":
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--cache",
                   folder / "npm", f"{package.name}@{package.version}"]
    else:
        command = ["apt-get", "download", "-q"]
        for option in apt_options:
            command += ["-o", option]
        command.append(f"{package.name}={package.version}")
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                            timeout=3600, stdin=subprocess.DEVNULL)
    found = [*folder.glob("*.deb"), *folder.glob("*.tgz")]
    if result.returncode != 0 or len(found) != 1:
        lines = (result.stderr or result.stdout).strip().splitlines()
        return None, lines[-1] if lines else "no output"
    return found[0], ""


@contextlib.contextmanager
def archive(package, artefact):
    """The artefact as a tar stream. No path in it is ever created on disk."""
    if package.ecosystem == "npm":
        with tarfile.open(artefact, "r:gz") as tar:
            yield tar
        return
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", artefact],
                          stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            yield tar
        process.stdout.read()


def extract(package, artefact, wanted, folder):
    """Writes each wanted regular file; a map of its path to the copy."""
    copies = {}
    with archive(package, artefact) as tar:
        for member in tar:
            path = member.name.removeprefix("./")
            if path not in wanted or not member.isreg():
                continue
            copies[path] = folder / f"member-{len(copies)}"
            with open(copies[path], "wb") as out:
                shutil.copyfileobj(tar.extractfile(member), out)
    return copies


def unpack(container, folder):
    """Lets 7z open a container; the folder of its content, or None."""
    content = pathlib.Path(tempfile.mkdtemp(dir=folder))
    if not shutil.which("7z"):
        return None
    result = subprocess.run(["7z", "x", "-y", "-bd", f"-o{content}", container],
                            capture_output=True, timeout=600,
                            stdin=subprocess.DEVNULL)
    return content if result.returncode in (0, 1) else None


class Members:
    """Finds members by paths such as "a.iso!/b.exe!/c.dll"."""

    def __init__(self, copies, folder):
        self.copies = copies
        self.folder = folder
        self.contents = {}

    def content(self, container):
        """The unpacked content of a container, opened once."""
        if container not in self.contents:
            path = self.find(container)
            self.contents[container] = path and unpack(path, self.folder)
        return self.contents[container]

    def find(self, path):
        container, mark, name = path.rpartition("!/")
        if not mark:
            return self.copies.get(path)
        content = self.content(container)
        file = content and content / name
        return file if file and file.is_file() else None


def keep(rows, members, cache):
    """Stores each row's file if its digest is right; how many it missed."""
    missed = 0
    for row in rows:
        target = stored(cache, row["sha256"])
        if target.exists():
            continue
        file = members.find(row["path_in_package"])
        if file is None or sha256_of(file) != row["sha256"]:
            missed += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target.with_suffix(".part"))
        target.with_suffix(".part").rename(target)
    return missed


def fetch(package, rows, cache, apt_options):
    """One package. What became of it, in words for its line."""
    if all(stored(cache, row["sha256"]).exists() for row in rows):
        return "have"
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = pathlib.Path(name)
        # Why: apt-get downloads as a user of its own.
        folder.chmod(0o777)
        artefact, reason = download(package, folder, apt_options)
        if artefact is None:
            return f"absent ({reason})"
        if sha256_of(artefact) != package.sha256:
            return "changed"
        size = artefact.stat().st_size
        wanted = {row["path_in_package"].split("!/")[0] for row in rows}
        copies = extract(package, artefact, wanted, folder)
        missed = keep(rows, Members(copies, folder), cache)
    state = f"partial ({missed} of {len(rows)} missing)" if missed \
        else "fetched"
    return f"{state} {size} bytes"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--apt-option", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--keep-free-gib", type=int, default=10)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    files = [row for row in read_table(args.data / "real-corpus.csv")
             if row["format"] == "PE"]
    incomplete = False
    for package in packages(args.data / "real-corpus-sources.csv"):
        rows = [row for row in files if belongs(row, package)]
        if not rows or (args.only and package.name not in args.only):
            continue
        if shutil.disk_usage(args.cache).free < args.keep_free_gib * GIB:
            print("stopped: the disk is nearly full")
            return 1
        outcome = fetch(package, rows, args.cache, args.apt_option)
        incomplete |= outcome.split()[0] not in ("have", "fetched")
        print(f"{outcome.split()[0]:8} {package}: {len(rows)} files"
              f"{outcome.removeprefix(outcome.split()[0])}", flush=True)
    present = {row["sha256"] for row in files
               if stored(args.cache, row["sha256"]).exists()}
    total = {row["sha256"] for row in files}
    print(f"{len(present)} of {len(total)} distinct files, "
          f"{sum(stored(args.cache, s).stat().st_size for s in present)} bytes")
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
