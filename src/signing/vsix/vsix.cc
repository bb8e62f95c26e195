// Visual Studio extensions, and any package whose signatures are those of the
// Open Packaging Conventions:
//
//   _rels/.rels -> origin (empty) -> its relationships -> XML signatures
//
// An XML signature signs an Object in itself; the Manifest in there has a
// digest of each part that is signed, and says its content type. A part of
// relationships may be signed in part. What no manifest names is covered by
// nobody, [Content_Types].xml never is (therefore the types in the manifest).
//
// Spec: ECMA-376 part 2, section 13; XML Signature Syntax and Processing.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "signing/package/coverage.h"
#include "signing/package/examine.h"
#include "signing/package/schemes.h"
#include "signing/package/unpacked.h"
#include "signing/package/unsigned_headers.h"
#include "signing/signer/answer.h"
#include "signing/signer/superfluous.h"
#include "signing/vsix/answer.h"
#include "signing/vsix/parts.h"
#include "signing/vsix/xml_signature.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::DigestAlgorithm;
using formats::ZipEntry;
using model::SignatureFacts;

// Limit: what an XML signature may have; real ones have some hundred nodes for
// each hundred parts.
constexpr formats::XmlLimits kSignatureLimits = {
    .nodes = 200'000, .depth = 64, .bytes = uint64_t{16} << 20};

class VsixExamination {
 public:
  VsixExamination(const PackageArchive& archive, const Context& context,
                  SigningFacts& facts)
      : archive_(archive),
        context_(context),
        facts_(facts),
        faults_(facts),
        package_(archive, context.budget, faults_) {}

  void Run() {
    for (const std::string& part : FindSignatures()) {
      if (const ZipEntry* entry = package_.Find(part)) {
        ExaminePart(*entry);
      } else {
        faults_.Add(
            fmt::format("its signature {} is not in it once", QuoteName(part)),
            archive_.Zip().central_directory);
      }
    }
    SayWhetherSigned();
    if (!facts_.signatures.empty()) {
      NoteUnsignedHeaders(archive_, facts_);
    }
    NoteSuperfluous(bags_, context_, facts_);
    facts_.limit = context_.budget.Reached();
    parts_.Restore(facts_);
  }

 private:
  // The parts that the origin leads to.
  std::vector<std::string> FindSignatures() {
    std::vector<std::string> found;
    const std::string origin_type =
        std::string(kOpcSignatureRelations) + "origin";
    const std::string signature_type =
        std::string(kOpcSignatureRelations) + "signature";
    const auto origins = package_.Relationships("", origin_type);
    if (origins.size() > 1) {
      faults_.Add("it has several origins of signatures",
                  archive_.Zip().central_directory);
    }
    for (const OpcRelationship& origin : origins) {
      const std::string part = ResolveTarget("", origin.target);
      UseOrigin(part);
      UseRelationships(part);
      for (const OpcRelationship& each :
           package_.Relationships(part, signature_type)) {
        found.push_back(ResolveTarget(part, each.target));
      }
    }
    has_origin_ = !origins.empty();
    return found;
  }

  // What signs a package is vouched for by its signatures as long as it does
  // nothing else: an origin is empty, relationships lead to signatures.
  void UseOrigin(std::string_view part) {
    const ZipEntry* entry = package_.Find(part);
    if (entry != nullptr && entry->size == 0) {
      used_.insert(entry->name);
    }
    if (entry == nullptr) {
      faults_.Add(fmt::format("its origin of signatures {} is not in it once",
                              QuoteName(part)),
                  archive_.Zip().central_directory);
    } else {
      CheckType(*entry, "origin");
    }
  }

  void UseRelationships(std::string_view source) {
    if (const ZipEntry* entry = package_.SignatureRelationships(source)) {
      used_.insert(entry->name);
    }
  }

  // Why: nothing signs the types of these parts, and other readers refuse
  // others.
  void CheckType(const ZipEntry& entry, std::string_view kind) {
    const std::string type = fmt::format("{}{}", kOpcSignatureTypes, kind);
    if (!base::EqualIgnoringAsciiCase(package_.TypeOf(entry.name), type)) {
      faults_.Add(
          fmt::format("{} has not the type {}", QuoteName(entry.name), type),
          EntryRange(entry));
    }
  }

  void ExaminePart(const ZipEntry& entry) {
    if (!context_.budget.ChargeSignature(entry.data.offset)) {
      return;
    }
    CheckType(entry, "xmlsignature+xml");
    auto content =
        archive_.Load(entry, kSignatureLimits.bytes, context_.budget);
    if (!content) {
      AddUnreadable(EntryRange(entry), content.error());
      return;
    }
    const base::Input part = parts_.Add(*std::move(content), entry.data);
    const auto xml = formats::ParseXml(part, context_.budget, kSignatureLimits);
    if (!xml) {
      AddUnreadable(part.Range(), xml.error());
      return;
    }
    const auto signature = ReadXmlSignature(*xml);
    if (!signature) {
      AddUnreadable(part.Range(), signature.error());
      return;
    }
    const auto index = static_cast<uint32_t>(facts_.signatures.size());
    XmlSignatureAnswer answer = AnswerXmlSignature(
        package_,
        {&*xml, &*signature, part, entry.data, CertificatesOf(entry.name)},
        index, context_, parts_, bags_, facts_);
    answer.facts.entry = index;
    facts_.signatures.push_back(std::move(answer.facts));
    if (!answer.covered.empty()) {
      covered_.merge(answer.covered);
      used_.insert(entry.name);
      holds_ = true;
    }
  }

  // Certificates that stand in parts of their own.
  std::vector<std::vector<uint8_t>> CertificatesOf(const std::string& part) {
    // Limit: 1 MiB of a certificate, and 16 of them.
    constexpr uint64_t kMostBytes = uint64_t{1} << 20;
    constexpr size_t kMostCertificates = 16;
    std::vector<std::vector<uint8_t>> certificates;
    const std::string type =
        std::string(kOpcSignatureRelations) + "certificate";
    UseRelationships(part);
    for (const OpcRelationship& each : package_.Relationships(part, type)) {
      const ZipEntry* entry = package_.Find(ResolveTarget(part, each.target));
      if (entry == nullptr || certificates.size() == kMostCertificates) {
        continue;
      }
      CheckType(*entry, "certificate");
      auto content = archive_.Load(*entry, kMostBytes, context_.budget);
      if (content) {
        if (ParseCertificate({*content, 0}, context_.budget)) {
          used_.insert(entry->name);
        }
        certificates.push_back(*std::move(content));
      }
    }
    return certificates;
  }

  void AddUnreadable(ByteRange range, const base::Error& error) {
    AddUnreadableSignature(model::Scheme::kVsix, range, error, context_.budget,
                           facts_);
  }

  void SayWhetherSigned() {
    if (facts_.signatures.empty()) {
      const bool has_parts =
          std::ranges::any_of(archive_.Entries(), [](const ZipEntry& entry) {
            return base::AsciiLower(entry.name)
                .starts_with("package/services/digital-signature/");
          });
      facts_.is_signed = has_origin_ || has_parts ? model::Signed::kMalformed
                                                  : model::Signed::kAbsent;
      if (has_origin_ || has_parts) {
        faults_.Add("it has parts of a signature, and no signature",
                    archive_.Zip().central_directory);
      }
      return;
    }
    const bool is_readable = std::ranges::any_of(
        facts_.signatures, [](const SignatureFacts& signature) {
          return signature.signer.has_value();
        });
    facts_.is_signed =
        is_readable ? model::Signed::kPresent : model::Signed::kMalformed;
    ListMembers();
  }

  void ListMembers() {
    constexpr std::array kSha256 = {DigestAlgorithm::kSha256};
    PackageCoverage coverage;
    for (const ZipEntry& entry : archive_.Entries()) {
      if (entry.name.ends_with('/') && entry.size == 0) {
        continue;  // a directory
      }
      const bool is_covered =
          holds_ && (covered_.contains(entry.name) || IsSigningPart(entry));
      const auto digest = is_covered
                              ? archive_.Hash(entry, kSha256, context_.budget)
                              : base::Result<EntryDigests>();
      if (is_covered && digest) {
        coverage.AddCovered(entry, digest->at(DigestAlgorithm::kSha256));
      } else {
        coverage.AddUncovered(entry);
      }
    }
    coverage.Finish(holds_, facts_);
  }

  // What is read to verify the signatures. Of the types, those of the parts
  // that are signed are signed with them. What the signatures leave out of the
  // package's relationships must lead to signatures only.
  [[nodiscard]] bool IsSigningPart(const ZipEntry& entry) const {
    if (entry.name == kOpcContentTypes) {
      return package_.HoldsTypesOnly();
    }
    return used_.contains(entry.name) ||
           package_.SignatureRelationships("") == &entry;
  }

  const PackageArchive& archive_;
  const Context& context_;
  SigningFacts& facts_;
  PackageFaults faults_;
  OpcPackage package_;
  UnpackedParts parts_;
  std::vector<Bag> bags_;
  std::set<std::string> used_;
  std::set<std::string> covered_;
  bool has_origin_ = false;
  bool holds_ = false;
};

}  // namespace

SigningFacts ExamineVsix(const base::Blob& file, const Context& context) {
  return ExaminePackage<VsixExamination>(file, context);
}

}  // namespace countersign::signing
