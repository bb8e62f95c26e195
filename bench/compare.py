#!/usr/bin/env python3
"""Measures countersign beside its peers, in one run on one machine.

usage: compare.py --build BUILD-FOLDER [--trust-list STL --roots PEM ...]
                  [--size MIB] [--count FILES]

Prints a Markdown table: rate on one large signed program beside `openssl dgst
-sha256`, rate on many small signed programs beside osslsigncode, start-up
with the roots given, scaling over two workers, and peak memory (VmHWM of every
process of the run, sampled). Each figure is the best of three. Needs openssl
and osslsigncode on the machine; samples are made by the forge.
"""
import argparse
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time


def descendants(pid):
    """The process and everything below it that is alive."""
    found = [pid]
    for each in found:
        try:
            tasks = pathlib.Path(f"/proc/{each}/task").iterdir()
            for task in tasks:
                found += map(int, (task / "children").read_text().split())
        except OSError:
            pass
    return found


def peak_kib(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found.group(1)) if found else 0


class Run:
    """One command: seconds, and the peak of its largest process in MiB."""

    def __init__(self, command, environment):
        self.peak = 0
        start = time.perf_counter()
        process = subprocess.Popen([str(c) for c in command],
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment)
        sampler = threading.Thread(target=self.sample, args=(process,))
        sampler.start()
        process.wait()
        self.seconds = time.perf_counter() - start
        sampler.join()

    def sample(self, process):
        while process.poll() is None:
            for pid in descendants(process.pid):
                self.peak = max(self.peak, peak_kib(pid) / 1024)
            time.sleep(0.005)


def best(command, environment, times=3):
    runs = [Run(command, environment) for _ in range(times)]
    fastest = min(runs, key=lambda run: run.seconds)
    fastest.peak = max(run.peak for run in runs)
    return fastest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--roots", action="append", default=[])
    parser.add_argument("--trust-list")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--count", type=int, default=4000)
    args = parser.parse_args()
    build = pathlib.Path(args.build)
    countersign = build / "countersign"
    forge = build / "tests/forge/countersign-forge"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        environment = dict(os.environ, COUNTERSIGN_TRUST_DIR=str(root / "t"))
        large = root / "large.exe"
        small = root / "small"
        tiny = root / "tiny.exe"
        subprocess.run([forge, "large", large, "--size",
                        str(args.size << 20)], check=True)
        subprocess.run([forge, "small", small, "--count", str(args.count)],
                       check=True)
        subprocess.run([forge, "sample", tiny, "--root", root / "r.pem"],
                       check=True)
        sources = [args.trust_list] if args.trust_list else []
        subprocess.run([countersign, "trust", "import", *sources, *args.roots,
                        small / "root.pem", root / "r.pem"],
                       check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        bundle = root / "bundle.pem"
        bundle.write_text("".join(
            pathlib.Path(p).read_text()
            for p in [*args.roots, small / "root.pem", root / "r.pem"]))
        (small / "root.pem").unlink()
        vet = [countersign, "vet", "--json", "--output", "/dev/null",
               "--fail-on", "never"]

        digest = best(["openssl", "dgst", "-sha256", large], environment)
        ours = best([*vet, "--jobs", "1", large], environment)
        peer_options = ["-ignore-crl", "-CAfile", bundle, "-TSA-CAfile",
                        bundle]
        peer = best(["osslsigncode", "verify", *peer_options, "-in", large],
                    environment)
        rate = args.size / digest.seconds
        print(f"| One signed program of {args.size} MiB | MiB/s | of openssl |"
              " peak MiB |\n|--|--|--|--|")
        for name, run in (("openssl dgst -sha256", digest),
                          ("countersign vet", ours),
                          ("osslsigncode verify", peer)):
            speed = args.size / run.seconds
            print(f"| {name} | {speed:.0f} | {speed / rate:.2f} |"
                  f" {run.peak:.0f} |")

        one = best([*vet, "--jobs", "1", small], environment)
        two = best([*vet, "--jobs", "2", small], environment)
        pinned = best(["taskset", "-c", "0", *vet, "--jobs", "1", small],
                      environment)
        few = sorted(small.glob("*.exe"))[:40]
        start = time.perf_counter()
        for path in few:
            subprocess.run(["osslsigncode", "verify", *map(str, peer_options),
                            "-in", str(path)], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        peer_rate = len(few) / (time.perf_counter() - start)
        empty = best([*vet, "--jobs", "1", tiny], environment, 9)
        print(f"\n| {args.count} small signed programs | files/s | peak MiB |"
              "\n|--|--|--|")
        print(f"| countersign, one worker | {args.count / one.seconds:.0f} |"
              f" {one.peak:.0f} |")
        print("| countersign, one worker, everything on one core |"
              f" {args.count / pinned.seconds:.0f} | {pinned.peak:.0f} |")
        print(f"| countersign, two workers | {args.count / two.seconds:.0f} |"
              f" {two.peak:.0f} |")
        print(f"| osslsigncode, one process a file | {peer_rate:.1f} | |")
        print(f"\nTwo workers are {one.seconds / two.seconds:.2f} x one. "
              f"One small file from start to exit, roots loaded: "
              f"{empty.seconds * 1000:.0f} ms.")


if __name__ == "__main__":
    main()
