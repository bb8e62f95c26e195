#!/usr/bin/env python3
"""Vets damaged files and checks what must never happen.

usage: mutants.py --countersign PROGRAM --forge PROGRAM [--trust FILE ...]
                  [--files DIR ...] [--at TIME] [--count N] [--seed S]
                  [--only NUMBER ...] [--keep DIR] [--every-bit CASE ...]
                  [--every-element CASE ...] [--max-mib N]

Bases are the forge's cases and the PE files below each DIR, up to 1.25 MB.
Each batch is written to a temporary folder (TMPDIR; best a tmpfs) and vetted
by one `countersign vet --json FOLDER`. Checked for every mutant:

- the program ends with a verdict's exit code, and there is a report;
- no finding says that a worker died or answered nonsense;
- "allow" only if the signed bytes are those of a base that is allowed;
- "allow" of a file in whose signature bytes were hidden only with a finding
  that says so.

The rule on signed bytes, in full. An Authenticode digest covers the file
without OptionalHeader.CheckSum, the security directory entry and the
certificate table. Take the base's own layout, read by pe_layout.py: a mutant
that is allowed must equal an allowed base in everything before that base's
table but those two fields, its directory must still name that table, and the
file must end where the directory says the table ends. Then only bytes that no
signature covers were changed.

--every-bit flips each bit of a case's certificate table in turn instead, and
prints the ranges whose change is still allowed: what in a signature is not
proven by anything. --every-element adds 16 bytes to each DER element of a
case's certificate table in turn.

Prints the totals, the rate, the largest resident size of any process, and
each failure with its number, by which --only makes the mutant again (--keep
DIR writes them there). Exit code 1 on any failure.
"""
import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from countersign import REGULAR_EXIT_CODES, add_judging_arguments
from mutation import add_element, mutant, read_base
from pe_layout import read_layout, signed_digest

BATCH = 1000
# Limit: larger bases only slow the run; their parsers are the same.
MAX_BASE_BYTES = 1_250_000
FORGE_AT = "2026-01-15T12:00:00Z"
BROKEN_WORKER = ("the worker died", "makes no sense", "no worker could")
BATCH_SECONDS = 600
# Limit: what alignment and a longer length may add.
UNNOTICED_BYTES = 8
NOTICES = ("signing.unsigned_data_in_signature", "signing.data_after_signature",
           "signing.unauthenticated_attribute",
           "signing.superfluous_certificate")


@dataclasses.dataclass
class Mutant:
    number: int
    how: str
    base: object
    data: bytes

    @property
    def name(self):
        return f"{self.number:07}"


def processes_below(pid):
    """A process and its descendants, as far as they still live."""
    yield pid
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            text = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text(
                encoding="ascii")
            for child in text.split():
                yield from processes_below(int(child))


def resident_peak_kib(pid):
    """VmHWM of one process; 0 when it is gone."""
    with contextlib.suppress(OSError):
        status = pathlib.Path(f"/proc/{pid}/status").read_text(
            encoding="ascii", errors="replace")
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


class PeakWatch:
    """Notes the largest VmHWM of a process and its workers, ten times a
    second; the value only grows, so the last look is nearly the truth."""

    def __init__(self):
        self.kib = 0

    @contextlib.contextmanager
    def watching(self, process):
        done = threading.Event()

        def look():
            while not done.wait(0.1):
                for pid in processes_below(process.pid):
                    self.kib = max(self.kib, resident_peak_kib(pid))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class Failures:
    def __init__(self, keep):
        self.keep = keep
        self.count = 0

    def add(self, item, what):
        self.count += 1
        print(f"FAILED {item.name} ({item.how} of {item.base.name}): {what}")
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / item.name).write_bytes(item.data)


def only_unsigned_bytes_changed(data, base):
    """The rule of this tool's description, for one base."""
    layout, now = base.layout, read_layout(data)
    return (layout is not None and now is not None
            and (now.table, now.directory) == (layout.table, layout.directory)
            and now.table + now.table_size == len(data)
            and signed_digest(data, layout) == signed_digest(base.data,
                                                             layout))


