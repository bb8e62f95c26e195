#!/usr/bin/env python3
"""Compares the verifier with osslsigncode, signature by signature.

usage: osslsigncode.py --countersign PROGRAM [--trust FILE ...] [--at TIME]
                       [--files DIR ...] [--forge PROGRAM] [-v]

Takes every PE file below each DIR, and the forge's cases with the instants
of their table. Revocation is left out on both sides, the roots are the same.

Prints each difference with its class (difference_classes.py; explained in
docs/differential.md) and the counts of each class, then how file verdicts
meet: osslsigncode's last word against ours. Exit code 1 when a difference has
no class.

osslsigncode has known memory errors on hostile input: it runs under limits of
time, memory and file size, and what it says is only compared.
"""
import argparse
import collections
import csv
import dataclasses
import datetime
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile

from countersign import add_judging_arguments, judging_options, vet
from difference_classes import class_of
from expected_state import signatures

TIME_LIMIT = "20"  # seconds
MEMORY_LIMIT = 4 << 30  # it reads the whole file, twice
LIMITS = ["prlimit", f"--as={MEMORY_LIMIT}", "--core=0", "--fsize=0",
          "timeout", "--kill-after=5", TIME_LIMIT]


@dataclasses.dataclass
class Answer:
    """What osslsigncode says of one signature."""
    content: str  # "ok" or "bad": the digest of the file
    accepted: str  # "yes" or "no"
    stamp: str  # "ok", "failed" or "none"
    text: str


@dataclasses.dataclass
class Difference:
    path: pathlib.Path
    field: str
    ours: str
    other: str
    report: dict
    signature: dict | None  # of the report
    text: str  # of osslsigncode, on this signature
    output: str  # of osslsigncode, all of it

    def __str__(self):
        return (f"{self.path.name} {self.field}: ours {self.ours}, "
                f"osslsigncode {self.other}")


def read_answer(block):
    stamp = "none"
    if "Timestamp Server Signature verification: ok" in block:
        stamp = "ok"
    elif "Timestamp Server Signature verification: failed" in block:
        stamp = "failed"
    accepted = re.search(r"^Signature verification: ok", block, re.M)
    return Answer("bad" if "MISMATCH!!!" in block else "ok",
                  "yes" if accepted else "no", stamp, block)


def ask(path, roots, at):
    """osslsigncode's last word, its answers, and its whole output."""
    seconds = int(datetime.datetime.fromisoformat(at).timestamp())
    result = subprocess.run(
        [*LIMITS, "osslsigncode", "verify", "-ignore-crl", "-time",
         str(seconds), "-CAfile", roots, "-TSA-CAfile", roots, path],
        capture_output=True, text=True, errors="replace",
        stdin=subprocess.DEVNULL)
    text = result.stdout
    blocks = re.split(r"^Signature Index: \d+.*$", text, flags=re.M)[1:]
    word = {0: "Succeeded", 1: "Failed"}.get(result.returncode,
                                             f"exit {result.returncode}")
    return word, [read_answer(b) for b in blocks], text + result.stderr


def accepted(signature):
    return "yes" if signature["integrity"] == "valid" \
        and signature["trust"] == "trusted" else "no"


def stamp_state(signature):
    if not signature["timestamps"]:
        return "none"
    return "ok" if any(s["integrity"] == "valid" and s["trust"] == "trusted"
                       for s in signature["timestamps"]) else "failed"


def differences(path, report, word, answers, text):
    """Yields what the two say differently of one file, the file last."""
    ours = signatures(report)
    if len(ours) != len(answers):
        yield Difference(path, "signatures", str(len(ours)),
                         str(len(answers)), report, None, text, text)
    else:
        for signature, answer in zip(ours, answers):
            place = f"signature {signature['index']} "
            content = "bad" if signature["content_mismatch"] else "ok"
            for field, mine, other in (
                    ("content", content, answer.content),
                    ("timestamp", stamp_state(signature), answer.stamp),
                    ("accepted", accepted(signature), answer.accepted)):
                if mine != other:
                    yield Difference(path, place + field, mine, other, report,
                                     signature, answer.text, text)
    mine = "Succeeded" if any(accepted(s) == "yes" for s in ours) else "Failed"
    if mine != word:
        yield Difference(path, "file", mine, word, report, None, text, text)


class Tally:
    def __init__(self, verbose):
        self.verbose = verbose
        self.files = 0
        self.classes = collections.Counter()
        self.verdicts = collections.Counter()
        self.unclassified = 0

    def add(self, path, report, roots, at):
        word, answers, text = ask(path, roots, at)
        self.files += 1
        self.verdicts[word, report["verdict"]] += 1
        names = []
        for difference in differences(path, report, word, answers, text):
            name = class_of(difference, names)
            names.append(name)
            self.classes[name or "UNCLASSIFIED"] += 1
            self.unclassified += name is None
            if name is None or self.verbose:
                print(f"{name or 'UNCLASSIFIED':28} {difference}")

    def print_counts(self):
        for name, count in self.classes.most_common():
            print(f"class   {count:5} {name}")
        for (word, verdict), count in sorted(self.verdicts.items()):
            print(f"verdict {count:5} osslsigncode {word}, ours {verdict}")
        print(f"{self.files} files, {self.classes.total()} differences, "
              f"{self.unclassified} of them without a class")


def is_pe(path):
    with open(path, "rb") as file:
        return file.read(2) == b"MZ"


def pe_files(folder, scratch):
    """The PE files below a folder; gzipped ones are unpacked into scratch."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".gz":
            plain = scratch / path.stem
            plain.write_bytes(gzip.decompress(path.read_bytes()))
            path = plain
        if is_pe(path):
            yield path


def joined(files, scratch, name):
    roots = scratch / name
    roots.write_bytes(b"\n".join(pathlib.Path(f).read_bytes() for f in files))
    return roots


def compare_folders(args, scratch, tally):
    if not args.files:
        return
    roots = joined(args.trust, scratch, "roots.pem")
    for folder in args.files:
        paths = list(pe_files(folder, scratch))
        for path, report in vet(args.countersign, judging_options(args),
                                paths):
            tally.add(path, report, roots, args.at)


def compare_cases(args, scratch, tally):
    if not args.forge:
        return
    cases = scratch / "cases"
    subprocess.run([args.forge, "cases", cases], check=True)
    trusted = [cases / "root.pem", cases / "tsa-root.pem"]
    roots = joined(trusted, scratch, "forge-roots.pem")
    by_instant = collections.defaultdict(list)
    with open(cases / "cases.csv", newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            by_instant[row["evaluated_at"]].append(
                cases / f"{row['name']}.exe")
    for at, paths in by_instant.items():
        options = [o for f in trusted for o in ("--trust", str(f))]
        for path, report in vet(args.countersign, [*options, "--at", at],
                                paths):
            tally.add(path, report, roots, at)


def main():
    parser = argparse.ArgumentParser()
    add_judging_arguments(parser)
    parser.add_argument("--files", action="append", default=[],
                        type=pathlib.Path)
    parser.add_argument("--forge")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    if args.files and not (args.at and args.trust):
        parser.error("--files needs --at and --trust")
    tally = Tally(args.verbose)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        compare_folders(args, scratch, tally)
        compare_cases(args, scratch, tally)
    tally.print_counts()
    return 1 if tally.unclassified else 0


if __name__ == "__main__":
    sys.exit(main())
