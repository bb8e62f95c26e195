// countersign-forge: writes the inert signed files of the tests.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "forge/bulk.h"
#include "forge/ctl.h"
#include "forge/image_digest.h"
#include "forge/known_primes.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "forge/script.h"

namespace countersign::forge {
namespace {

using Arguments = std::vector<std::string>;

constexpr std::string_view kUsage =
    "usage: countersign-forge cases DIR\n"
    "       countersign-forge list\n"
    "       countersign-forge sample OUT.exe [--root ROOT.pem] "
    "[--program IN.exe]\n"
    "       countersign-forge large OUT.exe --size BYTES\n"
    "       countersign-forge small DIR --count N\n"
    "       countersign-forge primes\n";

bool WriteFile(const std::filesystem::path& path, ByteSpan bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    std::fprintf(stderr, "countersign-forge: cannot write %s\n", path.c_str());
  }
  return file.good();
}

bool ReadFile(const std::filesystem::path& path, ByteVector& out) {
  std::ifstream file(path, std::ios::binary);
  out.assign(std::istreambuf_iterator<char>(file),
             std::istreambuf_iterator<char>());
  if (!file) {
    std::fprintf(stderr, "countersign-forge: cannot read %s\n", path.c_str());
  }
  return !file.bad() && !out.empty();
}

// The value after `option`, or "".
std::string OptionValue(const Arguments& arguments, std::string_view option) {
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == option) {
      return arguments[i + 1];
    }
  }
  return {};
}

// A number of bytes or files; 0 when the text is none.
uint64_t Number(const std::string& text) {
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > UINT32_MAX) {
      return 0;
    }
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

std::string CertificatePem(const Certificate& certificate) {
  return PemText("CERTIFICATE", certificate.der);
}

std::string RootsPem() {
  const Authorities& cast = TestAuthorities();
  return CertificatePem(cast.root) + CertificatePem(cast.elliptic_root);
}

// A trust list that names the forge's roots, signed by the forge's root.
ByteVector RootsTrustList() {
  const Authorities& cast = TestAuthorities();
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"CN", "Countersign Forge List Signer", {}}};
  recipe.extended_key_usages = {kRootListUsage};
  TrustListRecipe list;
  list.this_update = UtcSeconds(2026, 1, 10);
  list.signer = MakeCertificate(recipe);
  list.certificates = {list.signer, cast.intermediate};
  list.entries.resize(3);
  list.entries[0].certificate = cast.root;
  list.entries[0].friendly_name = "Countersign Forge Root";
  list.entries[0].usages = {kCodeSigningUsage, kTimeStampingUsage};
  list.entries[1].certificate = cast.time_root;
  list.entries[1].friendly_name = "Countersign Forge Time Stamping Root";
  list.entries[1].usages = {kTimeStampingUsage};
  list.entries[2].certificate = cast.private_root;
  list.entries[2].friendly_name = "Countersign Forge Private Root";
  list.entries[2].disallowed_from = UtcSeconds(2020, 1, 1);
  list.entries[2].not_before_limit = UtcSeconds(2018, 1, 1);
  list.entries[2].not_before_usages = {kCodeSigningUsage};
  return MakeTrustList(list);
}

bool WriteAuthorities(const std::filesystem::path& directory) {
  const Authorities& cast = TestAuthorities();
  const ByteVector crl = IntermediateCrl();
  return WriteFile(directory / "root.pem", BytesOf(RootsPem())) &&
         WriteFile(directory / "tsa-root.pem",
                   BytesOf(CertificatePem(cast.time_root))) &&
         WriteFile(directory / "intermediate.pem",
                   BytesOf(CertificatePem(cast.intermediate))) &&
         WriteFile(directory / "private-root.pem",
                   BytesOf(CertificatePem(cast.private_root))) &&
         WriteFile(directory / "forge.crl", crl) &&
         WriteFile(directory / "forge.crl.pem",
                   BytesOf(PemText("X509 CRL", crl))) &&
         WriteFile(directory / "forge.stl", RootsTrustList());
}

// A signed script of each form.
bool WriteScripts(const std::filesystem::path& directory) {
  struct Script {
    const char* file;
    ScriptRecipe recipe;
  };
  const std::array<Script, 8> scripts = {
      Script{"script.ps1",
             {ScriptForm::kPowershell, TextForm::kUtf8, u"Get-Date\r\n", u""}},
      Script{"marked.ps1",
             {ScriptForm::kPowershell, TextForm::kUtf8Marked,
              u"'\u20AC \u00FC'\r\n", u""}},
      Script{"wide.ps1",
             {ScriptForm::kPowershell, TextForm::kUtf16Marked,
              u"'\u20AC \u00FC'\r\n", u""}},
      Script{"script.ps1xml",
             {ScriptForm::kPowershellXml, TextForm::kUtf8, u"<a/>\r\n", u""}},
      Script{"script.mof",
             {ScriptForm::kMof, TextForm::kUtf8, u"class A {};\r\n", u""}},
      Script{
          "script.vbs",
          {ScriptForm::kVbscript, TextForm::kUtf8, u"WScript.Echo 1\r\n", u""}},
      Script{"script.js",
             {ScriptForm::kJscript, TextForm::kUtf8, u"WScript.Echo(1);\r\n",
              u""}},
      Script{"script.wsf",
             {ScriptForm::kWindowsScript, TextForm::kUtf8,
              u"<job>\r\n<script language=\"JScript\">\r\n</script>\r\n",
              u"</job>\r\n"}}};
  for (const Script& script : scripts) {
    if (!WriteFile(directory / script.file, SignedScript(script.recipe))) {
      return false;
    }
  }
  return true;
}

