"""The tables of the real corpus, and where its files lie once fetched.

A fetched file is stored under the SHA-256 of its content, so a file that two
packages carry is kept, and vetted, once.
"""
import csv
import dataclasses
import hashlib


@dataclasses.dataclass(frozen=True)
class Package:
    """One artefact of the sources table."""
    ecosystem: str  # "deb" or "npm"
    name: str
    version: str
    artefact: str
    sha256: str

    def __str__(self):
        return f"{self.ecosystem}:{self.name} {self.version}"


def read_table(path):
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def packages(sources):
    """The packages of the sources table, in its order."""
    for row in read_table(sources):
        yield Package(row["ecosystem"].split("(")[0], row["package"],
                      row["version"], row["artefact"], row["sha256"])


def belongs(row, package):
    """Whether a row of a file table describes a file of this package."""
    # Some npm rows carry the version of the tag, with a v.
    return (row["package"] == f"{package.ecosystem}:{package.name}"
            and row["version"].removeprefix("v") == package.version)


def stored(cache, sha256):
    """Where the file with this digest is, or would be."""
    return cache / "files" / sha256[:2] / sha256


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
