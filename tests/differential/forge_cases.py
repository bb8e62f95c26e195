#!/usr/bin/env python3
"""Compares the verifier with the forge's cases, whose truth is known by
construction.

usage: forge_cases.py --countersign PROGRAM --forge PROGRAM [-v]
                      [--peer OSSLSIGNCODE]

Builds the cases in a temporary folder, vets each at the instant its row
names, with the forge's roots and CRL, and compares state, integrity, trust,
verdict and findings. Exit code 1 when a row is answered wrongly.

--peer also asks osslsigncode about each, with the same roots and instant, and
counts for both how often they let a file in exactly when it should be.
"""
import argparse
import csv
import datetime
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


def peer_lets_in(program, root, row):
    """Whether osslsigncode's exit code says that the file verifies."""
    at = datetime.datetime.fromisoformat(
        row["evaluated_at"].replace("Z", "+00:00"))
    return subprocess.run(
        [program, "verify", "-ignore-crl", "-CAfile", root / "root.pem",
         "-TSA-CAfile", root / "tsa-root.pem", "-time",
         str(int(at.timestamp())), "-in", root / f"{row['name']}.exe"],
        capture_output=True, timeout=60, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--countersign", required=True)
    parser.add_argument("--forge", required=True)
    parser.add_argument("--peer")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    right = wrong = decided = ours_agree = peer_agrees = 0
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
            if args.peer and row["verdict"] not in ("", "any"):
                let_in = row["verdict"] == "allow"
                decided += 1
                ours_agree += (report["verdict"] == "allow") == let_in
                peer_agrees += peer_lets_in(args.peer, root, row) == let_in
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
    if args.peer:
        print(f"let in exactly when it should be: countersign {ours_agree}, "
              f"{args.peer} {peer_agrees}, of {decided}")
    print(f"{right} right, {wrong} wrong, of {right + wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
