"""Runs `countersign vet --json` on many files and gives back the reports."""
import json
import subprocess

# Limit: names for one process; far below what a command line may hold.
FILES_AT_ONCE = 200
# A verdict, or "not complete". 2 is a usage error or an unreadable input,
# which no test of ours means to produce; anything else is a crash.
REGULAR_EXIT_CODES = (0, 1, 3)


class Failed(Exception):
    """The program itself failed: an exit code that says so, or no report."""


def run(command, paths, seconds):
    """One process. The reports, by input."""
    result = subprocess.run([*command, *map(str, paths)], capture_output=True,
                            text=True, timeout=seconds)
    if result.returncode not in REGULAR_EXIT_CODES:
        raise Failed(f"exit code {result.returncode} on {len(paths)} files "
                     f"from {paths[0]}: {result.stderr.strip()[-400:]}")
    # Of one input the report is a document, of several it is a line each.
    reports = ([json.loads(line) for line in result.stdout.splitlines()]
               if len(paths) > 1 else [json.loads(result.stdout)])
    return {report["input"]: report for report in reports}


def vet(program, options, paths, seconds=600):
    """Yields (path, report) for each path, in order."""
    command = [program, "vet", "--json", *options]
    paths = list(paths)
    for start in range(0, len(paths), FILES_AT_ONCE):
        batch = paths[start:start + FILES_AT_ONCE]
        reports = run(command, batch, seconds)
        for path in batch:
            if str(path) not in reports:
                raise Failed(f"no report of {path}")
            yield path, reports[str(path)]


def judging_options(args):
    """The options of `vet` for --trust and --at of a tool's own arguments."""
    options = [o for file in args.trust for o in ("--trust", str(file))]
    return options + (["--at", args.at] if args.at else [])


def add_judging_arguments(parser):
    parser.add_argument("--countersign", required=True)
    parser.add_argument("--trust", action="append", default=[])
    parser.add_argument("--at")