def changed_parts(data, base):
    """Which of the unsigned parts differ from the base, in words."""
    layout = base.layout
    parts = {"checksum": slice(layout.checksum, layout.checksum + 4),
             "directory": slice(layout.directory, layout.directory + 8),
             "table": slice(layout.table, None)}
    changed = [name for name, part in parts.items()
               if data[part] != base.data[part]]
    return "+".join(changed) or "nothing"


class Run:
    """One campaign: vets batches and counts."""

    def __init__(self, args, options, bases):
        self.command = [args.countersign, "vet", "--json", *options]
        self.bases = bases
        self.failures = Failures(args.keep)
        self.peak = PeakWatch()
        self.seconds = 0.0
        self.vetted = 0
        self.verdicts = collections.Counter()
        self.findings = collections.Counter()
        self.allowed_with = collections.Counter()
        self.allowed = []

    def reports(self, folder):
        """Vets a folder. Its exit code and the reports by file name."""
        start = time.monotonic()
        with tempfile.TemporaryFile("w+") as out, \
                subprocess.Popen([*self.command, folder], stdout=out,
                                 stderr=subprocess.PIPE, text=True) as process:
            with self.peak.watching(process):
                try:
                    _, errors = process.communicate(timeout=BATCH_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    errors = "too slow"
            out.seek(0)
            lines = [json.loads(l) for l in out if l.endswith("}\n")]
        self.seconds += time.monotonic() - start
        return process.returncode, errors, {
            pathlib.Path(r["input"]).name: r for r in lines}

    def vet(self, items):
        """Vets one batch and judges every answer."""
        with tempfile.TemporaryDirectory() as folder:
            for item in items:
                (pathlib.Path(folder) / item.name).write_bytes(item.data)
            code, errors, reports = self.reports(folder)
        if code not in REGULAR_EXIT_CODES:
            missing = [i for i in items if i.name not in reports]
            self.failures.add((missing or items)[0],
                              f"exit code {code}: {errors.strip()[-300:]}")
        for item in items:
            self.vetted += 1
            if item.name not in reports:
                self.failures.add(item, "no report")
            else:
                self.judge(item, reports[item.name])

    def judge(self, item, report):
        self.verdicts[report["verdict"]] += 1
        for finding in report["findings"]:
            self.findings[finding["id"]] += 1
            if finding["id"] == "vet.incomplete" and any(
                    words in finding["message"] for words in BROKEN_WORKER):
                self.failures.add(item, finding["message"])
        if report["verdict"] != "allow":
            return
        self.allowed.append(item)
        base = next((b for b in [item.base, *self.bases] if b.allowed
                     and only_unsigned_bytes_changed(item.data, b)), None)
        if base is None:
            self.failures.add(item, "allowed although signed bytes changed")
            return
        self.allowed_with[changed_parts(item.data, base)] += 1
        more = len(item.data) - len(item.base.data)
        only_hidden = set(item.how.split("+")) <= {"hide_data",
                                                   "hide_in_element"}
        if only_hidden and more > UNNOTICED_BYTES and not any(
                f["id"] in NOTICES for f in report["findings"]):
            self.failures.add(item, f"allowed with {more} bytes in its "
                              "signature that no finding mentions")

    def learn_bases(self):
        """Which of the unchanged bases are allowed."""
        items = [Mutant(number, "nothing", base, base.data)
                 for number, base in enumerate(self.bases)]
        with tempfile.TemporaryDirectory() as folder:
            for item in items:
                (pathlib.Path(folder) / item.name).write_bytes(item.data)
            code, errors, reports = self.reports(folder)
        if code not in REGULAR_EXIT_CODES or len(reports) != len(items):
            sys.exit(f"the bases: exit code {code}: {errors}")
        for item in items:
            item.base.allowed = reports[item.name]["verdict"] == "allow"
        self.seconds = 0.0

    def print_totals(self, max_mib):
        print(f"{self.vetted} mutants of {len(self.bases)} bases "
              f"({sum(b.allowed for b in self.bases)} of them allowed): "
              f"{self.vetted / max(self.seconds, 0.001):.0f} files/s")
        for counts in (self.verdicts, self.findings):
            print("  " + ", ".join(f"{k} {v}" for k, v in
                                   counts.most_common()))
        print("  allowed with changes in: " + ", ".join(
            f"{k} {v}" for k, v in self.allowed_with.most_common()))
        print(f"  largest process {self.peak.kib / 1024:.1f} MiB; "
              f"{self.failures.count} failures")
        if self.peak.kib > max_mib * 1024:
            print(f"FAILED: a process needed more than {max_mib} MiB")
            return 1
        return 1 if self.failures.count else 0


def read_bases(folders):
    """The bases, in an order that does not depend on the disk."""
    bases = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            if path.stat().st_size <= MAX_BASE_BYTES \
                    and path.read_bytes()[:2] == b"MZ":
                base = read_base(path)
                bases.setdefault(base.data, base)
    return list(bases.values())


def batches(items):
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def every_bit(base):
    """A mutant for each bit of the certificate table."""
    for number in range(8 * (base.table_end - base.layout.table)):
        data = bytearray(base.data)
        data[base.layout.table + number // 8] ^= 1 << number % 8
        yield Mutant(number, "bit", base, bytes(data))


def every_element(base):
    """A mutant for each DER element of the table, with bytes hidden in it."""
    extra = bytes((0x04, 0x81, 13)) + b"hidden bytes\n"
    for number, element in enumerate(base.elements):
        data = bytearray(base.data)
        if add_element(base, data, element, extra):
            yield Mutant(number, "hide_in_element", base, bytes(data))


def print_free_ranges(run, base):
    """The ranges of a table in which flips were allowed, and what they are."""
    offsets = sorted({base.layout.table + i.number // 8 for i in run.allowed})
    ranges = []
    for at in offsets:
        if ranges and ranges[-1][1] == at:
            ranges[-1][1] = at + 1
        else:
            ranges.append([at, at + 1])
    for start, end in ranges:
        outer = [e for e in base.elements if e[0] <= start
                 and end <= e[0] + e[1] + e[2]]
        inner = min(outer, key=lambda e: e[2], default=None)
        place = f"in element {inner[0]} {base.data[inner[0]]:#04x} of " \
                f"{inner[2]} bytes" if inner else "outside any element"
        print(f"free   {base.name} {start}..{end} ({end - start} bytes, "
              f"table at {base.layout.table}) {place}")


def campaign(args, run, bases):
    numbers = args.only or range(args.count)
    run.learn_bases()
    if args.every_bit:
        for name in args.every_bit:
            base = next(b for b in bases if b.name == f"{name}.exe")
            run.allowed.clear()
            for batch in batches(every_bit(base)):
                run.vet(batch)
            print_free_ranges(run, base)
        return
    if args.every_element:
        for name in args.every_element:
            base = next(b for b in bases if b.name == f"{name}.exe")
            for batch in batches(every_element(base)):
                run.vet(batch)
        return
    made = (Mutant(n, *mutant(bases, args.seed, n)) for n in numbers)
    for batch in batches(made):
        run.vet(batch)


def main():
    parser = argparse.ArgumentParser()
    add_judging_arguments(parser)
    parser.add_argument("--forge", required=True)
    parser.add_argument("--files", action="append", default=[],
                        type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", action="append", type=int)
    parser.add_argument("--every-bit", action="append", default=[])
    parser.add_argument("--every-element", action="append", default=[])
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--max-mib", type=int, default=128)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cases = pathlib.Path(name)
        subprocess.run([args.forge, "cases", cases], check=True)
        trust = [cases / "root.pem", cases / "tsa-root.pem", *args.trust]
        options = [o for file in trust for o in ("--trust", str(file))]
        options += ["--at", args.at or FORGE_AT]
        bases = read_bases([cases, *args.files])
        run = Run(args, options, bases)
        campaign(args, run, bases)
        return run.print_totals(args.max_mib)


if __name__ == "__main__":
    sys.exit(main())
