// 1. the signature value over SignedInfo; 2. what SignedInfo refers to in the
// document; 3. what the manifests among that refer to in the package; 4. what
// stands beside all that.
#include "signing/vsix/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "signing/signer/answer.h"
#include "signing/signer/unsigned_data.h"
#include "signing/vsix/canonical.h"
#include "signing/vsix/unsigned_nodes.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::DigestAlgorithm;
using formats::XmlKind;
using formats::XmlTree;
using formats::ZipEntry;
using model::Integrity;
using model::SignatureFacts;

std::string HexOf(DigestAlgorithm algorithm, std::string_view text) {
  return base::Hash(algorithm, base::AsBytes(text)).Hex();
}

// "/part?ContentType=type" in two.
std::pair<std::string_view, std::string_view> SplitPartUri(
    std::string_view uri) {
  constexpr std::string_view kQuery = "?ContentType=";
  const size_t query = uri.find(kQuery);
  return query == std::string_view::npos
             ? std::pair(uri, std::string_view())
             : std::pair(uri.substr(0, query),
                         uri.substr(query + kQuery.size()));
}

// One signature part.
class XmlSignatureExamination {
 public:
  XmlSignatureExamination(const OpcPackage& package,
                          const XmlSignaturePart& part, const Context& context,
                          SigningFacts& facts, UnpackedParts& parts)
      : package_(package),
        xml_(*part.xml),
        signature_(*part.signature),
        part_(part.content),
        stored_(part.stored),
        context_(context),
        facts_(facts),
        parts_(parts) {}

  // The names of the entries that are covered, if the signature holds.
  [[nodiscard]] const std::set<std::string>& Covered() const {
    return covered_;
  }

  // `certificates` are those of other parts.
  SignatureFacts Run(uint32_t index,
                     std::vector<std::vector<uint8_t>> certificates,
                     std::vector<Bag>& bags) {
    SignatureFacts answer;
    answer.scheme = model::Scheme::kVsix;
    answer.index = index;
    answer.range = part_.Range();
    answer.integrity = Integrity::kValid;
    answer.signature_algorithm = Describe(signature_.scheme);
    std::ranges::copy(signature_.certificates,
                      std::back_inserter(certificates));
    ReadCertificates(std::move(certificates), index);
    CheckValue(answer);
    CheckReferences(answer);
    NoteUnsigned(index);
    TakeXmlTimestamps(index, bags, answer);
    NoteWeakDigest(signature_.scheme.digest, "", answer);
    JudgePublisher({signer_, certificates_, CodeSigningPurposes()}, context_,
                   answer);
    bags.push_back({certificates_, {}, {}});
    if (answer.integrity != Integrity::kValid) {
      covered_.clear();
    }
    return answer;
  }

 private:
  void ReadCertificates(std::vector<std::vector<uint8_t>> ders,
                        uint32_t index) {
    for (std::vector<uint8_t>& der : ders) {
      const base::Input input = parts_.Add(std::move(der), stored_);
      auto certificate = ParseCertificate(input, context_.budget);
      if (certificate) {
        certificates_.push_back(*std::move(certificate));
      } else {
        facts_.faults.push_back({certificate.error(),
                                 {certificate.error().offset, 0},
                                 index,
                                 StructureFault::Part::kCertificate});
      }
    }
    signer_ = certificates_.empty() ? nullptr : certificates_.data();
  }

