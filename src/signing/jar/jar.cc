// Signed JARs: a ZIP archive that lists digests of its own entries.
//
//   META-INF/MANIFEST.MF   a section with digests for every entry
//   META-INF/NAME.SF       digests of the manifest and of its sections
//   META-INF/NAME.RSA      CMS over the bytes of NAME.SF (also .DSA, .EC)
//
// A signer covers the entries that its .SF names, whose section in the manifest
// is as it was, and whose content has all digests of that section. Everything
// else in the archive is covered by nobody, and class loaders run it all the
// same.
//
// Spec: JAR File Specification (Java SE 17), "Signed JAR File"; what it leaves
// open is done as java.util.jar does it. APK Signature Scheme v1 is the same;
// of v2 and later it is only said that they are there.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "signing/jar/content.h"
#include "signing/jar/manifest.h"
#include "signing/jar/names.h"
#include "signing/jar/signature_file.h"
#include "signing/package/coverage.h"
#include "signing/package/examine.h"
#include "signing/package/schemes.h"
#include "signing/package/unpacked.h"
#include "signing/package/unsigned_headers.h"
#include "signing/signer/answer.h"
#include "signing/signer/superfluous.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::DigestAlgorithm;
using formats::ZipEntry;
using model::Integrity;
using model::SignatureFacts;

// Limit: 64 MiB; the manifests of the largest JARs have some MiB.
constexpr uint64_t kMostJarPartBytes = uint64_t{64} << 20;

class JarExamination {
 public:
  JarExamination(const PackageArchive& archive, const Context& context,
                 SigningFacts& facts)
      : archive_(archive), context_(context), facts_(facts), faults_(facts) {}

  void Run() {
    FindParts();
    if (!blocks_.empty() && LoadManifest()) {
      for (const ZipEntry* block : blocks_) {
        ExamineBlock(*block);
      }
    }
    NoteAndroidBlock();
    SayWhetherSigned();
    if (!facts_.signatures.empty()) {
      NoteUnsignedHeaders(archive_, facts_);
    }
    NoteSuperfluous(bags_, context_, facts_);
    facts_.limit = context_.budget.Reached();
    parts_.Restore(facts_);
  }

 private:
  void FindParts() {
    for (const ZipEntry& entry : archive_.Entries()) {
      if (IsSignatureFile(entry.name)) {
        files_.push_back(&entry);
      } else if (IsSignatureBlock(entry.name)) {
        blocks_.push_back(&entry);
      }
    }
    for (const ZipEntry* file : files_) {
      if (std::ranges::none_of(blocks_, [&](const ZipEntry* block) {
            return BelongTogether(block->name, file->name);
          })) {
        faults_.Add(
            fmt::format("{} is signed by nobody", QuoteName(file->name)),
            EntryRange(*file));
      }
    }
  }

  // The content of a part, in a place of its own; nothing when it cannot be
  // read, which is said.
  std::optional<base::Input> LoadPart(const ZipEntry& entry) {
    auto content = archive_.Load(entry, kMostJarPartBytes, context_.budget);
    if (!content) {
      faults_.AddUnreadable(QuoteName(entry.name) + " cannot be read",
                            content.error(), EntryRange(entry),
                            context_.budget);
      return std::nullopt;
    }
    return parts_.Add(*std::move(content), entry.data);
  }

  bool LoadManifest() {
    const ZipEntry* entry = archive_.Single(kJarManifestName);
    if (entry == nullptr) {
      faults_.Add(fmt::format("{} is not in it once", kJarManifestName),
                  archive_.Zip().central_directory);
      return false;
    }
    const auto content = LoadPart(*entry);
    if (!content) {
      return false;
    }
    auto manifest = ParseJarManifest(*content, context_.budget);
    if (!manifest) {
      faults_.AddUnreadable("the manifest cannot be read", manifest.error(),
                            EntryRange(*entry), context_.budget);
      return false;
    }
    if (!manifest->repeated.empty()) {
      faults_.Add(fmt::format("the manifest has {} twice",
                              QuoteName(manifest->repeated[0])),
                  EntryRange(*entry));
    }
    manifest_bytes_ = content->bytes;
    content_.emplace(archive_, *std::move(manifest), context_.budget);
    return true;
  }

