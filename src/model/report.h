// The report of one input, as users' scripts rely on it (schema
// "countersign.report/1"; docs/report-schema.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/action.h"
#include "model/enumeration.h"
#include "model/finding.h"
#include "model/signature.h"
#include "model/source.h"

namespace countersign::model {

enum class Format : uint8_t {
  kUnknown,
  kPe,
  kMsi,
  kCab,
  kCat,
  kZip,
  kMachO,
  kDmg,
  kXar,
  kElf,
  kGzip,
  kBzip2,
  kXz,
  kZstd,
  k7z,
  kRar,
  kTar,
  kDeb,
  kRpm,
  kIso,
  kPowershell,
  kScript,
  kPdf,
  kText,
  kEmpty,
  kDos,
  kOle,
  kMsp,
  kMst,
  kMsix,
  kNupkg,
  kVsix,
  kJar,
  kNsis,
  kInno,
  kBurn,
  kInstallshield,
  kCpio,
  kAsar,
  kPyinstaller,
  kDotnetBundle,
  kLzma,
  kSquirrel,
  kSzdd,
  kAr,
  kArj,
  kChm,
  kUdf,
};
template <>
inline constexpr std::array kNames<Format> = {std::string_view("unknown"),
                                              std::string_view("pe"),
                                              std::string_view("msi"),
                                              std::string_view("cab"),
                                              std::string_view("cat"),
                                              std::string_view("zip"),
                                              std::string_view("mach-o"),
                                              std::string_view("dmg"),
                                              std::string_view("xar"),
                                              std::string_view("elf"),
                                              std::string_view("gzip"),
                                              std::string_view("bzip2"),
                                              std::string_view("xz"),
                                              std::string_view("zstd"),
                                              std::string_view("7z"),
                                              std::string_view("rar"),
                                              std::string_view("tar"),
                                              std::string_view("deb"),
                                              std::string_view("rpm"),
                                              std::string_view("iso"),
                                              std::string_view("powershell"),
                                              std::string_view("script"),
                                              std::string_view("pdf"),
                                              std::string_view("text"),
                                              std::string_view("empty"),
                                              std::string_view("dos"),
                                              std::string_view("ole"),
                                              std::string_view("msp"),
                                              std::string_view("mst"),
                                              std::string_view("msix"),
                                              std::string_view("nupkg"),
                                              std::string_view("vsix"),
                                              std::string_view("jar"),
                                              std::string_view("nsis"),
                                              std::string_view("inno"),
                                              std::string_view("burn"),
                                              std::string_view("installshield"),
                                              std::string_view("cpio"),
                                              std::string_view("asar"),
                                              std::string_view("pyinstaller"),
                                              std::string_view("dotnet-bundle"),
                                              std::string_view("lzma"),
                                              std::string_view("squirrel"),
                                              std::string_view("szdd"),
                                              std::string_view("ar"),
                                              std::string_view("arj"),
                                              std::string_view("chm"),
                                              std::string_view("udf")};

// Whether a signature is there at all. "unknown" means: not looked at, because
// this version cannot read the format, its headers are damaged, or a limit was
// reached before.
enum class Signed : uint8_t {
  kUnknown,
  kAbsent,
  kPresent,
  kByCatalog,
  kMalformed,
};
template <>
inline constexpr std::array kNames<Signed> = {
    std::string_view("unknown"), std::string_view("absent"),
    std::string_view("present"), std::string_view("by-catalog"),
    std::string_view("malformed")};

enum class Role : uint8_t {
  kMainProgram,
  kHelper,
  kScript,
  kLibrary,
  kData,
  kSignature,  // where a package has a place of its own for it
};
template <>
inline constexpr std::array kNames<Role> = {
    std::string_view("main program"), std::string_view("helper"),
    std::string_view("script"),       std::string_view("library"),
    std::string_view("data"),         std::string_view("signature")};

// Whether the members of a container were listed.
enum class Contents : uint8_t { kNone, kComplete, kPartial };
template <>
inline constexpr std::array kNames<Contents> = {std::string_view("none"),
                                                std::string_view("complete"),
                                                std::string_view("partial")};

// A file, or a member of one.
struct Artifact {
  uint32_t id = 0;
  std::optional<uint32_t> parent;
  std::string path;
  // Its name in the container, where `path` has the one that an installer gives
  // it; else empty.
  std::string stored_as;
  std::string sha256;
  uint64_t size = 0;
  Format format = Format::kUnknown;
  std::string detail;  // "PE32+ x86-64 console program"; may be empty
  std::optional<Role> role;
  // Whether it is a container whose members follow as artifacts.
  Contents contents = Contents::kNone;
  // The first artifact of the same bytes. Signatures are repeated here,
  // findings and members are not.
  std::optional<uint32_t> same_as;
  // The nearest container around it whose own signature holds, is trusted, and
  // signs these bytes with the rest.
  std::optional<uint32_t> covered_by;
  // The signatures of its container, if there are any, do not cover it.
  bool outside_signature = false;
  Signed is_signed = Signed::kUnknown;
  std::vector<SignatureFacts> signatures;
  std::vector<uint32_t> findings;  // indexes into Report::findings