  // The cryptography over SignedInfo. Whichever certificate's key fits is the
  // signer's.
  void CheckValue(SignatureFacts& answer) {
    if (!signature_.scheme.digest) {
      RefuseSignature(answer, Integrity::kUnsupported,
                      "its signature algorithm is not supported");
      return;
    }
    const auto text = Canonicalize(xml_, signature_.signed_info,
                                   signature_.canonical, context_.budget);
    if (!text) {
      RefuseSignature(answer, Integrity::kUnsupported, "a limit was reached");
      return;
    }
    const base::Digest digest =
        base::Hash(*signature_.scheme.digest, base::AsBytes(*text));
    const bool is_ecdsa =
        signature_.scheme.kind == SignatureScheme::Kind::kEcdsa;
    const std::vector<uint8_t> value =
        is_ecdsa ? EcdsaToDer(signature_.value) : signature_.value;
    SignatureCheck best = SignatureCheck::kUnsupported;
    for (const Certificate& certificate : certificates_) {
      const auto key = context_.keys.KeyOf(certificate);
      if (!key || best == SignatureCheck::kValid ||
          !context_.budget.ChargePublicKeyOperation(part_.offset)) {
        continue;
      }
      const SignatureCheck check =
          VerifyDigest(*key, signature_.scheme, digest, value);
      if (check == SignatureCheck::kValid) {
        signer_ = &certificate;
      }
      best = check == SignatureCheck::kUnsupported ? best : check;
    }
    if (best == SignatureCheck::kInvalid) {
      answer.signature_mismatch = true;
      RefuseSignature(
          answer, Integrity::kInvalid,
          "the signature value does not verify with the signer's key");
    } else if (best == SignatureCheck::kUnsupported) {
      RefuseSignature(answer, Integrity::kUnsupported,
                      certificates_.empty()
                          ? "the signer's certificate is not in the signature"
                          : "the signer's key cannot be used");
    }
  }

  void CheckReferences(SignatureFacts& answer) {
    IndexIds();
    if (signature_.references.empty()) {
      RefuseSignature(answer, Integrity::kMalformed, "it signs nothing");
    }
    for (const XmlReference& reference : signature_.references) {
      CheckReference(reference, answer);
    }
    bool has_manifest = false;
    for (const uint32_t object : signed_objects_) {
      for (const XmlReference& reference : ReadManifest(xml_, object)) {
        has_manifest = true;
        CheckPart(reference, answer);
      }
      ReadSigningTime(object, answer);
    }
    if (!has_manifest) {
      RefuseSignature(answer, Integrity::kMalformed,
                      "it signs no part of the package");
    }
  }

  // Why: an identifier that stands twice may be resolved to either element.
  void IndexIds() {
    for (uint32_t i = 0; i < xml_.Nodes().size(); ++i) {
      const std::string* id =
          xml_[i].kind == XmlKind::kElement ? xml_.Attribute(i, "Id") : nullptr;
      if (id != nullptr) {
        const auto [known, is_new] = by_id_.emplace(*id, i);
        if (!is_new) {
          known->second.reset();
        }
      }
    }
  }

  void CheckReference(const XmlReference& reference, SignatureFacts& answer) {
    if (!reference.uri.starts_with('#') || reference.relationships ||
        reference.is_unsupported || !reference.algorithm) {
      RefuseSignature(
          answer, Integrity::kUnsupported,
          fmt::format("it refers to {} in a way that is not supported",
                      QuoteName(reference.uri)));
      return;
    }
    const auto found = by_id_.find(reference.uri.substr(1));
    if (found == by_id_.end() || !found->second) {
      RefuseSignature(
          answer, Integrity::kMalformed,
          fmt::format("{} is not in it once", QuoteName(reference.uri)));
      return;
    }
    // A reference to an element has no comments (XML Signature, 4.3.3.3); one
    // without a transform is in canonical form.
    CanonicalForm form = reference.canonical.value_or(CanonicalForm());
    form.with_comments = false;
    const auto text = Canonicalize(xml_, *found->second, form, context_.budget);
    if (!text) {
      RefuseSignature(answer, Integrity::kUnsupported, "a limit was reached");
      return;
    }
    const std::string computed = HexOf(*reference.algorithm, *text);
    NoteDigest(reference, computed, answer);
    NoteWeakDigest(reference.algorithm, "", answer);
    if (computed != base::ToHex(reference.digest)) {
      answer.signature_mismatch = true;
      RefuseSignature(answer, Integrity::kInvalid,
                      fmt::format("{} in it has not the digest that was signed",
                                  QuoteName(reference.uri)));
      return;
    }
    signed_elements_.insert(*found->second);
    if (std::ranges::find(signature_.objects, *found->second) !=
        signature_.objects.end()) {
      signed_objects_.insert(*found->second);
    }
  }

