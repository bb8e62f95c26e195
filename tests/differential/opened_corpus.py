#!/usr/bin/env python3
"""Compares what is found in a package with another's readings of its members.

usage: opened_corpus.py --countersign PROGRAM --data DIR --package FILE
                        --prefix TEXT [--trust FILE ...] [--at TIME]

FILE is a package that is a container in containers, such as the Debian package
of VirtualBox's guest additions; TEXT is how its members begin in the column
path_in_package of real-corpus.csv, in DIR. The package is vetted once, as it
is; each row of a member is looked for in the tree by its SHA-256, and every
signature of it is compared with real-corpus-signatures.csv: integrity, signer,
serial, timestamp and the rest.

Prints rows that were not found, by format, each value that differs, signatures
that the table does not have, and how many values agree. Exit code 1 when a
value differs, or a signature that the table does not have is not valid.
"""
import argparse
import collections
import pathlib
import sys

from countersign import add_judging_arguments, judging_options, vet
from real_corpus import HERE, Comparison, signature_values
from real_packages import read_table

COLUMNS = ("nest_level", "signer", "issuer", "serial", "not_before",
           "not_after", "timestamp", "ts_kind", "ts_signer", "digest", "ev",
           "cert_sha256")
PRESENT = {"present": "yes", "absent": "no"}


def checks(text):
    """What a row says of its signature: parts of it, each ok or not."""
    return dict(word.split("=") for word in text.split() if "=" in word)


def compare_signature(comparison, row, signature):
    place = row["sig_index"] + "."
    # Not every format's rows say how deep a signature is nested.
    wanted = {name: row[name] for name in COLUMNS
              if row[name] or name != "nest_level"}
    found = signature_values(signature)
    ours = checks(found["own_check"])
    for part, state in checks(row["own_check"]).items():
        wanted[part] = state
        found[part] = ours.get(part, "")
    comparison.compare(row["sha256"], place, wanted, found)


def compare_member(comparison, row, rows, artifact):
    """Yields the signatures that no row has."""
    # A row is of the signatures in the file, not of those in catalogs.
    found = [s for s in artifact["signatures"] if not s["catalog_sha256"]]
    comparison.compare(row["sha256"], "", {"signed": row["signed"]},
                       {"signed": PRESENT.get(artifact["signed"],
                                              artifact["signed"])})
    for wanted in rows:
        index = int(wanted["sig_index"])
        if index < len(found):
            compare_signature(comparison, wanted, found[index])
        else:
            comparison.compare(row["sha256"], f"{index}.",
                               {"signature": "present"}, {})
    yield from found[len(rows):]


def main():
    parser = argparse.ArgumentParser()
    add_judging_arguments(parser)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--package", required=True, type=pathlib.Path)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--explained", default=HERE / "explained.csv")
    args = parser.parse_args()

    def is_wanted(row):
        return row["path_in_package"].startswith(args.prefix)

    rows = {row["sha256"]: row
            for row in read_table(args.data / "real-corpus.csv")
            if is_wanted(row)}
    by_file = collections.defaultdict(dict)
    for row in read_table(args.data / "real-corpus-signatures.csv"):
        if is_wanted(row):
            by_file[row["sha256"]][row["sig_index"]] = row
    [(_, report)] = vet(args.countersign, judging_options(args),
                        [args.package])
    opened = {artifact["sha256"]: artifact for artifact in report["artifacts"]}
    comparison = Comparison(args.explained)
    missing = collections.Counter()
    surplus = collections.Counter()
    for sha256, row in rows.items():
        if sha256 not in opened:
            missing[row["format"]] += 1
            continue
        wanted = [by_file[sha256][index]
                  for index in sorted(by_file[sha256], key=int)]
        for signature in compare_member(comparison, row, wanted,
                                        opened[sha256]):
            surplus[row["format"], signature["integrity"]] += 1
    for sha256, field, ours, other in comparison.unexplained:
        print(f"DIFFERS   {sha256} {field}: ours {ours!r}, other {other!r} "
              f"({rows[sha256]['path_in_package']})")
    for kind, count in sorted(missing.items()):
        print(f"missing   {kind}: {count}")
    for (kind, integrity), count in sorted(surplus.items()):
        print(f"surplus   {kind}, {integrity}: {count} signatures that the "
              "table does not have")
    for field, count in sorted(comparison.agreed.items()):
        print(f"agreed    {field}: {count}")
    for reason, count in comparison.explained.most_common():
        print(f"explained {count}: {reason}")
    print(f"{len(opened)} contents in {len(report['artifacts'])} artifacts; "
          f"{len(rows) - missing.total()} of {len(rows)} members found; "
          f"{sum(comparison.agreed.values())} values agree, "
          f"{comparison.explained.total()} differ and are explained, "
          f"{len(comparison.unexplained)} differ and are not")
    bad = any(integrity != "valid" for _, integrity in surplus)
    return 1 if comparison.unexplained or bad or not opened else 0


if __name__ == "__main__":
    sys.exit(main())
