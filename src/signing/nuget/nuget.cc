// NuGet packages: a ZIP archive with a signature among its entries.
//
//   Name.nuspec | content ... | .signature.p7s (stored) | directory
//
// The signature is a CMS whose content is the document of content.cc. It is of
// an author or of a repository, as its commitment type says; a repository
// countersigns an author's (PKCS #9, over the value of that signature).
//
// Spec: NuGet "Package Signatures Technical Specification" and "Repository
// Signatures and Countersignatures Technical Specification"; RFC 5652; RFC
// 5126 section 5.11.1 (commitment-type-indication).
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "signing/cms/signing_certificate.h"
#include "signing/nuget/content.h"
#include "signing/package/examine.h"
#include "signing/package/schemes.h"
#include "signing/signer/answer.h"
#include "signing/signer/superfluous.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using formats::ZipEntry;
using model::Integrity;
using model::SignatureFacts;

constexpr Oid kCommitmentType{"1.2.840.113549.1.9.16.2.16"};
constexpr Oid kProofOfOrigin{"1.2.840.113549.1.9.16.6.1"};
constexpr Oid kProofOfReceipt{"1.2.840.113549.1.9.16.6.2"};
constexpr Oid kServiceIndexUrl{"1.3.6.1.4.1.311.84.2.1.1.1"};
constexpr Oid kPackageOwners{"1.3.6.1.4.1.311.84.2.1.1.2"};

// CommitmentTypeIndication ::= SEQUENCE { commitmentTypeId OID, ... }
// "author", "repository", or "" when it says neither, or both.
std::string NugetSignatureType(const SignerInfo& signer, base::Budget& budget) {
  bool is_author = false;
  bool is_repository = false;
  for (const CmsAttribute& attribute : signer.signed_attributes) {
    if (!(kCommitmentType == attribute.oid)) {
      continue;
    }
    DerReader values(attribute.values, budget);
    while (!values.AtEnd()) {
      DerReader value(
          values.Expect(tag::kSequence, "CommitmentTypeIndication").value,
          budget);
      const Bytes type =
          value.Expect(tag::kOid, "commitmentTypeId").value.bytes;
      is_author |= kProofOfOrigin == type;
      is_repository |= kProofOfReceipt == type;
    }
  }
  return is_author == is_repository ? "" : is_author ? "author" : "repository";
}

// What a repository says of itself: nuget-v3-service-index-url ::= IA5String,
// nuget-package-owners ::= SEQUENCE OF UTF8String.
void DescribeRepository(const SignerInfo& signer, base::Budget& budget,
                        SignatureFacts& facts) {
  const auto url =
      FirstValue(signer.signed_attributes, kServiceIndexUrl, budget);
  if (url) {
    facts.program_url = base::DisplaySafe(base::AsText(url->value.bytes));
  }
  const auto owners =
      FirstValue(signer.signed_attributes, kPackageOwners, budget);
  if (!owners) {
    return;
  }
  // Limit: 32 names; packages have one to five owners.
  constexpr size_t kMostOwners = 32;
  DerReader reader(owners->value, budget);
  while (!reader.AtEnd() && facts.package_owners.size() < kMostOwners) {
    const Element owner = reader.Expect(tag::kUtf8String, "owner");
    if (!reader.Failed()) {
      facts.package_owners.push_back(
          base::DisplaySafe(base::AsText(owner.value.bytes)));
    }
  }
}

class NugetExamination {
 public:
  NugetExamination(const PackageArchive& archive, const Context& context,
                   SigningFacts& facts)
      : archive_(archive),
        context_(context),
        facts_(facts),
        faults_(facts),
        file_(archive.File().View()) {}

  void Run() {
    if (const ZipEntry* entry = FindSignature()) {
      CheckEntry(*entry);
      if (entry->method == 0 && !entry->damage) {
        ExamineSignature(*entry);
      }
    }
    facts_.limit = context_.budget.Reached();
  }

 private:
  const ZipEntry* FindSignature() {
    const ZipEntry* found = nullptr;
    size_t count = 0;
    bool is_odd = false;
    for (const ZipEntry& entry : archive_.Entries()) {
      if (entry.name == kNugetSignature) {
        found = &entry;
        ++count;
      } else if (base::EqualIgnoringAsciiCase(entry.name, kNugetSignature)) {
        is_odd = true;
        faults_.Add(fmt::format("{} is no signature: its name must be {}",
                                QuoteName(entry.name), kNugetSignature),
                    EntryRange(entry));
      }
    }
    facts_.is_signed = count == 0 && !is_odd ? model::Signed::kAbsent
                                             : model::Signed::kMalformed;
    if (count > 1) {
      faults_.Add("it has several signatures", EntryRange(*found));
      return nullptr;
    }
    return found;
  }

