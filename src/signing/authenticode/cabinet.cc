// Cabinets: the PKCS #7 follows the cabinet, and 20 bytes that the header keeps
// free say where.
//
//   0   "MSCF"                                   hashed
//   4   reserved1
//   8   cbCabinet ... setID                      hashed
//   34  iCabinet, sizes of the reserved areas
//   40  u32 0x00100000, offset and size of the signature, 4 bytes
//   56  4 bytes                                  hashed
//   60  names of neighbours, folders, data       hashed
//   end of cabinet: the signature
//
// Spec: Microsoft publishes what is signed for programs only; established by
// what signing tools write (docs/formats/cab.md).
#include <array>

#include "formats/cabinet.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/authenticode/schemes.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;

constexpr uint64_t kSignedHeaderBytes = 60;

class CabinetSubject : public Subject {
 public:
  CabinetSubject(const base::Blob& file, ByteRange signature)
      : file_(file), signature_(signature) {}

  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const base::DigestAlgorithm> algorithms) const override {
    const std::array parts = {
        ByteRange{0, 4}, ByteRange{8, 26}, ByteRange{56, 4},
        ByteRange{kSignedHeaderBytes, signature_.offset - kSignedHeaderBytes}};
    return HashParts(file_, parts, algorithms);
  }

  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kCabinetData;
  }

 private:
  const base::Blob& file_;
  ByteRange signature_;
};

base::Input Part(Bytes file, uint64_t offset, uint64_t size) {
  return {file.subspan(offset, size), offset};
}

// The bytes of the header that point to the signature, which nobody signs, hold
// two numbers and else what every signer writes there.
void NoteUnsignedHeader(Bytes file, SigningFacts& facts) {
  constexpr std::array<uint8_t, 4> kMark = {0, 0, 0x10, 0};
  for (const uint64_t offset : {uint64_t{40}, uint64_t{52}}) {
    const Bytes bytes = file.subspan(offset, 4);
    const UnsignedData data =
        DescribeData(UnsignedData::Place::kInsideEntry, Part(file, offset, 4));
    if (!data.all_zero && !(offset == 40 && base::Equal(bytes, kMark))) {
      facts.unsigned_data.push_back(data);
    }
  }
}

SigningFacts CabinetFacts() {
  SigningFacts facts;
  facts.file_kind = "cabinet";
  facts.signed_place = "signature of the cabinet";
  return facts;
}

SigningFacts Damaged(const base::Error& error) {
  SigningFacts facts = CabinetFacts();
  facts.is_signed = model::Signed::kUnknown;
  facts.faults.push_back(
      {error, {error.offset, 0}, {}, StructureFault::Part::kImage});
  return facts;
}

}  // namespace

SigningFacts ExamineCabinet(const base::Blob& file, const Context& context) {
  const Bytes bytes = file.View();
  const auto layout = formats::ReadCabinetLayout(bytes);
  if (!layout) {
    return Damaged(layout.error());
  }
  SigningFacts facts = CabinetFacts();
  const ByteRange signature = layout->signature;
  if (signature.size == 0) {
    facts.is_signed = model::Signed::kAbsent;
    return facts;
  }
  Collector collector(context.budget, facts);
  if (!signature.Inside(bytes.size()) ||
      signature.offset < kSignedHeaderBytes) {
    const base::Error error = {base::Fault::kMalformed, 44,
                               "offset of the signature"};
    collector.AddUnreadable(0, {44, 8}, error);
    ExamineSignatures(CabinetSubject(file, {kSignedHeaderBytes, 0}),
                      collector.Finish(), context, facts);
    return facts;
  }
  collector.AddContainer(0, Part(bytes, signature.offset, signature.size));
  const Collection collection = collector.Finish();
  NoteUnsignedHeader(bytes, facts);
  const uint64_t end = signature.offset + signature.size;
  if (end < bytes.size()) {
    facts.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kAfterTable,
                     Part(bytes, end, bytes.size() - end)));
  }
  ExamineSignatures(CabinetSubject(file, signature), collection, context,
                    facts);
  return facts;
}

}  // namespace countersign::signing
