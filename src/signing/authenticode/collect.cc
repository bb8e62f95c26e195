#include "signing/authenticode/collect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

#include "base/text.h"
#include "formats/sniff.h"
#include "signing/asn1/oid.h"
#include "signing/cms/signer_check.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::ByteRange;
using base::Input;

// Shannon entropy in bits a byte.
double Entropy(Bytes bytes) {
  std::array<uint64_t, 256> counts{};
  for (const uint8_t byte : bytes) {
    ++counts[byte];
  }
  double entropy = 0;
  for (const uint64_t count : counts) {
    if (count != 0) {
      const double share =
          static_cast<double>(count) / static_cast<double>(bytes.size());
      entropy -= share * std::log2(share);
    }
  }
  return entropy;
}

// What `bytes` start as, past any leading zeros.
std::string MagicOf(Bytes bytes) {
  while (!bytes.empty() && bytes[0] == 0) {
    bytes = bytes.subspan(1);
  }
  // Quirk: Google's and others' installers carry a tag of their own here.
  constexpr std::string_view kGoogleTag = "Gact";
  if (base::AsText(bytes).starts_with(kGoogleTag)) {
    return "google-update-tag";
  }
  const formats::FormatRow& row = formats::Sniff(bytes);
  return row.format == model::Format::kUnknown ||
                 row.format == model::Format::kEmpty
             ? ""
             : std::string(model::Name(row.format));
}

// Limit: 1 MiB of hidden data is looked at, so that a gigabyte of it does not
// become resident; what is longer is never called "all zero".
constexpr size_t kSampleBytes = size_t{1} << 20;
// Limit: 64 MiB for one PKCS #7; real ones stay below 1 MiB, a few installers
// carry some MiB of configuration in an attribute.
constexpr uint64_t kMaxContainerBytes = uint64_t{64} << 20;

UnsignedData DescribeData(UnsignedData::Place place, Input data) {
  const Bytes sample =
      data.bytes.first(std::min(data.bytes.size(), kSampleBytes));
  UnsignedData found;
  found.place = place;
  found.range = data.Range();
  found.entropy_bits = Entropy(sample);
  found.all_zero =
      sample.size() == data.bytes.size() &&
      std::ranges::all_of(sample, [](uint8_t b) { return b == 0; });
  found.magic = MagicOf(sample);
  return found;
}

struct Pending {
  Input content;
  uint32_t entry = 0;
  std::optional<uint32_t> nested_in;
  uint64_t depth = 0;
};

class Collector {
 public:
  Collector(const formats::PeImage& image, Bytes file, base::Budget& budget,
            SigningFacts& facts)
      : image_(image), file_(file), budget_(budget), facts_(facts) {}

  Collection Run() {
    ReadEntries();
    while (!pending_.empty()) {
      const Pending next = pending_.front();
      pending_.pop_front();
      ReadContainer(next);
    }
    NoteDataAfterTable();
    return std::move(collection_);
  }

 private:
  void ReadEntries() {
    const auto entries = formats::ReadCertificateTable(image_, file_);
    for (size_t i = 0; i < entries.size(); ++i) {
      const formats::CertificateEntry& entry = entries[i];
      const auto index = static_cast<uint32_t>(i);
      if (entry.damage) {
        Unreadable(index, std::nullopt, entry.whole, *entry.damage);
      } else if (entry.type != formats::kCertificateTypePkcs) {
        Unreadable(index, std::nullopt, entry.whole,
                   {base::Fault::kUnsupported, entry.whole.offset + 6,
                    "WIN_CERTIFICATE.wCertificateType"});
      } else {
        pending_.push_back({InputOf(entry.content), index, std::nullopt, 0});
      }
      if (i + 1 < entries.size()) {
        const uint64_t end = entry.whole.offset + entry.whole.size;
        NoteGap({end, entries[i + 1].whole.offset - end});
      }
    }
  }

  void ReadContainer(const Pending& item) {
    const auto paid = budget_.ChargeSignature(item.content.offset);
    const char* limit = !paid ? "signatures"
                        : item.depth > budget_.Left().depth
                            ? "depth of nested signatures"
                        : item.content.bytes.size() > kMaxContainerBytes
                            ? "size of a signature"
                            : nullptr;
    if (limit != nullptr) {
      Unreadable(item.entry, item.nested_in, item.content.Range(),
                 {base::Fault::kLimit, item.content.offset, limit});
      return;
    }
    auto data = ParseSignedData(item.content, budget_);
    if (!data) {
      Unreadable(item.entry, item.nested_in, item.content.Range(),
                 data.error());
      return;
    }
    ParsedContainer& container = collection_.containers.emplace_back();
    container.data = *std::move(data);
    const auto first_signature =
        static_cast<uint32_t>(collection_.signatures.size());
    ReadParts(container, first_signature);
    if (!item.nested_in) {
      NotePadding(item, container.data.whole, first_signature);
    }
    if (container.data.signers.empty()) {
      Unreadable(item.entry, item.nested_in, item.content.Range(),
                 {base::Fault::kMalformed, item.content.offset,
                  "SignedData.signerInfos"});
    }
    for (const SignerInfo& signer : container.data.signers) {
      AddSignature(item, container, signer);
    }
  }

