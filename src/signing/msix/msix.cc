// MSIX packages: a ZIP archive whose last entry is its signature.
//
//   payload ... | AppxManifest.xml | AppxBlockMap.xml | [Content_Types].xml |
//   AppxMetadata/CodeIntegrity.cat (optional) | AppxSignature.p7x | directory
//
//   AppxSignature.p7x: "PKCX", then a PKCS #7 of SpcIndirectDataContent whose
//   digest is "APPX" and the digests of digests.cc.
//
// Spec: Microsoft Learn, "MSIX documentation"; ECMA-376 part 2 for the package.
// What is signed is not published; see digests.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/authenticode/subject.h"
#include "signing/msix/block_map.h"
#include "signing/msix/digests.h"
#include "signing/msix/manifest.h"
#include "signing/msix/part.h"
#include "signing/package/examine.h"
#include "signing/package/schemes.h"
#include "signing/package/unpacked.h"
#include "signing/signer/answer.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::DigestAlgorithm;
using formats::ZipEntry;
using model::Integrity;
using model::SignatureFacts;

using DigestsByAlgorithm = std::map<DigestAlgorithm, MsixDigests>;

// What each tag stands for, in words.
std::string_view MsixPartName(std::string_view tag) {
  return tag == "AXPC"   ? "the content of the package"
         : tag == "AXCD" ? "the directory of the package"
         : tag == "AXCT" ? kMsixContentTypes
         : tag == "AXBM" ? kMsixBlockMap
         : tag == "AXCI" ? kMsixCodeIntegrity
                         : std::string_view();
}

class MsixSubject : public Subject {
 public:
  // Without digests when they could not be computed.
  explicit MsixSubject(std::optional<DigestsByAlgorithm> digests)
      : digests_(std::move(digests)) {}

  [[nodiscard]] model::Scheme Scheme() const override {
    return model::Scheme::kMsix;
  }

  // There is no one digest of a package; see CheckContent.
  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const DigestAlgorithm> /*algorithms*/) const override {
    return ContentDigests();
  }

  // The content names the software that verifies it.
  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kSipInfo;
  }

  void CheckContent(const IndirectData& content,
                    const ContentDigests& /*digests*/, bool /*holds*/,
                    SignatureFacts& facts) const override {
    facts.content_type = DottedOid(content.type);
    if (!(oid::kSipInfo == content.type)) {
      RefuseSignature(facts, Integrity::kMalformed,
                      "it is made for another kind of file than packages");
    }
    if (!content.algorithm) {
      RefuseSignature(facts, Integrity::kUnsupported,
                      fmt::format("the digest algorithm {} is not supported",
                                  DottedOid(content.algorithm_oid)));
      return;
    }
    facts.digest_algorithm = base::Name(*content.algorithm);
    const auto stated = ReadMsixDigests(content.digest.bytes,
                                        base::DigestSize(*content.algorithm));
    if (!stated) {
      RefuseSignature(facts, Integrity::kMalformed,
                      "its digest is not a list of digests of a package");
    } else if (!digests_ || !digests_->contains(*content.algorithm)) {
      RefuseSignature(facts, Integrity::kUnsupported,
                      "the package could not be read to its end");
    } else {
      Compare(*stated, digests_->at(*content.algorithm), facts);
    }
  }

 private:
  // `digest` and `computed` become those of the first part that differs, or of
  // the content.
  static void Compare(const std::vector<MsixSignedDigest>& stated,
                      const MsixDigests& computed, SignatureFacts& facts) {
    std::map<std::string, base::Bytes, std::less<>> by_tag;
    for (const MsixSignedDigest& each : stated) {
      if (MsixPartName(each.tag).empty()) {
        RefuseSignature(
            facts, Integrity::kUnsupported,
            fmt::format("it has a digest {} of something that is not known",
                        QuoteName(each.tag)));
      }
      if (!by_tag.emplace(each.tag, each.digest).second) {
        RefuseSignature(
            facts, Integrity::kMalformed,
            fmt::format("it has two digests {}", QuoteName(each.tag)));
      }
    }
    constexpr std::array<std::string_view, 5> kTags = {"AXBM", "AXCT", "AXCI",
                                                       "AXCD", "AXPC"};
    for (const std::string_view tag : kTags) {
      const auto signed_one = by_tag.find(tag);
      const auto found = computed.find(tag);
      const bool is_signed = signed_one != by_tag.end();
      const bool is_there = found != computed.end();
      if (!is_signed && is_there) {
        RefuseSignature(
            facts, Integrity::kMalformed,
            fmt::format("it has no digest {} of {}", tag, MsixPartName(tag)));
        continue;
      }
      const bool differs =
          is_signed &&
          (!is_there || !base::Equal(found->second.View(), signed_one->second));
      if (is_signed && !facts.content_mismatch) {
        facts.digest = base::ToHex(signed_one->second);
        facts.computed = is_there ? found->second.Hex() : "";
      }
      if (differs) {
        facts.content_mismatch = true;
        RefuseSignature(facts, Integrity::kInvalid,
                        fmt::format("{} has not the digest {} that was signed",
                                    MsixPartName(tag), tag));
      }
    }
  }

  std::optional<DigestsByAlgorithm> digests_;
};

