#!/usr/bin/env python3
"""What installers do, from their sources through the tools that build them.

usage: actions_test.py COUNTERSIGN COUNTERSIGN-FORGE
"""
import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

COUNTERSIGN = FORGE = None

WXS = r"""<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
 <Product Name="Trade" Id="*" UpgradeCode="12345678-1234-1234-1234-123456789abc"
   Language="1033" Version="1.0.0" Manufacturer="Example">
  <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
  <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
  <Directory Id="TARGETDIR" Name="SourceDir">
   <Directory Id="ProgramMenuFolder"/>
   <Directory Id="ProgramFilesFolder">
    <Directory Id="INSTALLDIR" Name="Trade">
     <Component Id="Main" Guid="*">
      <File Id="MainProgram" Name="Trader.exe" Source="Trader.exe" KeyPath="yes">
       <Shortcut Id="Link" Directory="ProgramMenuFolder" Name="Trader"
         WorkingDirectory="INSTALLDIR" Advertise="no"/>
      </File>
      <RegistryValue Root="HKLM" Name="TradeUpdate" Type="string"
        Key="Software\Microsoft\Windows\CurrentVersion\Run"
        Value="&quot;[INSTALLDIR]Updater.exe&quot; /auto"/>
      <RegistryValue Root="HKLM" Name="Build" Type="integer" Value="7"
        Key="Software\Trade"/>
     </Component>
     <Component Id="Updates" Guid="*">
      <File Id="UpdaterFile" Name="Updater.exe" Source="Updater.exe"
        KeyPath="yes"/>
      <ServiceInstall Id="Service" Name="TradeService" Type="ownProcess"
        DisplayName="Trade Service" Start="auto" ErrorControl="normal"
        Arguments="-service"/>
      <ServiceControl Id="Control" Name="TradeService" Start="install"
        Stop="both" Remove="uninstall"/>
     </Component>
    </Directory>
   </Directory>
  </Directory>
  <Feature Id="Everything" Level="1">
   <ComponentRef Id="Main"/><ComponentRef Id="Updates"/>
  </Feature>
  <CustomAction Id="StartUpdater" FileKey="UpdaterFile" Execute="deferred"
    ExeCommand="CheckUpdate" Return="asyncNoWait" Impersonate="no"/>
  <CustomAction Id="Farewell" FileKey="UpdaterFile" ExeCommand="Farewell"
    Return="ignore"/>
  <InstallExecuteSequence>
   <Custom Action="StartUpdater" Before="InstallFinalize">NOT REMOVE</Custom>
   <Custom Action="Farewell" Before="RemoveFiles">REMOVE="ALL"</Custom>
  </InstallExecuteSequence>
 </Product>
</Wix>
"""

NSI = r"""
Unicode {unicode}
{compressor}
Name "Trade"
OutFile "{out}"
InstallDir "$PROGRAMFILES\Trade"
RequestExecutionLevel admin
Section "Main"
  SetOutPath "$INSTDIR"
  File Trader.exe
  File Updater.exe
  WriteUninstaller "$INSTDIR\remove.exe"
  CreateShortCut "$SMPROGRAMS\Trader.lnk" "$INSTDIR\Trader.exe" "-menu"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Run" \
    "Update" '"$INSTDIR\Updater.exe" /silent'
  WriteRegDWORD HKLM "Software\Trade" "Build" 7
  ExecWait '"$INSTDIR\Updater.exe" CheckUpdate'
  Exec 'powershell.exe -NoProfile -EncodedCommand AAAA'
  ExecShell "open" "$INSTDIR\Trader.exe" "-first"
  nsExec::Exec 'schtasks /create /tn T /ru system /tr "\"$INSTDIR\Updater.exe\" /hourly"'
  Exec 'cmd.exe /c start "" /b "$INSTDIR\Updater.exe" /late'
  Exec 'powershell -w hidden -enc {encoded}'
  System::Call "kernel32::GetTickCount() i .r0"
  NSISdl::download "http://example.com/a.bin" "$TEMP\a.bin"
SectionEnd
Section "Uninstall"
  ExecWait '"$INSTDIR\Updater.exe" /remove'
  Delete "$INSTDIR\Trader.exe"
SectionEnd
"""