// Catalogs of a program and a text.
bool WriteCatalogs(const std::filesystem::path& directory) {
  const ByteVector program = PlainImage();
  const ByteVector text = BytesOf("a text\n");
  CatalogRecipe recipe;
  recipe.this_update = kSigningTime;
  recipe.signature =
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime));
  recipe.name_values = {{"OS", "_v100_X64"}};
  recipe.entries.resize(2);
  recipe.entries[0].digest = ImageDigest(HashAlgorithm::kSha256, program);
  recipe.entries[0].is_program = true;
  recipe.entries[0].name_values = {{"File", "program.exe"}};
  recipe.entries[1].digest = Hash(HashAlgorithm::kSha256, text);
  CatalogRecipe old = recipe;
  old.version = 1;
  old.entries[0].algorithm = HashAlgorithm::kSha1;
  old.entries[0].digest = ImageDigest(HashAlgorithm::kSha1, program);
  CatalogRecipe bad = recipe;
  bad.signature.signers.front().recipe.wrong_message_digest = true;
  return WriteFile(directory / "forge.cat", MakeCatalog(recipe)) &&
         WriteFile(directory / "old.cat", MakeCatalog(old)) &&
         WriteFile(directory / "bad.cat", MakeCatalog(bad)) &&
         WriteFile(directory / "listed.bin", program) &&
         WriteFile(directory / "listed.txt", text);
}

std::string CsvRow(const Case& row) {
  std::string out;
  for (const std::string_view field :
       {row.name, row.expected_state, row.integrity, row.trust, row.verdict,
        row.findings}) {
    out += std::string(field) + ",";
  }
  return out + "2026-01-15T12:00:00Z,\"" + std::string(row.note) + "\"\n";
}

int WriteCases(const Arguments& arguments) {
  const std::filesystem::path directory = arguments[1];
  std::filesystem::create_directories(directory);
  std::string csv =
      "name,expected_state,integrity,trust,verdict,findings,evaluated_at,"
      "note\n";
  bool written = WriteAuthorities(directory) && WriteScripts(directory) &&
                 WriteCatalogs(directory);
  for (const Case& row : AllCases()) {
    const std::string file = std::string(row.name) + ".exe";
    written = written && WriteFile(directory / file, row.build());
    csv += CsvRow(row);
  }
  return written && WriteFile(directory / "cases.csv", BytesOf(csv)) ? 0 : 1;
}

int WriteSample(const Arguments& arguments) {
  ByteVector image = PlainImage();
  const std::string program = OptionValue(arguments, "--program");
  if (!program.empty() && !ReadFile(program, image)) {
    return 1;
  }
  const ByteVector file = SignedFile(
      image,
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime)));
  const std::string root = OptionValue(arguments, "--root");
  const std::string roots =
      RootsPem() + CertificatePem(TestAuthorities().time_root);
  if (!root.empty() && !WriteFile(root, BytesOf(roots))) {
    return 1;
  }
  return WriteFile(arguments[1], file) ? 0 : 1;
}

int WriteLarge(const Arguments& arguments) {
  const uint64_t size = Number(OptionValue(arguments, "--size"));
  if (size == 0) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  WriteLargeSample(arguments[1], size);
  return 0;
}

int WriteSmall(const Arguments& arguments) {
  const uint64_t count = Number(OptionValue(arguments, "--count"));
  if (count == 0) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  const std::filesystem::path directory = arguments[1];
  std::filesystem::create_directories(directory);
  bool written = WriteFile(
      directory / "root.pem",
      BytesOf(RootsPem() + CertificatePem(TestAuthorities().time_root)));
  MakeSmallSamples(count, [&](size_t number, ByteSpan bytes) {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "small_%06zu.exe", number);
    written = written && WriteFile(directory / name.data(), bytes);
  });
  return written ? 0 : 1;
}

int ListCases() {
  for (const Case& row : AllCases()) {
    std::printf("%-32s %-26s %s\n", row.name.data(), row.expected_state.data(),
                row.note.data());
  }
  return 0;
}

// The rows of known_primes.h.
int ListPrimes() {
  for (const KnownPrimes& known : kKnownPrimes) {
    const PrimeSteps steps = SearchPrimeSteps(known.bits, known.label);
    std::printf("    KnownPrimes{%d, \"%s\", {%d, %d}},\n", known.bits,
                known.label.data(), steps.prime1, steps.prime2);
  }
  return 0;
}

int Run(const Arguments& arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "list") {
    return ListCases();
  }
  if (command == "primes") {
    return ListPrimes();
  }
  if (arguments.size() >= 2) {
    if (command == "cases") {
      return WriteCases(arguments);
    }
    if (command == "sample") {
      return WriteSample(arguments);
    }
    if (command == "large") {
      return WriteLarge(arguments);
    }
    if (command == "small") {
      return WriteSmall(arguments);
    }
  }
  std::fputs(kUsage.data(), stderr);
  return 2;
}

}  // namespace
}  // namespace countersign::forge

int main(int argc, char** argv) {
  return countersign::forge::Run(
      countersign::forge::Arguments(argv + 1, argv + argc));
}