  void CheckPart(const XmlReference& reference, SignatureFacts& answer) {
    const auto [name, type] = SplitPartUri(reference.uri);
    const ZipEntry* entry =
        name.starts_with('/') ? package_.Find(name) : nullptr;
    const std::string quoted = QuoteName(name);
    if (entry == nullptr) {
      Mismatch(reference, "", quoted + " is not in the package once", answer);
      return;
    }
    if (!base::EqualIgnoringAsciiCase(type, package_.TypeOf(name))) {
      Mismatch(reference, "", quoted + " has another type than was signed",
               answer);
      return;
    }
    if (reference.is_unsupported || !reference.algorithm) {
      RefuseSignature(answer, Integrity::kUnsupported,
                      quoted + " is signed in a way that is not supported");
      return;
    }
    const auto computed = HashPart(reference, *entry);
    if (!computed) {
      if (computed.error().fault == base::Fault::kLimit) {
        context_.budget.NoteReached(entry->data.offset, computed.error().field);
      }
      RefuseSignature(answer, IntegrityOf(computed.error()),
                      fmt::format("{} cannot be read: {} {}", quoted,
                                  computed.error().field,
                                  base::Describe(computed.error().fault)));
      return;
    }
    NoteWeakDigest(reference.algorithm, "", answer);
    if (*computed != base::ToHex(reference.digest)) {
      Mismatch(reference, *computed,
               quoted + " has not the digest that was signed", answer);
    }
  }

  // Notes that the entry is covered, where all of it is.
  base::Result<std::string> HashPart(const XmlReference& reference,
                                     const ZipEntry& entry) {
    if (!reference.relationships && !reference.canonical) {
      const std::array algorithms = {*reference.algorithm};
      const auto digests =
          CS_TRY(package_.Archive().Hash(entry, algorithms, context_.budget));
      covered_.insert(entry.name);
      return digests.at(*reference.algorithm).Hex();
    }
    const XmlTree xml = CS_TRY(package_.LoadXml(entry));
    if (!reference.relationships) {
      covered_.insert(entry.name);
      const auto text = CS_TRY(
          CanonicalizeDocument(xml, *reference.canonical, context_.budget));
      return HexOf(*reference.algorithm, text);
    }
    const auto relationships = ReadRelationships(xml);
    if (!relationships) {
      return base::Fail(base::Fault::kMalformed, 0, "relationship");
    }
    if (HoldsRelationshipsOnly(xml) &&
        CoversAll(*relationships, *reference.relationships)) {
      covered_.insert(entry.name);
    }
    return HexOf(
        *reference.algorithm,
        TransformRelationships(*relationships, *reference.relationships));
  }

  void Mismatch(const XmlReference& reference, const std::string& computed,
                std::string reason, SignatureFacts& answer) {
    if (!answer.content_mismatch) {
      answer.digest = base::ToHex(reference.digest);
      answer.computed = computed;
      answer.digest_algorithm =
          reference.algorithm ? base::Name(*reference.algorithm) : "";
    }
    answer.content_mismatch = true;
    RefuseSignature(answer, Integrity::kInvalid, std::move(reason));
  }

  static void NoteDigest(const XmlReference& reference,
                         const std::string& computed, SignatureFacts& answer) {
    if (answer.digest.empty()) {
      answer.digest = base::ToHex(reference.digest);
      answer.computed = computed;
      answer.digest_algorithm = base::Name(*reference.algorithm);
    }
  }

  void ReadSigningTime(uint32_t object, SignatureFacts& answer) const {
    for (uint32_t i = object; i < xml_[object].end; ++i) {
      if (xml_[i].kind == XmlKind::kElement &&
          xml_[i].name.Is(kOpcSignatureSpace, "SignatureTime")) {
        const auto value = xml_.Child(i, kOpcSignatureSpace, "Value");
        if (value && !answer.signing_time) {
          answer.signing_time = base::ParseInstant(xml_.Text(*value));
        }
      }
    }
  }