  static void Fields(auto& self, auto&& visit) {
    visit("id", self.id);
    visit("parent", self.parent);
    visit("path", self.path);
    visit("stored_as", self.stored_as);
    visit("sha256", self.sha256);
    visit("size", self.size);
    visit("format", self.format);
    visit("detail", self.detail);
    visit("role", self.role);
    visit("contents", self.contents);
    visit("same_as", self.same_as);
    visit("covered_by", self.covered_by);
    visit("outside_signature", self.outside_signature);
    visit("signed", self.is_signed);
    visit("signatures", self.signatures);
    visit("findings", self.findings);
  }
};

// A signature that names a signer, and what came of it.
struct CoverageSignature {
  std::string signer;  // common name; else organisation, else subject
  Integrity integrity = Integrity::kMalformed;
  Trust trust = Trust::kUnchecked;

  static void Fields(auto& self, auto&& visit) {
    visit("signer", self.signer);
    visit("integrity", self.integrity);
    visit("trust", self.trust);
  }
};

// Who stands behind one program, library or script of a package.
struct CoverageRow {
  uint32_t artifact = 0;
  Signed is_signed = Signed::kUnknown;
  // Names of the signers whose signatures hold and are trusted, each once.
  std::vector<std::string> signers;
  // All that name a signer, those that do not hold too.
  std::vector<CoverageSignature> signatures;
  // Whether one of `signers` is a signer of the nearest signed package around
  // it: same publisher key, country and name; nothing when either has no
  // trusted signer.
  std::optional<bool> same_signer_as_package;
  std::optional<uint32_t> covered_by;  // as in the artifact
  std::vector<uint32_t> actions;       // what starts or loads it

  static void Fields(auto& self, auto&& visit) {
    visit("artifact", self.artifact);
    visit("signed", self.is_signed);
    visit("signers", self.signers);
    visit("signatures", self.signatures);
    visit("same_signer_as_package", self.same_signer_as_package);
    visit("covered_by", self.covered_by);
    visit("actions", self.actions);
  }
};

// A limit that was reached, so that something was not inspected.
struct LimitReached {
  std::string limit;
  uint64_t value = 0;
  uint32_t artifact = 0;

  static void Fields(auto& self, auto&& visit) {
    visit("limit", self.limit);
    visit("value", self.value);
    visit("artifact", self.artifact);
  }
};

// What the locked-down worker says of one input: facts and findings, never a
// verdict.
struct Inspection {
  bool complete = false;
  std::vector<Artifact> artifacts;
  std::vector<Action> actions;
  std::vector<Finding> findings;
  std::vector<LimitReached> limits;

  static void Fields(auto& self, auto&& visit) {
    visit("complete", self.complete);
    visit("artifacts", self.artifacts);
    visit("actions", self.actions);
    visit("findings", self.findings);
    visit("limits", self.limits);
  }
};

enum class Decision : uint8_t { kAllow, kHold, kBlock };
template <>
inline constexpr std::array kNames<Decision> = {std::string_view("allow"),
                                                std::string_view("hold"),
                                                std::string_view("block")};

struct Tool {
  std::string name;
  std::string version;

  static void Fields(auto& self, auto&& visit) {
    visit("name", self.name);
    visit("version", self.version);
  }
};

struct Statistics {
  uint64_t artifacts = 0;
  uint64_t bytes = 0;
  double seconds = 0;

  static void Fields(auto& self, auto&& visit) {
    visit("artifacts", self.artifacts);
    visit("bytes", self.bytes);
    visit("seconds", self.seconds);
  }
};

struct Report {
  std::string schema = "countersign.report/1";
  Tool tool;
  std::string input;
  base::Instant evaluated_at;
  std::vector<TrustSource> trust;
  std::vector<RevocationSource> revocation_sources;
  std::vector<CatalogSource> catalog_sources;
  Decision verdict = Decision::kHold;
  std::string policy;  // version of the table that decided
  bool complete = false;
  std::vector<std::string> reasons;
  std::vector<Artifact> artifacts;
  std::vector<Action> actions;
  std::vector<CoverageRow> coverage;
  std::vector<Finding> findings;
  std::vector<LimitReached> limits;
  Statistics statistics;

  static void Fields(auto& self, auto&& visit) {
    visit("schema", self.schema);
    visit("tool", self.tool);
    visit("input", self.input);
    visit("evaluated_at", self.evaluated_at);
    visit("trust", self.trust);
    visit("revocation_sources", self.revocation_sources);
    visit("catalog_sources", self.catalog_sources);
    visit("verdict", self.verdict);
    visit("policy", self.policy);
    visit("complete", self.complete);
    visit("reasons", self.reasons);
    visit("artifacts", self.artifacts);
    visit("actions", self.actions);
    visit("coverage", self.coverage);
    visit("findings", self.findings);
    visit("limits", self.limits);
    visit("statistics", self.statistics);
  }
};

}  // namespace countersign::model
