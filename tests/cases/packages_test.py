#!/usr/bin/env python3
"""Packages that other tools make and sign, through the whole program.

usage: packages_test.py COUNTERSIGN COUNTERSIGN-FORGE
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

COUNTERSIGN = FORGE = None
# Within the lifetime of the certificate made below.
AT = "2026-06-01T12:00:00Z"

WXS = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
 <Product Name="Inert" Id="*" UpgradeCode="12345678-1234-1234-1234-123456789abc"
   Language="1033" Version="1.0.0" Manufacturer="Example">
  <Package InstallerVersion="200" Compressed="yes"/>
  <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
  <Directory Id="TARGETDIR" Name="SourceDir">
   <Directory Id="ProgramFilesFolder">
    <Directory Id="INSTALLDIR" Name="Inert">
     <Component Id="Main" Guid="*">
      <File Id="MainProgram" Name="inert.exe" Source="{program}" KeyPath="yes"/>
     </Component>
    </Directory>
   </Directory>
  </Directory>
  <Feature Id="Everything" Level="1"><ComponentRef Id="Main"/></Feature>
 </Product>
</Wix>
"""


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True,
                          capture_output=True, timeout=120, **options)


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = root = pathlib.Path(cls.folder.name)
        run(FORGE, "cases", root / "cases")
        cls.program = root / "cases/valid.exe"
        run("faketime", "2026-01-01", "openssl", "req", "-x509", "-newkey",
            "rsa:2048", "-nodes", "-keyout", root / "key.pem", "-out",
            root / "publisher.pem", "-subj", "/O=Example Packages/CN=Example",
            "-days", "300", "-addext", "extendedKeyUsage=codeSigning")
        (root / "a.txt").write_text("plain text\n" * 2000)
        run("gcab", "-c", "-z", root / "plain.cab", root / "a.txt", cls.program,
            cwd=root)
        (root / "product.wxs").write_text(WXS.format(program="cases/valid.exe"))
        run("wixl", "-o", "plain.msi", "product.wxs", cwd=root)
        cls.sign("plain.cab", "signed.cab")
        cls.sign("plain.msi", "signed.msi")
        cls.sign("plain.msi", "signed_ex.msi", "-add-msi-dse")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def sign(cls, plain, signed, *options):
        run("osslsigncode", "sign", "-certs", cls.root / "publisher.pem", "-key",
            cls.root / "key.pem", "-h", "sha256", *options, "-in",
            cls.root / plain, "-out", cls.root / signed)

    def vet(self, file, *options, at=AT):
        result = subprocess.run(
            [COUNTERSIGN, "vet", "--json", "--at", at, "--trust",
             str(self.root / "publisher.pem"), "--trust",
             str(self.root / "cases/root.pem"), *options, str(file)],
            capture_output=True, timeout=120)
        return json.loads(result.stdout)

    def changed(self, name, change):
        data = bytearray((self.root / name).read_bytes())
        change(data)
        file = self.root / f"changed_{name}"
        file.write_bytes(data)
        return self.vet(file)

    def ids(self, report):
        return {f["id"] for f in report["findings"]}

    def integrity(self, report):
        return [s["integrity"] for s in report["artifacts"][0]["signatures"]]

    def test_a_signed_package_vouches_for_what_is_in_it(self):
        for name in ("signed.cab", "signed.msi", "signed_ex.msi"):
            with self.subTest(name):
                report = self.vet(self.root / name)
                self.assertEqual(self.integrity(report), ["valid"])
                self.assertEqual(report["artifacts"][0]["signatures"][0]["trust"],
                                 "trusted")
                self.assertTrue(report["complete"])
                self.assertEqual(report["verdict"], "allow", report["reasons"])
                members = report["artifacts"][1:]
                self.assertTrue(members)
                self.assertEqual({m["covered_by"] for m in members}, {0})
                program = [m for m in members if m["format"] == "pe"]
                self.assertEqual(len(program), 1)
                self.assertEqual(program[0]["signatures"][0]["trust"],
                                 "trusted")

    def test_unsigned_packages_are_held(self):
        for name in ("plain.cab", "plain.msi"):
            with self.subTest(name):
                report = self.vet(self.root / name)
                self.assertEqual(report["artifacts"][0]["signed"], "absent")
                self.assertEqual(report["verdict"], "hold")
                self.assertTrue(report["complete"])

    def test_members_are_called_as_they_are_installed(self):
        report = self.vet(self.root / "plain.msi")
        program = [a for a in report["artifacts"] if a["format"] == "pe"][0]
        self.assertTrue(program["path"].endswith(
            "!product.cab![ProgramFilesFolder]/Inert/inert.exe"),
            program["path"])
        self.assertEqual(program["stored_as"], "MainProgram")

    def test_content_that_was_changed_is_no_longer_signed(self):
        def flip_text(data):
            at = data.rindex(b"MSCF") + 600
            data[at] ^= 1
        for name in ("signed.cab", "signed.msi", "signed_ex.msi"):
            with self.subTest(name):
                report = self.changed(name, flip_text)
                self.assertEqual(self.integrity(report), ["invalid"])
                self.assertIn("signing.digest_mismatch", self.ids(report))
                self.assertEqual(report["verdict"], "block")

    def test_names_and_times_are_signed_by_the_second_digest(self):
        def touch_time(data):
            entry = data.index("\5SummaryInformation".encode("utf-16le"))
            data[entry + 100] ^= 1
        with self.subTest("without"):
            self.assertEqual(
                self.integrity(self.changed("signed.msi", touch_time)),
                ["valid"])
        with self.subTest("with"):
            report = self.changed("signed_ex.msi", touch_time)
            self.assertEqual(self.integrity(report), ["invalid"])
            self.assertNotEqual(report["verdict"], "allow")

    def test_data_behind_a_package_is_noticed(self):
        def append(data):
            data += b"PK\3\4" + bytes(600)
        for name, place in (
                ("signed.cab", "signature of the cabinet"),
                ("signed.msi", "last sector of the compound file"),
                ("signed_ex.msi", "last sector of the compound file")):
            with self.subTest(name):
                report = self.changed(name, append)
                self.assertEqual(report["verdict"], "hold")
                message, = [f["message"] for f in report["findings"]
                            if f["id"] == "signing.data_after_signature"]
                self.assertTrue(message.startswith(
                    f"Data follows the {place}: "), message)

    def test_an_archive_behind_a_package_is_not_signed_with_it(self):
        """As in CVE-2020-1464: Windows shows the signature of the package."""
        behind = io.BytesIO()
        with zipfile.ZipFile(behind, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
            archive.writestr("Main.class", "inert")

        def append(data):
            data += behind.getvalue()
        for name in ("signed.cab", "signed.msi", "signed_ex.msi"):
            with self.subTest(name):
                report = self.changed(name, append)
                self.assertEqual(self.integrity(report), ["valid"])
                self.assertNotEqual(report["verdict"], "allow")
                by_name = {a["path"].split("!")[-1]: a
                           for a in report["artifacts"]}
                self.assertTrue(by_name["[appended]"]["outside_signature"])
                self.assertIsNone(by_name["Main.class"]["covered_by"])

    def test_a_damaged_package_is_called_what_it_is(self):
        def cut_off(data):
            del data[30:]
        for name, kind in (("signed.cab", "cabinet"),
                           ("signed.msi", "compound file (OLE)")):
            with self.subTest(name):
                report = self.changed(name, cut_off)
                self.assertEqual(report["verdict"], "hold")
                message, = [f["message"] for f in report["findings"]
                            if f["id"] == "pe.malformed"]
                self.assertTrue(message.startswith(
                    f"The file starts like a {kind} but "), message)

    def test_no_cut_package_passes(self):
        for name in ("signed.cab", "signed_ex.msi"):
            data = (self.root / name).read_bytes()
            for size in range(1, len(data), len(data) // 25):
                file = self.root / f"cut_{name}"
                file.write_bytes(data[:size])
                report = self.vet(file)
                self.assertNotEqual(report["verdict"], "allow", (name, size))

    def test_no_change_of_a_byte_passes(self):
        for name in ("signed.cab", "signed_ex.msi"):
            data = (self.root / name).read_bytes()
            signature = self.vet(self.root / name)["artifacts"][0][
                "signatures"][0]["range"]
            begin = signature["offset"]
            end = begin + signature["size"]
            for at in range(7, len(data), len(data) // 60):
                if begin <= at < end:
                    continue
                changed = bytearray(data)
                changed[at] ^= 0x41
                file = self.root / f"byte_{name}"
                file.write_bytes(changed)
                report = self.vet(file)
                # Why some may pass: padding of streams to whole sectors, and
                # fields that no signature of these formats covers, change
                # nothing of what is installed.
                if report["verdict"] == "allow":
                    before = [(a["path"].split("!", 1)[-1], a["sha256"])
                              for a in self.vet(self.root / name)[
                                  "artifacts"][1:]]
                    after = [(a["path"].split("!", 1)[-1], a["sha256"])
                             for a in report["artifacts"][1:]]
                    self.assertEqual(before, after, (name, at))

    SCRIPTS = {
        "a.ps1": "Write-Output 'é'\r\n".encode("utf-8-sig"),
        "b.psm1": "Write-Output 'é'\r\n".encode("utf-16"),
        "c.psd1": b"@{ ModuleVersion = '1.0' }\r\n",
        "d.ps1xml": b"<Types>\r\n</Types>\r\n",
        "e.psc1": b"<PSConsoleFile/>\r\n",
        "f.cdxml": b"<PowerShellMetadata/>\r\n",
        "g.mof": b"class A {};\r\n",
    }

    def test_scripts_that_another_tool_signs(self):
        for name, text in self.SCRIPTS.items():
            with self.subTest(name):
                (self.root / name).write_bytes(text)
                self.sign(name, f"signed_{name}")
                report = self.vet(self.root / f"signed_{name}")
                self.assertEqual(report["artifacts"][0]["format"],
                                 "powershell")
                self.assertEqual(self.integrity(report), ["valid"])
                self.assertEqual(report["verdict"], "allow", report["reasons"])

                def letter(data):
                    at = 8 if name == "b.psm1" else 6
                    data[at] ^= 1
                report = self.changed(f"signed_{name}", letter)
                self.assertEqual(report["verdict"], "block")

    def test_forged_scripts(self):
        at = "2026-11-23T10:00:00Z"
        for name in ("script.ps1", "marked.ps1", "wide.ps1", "script.ps1xml",
                     "script.mof", "script.vbs", "script.js", "script.wsf"):
            with self.subTest(name):
                report = self.vet(self.root / "cases" / name, at=at)
                self.assertEqual(report["verdict"], "allow", report["reasons"])
        data = (self.root / "cases/script.ps1").read_bytes()
        feeds = self.root / "feeds.ps1"
        feeds.write_bytes(data.replace(b"\r\n", b"\n"))
        report = self.vet(feeds, at=at)
        self.assertEqual(report["verdict"], "block")
        self.assertIn("signing.only_encoding_differs", self.ids(report))

    def test_catalogs_cover_what_they_list(self):
        """Given with the option, and found beside the file in one archive."""
        cases = self.root / "cases"
        at = "2026-11-23T10:00:00Z"
        for catalog, verdict in (("forge.cat", "allow"), ("old.cat", "hold"),
                                 ("bad.cat", "block")):
            with self.subTest(catalog):
                given = self.vet(cases / "listed.bin", "--catalog",
                                 str(cases / catalog), at=at)
                self.assertEqual(given["verdict"], verdict, given["reasons"])
                self.assertEqual([c["source"] for c in
                                  given["catalog_sources"]],
                                 [str(cases / catalog)])
                archive = self.root / "listed.zip"
                with zipfile.ZipFile(archive, "w") as packed:
                    for name in (catalog, "listed.bin", "listed.txt"):
                        packed.write(cases / name, name)
                report = self.vet(archive, at=at)
                by_name = {a["path"].split("!")[-1]: a
                           for a in report["artifacts"]}
                program = by_name["listed.bin"]
                self.assertEqual(program["signed"], "by-catalog")
                self.assertEqual([s["scheme"] for s in program["signatures"]],
                                 ["catalog"])
                self.assertEqual(report["verdict"], verdict, report["reasons"])
        unsigned = self.vet(cases / "listed.bin", at=at)
        self.assertEqual(unsigned["artifacts"][0]["signed"], "absent")
        self.assertEqual(unsigned["verdict"], "hold")


if __name__ == "__main__":
    COUNTERSIGN, FORGE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