  void NoteUnsigned(uint32_t index) {
    signed_elements_.insert(signature_.signed_info);
    if (HasUnsignedNodes(xml_, signed_elements_)) {
      facts_.unsigned_data.push_back(
          DescribeData(UnsignedData::Place::kInsideEntry, part_));
      facts_.unsigned_data.back().signature = index;
    }
  }

  void TakeXmlTimestamps(uint32_t index, std::vector<Bag>& bags,
                         SignatureFacts& answer) {
    for (const uint32_t object : signature_.objects) {
      for (uint32_t i = object; i < xml_[object].end; ++i) {
        if (xml_[i].kind != XmlKind::kElement) {
          continue;
        }
        if (xml_[i].name.Is(kOpcSignatureSpace, "EncodedTime")) {
          TakeToken(i, signature_.value, index, bags, answer);
        } else if (xml_[i].name.Is(kXadesSpace, "EncapsulatedTimeStamp") &&
                   xml_[xml_[i].parent].name.Is(kXadesSpace,
                                                "SignatureTimeStamp")) {
          TakeXadesToken(i, index, bags, answer);
        }
      }
    }
  }

  // Spec: XAdES 1.3.2 section 7.3: the imprint is of the canonical form of
  // the element SignatureValue.
  void TakeXadesToken(uint32_t element, uint32_t index, std::vector<Bag>& bags,
                      SignatureFacts& answer) {
    CanonicalForm form;
    const auto method = xml_.Child(xml_[element].parent, kXmlSignatureSpace,
                                   "CanonicalizationMethod");
    const std::string* algorithm =
        method ? xml_.Attribute(*method, "Algorithm") : nullptr;
    if (algorithm != nullptr) {
      form = CanonicalFormOf(*algorithm).value_or(form);
    }
    const auto text =
        Canonicalize(xml_, signature_.signature_value, form, context_.budget);
    if (text) {
      const Bytes bytes = base::AsBytes(*text);
      TakeToken(element, {bytes.begin(), bytes.end()}, index, bags, answer);
    }
  }

  // The token in `element`, over `stamped`.
  void TakeToken(uint32_t element, const std::vector<uint8_t>& stamped,
                 uint32_t index, std::vector<Bag>& bags,
                 SignatureFacts& answer) {
    auto token = base::DecodeBase64(xml_.Text(element));
    if (!token || token->empty()) {
      model::TimestampFacts& facts = answer.timestamps.emplace_back();
      facts.range = part_.Range();
      facts.reason = "its element holds no timestamp";
      return;
    }
    const base::Input input = parts_.Add(*std::move(token), stored_);
    SignerInfo carrier;
    carrier.signature = {stamped, part_.offset};
    carrier.unsigned_attributes = {{oid::kTimeStampToken.View(), input, input}};
    CmsContainer container;
    container.certificates = certificates_;
    auto stamps = TakeTimestamps(carrier, container, index,
                                 StampSource::kTokens, context_, bags, facts_);
    std::ranges::move(stamps, std::back_inserter(answer.timestamps));
  }

  const OpcPackage& package_;
  const XmlTree& xml_;
  const XmlSignature& signature_;
  base::Input part_;
  ByteRange stored_;
  const Context& context_;
  SigningFacts& facts_;
  UnpackedParts& parts_;
  std::vector<Certificate> certificates_;
  const Certificate* signer_ = nullptr;
  std::map<std::string, std::optional<uint32_t>, std::less<>> by_id_;
  std::set<uint32_t> signed_elements_;
  std::set<uint32_t> signed_objects_;
  std::set<std::string> covered_;
};

}  // namespace

XmlSignatureAnswer AnswerXmlSignature(const OpcPackage& package,
                                      XmlSignaturePart part, uint32_t index,
                                      const Context& context,
                                      UnpackedParts& parts,
                                      std::vector<Bag>& bags,
                                      SigningFacts& facts) {
  XmlSignatureExamination examination(package, part, context, facts, parts);
  XmlSignatureAnswer answer;
  answer.facts = examination.Run(index, std::move(part.certificates), bags);
  answer.covered = examination.Covered();
  return answer;
}

}  // namespace countersign::signing