  void ReadParts(ParsedContainer& container, uint32_t signature) {
    std::vector<base::Error> errors;
    container.certificates =
        ParseCertificates(container.data, errors, budget_);
    for (const base::Error& error : errors) {
      facts_.faults.push_back({error, {error.offset, 0}, signature});
    }
    for (const Input list : container.data.crls) {
      // A list that cannot be read says nothing, as if it were not there.
      (void)container.revocation.Add(list, budget_);
    }
    if (!(oid::kSpcIndirectData == container.data.content_type)) {
      container.content_error =
          base::Error{base::Fault::kUnsupported,
                      container.data.whole.offset, "eContentType"};
      return;
    }
    auto content = ParseIndirectData(container.data.content, budget_);
    if (content) {
      container.content = *content;
    } else {
      container.content_error = content.error();
    }
  }

  void AddSignature(const Pending& item, const ParsedContainer& container,
                    const SignerInfo& signer) {
    const auto index = static_cast<uint32_t>(collection_.signatures.size());
    collection_.signatures.push_back({item.entry, item.nested_in,
                                      container.data.whole.Range(), &container,
                                      &signer, container.content_error});
    if (container.content_error) {
      facts_.faults.push_back({*container.content_error,
                               container.data.whole.Range(), index});
    }
    for (const CmsAttribute& attribute : signer.unsigned_attributes) {
      if (oid::kNestedSignature == attribute.oid) {
        DerReader values(attribute.values, budget_);
        while (!values.AtEnd()) {
          const Input value = values.Any("nested signature").whole;
          if (!values.Failed()) {
            pending_.push_back({value, item.entry, index, item.depth + 1});
          }
        }
      } else if (AttributeName(attribute.oid).empty()) {
        UnsignedData data = DescribeData(UnsignedData::Place::kAttribute,
                                         attribute.values);
        data.oid = DottedOid(attribute.oid);
        data.signature = index;
        facts_.unsigned_data.push_back(std::move(data));
      }
    }
  }

  // An entry or nested attribute that yields no signature to verify.
  void Unreadable(uint32_t entry, std::optional<uint32_t> nested_in,
                  ByteRange range, const base::Error& error) {
    const auto index = static_cast<uint32_t>(collection_.signatures.size());
    ParsedSignature& signature = collection_.signatures.emplace_back();
    signature.entry = entry;
    signature.nested_in = nested_in;
    signature.range = range;
    signature.error = error;
    if (error.fault == base::Fault::kLimit) {
      facts_.limit = error;
    }
    facts_.faults.push_back({error, range, index});
  }

  // What follows the PKCS #7 in its entry. Zeros up to the next multiple of 8
  // are how signers align.
  void NotePadding(const Pending& item, Input pkcs7, uint32_t signature) {
    const uint64_t end = pkcs7.offset + pkcs7.bytes.size();
    const ByteRange rest{
        end, item.content.offset + item.content.bytes.size() - end};
    UnsignedData data =
        DescribeData(UnsignedData::Place::kInsideEntry, InputOf(rest));
    if (rest.size == 0 || (rest.size < 8 && data.all_zero)) {
      return;
    }
    data.signature = signature;
    facts_.unsigned_data.push_back(std::move(data));
  }

  void NoteGap(ByteRange gap) {
    UnsignedData data =
        DescribeData(UnsignedData::Place::kBetweenEntries, InputOf(gap));
    if (gap.size != 0 && !data.all_zero) {
      facts_.unsigned_data.push_back(std::move(data));
    }
  }

  void NoteDataAfterTable() {
    const ByteRange table = image_.certificate_table;
    if (table.size == 0 || !table.Inside(file_.size())) {
      return;
    }
    const uint64_t end = table.offset + table.size;
    if (end < file_.size()) {
      facts_.unsigned_data.push_back(
          DescribeData(UnsignedData::Place::kAfterTable,
                       InputOf({end, file_.size() - end})));
    }
  }

  [[nodiscard]] Input InputOf(ByteRange range) const {
    return {file_.subspan(range.offset, range.size), range.offset};
  }

  const formats::PeImage& image_;
  Bytes file_;
  base::Budget& budget_;
  SigningFacts& facts_;
  std::deque<Pending> pending_;
  Collection collection_;
};

}  // namespace

Collection CollectSignatures(const formats::PeImage& image, Bytes file,
                             base::Budget& budget, SigningFacts& facts) {
  return Collector(image, file, budget, facts).Run();
}

}  // namespace countersign::signing