  // The .SF that belongs to a block, if there is one.
  const ZipEntry* FileOf(const ZipEntry& block) {
    const ZipEntry* found = nullptr;
    for (const ZipEntry* file : files_) {
      if (BelongTogether(file->name, block.name)) {
        if (found != nullptr) {
          return nullptr;
        }
        found = file;
      }
    }
    return found;
  }

  void ExamineBlock(const ZipEntry& block) {
    if (!context_.budget.ChargeSignature(block.data.offset)) {
      return;
    }
    const ZipEntry* file = FileOf(block);
    if (file == nullptr) {
      faults_.Add(
          fmt::format("{} belongs to no signature file", QuoteName(block.name)),
          EntryRange(block));
      return;
    }
    const auto content = LoadPart(block);
    const auto said = LoadPart(*file);
    if (!content || !said) {
      return;
    }
    auto data = ParseSignedData(*content, context_.budget);
    if (!data) {
      AddUnreadable(content->Range(), data.error());
      return;
    }
    const auto first = static_cast<uint32_t>(facts_.signatures.size());
    NoteBytesBehind(*content, data->whole, first);
    CmsContainer& container = containers_.emplace_back();
    container.data = *std::move(data);
    if (container.data.has_content) {
      NoteUnsigned(container.data.content, first);
    }
    ReadBag(container, first, context_.budget, facts_);
    bags_.push_back(BagOf(container.data, container.certificates));
    if (container.data.signers.empty()) {
      AddUnreadable(content->Range(), {base::Fault::kMalformed, content->offset,
                                       "SignedData.signerInfos"});
    }
    for (const SignerInfo& signer : container.data.signers) {
      if (&signer != container.data.signers.data() &&
          !context_.budget.ChargeSignature(signer.whole.offset)) {
        break;
      }
      AnswerSigner(container, signer, *said, block.name, file->name);
    }
  }

  void NoteBytesBehind(base::Input content, base::Input whole,
                       uint32_t signature) {
    const size_t size = whole.bytes.size();
    if (size < content.bytes.size()) {
      NoteUnsigned({content.bytes.subspan(size), content.offset + size},
                   signature);
    }
  }