  // The entry must be as NuGet writes it; its own client refuses others, and
  // nobody signs what is in its headers.
  void CheckEntry(const ZipEntry& entry) {
    const ByteRange range = EntryRange(entry);
    if (entry.damage) {
      faults_.Add("the signature's entry: " + FaultClause(*entry.damage),
                  range);
      return;
    }
    if (entry.method != 0 || entry.compressed_size != entry.size) {
      faults_.Add("the signature's entry is not stored as it is", range);
    }
    const uint64_t local = entry.local_header.offset;
    if (entry.flags != 0 || file_[local + 6] != 0 || file_[local + 7] != 0 ||
        entry.external_attributes != 0) {
      faults_.Add("the signature's entry has flags or attributes", range);
    }
    const auto& zip = archive_.Zip();
    const ByteRange directory = zip.central_directory;
    if (zip.zip64_end.size > 0 || zip.zip64_locator.size > 0) {
      faults_.Add("it has zip64 records, with which no package is signed",
                  zip.zip64_locator);
    } else if (directory.offset + directory.size != zip.end.offset) {
      faults_.Add("its end record does not follow its directory", zip.end);
    }
    for (const ByteRange surplus : HeaderSurplus(entry, file_)) {
      NoteUnsigned(surplus);
    }
    if (const ByteRange gap = GapBehind(archive_, entry); gap.size > 0) {
      NoteUnsigned(gap);
    }
  }

