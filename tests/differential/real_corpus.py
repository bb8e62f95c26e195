#!/usr/bin/env python3
"""Compares the verifier with another's readings of real signed packages.

usage: real_corpus.py --countersign PROGRAM --data DIR --cache DIR
                      [--trust FILE ...] [--at TIME] [--explained CSV]

DIR of --data holds real-corpus.csv and real-corpus-signatures.csv, which say
what an independent reader and osslsigncode found in each file; the cache is
what fetch_real_corpus.py filled. Rows whose file was not fetched are skipped
and counted.

Prints each disagreement with both values, the explained ones only counted by
reason, and how many values of each field were compared. An explanation is a
row of explained.csv: the file's SHA-256, the field, our answer, the other's,
and why the platform makes ours right. Exit code 1 on a disagreement that is
not explained.
"""
import argparse
import collections
import json
import pathlib
import re
import sys

from countersign import add_judging_arguments, judging_options, vet
from expected_state import signatures
from real_packages import read_table, stored

HERE = pathlib.Path(__file__).parent
TIMESTAMP_KINDS = {"rfc3161": "rfc3161", "authenticode": "pkcs9"}


def attributes(name):
    """The (type, value) pairs of an RFC 4514 name, in its order."""
    pair, pairs, escaped = "", [], False
    for letter in name + ",":
        if not escaped and letter in ",+":
            kind, _, value = pair.partition("=")
            pairs.append((kind, value))
            pair = ""
        elif letter == "\\" and not escaped:
            escaped = True
        else:
            pair += letter
            escaped = False
    return pairs


def short_name(name):
    """An RFC 4514 name the way the table writes names."""
    found = dict(attributes(name))
    return "; ".join(f"{kind}={found.get(kind, '')}"
                     for kind in ("CN", "O", "C"))


def own_check(signature):
    """What the table's column says of content, attribute and key."""
    content = "BAD" if signature["content_mismatch"] else "ok"
    key = "BAD" if signature["signature_mismatch"] else "ok"
    if signature["integrity"] != "valid" and content == key == "ok":
        return signature["integrity"]
    return f"filehash={content} msgdigest={key} sig={key}"


def timestamp_values(signature):
    stamp = next(iter(signature["timestamps"]), None)
    if stamp is None:
        return {"timestamp": "", "ts_kind": "", "ts_signer": ""}
    # The table has whole seconds, cut off.
    return {"timestamp": re.sub(r"\.\d+Z$", "Z", stamp["time"] or ""),
            "ts_kind": TIMESTAMP_KINDS[stamp["kind"]],
            "ts_signer": short_name(stamp["signer"])}


def signature_values(signature):
    """Our values for the columns of real-corpus-signatures.csv."""
    values = {"nest_level": "0" if signature["nested_in"] is None else "1",
              "digest": signature["digest_algorithm"],
              "own_check": own_check(signature),
              **timestamp_values(signature)}
    signer = signature["signer"]
    if signer:
        values |= {"signer": short_name(signer["subject"]),
                   "issuer": short_name(signer["issuer"]),
                   "serial": signer["serial"],
                   "not_before": signer["not_before"],
                   "not_after": signer["not_after"],
                   "ev": "yes" if signer["validation"] == "ev" else "no",
                   "cert_sha256": signer["sha256"]}
    return values


def any_trusted(report):
    return any(s["integrity"] == "valid" and s["trust"] == "trusted"
               for s in signatures(report))


def file_values(report):
    """Our values for the columns of real-corpus.csv."""
    present = report["artifacts"][0]["signed"]
    return {"format": report["artifacts"][0]["format"].upper(),
            "size": str(report["artifacts"][0]["size"]),
            "signed": {"present": "yes", "absent": "no"}.get(present, present),
            "n_signatures": str(len(signatures(report))),
            "osslsigncode": "ok" if any_trusted(report) else "fail"}