// Everything about one package.
class MsixExamination {
 public:
  MsixExamination(const PackageArchive& archive, const Context& context,
                  SigningFacts& facts)
      : archive_(archive), context_(context), facts_(facts), faults_(facts) {}

  void Run() {
    const auto& zip = archive_.Zip();
    if (archive_.Single(kMsixContentTypes) == nullptr) {
      faults_.Add(fmt::format("{} is not in it once", kMsixContentTypes),
                  zip.central_directory);
    }
    const auto manifest = ReadMsixManifest(archive_, context_.budget, faults_);
    CheckBlockMap(archive_, manifest ? &*manifest : nullptr, context_.budget,
                  faults_);
    if (const ZipEntry* signature = FindSignature()) {
      CheckPlace(*signature);
      ExamineSignature(*signature, manifest ? &*manifest : nullptr);
    }
    facts_.limit = context_.budget.Reached();
    parts_.Restore(facts_);
  }

 private:
  // Null when there is none, or none that could be the one.
  const ZipEntry* FindSignature() {
    std::vector<const ZipEntry*> found;
    for (const ZipEntry& entry : archive_.Entries()) {
      // Names of parts are equal where only the case of ASCII letters differs.
      if (base::EqualIgnoringAsciiCase(entry.name, kMsixSignature)) {
        found.push_back(&entry);
      }
    }
    facts_.is_signed =
        found.empty() ? model::Signed::kAbsent : model::Signed::kMalformed;
    if (found.size() > 1) {
      faults_.Add("it has several signatures", EntryRange(*found[1]));
      return nullptr;
    }
    if (!found.empty() && found[0]->name != kMsixSignature) {
      faults_.Add(
          fmt::format("its signature is named {}", QuoteName(found[0]->name)),
          EntryRange(*found[0]));
      return nullptr;
    }
    if (!found.empty() && found[0]->damage) {
      faults_.Add(
          fmt::format("its signature: {}", FaultClause(*found[0]->damage)),
          EntryRange(*found[0]));
      return nullptr;
    }
    return found.empty() ? nullptr : found[0];
  }

  // What no digest covers lies around the signature: nothing may.
  void CheckPlace(const ZipEntry& signature) {
    const auto& zip = archive_.Zip();
    for (const ZipEntry& entry : archive_.Entries()) {
      if (&entry != &signature &&
          EntryRange(entry).offset >= signature.local_header.offset) {
        faults_.Add(fmt::format("the signature is not the last part: {} "
                                "stands behind it",
                                QuoteName(entry.name)),
                    EntryRange(entry));
        break;
      }
    }
    const uint64_t size = archive_.File().View().size();
    const ByteRange entry = EntryRange(signature);
    CheckAdjoins(entry, zip.central_directory);
    ByteRange last = zip.central_directory;
    for (const ByteRange next : {zip.zip64_end, zip.zip64_locator, zip.end}) {
      if (next.size > 0) {
        CheckAdjoins(last, next);
        last = next;
      }
    }
    CheckAdjoins(last, {size, 0});
    for (const ByteRange surplus :
         HeaderSurplus(signature, archive_.File().View())) {
      NoteUnsigned(surplus);
    }
  }