  void NoteUnsigned(ByteRange range) {
    facts_.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry,
                     {file_.subspan(range.offset, range.size), range.offset}));
  }

  void ExamineSignature(const ZipEntry& entry) {
    const base::Input input{file_.subspan(entry.data.offset, entry.data.size),
                            entry.data.offset};
    if (!context_.budget.ChargeSignature(input.offset)) {
      return;
    }
    auto data = ParseSignedData(input, context_.budget);
    if (!data) {
      AddUnreadable(input.Range(), data.error());
      return;
    }
    const uint64_t whole = data->whole.bytes.size();
    if (whole < input.bytes.size()) {
      NoteUnsigned({input.offset + whole, input.bytes.size() - whole});
    }
    container_.data = *std::move(data);
    ReadBag(container_, 0, context_.budget, facts_);
    bags_.push_back(BagOf(container_.data, container_.certificates));
    if (container_.data.signers.size() != 1) {
      AddUnreadable(input.Range(), {base::Fault::kMalformed, input.offset,
                                    "SignedData.signerInfos"});
      return;
    }
    facts_.is_signed = model::Signed::kPresent;
    AnswerPrimary(entry);
    AnswerCountersignatures();
    NoteSuperfluous(bags_, context_, facts_);
  }

  void AddUnreadable(ByteRange range, const base::Error& error) {
    AddUnreadableSignature(model::Scheme::kNuget, range, error, context_.budget,
                           facts_);
  }

  void AnswerPrimary(const ZipEntry& entry) {
    const SignerInfo& signer = container_.data.signers[0];
    SignatureFacts answer = AnswerCms(
        {&container_, &signer, container_.data.content.bytes, &oid::kData}, 0,
        context_, bags_, facts_);
    CheckSignerFacts(signer, answer);
    CheckContent(entry, answer);
    facts_.signatures.push_back(std::move(answer));
    for (const CmsAttribute& attribute : signer.unsigned_attributes) {
      if (!(oid::kCounterSignature == attribute.oid) &&
          !(oid::kTimeStampToken == attribute.oid)) {
        NoteUnsignedAttribute(attribute, 0, context_.budget, facts_);
      }
    }
  }

  // What holds for the primary signature and for countersignatures.
  void CheckSignerFacts(const SignerInfo& signer, SignatureFacts& answer) {
    answer.scheme = model::Scheme::kNuget;
    answer.statement_type = NugetSignatureType(signer, context_.budget);
    DescribeRepository(signer, context_.budget, answer);
    if (answer.statement_type.empty()) {
      RefuseSignature(
          answer, Integrity::kMalformed,
          "it does not say whether it is of an author or of a repository");
    } else if (answer.statement_type == "repository" && !answer.program_url) {
      RefuseSignature(answer, Integrity::kMalformed,
                      "it does not say of which repository it is");
    }
    if (!NamesItsCertificate(signer, context_.budget)) {
      RefuseSignature(answer, Integrity::kMalformed,
                      "it does not name the certificate that it was made with");
    }
    for (const Certificate& certificate : container_.certificates) {
      if (answer.signer && certificate.sha256.Hex() == answer.signer->sha256 &&
          NamesAnotherCertificate(signer, certificate, context_.budget)) {
        answer.signature_mismatch = true;
        RefuseSignature(answer, Integrity::kInvalid,
                        "it names another certificate than it was made with");
      }
    }
  }

  void CheckContent(const ZipEntry& entry, SignatureFacts& answer) {
    answer.content_type = DottedOid(container_.data.content_type);
    const auto content =
        oid::kData == container_.data.content_type
            ? ReadNugetContent(base::AsText(container_.data.content.bytes))
            : std::nullopt;
    if (!content) {
      RefuseSignature(answer, Integrity::kMalformed,
                      "it does not state the digest of a package");
      return;
    }
    answer.digest_algorithm = base::Name(content->algorithm);
    answer.digest = base::ToHex(content->digest);
    const auto computed = HashNuget(archive_, entry, content->algorithm);
    if (!computed) {
      RefuseSignature(answer, IntegrityOf(computed.error()),
                      FaultClause(computed.error()));
      return;
    }
    answer.computed = computed->Hex();
    if (answer.computed != answer.digest) {
      answer.content_mismatch = true;
      RefuseSignature(answer, Integrity::kInvalid,
                      "the package does not have the digest that was signed");
    }
  }

  void AnswerCountersignatures() {
    const SignerInfo& primary = container_.data.signers[0];
    for (const CmsAttribute& attribute : primary.unsigned_attributes) {
      if (!(oid::kCounterSignature == attribute.oid)) {
        continue;
      }
      DerReader values(attribute.values, context_.budget);
      while (!values.AtEnd()) {
        const base::Input value = values.Any("countersignature").whole;
        if (!values.Failed()) {
          AnswerCountersignature(value);
        }
      }
      if (values.Failed()) {
        AddUnreadable(attribute.values.Range(), values.Finish(0).error());
        facts_.signatures.back().nested_in = 0;
      }
    }
  }

  void AnswerCountersignature(base::Input value) {
    if (!context_.budget.ChargeSignature(value.offset)) {
      return;
    }
    const auto index = static_cast<uint32_t>(facts_.signatures.size());
    const auto signer = ParseSignerInfo(value, context_.budget);
    if (!signer) {
      AddUnreadable(value.Range(), signer.error());
      facts_.signatures.back().nested_in = 0;
      return;
    }
    for (const base::Input rest : signer->rest) {
      NoteUnsigned(rest.Range());
    }
    SignatureFacts answer =
        AnswerCms({&container_, &*signer,
                   container_.data.signers[0].signature.bytes, nullptr},
                  index, context_, bags_, facts_);
    answer.range = value.Range();
    answer.nested_in = 0;
    CheckSignerFacts(*signer, answer);
    const SignatureFacts& primary = facts_.signatures[0];
    // Why: it is over the value of the other signature only.
    if (primary.integrity != Integrity::kValid) {
      RefuseSignature(answer, primary.integrity,
                      "the signature that it countersigns does not hold");
    }
    if (answer.statement_type == "repository" &&
        (primary.statement_type == "repository" || has_repository_)) {
      RefuseSignature(answer, Integrity::kMalformed,
                      "the package has another signature of a repository");
    }
    has_repository_ |= answer.statement_type == "repository";
    facts_.signatures.push_back(std::move(answer));
    for (const CmsAttribute& attribute : signer->unsigned_attributes) {
      if (!(oid::kTimeStampToken == attribute.oid)) {
        NoteUnsignedAttribute(attribute, index, context_.budget, facts_);
      }
    }
  }

  const PackageArchive& archive_;
  const Context& context_;
  SigningFacts& facts_;
  PackageFaults faults_;
  Bytes file_;
  CmsContainer container_;
  std::vector<Bag> bags_;
  bool has_repository_ = false;
};

}  // namespace

SigningFacts ExamineNuget(const base::Blob& file, const Context& context) {
  return ExaminePackage<NugetExamination>(file, context);
}

}  // namespace countersign::signing
