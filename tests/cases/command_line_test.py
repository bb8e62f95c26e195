#!/usr/bin/env python3
"""The program as a user meets it.

usage: command_line_test.py COUNTERSIGN COUNTERSIGN-FORGE
"""
import hashlib
import json
import mmap
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

COUNTERSIGN = FORGE = None
AT = "2026-01-15T12:00:00Z"


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        subprocess.run([FORGE, "cases", cls.root / "cases"], check=True)
        cls.trust = ["--trust", cls.root / "cases/root.pem",
                     "--trust", cls.root / "cases/tsa-root.pem"]
        cls.environment = dict(os.environ, HOME=cls.folder.name,
                               COUNTERSIGN_TRUST_DIR=str(cls.root / "stores"),
                               LC_ALL="C.UTF-8")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_program(self, *arguments, stdin=None):
        return subprocess.run([COUNTERSIGN, *map(str, arguments)],
                              input=stdin, capture_output=True, timeout=60,
                              env=self.environment)

    def vet(self, *arguments, stdin=None):
        return self.run_program("vet", "--at", AT, *self.trust, *arguments,
                                stdin=stdin)

    def case(self, name):
        return self.root / "cases" / f"{name}.exe"

    def test_exit_codes_follow_the_verdict(self):
        self.assertEqual(self.vet(self.case("valid_timestamped")).returncode, 0)
        self.assertEqual(self.vet(self.case("tampered")).returncode, 1)
        self.assertEqual(
            self.vet("--fail-on", "block", self.case("expired")).returncode, 0)
        self.assertEqual(
            self.vet("--fail-on", "block", self.case("tampered")).returncode,
            1)

    def test_errors_are_one_sentence_and_exit_2(self):
        for arguments in (["--no-such-option"], [self.root / "absent.exe"],
                          ["--at", "yesterday", self.case("valid")], []):
            result = self.vet(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr.strip(), arguments)

    def test_an_unreadable_path_does_not_hide_the_others(self):
        result = self.vet("--json", self.root / "absent.exe",
                          self.case("valid_timestamped"))
        self.assertEqual(result.returncode, 2)
        lines = [json.loads(x) for x in result.stdout.splitlines()]
        self.assertEqual([r["verdict"] for r in lines], ["allow"])
        self.assertIn(b"absent.exe", result.stderr)

    def test_not_inspected_is_never_unsigned(self):
        package = self.root / "a.pkg"
        package.write_bytes(b"xar!" + bytes(60))
        result = self.vet("--json", "--fail-on", "block", package)
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 3)
        self.assertFalse(report["complete"])
        self.assertEqual(report["verdict"], "hold")
        self.assertEqual(report["artifacts"][0]["format"], "xar")
        self.assertNotEqual(report["artifacts"][0]["signed"], "absent")

    def test_the_report_has_the_schema(self):
        path = self.case("dual")
        report = json.loads(self.vet("--json", path).stdout)
        self.assertEqual(report["schema"], "countersign.report/1")
        self.assertEqual(report["input"], str(path))
        self.assertEqual(report["evaluated_at"], AT)
        self.assertEqual(len(report["trust"]), 2)
        first, nested = report["artifacts"][0]["signatures"]
        self.assertIsNone(first["nested_in"])
        self.assertEqual(nested["nested_in"], 0)
        for field in ("scheme", "index", "integrity", "digest_algorithm",
                      "digest", "trust", "revocation", "weak", "signer",
                      "chain", "timestamps", "program_name", "program_url"):
            self.assertIn(field, first)

    def test_standard_input(self):
        data = self.case("valid_timestamped").read_bytes()
        result = self.vet("--json", "-", stdin=data)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["input"], "-")

    def test_a_directory_is_json_lines_in_order(self):
        folder = self.root / "folder" / "with space"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("b", "a", "c"):
            shutil.copy(self.case("valid_timestamped"), folder / f"{name}.exe")
        result = self.vet("--json", "--jobs", "2", self.root / "folder")
        names = [pathlib.Path(json.loads(x)["input"]).name
                 for x in result.stdout.splitlines()]
        self.assertEqual(names, ["a.exe", "b.exe", "c.exe"])

    def test_two_runs_differ_in_the_time_taken_only(self):
        def run():
            report = json.loads(self.vet("--json", self.case("dual")).stdout)
            del report["statistics"]["seconds"]
            return json.dumps(report)
        self.assertEqual(run(), run())

    def test_output_file_is_whole_or_absent(self):
        out = self.root / "report.json"
        result = self.vet("--json", "--output", out, self.case("valid"))
        self.assertEqual(result.stdout, b"")
        self.assertEqual(json.loads(out.read_text())["verdict"], "allow")
        result = self.vet("--json", "--output", self.root / "no/such/x.json",
                          self.case("valid"))
        self.assertEqual(result.returncode, 2)

    def test_the_text_report_says_the_verdict_first(self):
        text = self.vet(self.case("tampered")).stdout.decode()
        self.assertIn("BLOCK", text.splitlines()[0])
        self.assertNotIn("\x1b", text)

    def test_each_process_isolation_gives_the_same_answer(self):
        result = self.vet("--isolate", "--json", self.case("dual"))
        self.assertEqual(json.loads(result.stdout)["verdict"], "allow")

    def test_revocation_list(self):
        result = self.vet("--json", "--crl", self.root / "cases/forge.crl",
                          self.case("revoked_before"))
        report = json.loads(result.stdout)
        self.assertEqual(report["verdict"], "block")
        signature = report["artifacts"][0]["signatures"][0]
        self.assertEqual(signature["revocation"], "revoked")

    def test_without_stores_nothing_is_allowed(self):
        result = self.run_program("vet", "--json", "--at", AT,
                                  self.case("valid_timestamped"))
        self.assertEqual(json.loads(result.stdout)["verdict"], "hold")

    def test_imported_store_is_used_and_cited(self):
        result = self.run_program("trust", "import",
                                  self.root / "cases/root.pem",
                                  self.root / "cases/tsa-root.pem",
                                  "--name", "forge")
        self.assertEqual(result.returncode, 0, result.stderr)
        try:
            result = self.run_program("vet", "--json", "--at", AT,
                                      self.case("valid_timestamped"))
            report = json.loads(result.stdout)
            self.assertEqual(report["verdict"], "allow")
            self.assertEqual(report["trust"][0]["store"], "forge")
        finally:
            self.run_program("trust", "remove", "forge")

    def test_the_report_never_replaces_what_is_vetted(self):
        same = self.root / "same.exe"
        shutil.copy(self.case("tampered"), same)
        before = same.read_bytes()
        folder = self.root / "replaced"
        folder.mkdir()
        shutil.copy(same, folder / "inside.exe")
        for output, path in ((same, same), (folder / "inside.exe", folder)):
            result = self.vet("--output", output, path)
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"replace", result.stderr)
            self.assertEqual(output.read_bytes(), before)

    def test_reports_survive_a_run_that_ends_early(self):
        """What was made before the first error is kept beside the target."""
        output = self.root / "early.jsonl"
        output.write_bytes(b"before")
        result = self.vet("--json", "--jobs", 1, "--output", output,
                          self.case("valid_timestamped"), output)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(output.read_bytes(), b"before")
        kept = pathlib.Path(f"{output}.partial").read_text()
        self.assertEqual(json.loads(kept)["verdict"], "allow")
        # A second time nothing of the first is lost.
        self.vet("--json", "--jobs", 1, "--output", output,
                 self.case("tampered"), output)
        self.assertEqual(pathlib.Path(f"{output}.partial").read_text(), kept)
        second = pathlib.Path(f"{output}.partial.1").read_text()
        self.assertEqual(json.loads(second)["verdict"], "block")

    def test_closed_descriptors_are_errors(self):
        for closed in ("<&-", ">&-"):
            path = "-" if closed == "<&-" else self.case("valid_timestamped")
            result = subprocess.run(
                ["bash", "-c", f'exec "$0" "$@" {closed}', COUNTERSIGN, "vet",
                 str(path)], capture_output=True, timeout=60,
                env=self.environment)
            self.assertEqual(result.returncode, 2, closed)
            self.assertIn(b"Bad file descriptor", result.stderr)

    def test_a_crl_that_is_none_is_an_error(self):
        result = self.vet("--crl", self.root / "cases/root.pem",
                          self.case("valid_timestamped"))
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"root.pem was given with --crl", result.stderr)
        self.assertEqual(result.stdout, b"")

    def test_an_unreadable_root_does_not_end_the_run(self):
        """Only files given with --crl are a mistake of the command."""
        folder = self.root / "trust-unreadable"
        self.import_into(folder, self.root / "cases/root.pem").communicate()
        store = folder / "local.store"
        data = bytearray(store.read_bytes())
        at = data.index(b"\x30\x82")
        data[at] = 0x31
        store.write_bytes(data)
        result = subprocess.run(
            [COUNTERSIGN, "vet", "--json", "--at", AT,
             str(self.case("valid_timestamped"))], capture_output=True,
            env=self.environment | {"COUNTERSIGN_TRUST_DIR": str(folder)})
        self.assertEqual(result.returncode, 1, result.stderr)
        findings = json.loads(result.stdout)["findings"]
        self.assertIn("vet.evidence_unreadable", [f["id"] for f in findings])

    def test_a_file_open_for_writing_is_held(self):
        """A larger file is mapped, so nobody may write while it is read."""
        path = self.root / "written.exe"
        path.write_bytes(self.case("valid_timestamped").read_bytes() +
                         bytes(3 << 20))
        with open(path, "r+b") as file:
            writer = mmap.mmap(file.fileno(), 0)
        result = self.vet("--json", path)
        report = json.loads(result.stdout)
        self.assertEqual(report["verdict"], "hold")
        self.assertFalse(report["complete"])
        self.assertIn("open for writing", " ".join(report["reasons"]))
        writer.close()
        self.assertNotIn(b"open for writing",
                         self.vet("--json", path).stdout)

    def test_the_digest_is_of_the_bytes_that_were_judged(self):
        """A writer through a mapping changes neither size nor times."""
        path = self.root / "flipped.exe"
        shutil.copy(self.case("valid_timestamped"), path)
        good = hashlib.sha256(path.read_bytes()).hexdigest()
        flipper = subprocess.Popen(
            [sys.executable, "-c",
             "import mmap, sys\n"
             "f = open(sys.argv[1], 'r+b')\n"
             "m = mmap.mmap(f.fileno(), 0)\n"
             "print(flush=True)\n"
             "while True:\n    m[1100] ^= 1\n", path],
            stdout=subprocess.PIPE)
        try:
            self.assertTrue(flipper.stdout.readline())
            result = self.vet("--json", *[path] * 300)
        finally:
            flipper.kill()
            flipper.wait()
            flipper.stdout.close()
        reports = [json.loads(x) for x in result.stdout.splitlines()]
        self.assertEqual(len(reports), 300)
        for report in reports:
            if report["verdict"] == "allow":
                self.assertEqual(report["artifacts"][0]["sha256"], good)

    def test_a_sparse_file_costs_its_time_limit(self):
        folder = self.root / "sparse"
        folder.mkdir()
        with open(folder / "a.bin", "wb") as file:
            file.truncate(1 << 43)
        shutil.copy(self.case("valid_timestamped"), folder / "b.exe")
        result = self.vet("--json", "--time-limit", "1s", folder)
        reports = [json.loads(x) for x in result.stdout.splitlines()]
        self.assertEqual([r["verdict"] for r in reports], ["hold", "allow"])
        self.assertIn("time limit", " ".join(reports[0]["reasons"]))

    def import_into(self, folder, *arguments):
        return subprocess.Popen(
            [COUNTERSIGN, "trust", "import", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment | {"COUNTERSIGN_TRUST_DIR": str(folder)})

    def test_imports_at_the_same_time_lose_nothing(self):
        folder = self.root / "trust-race"
        imports = [self.import_into(folder, self.root / "cases" / name)
                   for name in ("root.pem", "tsa-root.pem")]
        for process in imports:
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
        result = subprocess.run(
            [COUNTERSIGN, "trust", "list", "--json"], capture_output=True,
            env=self.environment | {"COUNTERSIGN_TRUST_DIR": str(folder)})
        stores = json.loads(result.stdout)
        self.assertEqual([s["certificates"] for s in stores], [3])

    def test_a_damaged_store_is_not_imported_over(self):
        folder = self.root / "trust-damaged"
        first = self.import_into(folder, self.root / "cases/root.pem")
        first.communicate(timeout=60)
        store = folder / "local.store"
        damaged = store.read_bytes()[:200]
        store.write_bytes(damaged)
        second = self.import_into(folder, self.root / "cases/tsa-root.pem")
        errors = second.communicate(timeout=60)[1]
        self.assertEqual(second.returncode, 2)
        self.assertIn(b"trust remove local", errors)
        self.assertEqual(store.read_bytes(), damaged)

    def test_help_version_completion(self):
        for arguments in (["--help"], ["vet", "--help"], ["--version"],
                          ["trust", "--help"], ["completion", "bash"],
                          ["completion", "zsh"], ["completion", "fish"]):
            result = self.run_program(*arguments)
            self.assertEqual(result.returncode, 0, arguments)
            self.assertTrue(result.stdout, arguments)


if __name__ == "__main__":
    COUNTERSIGN, FORGE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