  void CheckAdjoins(ByteRange before, ByteRange behind) {
    const uint64_t end = before.offset + before.size;
    if (end > behind.offset) {
      faults_.Add("the records at its end overlap", behind);
    } else if (end < behind.offset) {
      NoteUnsigned({end, behind.offset - end});
    }
  }

  void NoteUnsigned(ByteRange range) {
    const base::Bytes bytes =
        archive_.File().View().subspan(range.offset, range.size);
    facts_.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry, {bytes, range.offset}));
  }

  void ExamineSignature(const ZipEntry& entry, const MsixManifest* manifest) {
    const auto content = ReadSignature(entry);
    if (!content) {
      return;
    }
    Collector collector(context_.budget, facts_);
    collector.AddContainer(0, *content);
    const Collection collection = collector.Finish();
    ExamineSignatures(MsixSubject(HashContent(entry, collection)), collection,
                      context_, facts_);
    if (manifest != nullptr) {
      ComparePublisher(*manifest, collection);
    }
  }

  // The PKCS #7, or nothing when there is none.
  std::optional<base::Input> ReadSignature(const ZipEntry& entry) {
    // Limit: 16 MiB; signatures have some KiB, with long lists of revoked
    // certificates some MiB.
    constexpr uint64_t kMostBytes = uint64_t{16} << 20;
    constexpr std::string_view kMark = "PKCX";
    auto content = archive_.Load(entry, kMostBytes, context_.budget);
    if (!content) {
      faults_.AddUnreadable("its signature cannot be read", content.error(),
                            EntryRange(entry), context_.budget);
      return std::nullopt;
    }
    base::Input input{
        archive_.File().View().subspan(entry.data.offset, entry.data.size),
        entry.data.offset};
    if (entry.method != 0) {
      input = parts_.Add(*std::move(content), entry.data);
    }
    if (!base::AsText(input.bytes).starts_with(kMark)) {
      faults_.Add("its signature does not begin with PKCX", entry.data);
      return std::nullopt;
    }
    return base::Input{input.bytes.subspan(kMark.size()),
                       input.offset + kMark.size()};
  }

  std::optional<DigestsByAlgorithm> HashContent(const ZipEntry& signature,
                                                const Collection& collection) {
    std::vector<DigestAlgorithm> algorithms;
    for (const ParsedContainer& container : collection.containers) {
      const auto algorithm =
          container.content ? container.content->algorithm : std::nullopt;
      if (algorithm &&
          std::ranges::find(algorithms, *algorithm) == algorithms.end()) {
        algorithms.push_back(*algorithm);
      }
    }
    auto digests = HashMsix(archive_, signature, algorithms, context_.budget);
    if (!digests) {
      faults_.AddUnreadable("what is signed cannot be read", digests.error(),
                            {digests.error().offset, 0}, context_.budget);
      return std::nullopt;
    }
    return *std::move(digests);
  }

  void ComparePublisher(const MsixManifest& manifest,
                        const Collection& collection) {
    for (const SignatureFacts& signature : facts_.signatures) {
      if (!signature.signer || facts_.publisher_mismatch) {
        continue;
      }
      const Certificate* signer = FindSigner(*signature.signer, collection);
      if (signer != nullptr &&
          !IsPublisher(manifest.publisher,
                       ParseName(signer->subject, context_.budget))) {
        facts_.publisher_mismatch = PublisherMismatch{
            base::DisplaySafe(manifest.publisher), signature.signer->subject,
            manifest.range, signature.index};
      }
    }
  }

  static const Certificate* FindSigner(const model::CertificateFacts& signer,
                                       const Collection& collection) {
    for (const ParsedContainer& container : collection.containers) {
      for (const Certificate& certificate : container.certificates) {
        if (certificate.sha256.Hex() == signer.sha256) {
          return &certificate;
        }
      }
    }
    return nullptr;
  }

  const PackageArchive& archive_;
  const Context& context_;
  SigningFacts& facts_;
  PackageFaults faults_;
  UnpackedParts parts_;
};

}  // namespace

SigningFacts ExamineMsix(const base::Blob& file, const Context& context) {
  return ExaminePackage<MsixExamination>(file, context);
}

}  // namespace countersign::signing
