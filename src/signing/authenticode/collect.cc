#include "signing/authenticode/collect.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signing/asn1/oid.h"
#include "signing/cms/signer_check.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Input;

// Attributes that belong among the unsigned ones. The two markers of
// Microsoft's signing tools are a few bytes; more than that is cargo.
bool IsExpectedUnsigned(const CmsAttribute& attribute) {
  constexpr std::array kUnsigned = {
      oid::kCounterSignature, oid::kTimeStampToken,
      oid::kMicrosoftTimeStampToken, oid::kNestedSignature};
  constexpr std::array kMarkers = {Oid("1.3.6.1.4.1.311.2.6.1"),
                                   Oid("1.3.6.1.4.1.311.2.6.2")};
  constexpr size_t kMarkerBytes = 64;
  const auto is_attribute = [&](const Oid& oid) {
    return oid == attribute.oid;
  };
  return std::ranges::any_of(kUnsigned, is_attribute) ||
         (attribute.values.bytes.size() <= kMarkerBytes &&
          std::ranges::any_of(kMarkers, is_attribute));
}

// Limit: 64 MiB for one PKCS #7; real ones stay below 1 MiB, a few installers
// carry some MiB of configuration in an attribute.
constexpr uint64_t kMaxContainerBytes = uint64_t{64} << 20;

}  // namespace

Collection Collector::Finish() {
  while (!pending_.empty()) {
    const Pending next = pending_.front();
    pending_.pop_front();
    ReadContainer(next);
  }
  return std::move(collection_);
}

void Collector::ReadContainer(const Pending& item) {
  const auto paid = budget_.ChargeSignature(item.content.offset);
  const char* limit =
      !paid                               ? "signatures"
      : item.depth > budget_.Left().depth ? "depth of nested signatures"
      : item.content.bytes.size() > kMaxContainerBytes ? "size of a signature"
                                                       : nullptr;
  if (limit != nullptr) {
    Unreadable(item.entry, item.nested_in, item.content.Range(),
               {base::Fault::kLimit, item.content.offset, limit});
    return;
  }
  auto data = ParseSignedData(item.content, budget_);
  if (!data) {
    Unreadable(item.entry, item.nested_in, item.content.Range(), data.error());
    return;
  }
  ParsedContainer& container = collection_.containers.emplace_back();
  container.data = *std::move(data);
  const auto first_signature =
      static_cast<uint32_t>(collection_.signatures.size());
  ReadParts(item, container, first_signature);
  if (!item.nested_in) {
    NotePadding(item, container.data.whole, first_signature);
  }
  if (container.data.signers.empty()) {
    Unreadable(item.entry, item.nested_in, item.content.Range(),
               {base::Fault::kMalformed, item.content.offset,
                "SignedData.signerInfos"});
  }
  for (size_t i = 0; i < container.data.signers.size(); ++i) {
    const SignerInfo& signer = container.data.signers[i];
    // The first is paid for with the container.
    if (i > 0 && !budget_.ChargeSignature(signer.whole.offset)) {
      Unreadable(item.entry, item.nested_in, item.content.Range(),
                 {base::Fault::kLimit, signer.whole.offset, "signatures"});
      break;
    }
    AddSignature(item, container, signer);
  }
}

void Collector::ReadParts(const Pending& item, ParsedContainer& container,
                          uint32_t signature) {
  ReadBag(container, signature, budget_, facts_);
  container.covered = container.data.content;
  // Quirk: the drivers of VirtualBox nest a detached signature over the list of
  // their catalogs.
  if (item.outer != nullptr && !container.data.has_content &&
      oid::kData == container.data.content_type &&
      !(content_type_ == oid::kSpcIndirectData.View())) {
    container.is_detached = true;
    container.covered = item.outer->is_detached
                            ? item.outer->covered
                            : item.outer->data.content_whole;
    return;
  }
  if (!(content_type_ == container.data.content_type)) {
    container.content_error = base::Error{
        base::Fault::kUnsupported, container.data.whole.offset, "eContentType"};
    return;
  }
  if (!(oid::kSpcIndirectData == container.data.content_type)) {
    return;  // the content itself is what was signed
  }
  auto content = ParseIndirectData(container.data.content, budget_);
  if (content) {
    container.content = *content;
  } else {
    container.content_error = content.error();
  }
}

void Collector::AddSignature(const Pending& item,
                             const ParsedContainer& container,
                             const SignerInfo& signer) {
  const auto index = static_cast<uint32_t>(collection_.signatures.size());
  collection_.signatures.push_back({item.entry, item.nested_in,
                                    container.data.whole.Range(), &container,
                                    &signer, container.content_error});
  if (container.content_error) {
    facts_.faults.push_back(
        {*container.content_error, container.data.whole.Range(), index});
  }
  for (const CmsAttribute& attribute : signer.unsigned_attributes) {
    if (oid::kNestedSignature == attribute.oid) {
      DerReader values(attribute.values, budget_);
      while (!values.AtEnd()) {
        const Input value = values.Any("nested signature").whole;
        if (!values.Failed()) {
          pending_.push_back(
              {value, item.entry, index, item.depth + 1, &container});
        }
      }
      if (values.Failed()) {
        Unreadable(item.entry, index, attribute.values.Range(),
                   values.Finish(0).error());
      }
    } else if (!IsExpectedUnsigned(attribute)) {
      NoteUnsignedAttribute(attribute, index, budget_, facts_);
    }
  }
}

// An entry or nested attribute that yields no signature to verify.
void Collector::Unreadable(uint32_t entry, std::optional<uint32_t> nested_in,
                           ByteRange range, const base::Error& error) {
  const auto index = static_cast<uint32_t>(collection_.signatures.size());
  ParsedSignature& signature = collection_.signatures.emplace_back();
  signature.entry = entry;
  signature.nested_in = nested_in;
  signature.range = range;
  signature.error = error;
  if (error.fault == base::Fault::kLimit) {
    budget_.NoteReached(error.offset, error.field);
  }
  facts_.faults.push_back({error, range, index});
}

// What follows the PKCS #7 in its entry. Zeros up to the next multiple of 8
// are how signers align.
void Collector::NotePadding(const Pending& item, Input pkcs7,
                            uint32_t signature) {
  const uint64_t end = pkcs7.offset + pkcs7.bytes.size();
  const ByteRange rest{end,
                       item.content.offset + item.content.bytes.size() - end};
  UnsignedData data =
      DescribeData(UnsignedData::Place::kInsideEntry,
                   {item.content.bytes.last(rest.size), rest.offset});
  if (rest.size == 0 || (rest.size < 8 && data.all_zero)) {
    return;
  }
  data.signature = signature;
  facts_.unsigned_data.push_back(std::move(data));
}

}  // namespace countersign::signing
