// Programs: the signatures lie in the certificate table, the digest covers
// everything but that table, its entry in the header and the checksum.
#include <algorithm>
#include <optional>

#include "formats/pe.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/authenticode/page_hashes.h"
#include "signing/authenticode/schemes.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::DigestAlgorithm;

class PeSubject : public Subject {
 public:
  PeSubject(const base::Blob& file, const formats::PeImage& image)
      : file_(file), image_(image) {}

  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const DigestAlgorithm> algorithms) const override {
    return HashParts(file_, formats::DigestRanges(image_), algorithms);
  }

  [[nodiscard]] std::vector<model::Purpose> Purposes() const override {
    using model::Purpose;
    constexpr uint16_t kNative = 1;
    std::vector<Purpose> purposes = {Purpose::kCodeSigning};
    if (image_.subsystem >= 10 && image_.subsystem <= 13) {
      purposes.push_back(Purpose::kUefi);
    } else if (image_.subsystem == kNative) {
      purposes.push_back(Purpose::kKernel);
    }
    // The system's TLS roots, when the user asked for them, come last.
    purposes.push_back(Purpose::kTls);
    return purposes;
  }

  // Page hashes are compared only for a signature that holds otherwise: they
  // cost as much as the digest, for every signature again.
  [[nodiscard]] model::PageHashes CheckParts(const IndirectData& content,
                                             bool holds) const override {
    if (content.page_hashes.bytes.empty()) {
      return model::PageHashes::kAbsent;
    }
    return content.page_algorithm && holds
               ? CheckPageHashes(file_, image_, *content.page_algorithm,
                                 content.page_hashes.bytes)
               : model::PageHashes::kUnsupported;
  }

  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kPeImageData;
  }

 private:
  const base::Blob& file_;
  const formats::PeImage& image_;
};

// The linker's time, where it can be one: reproducible builds put a hash
// there.
std::optional<base::Instant> BuildTime(const formats::PeImage& image,
                                       base::Instant at) {
  constexpr int64_t kYear1995 = 788'918'400;
  const int64_t seconds = image.time_date_stamp;
  if (image.is_reproducible || seconds < kYear1995 ||
      base::FromUnixSeconds(seconds) > at) {
    return std::nullopt;
  }
  return base::FromUnixSeconds(seconds);
}

// Walks the certificate table: what stands in it, between its entries and
// behind it.
class PeTable {
 public:
  PeTable(const formats::PeImage& image, Bytes file, SigningFacts& facts)
      : image_(image), file_(file), facts_(facts) {}

  void Read(Collector& collector) {
    const auto entries = formats::ReadCertificateTable(image_, file_);
    const ByteRange table = image_.certificate_table;
    for (size_t i = 0; i < entries.size(); ++i) {
      const formats::CertificateEntry& entry = entries[i];
      const auto index = static_cast<uint32_t>(i);
      if (entry.damage) {
        collector.AddUnreadable(index, entry.whole, *entry.damage);
      } else if (entry.type != formats::kCertificateTypePkcs) {
        collector.AddUnreadable(
            index, entry.whole,
            {base::Fault::kUnsupported, entry.whole.offset + 6,
             "WIN_CERTIFICATE.wCertificateType"});
      } else {
        collector.AddContainer(index, InputOf(entry.content));
      }
      const uint64_t end = entry.whole.offset + entry.whole.size;
      if (i + 1 < entries.size()) {
        NoteGap({end, entries[i + 1].whole.offset - end});
      } else if (!entry.damage && table.Inside(file_.size())) {
        NoteGap({end, table.offset + table.size - end});
      }
    }
  }

  void NoteDataBehind() {
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

 private:
  void NoteGap(ByteRange gap) {
    UnsignedData data =
        DescribeData(UnsignedData::Place::kBetweenEntries, InputOf(gap));
    if (gap.size != 0 && !data.all_zero) {
      facts_.unsigned_data.push_back(std::move(data));
    }
  }

  [[nodiscard]] base::Input InputOf(ByteRange range) const {
    return {file_.subspan(range.offset, range.size), range.offset};
  }

  const formats::PeImage& image_;
  Bytes file_;
  SigningFacts& facts_;
};

void DescribeImage(const formats::PeImage& image, base::Instant at,
                   SigningFacts& facts) {
  facts.detail = formats::DescribePe(image);
  facts.certificate_table = image.certificate_table;
  if (image.security_directory_offset) {
    facts.security_directory = {*image.security_directory_offset, 8};
  }
  facts.build_time = BuildTime(image, at);
  if (image.certificate_table != ByteRange{} &&
      formats::TableOverlapsSection(image)) {
    facts.table_overlaps_section = image.certificate_table;
  }
}

}  // namespace

SigningFacts ExaminePe(const base::Blob& file, const Context& context) {
  SigningFacts facts;
  const auto image = formats::ParsePe(file.View());
  if (!image) {
    facts.is_signed = model::Signed::kUnknown;
    facts.faults.push_back({image.error(),
                            {image.error().offset, 0},
                            {},
                            StructureFault::Part::kImage});
    return facts;
  }
  DescribeImage(*image, context.at, facts);
  if (image->certificate_table == ByteRange{}) {
    facts.is_signed = model::Signed::kAbsent;
    return facts;
  }
  Collector collector(context.budget, facts);
  PeTable table(*image, file.View(), facts);
  table.Read(collector);
  const Collection collection = collector.Finish();
  table.NoteDataBehind();
  if (image->certificate_table.size == 0) {
    // An offset without a size: somebody cut a signature away.
    const uint64_t offset = image->security_directory_offset.value_or(0);
    facts.faults.push_back(
        {{base::Fault::kMalformed, offset, "security directory"},
         {offset, 8},
         {}});
  }
  ExamineSignatures(PeSubject(file, *image), collection, context, facts);
  return facts;
}

}  // namespace countersign::signing