HIDDEN_COMMAND = "Start-Process 'Updater.exe' CheckUpdate"


def encoded(command):
    """As PowerShell takes it with -EncodedCommand."""
    return base64.b64encode(command.encode("utf-16-le")).decode()


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True,
                          capture_output=True, timeout=120, **options)


class Actions(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = root = pathlib.Path(cls.folder.name)
        run(FORGE, "cases", root / "cases")
        shutil.copy(root / "cases/valid.exe", root / "Trader.exe")
        shutil.copy(root / "cases/expired.exe", root / "Updater.exe")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def vet(self, file):
        result = subprocess.run(
            [COUNTERSIGN, "vet", "--json", "--at", "2026-11-23T10:00:00Z",
             "--trust", str(self.root / "cases/root.pem"), str(file)],
            capture_output=True, timeout=120)
        return json.loads(result.stdout)

    def rows(self, report, *fields):
        return [tuple(a[f] for f in fields) for a in report["actions"]]

    def role(self, report, name):
        return [a["role"] for a in report["artifacts"]
                if a["path"].endswith(name)]

    def check_celas_pattern(self, report):
        """A helper is started with a fixed argument, and it is said."""
        self.assertEqual(self.role(report, "/Trader.exe"), ["main program"])
        self.assertEqual(self.role(report, "/Updater.exe"), ["helper"])
        messages = [f["message"] for f in report["findings"]
                    if f["id"] == "install.starts_helper"]
        self.assertEqual(len(messages), 1, messages)
        self.assertIn('Updater.exe" with the arguments "CheckUpdate"',
                      messages[0])
        self.assertIn("Trader.exe", messages[0])
        by_name = {report["artifacts"][row["artifact"]]["path"].split("/")[-1]:
                   row for row in report["coverage"]}
        started = {report["actions"][i]["arguments"]
                   for i in by_name["Updater.exe"]["actions"]}
        self.assertIn("CheckUpdate", started)
        self.assertTrue(by_name["Trader.exe"]["signers"])

    def test_windows_installer(self):
        (self.root / "p.wxs").write_text(WXS)
        run("wixl", "-o", "p.msi", "p.wxs", cwd=self.root)
        report = self.vet(self.root / "p.msi")
        programs = "[ProgramFilesFolder]/Trade/"
        self.assertEqual(
            self.rows(report, "kind", "phase", "statement", "name", "target",
                      "arguments", "value", "condition", "runs_as",
                      "persistence"), [
                ("run-program", "install", "CustomAction", "StartUpdater",
                 programs + "Updater.exe", "CheckUpdate", "", "NOT REMOVE",
                 "system", "none"),
                ("run-program", "uninstall", "CustomAction", "Farewell",
                 programs + "Updater.exe", "Farewell", "", 'REMOVE="ALL"',
                 "user", "none"),
                ("install-service", "install", "ServiceInstall",
                 "TradeService", programs + "Updater.exe", "-service", "", "",
                 "system", "service"),
                ("control-service", "install", "ServiceControl",
                 "TradeService", "stop", "", "", "", "system", "none"),
                ("control-service", "install", "ServiceControl",
                 "TradeService", "start", "", "", "", "system", "none"),
                ("control-service", "uninstall", "ServiceControl",
                 "TradeService", "stop", "", "", "", "system", "none"),
                ("control-service", "uninstall", "ServiceControl",
                 "TradeService", "delete", "", "", "", "system", "none"),
                ("write-registry", "install", "Registry", "TradeUpdate",
                 "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
                 "",
                 '"[INSTALLDIR]Updater.exe" /auto', "", "unknown", "logon"),
                ("write-registry", "install", "Registry", "Build",
                 "HKLM\\Software\\Trade", "", "#7", "", "unknown", "none"),
                ("create-shortcut", "install", "Shortcut", "Trader",
                 programs + "Trader.exe", "", "", "", "unknown", "none"),
            ])
        action = report["actions"][0]
        self.assertEqual(action["parameters"]["execution"], "deferred")
        self.assertEqual(action["parameters"]["waits"], 0)
        self.assertRegex(action["order"], r"^InstallExecuteSequence \d+$")
        member = report["artifacts"][action["member"]]
        self.assertTrue(member["path"].endswith(programs + "Updater.exe"))
        self.check_celas_pattern(report)

    def test_cabinet_beside_the_installer(self):
        """Members have their installed names wherever the cabinet lies."""
        (self.root / "b.wxs").write_text(WXS.replace(
            'Cabinet="product.cab" EmbedCab="yes"',
            'Cabinet="Product.cab" EmbedCab="no"'))
        run("wixl", "-o", "b.msi", "b.wxs", cwd=self.root)
        # wixl leaves the cabinet to others; its members are called by key.
        for key, name in (("MainProgram", "Trader.exe"),
                          ("UpdaterFile", "Updater.exe")):
            shutil.copy(self.root / name, self.root / key)
        run("gcab", "-c", "-z", "Product.cab", "MainProgram", "UpdaterFile",
            cwd=self.root)
        with zipfile.ZipFile(self.root / "b.zip", "w") as archive:
            # The cabinet comes first, and its name differs in case.
            archive.write(self.root / "Product.cab", "disk/product.CAB")
            archive.write(self.root / "b.msi", "disk/b.msi")
        report = self.vet(self.root / "b.zip")
        self.check_celas_pattern(report)
        member = [a for a in report["artifacts"]
                  if a["path"].endswith("Updater.exe")][0]
        self.assertIn("disk/product.CAB![ProgramFilesFolder]/Trade/Updater.exe",
                      member["path"])
        self.assertTrue(member["stored_as"])

    def test_nsis(self):
        for compressor in ("SetCompressor zlib", "SetCompressor bzip2",
                           "SetCompressor lzma", "SetCompressor /SOLID lzma",
                           "SetCompressor /SOLID zlib", "SetCompress off"):
            for unicode in ("true", "false"):
                with self.subTest(compressor=compressor, unicode=unicode):
                    (self.root / "n.nsi").write_text(NSI.format(
                        compressor=compressor, unicode=unicode, out="n.exe",
                        encoded=encoded(HIDDEN_COMMAND)))
                    run("makensis", "-V1", "n.nsi", cwd=self.root)
                    self.check_nsis(self.vet(self.root / "n.exe"))

    def check_nsis(self, report):
        rows = self.rows(report, "kind", "phase", "statement", "target",
                         "arguments", "value", "persistence")
        updater = "$INSTDIR\\Updater.exe"
        for row in [
            ("create-shortcut", "install", "CreateShortCut",
             "$INSTDIR\\Trader.exe", "-menu", "", "none"),
            ("write-registry", "install", "WriteRegStr",
             "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run", "",
             f'"{updater}" /silent', "logon"),
            ("write-registry", "install", "WriteRegDWORD",
             "HKLM\\Software\\Trade", "", "7", "none"),
            ("run-program", "install", "ExecWait", updater, "CheckUpdate", "",
             "none"),
            ("run-script", "install", "Exec", "powershell.exe",
             "-NoProfile -EncodedCommand AAAA", "", "none"),
            ("run-program", "install", "ExecShell", "$INSTDIR\\Trader.exe",
             "-first", "", "none"),
            ("schedule-task", "install", "Plugin", updater, "/hourly", "",
             "scheduled-task"),
            ("run-program", "install", "Exec", updater, "/late", "", "none"),
            ("call-library", "install", "Plugin", "kernel32",
             "kernel32::GetTickCount() i .r0", "", "none"),
            ("run-program", "uninstall", "ExecWait", updater, "/remove", "",
             "none"),
            ("change-file", "uninstall", "Delete", "$INSTDIR\\Trader.exe", "",
             "", "none"),
            ("request-capability", "install", "requestedExecutionLevel",
             "requireAdministrator", "", "", "none"),
        ]:
            self.assertIn(row, rows)
        self.assertEqual({a["runs_as"] for a in report["actions"]
                          if a["kind"] == "run-program"}, {"administrator"})
        task = [a for a in report["actions"] if a["kind"] == "schedule-task"][0]
        self.assertEqual((task["name"], task["runs_as"]), ("T", "system"))
        self.assertIn("/tn T /ru system",
                      task["parameters"]["command_line"])
        self.assertTrue(report["artifacts"][task["member"]]["path"].endswith(
            "Updater.exe"))
        hidden = [a for a in report["actions"]
                  if a["parameters"].get("decoded_command") == HIDDEN_COMMAND]
        self.assertEqual(len(hidden), 1)
        self.assertTrue(report["artifacts"][hidden[0]["member"]]["path"]
                        .endswith("Updater.exe"))
        downloads = [r for r in rows if r[0] == "download"]
        self.assertEqual([r[3] for r in downloads],
                         ["http://example.com/a.bin"])
        ids = {f["id"] for f in report["findings"]}
        self.assertLessEqual({"install.downloads", "install.obscured_command",
                              "install.persists"}, ids)
        self.check_celas_pattern(report)

    def test_rights_of_an_installer(self):
        """What an installer starts has the rights that it asks for."""
        for level, asked, runs_as in (
                ("user", [], "installer"),
                ("highest", ["highestAvailable"], "installer"),
                ("admin", ["requireAdministrator"], "administrator")):
            with self.subTest(level=level):
                (self.root / "r.nsi").write_text(
                    f'Name "R"\nOutFile "r.exe"\nRequestExecutionLevel {level}\n'
                    'Section\nFile Updater.exe\nExec "$OUTDIR\\Updater.exe -x"\n'
                    'SectionEnd\n')
                run("makensis", "-V1", "r.nsi", cwd=self.root)
                report = self.vet(self.root / "r.exe")
                actions = report["actions"]
                self.assertEqual([a["target"] for a in actions
                                  if a["kind"] == "request-capability"], asked)
                self.assertEqual([a["runs_as"] for a in actions
                                  if a["kind"] == "run-program"], [runs_as])
                message, = [f["message"] for f in report["findings"]
                            if f["id"] == "install.starts_helper"]
                self.assertEqual(", as an administrator" in message,
                                 runs_as == "administrator")

    def test_update_feed_beside_an_archive(self):
        with zipfile.ZipFile(self.root / "app.zip", "w") as archive:
            archive.writestr("resources/app-update.yml",
                             "provider: generic\n"
                             "url: 'https://updates.example.com/win'\n"
                             "updaterCacheDirName: x\n")
        report = self.vet(self.root / "app.zip")
        self.assertEqual(self.rows(report, "kind", "phase", "name", "target"),
                         [("update-feed", "use", "generic",
                           "https://updates.example.com/win")])

    def packed(self, name, members):
        with zipfile.ZipFile(self.root / name, "w",
                             zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return self.vet(self.root / name)

    def test_manifest_of_a_package(self):
        program = (self.root / "Trader.exe").read_bytes()
        report = self.packed("p.msix", {
            "[Content_Types].xml": "<Types xmlns=\"http://schemas.openxmlformats"
                                   ".org/package/2006/content-types\"/>",
            "AppxManifest.xml": """<Package
 xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"
 xmlns:desktop="http://schemas.microsoft.com/appx/manifest/desktop/windows10">
 <Identity Name="A" Publisher="CN=A" Version="1.0.0.0"/><Applications>
 <Application Id="App" Executable="bin\\Trader.exe"
  EntryPoint="Windows.FullTrustApplication"><Extensions>
  <desktop:Extension Category="windows.startupTask" Executable="Updater.exe">
  <desktop:StartupTask TaskId="T"/></desktop:Extension></Extensions>
 </Application></Applications>
 <Capabilities><Capability Name="internetClient"/></Capabilities></Package>
""".replace("\\\\", "\\"),
            "AppxBlockMap.xml": "<BlockMap/>",
            "bin/Trader.exe": program,
            "Updater.exe": (self.root / "Updater.exe").read_bytes()})
        self.assertEqual(report["artifacts"][0]["format"], "msix")
        self.assertEqual(
            self.rows(report, "kind", "statement", "name", "target",
                      "persistence"), [
                ("entry-point", "Application", "App", "bin\\Trader.exe",
                 "none"),
                ("register-extension", "windows.startupTask", "T",
                 "Updater.exe", "logon"),
                ("request-capability", "Capability", "internetClient", "",
                 "none")])
        self.assertEqual(self.role(report, "/Trader.exe"), ["main program"])
        self.assertEqual(self.role(report, "!Updater.exe"), ["helper"])

    def test_scripts_of_a_nuget_package(self):
        script = "Get-Date"
        report = self.packed("a.nupkg", {
            "a.nuspec": "<package><metadata><id>a</id><version>1.0.0</version>"
                        "</metadata></package>",
            "[Content_Types].xml": "<Types xmlns=\"http://schemas.openxmlformats"
                                   ".org/package/2006/content-types\"/>",
            "_rels/.rels": "<Relationships/>",
            "tools/install.ps1": script, "lib/net45/a.txt": "x"})
        self.assertEqual(report["artifacts"][0]["format"], "nupkg")
        self.assertEqual(self.rows(report, "kind", "phase", "target", "value"),
                         [("run-script", "install", "tools/install.ps1",
                           script)])
        self.assertEqual(report["actions"][0]["member"],
                         report["actions"][0]["artifact"])

    def test_definition_of_a_task(self):
        report = self.packed("t.zip", {
            "task.xml": """<?xml version="1.0" encoding="UTF-16"?>
<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
<Triggers><LogonTrigger/></Triggers><Actions><Exec>
<Command>%APPDATA%\\Updater.exe</Command><Arguments>-x</Arguments></Exec>
</Actions></Task>""".replace("\\\\", "\\").encode("utf-16"),
            "Updater.exe": (self.root / "Updater.exe").read_bytes()})
        self.assertEqual(
            self.rows(report, "kind", "target", "arguments", "persistence"),
            [("schedule-task", "%APPDATA%\\Updater.exe", "-x",
              "scheduled-task")])
        member = report["artifacts"][report["actions"][0]["member"]]
        self.assertTrue(member["path"].endswith("!Updater.exe"))
        self.assertEqual(member["role"], "helper")

    def test_what_does_nothing_says_nothing(self):
        report = self.vet(self.root / "Trader.exe")
        self.assertEqual(report["actions"], [])
        self.assertEqual([row["artifact"] for row in report["coverage"]], [0])

    def test_the_text_report_shows_it(self):
        (self.root / "p.wxs").write_text(WXS)
        run("wixl", "-o", "p.msi", "p.wxs", cwd=self.root)
        text = subprocess.run(
            [COUNTERSIGN, "vet", str(self.root / "p.msi")],
            capture_output=True, timeout=120).stdout.decode()
        self.assertRegex(text, r"(?m)^What it does  10 actions$")
        self.assertRegex(text, r"install +run program +system +"
                               r"\[ProgramFilesFolder\]/Trade/Updater.exe "
                               r"CheckUpdate")
        self.assertRegex(text, r"(?m)^Programs  2 programs$")


if __name__ == "__main__":
    COUNTERSIGN, FORGE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