  void NoteUnsigned(base::Input bytes, uint32_t signature) {
    facts_.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry, bytes));
    facts_.unsigned_data.back().signature = signature;
  }

  void AddUnreadable(ByteRange range, const base::Error& error) {
    AddUnreadableSignature(model::Scheme::kJar, range, error, context_.budget,
                           facts_);
  }

  void AnswerSigner(const CmsContainer& container, const SignerInfo& signer,
                    base::Input said, const std::string& block_name,
                    const std::string& file_name) {
    const auto index = static_cast<uint32_t>(facts_.signatures.size());
    SignatureFacts answer =
        AnswerCms({&container, &signer, said.bytes, &oid::kData}, index,
                  context_, bags_, facts_);
    answer.scheme = model::Scheme::kJar;
    answer.entry = static_cast<uint32_t>(containers_.size() - 1);
    answer.content_type = DottedOid(container.data.content_type);
    const auto file = ParseJarManifest(said, context_.budget);
    if (!file) {
      RefuseSignature(answer, IntegrityOf(file.error()),
                      FaultClause(file.error()));
    } else {
      JarCoverage coverage =
          CompareSignatureFile(*file, manifest_bytes_, *content_, answer);
      for (const std::string& name : coverage.missing) {
        faults_.Add(
            fmt::format("it lacks {}, which is signed", QuoteName(name)),
            answer.range);
      }
      // Why: what a signature names that does not hold is not covered by it.
      if (answer.integrity == Integrity::kValid) {
        holds_ = true;
        if (IsManifestCovered(coverage)) {
          signing_parts_.insert(std::string(kJarManifestName));
        }
        covered_.merge(coverage.covered);
        signing_parts_.insert({block_name, file_name});
      }
      NoteAndroidSchemes(*file, answer);
    }
    facts_.signatures.push_back(std::move(answer));
    for (const CmsAttribute& attribute : signer.unsigned_attributes) {
      if (!(oid::kTimeStampToken == attribute.oid)) {
        NoteUnsignedAttribute(attribute, index, context_.budget, facts_);
      }
    }
  }

  // "X-Android-APK-Signed: 2, 3" says that a signing block was there.
  void NoteAndroidSchemes(const JarManifest& file, SignatureFacts& answer) {
    const std::string* schemes = file.main.Find("X-Android-APK-Signed");
    if (schemes != nullptr && archive_.Zip().signing_block.size == 0) {
      RefuseSignature(
          answer, Integrity::kMalformed,
          fmt::format("it says that the package is signed by APK scheme {}, "
                      "too, and that is not there",
                      QuoteName(*schemes)));
    }
  }

  void NoteAndroidBlock() {
    const ByteRange block = archive_.Zip().signing_block;
    if (block.size > 0) {
      AddUnreadable(block, {base::Fault::kUnsupported, block.offset,
                            "APK Signing Block"});
    }
  }

  void SayWhetherSigned() {
    if (!facts_.signatures.empty()) {
      const bool is_readable = std::ranges::any_of(
          facts_.signatures, [](const SignatureFacts& signature) {
            return signature.integrity != Integrity::kMalformed ||
                   signature.signer.has_value();
          });
      facts_.is_signed =
          is_readable ? model::Signed::kPresent : model::Signed::kMalformed;
      ListMembers();
      return;
    }
    facts_.is_signed = blocks_.empty() && files_.empty()
                           ? model::Signed::kAbsent
                           : model::Signed::kMalformed;
  }

  // Which members are covered, and which are not.
  void ListMembers() {
    PackageCoverage coverage;
    for (const ZipEntry& entry : archive_.Entries()) {
      if (covered_.contains(entry.name)) {
        coverage.AddCovered(entry, content_->Check(entry.name).sha256);
      } else if (signing_parts_.contains(entry.name)) {
        AddSigningPart(entry, coverage);
      } else if (IsToBeSigned(entry) || entry.name == kJarManifestName) {
        coverage.AddUncovered(entry);
      }
    }
    coverage.Finish(holds_, facts_);
  }

  // What the signatures consist of is vouched for by them.
  void AddSigningPart(const ZipEntry& entry, PackageCoverage& coverage) {
    constexpr std::array kSha256 = {DigestAlgorithm::kSha256};
    const auto digest = archive_.Hash(entry, kSha256, context_.budget);
    if (digest && archive_.Single(entry.name) != nullptr) {
      coverage.AddCovered(entry, digest->at(DigestAlgorithm::kSha256));
    }
  }

  // Why: without a digest of the whole manifest, what nobody signs may stand in
  // it. A section about an entry that is not covered is no more than that
  // entry.
  [[nodiscard]] bool IsManifestCovered(const JarCoverage& coverage) const {
    return coverage.whole_manifest ||
           (coverage.main_attributes &&
            std::ranges::all_of(
                content_->Manifest().sections, [&](const auto& section) {
                  const ZipEntry* entry = archive_.Single(section.first);
                  return coverage.sections.contains(section.first) ||
                         (entry != nullptr && IsToBeSigned(*entry));
                }));
  }

  const PackageArchive& archive_;
  const Context& context_;
  SigningFacts& facts_;
  PackageFaults faults_;
  UnpackedParts parts_;
  std::vector<const ZipEntry*> files_;
  std::vector<const ZipEntry*> blocks_;
  Bytes manifest_bytes_;
  std::optional<JarContent> content_;
  std::deque<CmsContainer> containers_;
  std::vector<Bag> bags_;
  std::set<std::string> covered_;
  std::set<std::string> signing_parts_;  // of signatures that hold
  bool holds_ = false;                   // some signature does
};

}  // namespace

SigningFacts ExamineJar(const base::Blob& file, const Context& context) {
  return ExaminePackage<JarExamination>(file, context);
}

}  // namespace countersign::signing
