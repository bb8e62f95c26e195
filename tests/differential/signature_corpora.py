#!/usr/bin/env python3
"""Compares the verifier with a corpus whose right answers are known.

usage: signature_corpora.py --countersign PROGRAM --corpus CSV --files DIR
                            [--format PE ...] [--trust X ...] [--at TIME] [-v]

CSV has the columns file, sha256, format, expected_signature_state,
expected_digest_alg, expected_notes; paths are relative to DIR. Prints one
line for each disagreement and for each row without an expected verdict, then
the counts. Exit code 1 when a row with an expectation is answered wrongly, 77
when CSV is absent. Where we hold that the expectation is not one for us,
explained.csv has the row (field expected_signature_state) with our answer and
why; any other answer is wrong.
"""
import argparse
import csv
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from expected_state import agrees, signatures


HERE = pathlib.Path(__file__).parent
SKIPPED = 77
VERIFIED = ("PE", "MSI", "CAB", "CAT", "PS1", "VBS", "JS", "WSF", "MSIX/APPX",
            "APPXBUNDLE", "NUPKG", "VSIX")


def vet(program, options, path):
    result = subprocess.run([program, "vet", "--json", *options, str(path)],
                            capture_output=True, text=True, timeout=120)
    if result.returncode not in (0, 1, 3):
        raise RuntimeError(f"{path}: exit code {result.returncode}: "
                           f"{result.stderr.strip()}")
    return json.loads(result.stdout)


def digests_agree(row, report):
    """Checks 'authentihash ALG HEX' of the notes against what was computed."""
    wanted = re.findall(r"authentihash (sha1|sha256) ([0-9a-f]+)",
                        row["expected_notes"])
    computed = {s["digest_algorithm"]: s["computed_digest"]
                for s in signatures(report)}
    return all(computed.get(name, value) == value for name, value in wanted)


def summary(report):
    parts = [f"{s['integrity']}/{s['trust']}" for s in signatures(report)]
    return f"{report['verdict']} {report['artifacts'][0]['signed']} " \
           f"[{', '.join(parts)}]"


def read_explained():
    with open(HERE / "explained.csv", newline="", encoding="utf-8") as table:
        return {(r["sha256"], r["ours"], r["other"]): r["reason"]
                for r in csv.DictReader(table)
                if r["field"] == "expected_signature_state"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--countersign", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--files", required=True)
    parser.add_argument("--format", action="append",
                        help="as the column has it, without (gz); may be "
                        "repeated (default: all that are verified)")
    parser.add_argument("--trust", action="append", default=[])
    parser.add_argument("--at")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    options = [o for t in args.trust for o in ("--trust", t)]
    options += ["--at", args.at] if args.at else []

    if not pathlib.Path(args.corpus).exists():
        print("skipped: the corpus is not here")
        return SKIPPED
    right = wrong = open_rows = explained_rows = 0
    explained = read_explained()
    with open(args.corpus, newline="", encoding="utf-8") as table:
        rows = [r for r in csv.DictReader(table)
                if r["format"].split("(")[0] in (args.format or VERIFIED)]
    for row in rows:
        path = pathlib.Path(args.files) / row["file"]
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise RuntimeError(f"{path}: not the file of the table")
        with tempfile.NamedTemporaryFile() as plain:
            if row["format"].endswith("(gz)"):
                plain.write(gzip.decompress(data))
                plain.flush()
                path = plain.name
            report = vet(args.countersign, options, path)
        state = row["expected_signature_state"]
        answer = agrees(report, state)
        if answer is not None:
            answer = answer and digests_agree(row, report)
        elif state == "digest_only":
            answer = digests_agree(row, report)
        reason = explained.get((row["sha256"], summary(report), state))
        if answer is False and reason:
            explained_rows += 1
            print(f"explained {state:19} {row['file']}: {summary(report)}\n"
                  f"         {reason}")
        elif answer is None:
            open_rows += 1
            print(f"open   {state:22} {row['file']}: {summary(report)}")
        elif answer:
            right += 1
            if args.verbose:
                print(f"right  {state:22} {row['file']}: {summary(report)}")
        else:
            wrong += 1
            print(f"WRONG  {state:22} {row['file']}: {summary(report)}")
            for reason in report["reasons"]:
                print(f"         {reason}")
    print(f"{right} right, {wrong} wrong, {explained_rows} explained, "
          f"{open_rows} without an expected verdict, of {len(rows)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
