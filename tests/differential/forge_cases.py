#!/usr/bin/env python3
"""Compares the verifier with the forge's cases, whose truth is known by
construction.

usage: forge_cases.py --countersign PROGRAM --forge PROGRAM [-v]

Builds the cases in a temporary folder, vets each at the instant its row
names, with the forge's roots and CRL, and compares state, integrity, trust,
verdict and findings. Exit code 1 when a row is answered wrongly.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

from expected_state import agrees, signatures


def disagreements(row, report):
    """What of the row's expectations the report does not meet."""
    state = row["expected_state"]
    if agrees(report, state) is False:
        yield f"state {state}"
    found = signatures(report)
    for field in ("integrity", "trust"):
        # One word for all, or one for each signature; "" and "any" are open.
        words = row[field].split(";") if row[field] else []
        if len(words) == 1:
            words *= len(found)
        answers = [s[field] for s in found]
        if words and not (len(words) == len(answers) and all(
                w in ("any", a) or (w == "not-trusted" and a != "trusted")
                for w, a in zip(words, answers))):
            yield f"{field} {row[field]}"
    if row["verdict"] not in ("", "any", report["verdict"]):
        yield f"verdict {row['verdict']}"
    ids = {f["id"] for f in report["findings"]}
    for finding in filter(None, row["findings"].split(";")):
        if finding not in ids:
            yield f"finding {finding}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--countersign", required=True)
    parser.add_argument("--forge", required=True)
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    right = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([args.forge, "cases", folder], check=True)
        root = pathlib.Path(folder)
        options = ["--trust", root / "root.pem",
                   "--trust", root / "tsa-root.pem",
                   "--crl", root / "forge.crl"]
        with open(root / "cases.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        for row in rows:
            result = subprocess.run(
                [args.countersign, "vet", "--json", *options, "--at",
                 row["evaluated_at"], root / f"{row['name']}.exe"],
                capture_output=True, text=True, timeout=60)
            report = json.loads(result.stdout)
            missing = list(disagreements(row, report))
            right += not missing
            wrong += bool(missing)
            if missing or args.verbose:
                answers = [f"{s['integrity']}/{s['trust']}"
                           for s in signatures(report)]
                print(f"{'WRONG' if missing else 'right'}  {row['name']}: "
                      f"{report['verdict']} {answers}; expected "
                      f"{', '.join(missing) or row['expected_state']}")
            if missing:
                for finding in report["findings"]:
                    print(f"         {finding['severity']} {finding['id']}: "
                          f"{finding['message']}")
    print(f"{right} right, {wrong} wrong, of {right + wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