def expected_file_values(row):
    """The row's values; osslsigncode's answer out of its remarks."""
    wanted = {name: row[name]
              for name in ("format", "size", "signed", "n_signatures")}
    for word in row["verify_result"].split():
        if word.startswith("osslsigncode="):
            wanted["osslsigncode"] = word[len("osslsigncode="):].split("(")[0]
    return wanted


class Comparison:
    """Counts values that agree and keeps those that do not."""

    def __init__(self, explained):
        self.reasons = {(row["sha256"], row["field"], row["ours"],
                         row["other"]): row["reason"]
                        for row in read_table(explained)}
        self.agreed = collections.Counter()
        self.explained = collections.Counter()
        self.unexplained = []

    def compare(self, sha256, place, wanted, found):
        for field, other in wanted.items():
            ours = found.get(field, "")
            if ours == other:
                self.agreed[field] += 1
                continue
            reason = self.reasons.get((sha256, place + field, ours, other))
            if reason:
                self.explained[reason] += 1
            else:
                self.unexplained.append((sha256, place + field, ours, other))


def compare_file(comparison, row, signature_rows, report):
    """One file and all its signatures."""
    sha256 = row["sha256"]
    comparison.compare(sha256, "", expected_file_values(row),
                       file_values(report))
    found = signatures(report)
    for wanted in signature_rows:
        index = int(wanted["sig_index"])
        values = signature_values(found[index]) if index < len(found) else {}
        columns = {name: wanted[name] for name in (
            "nest_level", "signer", "issuer", "serial", "not_before",
            "not_after", "timestamp", "ts_kind", "ts_signer", "digest", "ev",
            "cert_sha256", "own_check")}
        comparison.compare(sha256, f"{index}.", columns, values)


def print_counts(comparison, compared, skipped, rows):
    for field, count in sorted(comparison.agreed.items()):
        print(f"agreed    {field}: {count}")
    for reason, count in comparison.explained.most_common():
        print(f"explained {count}: {reason}")
    print(f"{compared} files compared, {skipped} of {rows} rows skipped (not "
          f"fetched); {sum(comparison.agreed.values())} values agree, "
          f"{comparison.explained.total()} differ and are explained, "
          f"{len(comparison.unexplained)} differ and are not")


def main():
    parser = argparse.ArgumentParser()
    add_judging_arguments(parser)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--explained", default=HERE / "explained.csv")
    parser.add_argument("--keep", type=pathlib.Path,
                        help="write the reports there, as JSON lines")
    args = parser.parse_args()
    rows = [row for row in read_table(args.data / "real-corpus.csv")
            if row["format"] == "PE"]
    # One row a content: the same file in two packages is compared once.
    unique = {row["sha256"]: row for row in rows
              if stored(args.cache, row["sha256"]).exists()}
    by_file = collections.defaultdict(dict)
    for row in read_table(args.data / "real-corpus-signatures.csv"):
        by_file[row["sha256"]][row["sig_index"]] = row
    comparison = Comparison(args.explained)
    paths = [stored(args.cache, sha256) for sha256 in unique]
    verdicts = collections.Counter()
    kept = open(args.keep, "w", encoding="utf-8") if args.keep else None
    for path, report in vet(args.countersign, judging_options(args), paths):
        row = unique[path.name]
        compare_file(comparison, row, by_file[row["sha256"]].values(), report)
        verdicts[row["signed"], report["verdict"]] += 1
        if kept:
            kept.write(json.dumps(report) + "\n")
    for sha256, field, ours, other in comparison.unexplained:
        path = unique[sha256]["path_in_package"]
        print(f"DIFFERS   {sha256} {field}: ours {ours!r}, other {other!r} "
              f"({path})")
    for (signed, verdict), count in sorted(verdicts.items()):
        print(f"verdict   signed={signed} {verdict}: {count}")
    skipped = sum(not stored(args.cache, r["sha256"]).exists() for r in rows)
    print_counts(comparison, len(paths), skipped, len(rows))
    return 1 if comparison.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
