#include <fmt/format.h>

#include "signing/checks/check.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using model::Integrity;
using model::Parameter;
using model::SignatureFacts;

int64_t Number(uint64_t value) { return static_cast<int64_t>(value); }

std::vector<Parameter> DataParameters(const UnsignedData& data) {
  return {{"bytes", Number(data.range.size)},
          {"entropy", fmt::format("{:.2f}", data.entropy_bits)},
          {"magic", data.magic},
          {"oid", data.oid}};
}

// "312 bytes, entropy 7.91 bits a byte, starting as pe"
std::string Describe(const UnsignedData& data) {
  std::string text =
      fmt::format("{} byte{}, entropy {:.2f} bits a byte", data.range.size,
                  data.range.size == 1 ? "" : "s", data.entropy_bits);
  if (data.all_zero) {
    text += ", all zero";
  } else if (!data.magic.empty()) {
    text += fmt::format(", starting as {}", data.magic);
  }
  return text;
}

// A signature may be malformed in what it says, its structure being whole.
void CheckMalformedMeaning(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    const bool told =
        std::ranges::any_of(facts.faults, [&](const StructureFault& fault) {
          return fault.signature == signature.index &&
                 fault.part == StructureFault::Part::kSignature;
        });
    if (signature.integrity == Integrity::kMalformed && !told) {
      sink.Give(fmt::format("{} is damaged: {}.", Which(facts, signature),
                            signature.integrity_reason),
                signature.range, {{"signature", Number(signature.index)}});
    }
  }
}

}  // namespace

std::string Which(const SigningFacts& facts, const SignatureFacts& signature) {
  if (!signature.catalog_sha256.empty()) {
    return fmt::format("the signature of catalog {}...",
                       signature.catalog_sha256.substr(0, 16));
  }
  if (facts.signatures.size() == 1) {
    return "the signature";
  }
  std::string text = fmt::format("signature {}", signature.index);
  if (signature.nested_in) {
    text += fmt::format(" (nested in {})", *signature.nested_in);
  }
  return text;
}

void CheckDigestMismatch(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (!signature.content_mismatch) {
      continue;
    }
    sink.Give(
        signature.digest == signature.computed
            ? fmt::format("The file is not what {} was made for: a page does "
                          "not have its signed digest.",
                          Which(facts, signature))
            : fmt::format("The file is not what {} was made for: it was "
                          "changed after signing, or the signature comes from "
                          "another file (signed {} {}..., found {}...).",
                          Which(facts, signature), signature.digest_algorithm,
                          signature.digest.substr(0, 16),
                          signature.computed.substr(0, 16)),
        signature.range,
        {{"algorithm", signature.digest_algorithm},
         {"signed", signature.digest},
         {"computed", signature.computed}});
  }
}

void CheckSignatureInvalid(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.signature_mismatch ||
        (signature.integrity == Integrity::kInvalid &&
         !signature.content_mismatch)) {
      sink.Give(fmt::format("The cryptography of {} does not hold: {}.",
                            Which(facts, signature),
                            signature.content_mismatch
                                ? "its value does not fit what it signs"
                                : signature.integrity_reason),
                signature.range, {{"signature", Number(signature.index)}});
    }
  }
}

void CheckMalformed(const SigningFacts& facts, Sink& sink) {
  for (const StructureFault& fault : facts.faults) {
    if (fault.error.fault == base::Fault::kUnsupported ||
        fault.error.fault == base::Fault::kLimit ||
        fault.part == StructureFault::Part::kImage) {
      continue;
    }
    const bool spare = fault.part == StructureFault::Part::kCertificate;
    ByteRange range = fault.range;
    if (range.size == 0) {
      range = {fault.error.offset, 1};
    }
    sink.Give(spare ? model::Severity::kMedium : model::Severity::kHigh,
              fmt::format("{} is damaged: {} {} at offset {}.",
                          spare ? "A certificate that came with the signature"
                                : "The signature's structure",
                          fault.error.field, base::Describe(fault.error.fault),
                          fault.error.offset),
              range,
              {{"field", std::string(fault.error.field)},
               {"offset", Number(fault.error.offset)}});
  }
  for (const PackageFault& fault : facts.package_faults) {
    sink.Give(fmt::format("The package breaks the rules of its format: {}.",
                          fault.what),
              fault.range, {{"what", fault.what}});
  }
  CheckMalformedMeaning(facts, sink);
}

void CheckImageMalformed(const SigningFacts& facts, Sink& sink) {
  for (const StructureFault& fault : facts.faults) {
    if (fault.part == StructureFault::Part::kImage) {
      sink.Give(
          fmt::format("The file starts like a {} but its structure cannot be "
                      "read: {} {} at offset {}; whether it is signed is not "
                      "known.",
                      facts.file_kind, fault.error.field,
                      base::Describe(fault.error.fault), fault.error.offset),
          {fault.error.offset, 1},
          {{"field", std::string(fault.error.field)},
           {"offset", Number(fault.error.offset)}});
    }
  }
}

void CheckUnsupported(const SigningFacts& facts, Sink& sink) {
  for (const StructureFault& fault : facts.faults) {
    if (fault.error.fault == base::Fault::kUnsupported &&
        fault.part != StructureFault::Part::kImage) {
      sink.Give(fmt::format("A part of the signature could not be examined: "
                            "{} at offset {} is of a kind that is not "
                            "supported.",
                            fault.error.field, fault.error.offset),
                fault.range.size != 0 ? fault.range
                                      : ByteRange{fault.error.offset, 1},
                {{"field", std::string(fault.error.field)},
                 {"offset", Number(fault.error.offset)}});
    }
  }
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.integrity == Integrity::kUnsupported &&
        signature.signer.has_value()) {
      sink.Give(fmt::format("{} could not be verified: {}.",
                            Which(facts, signature) == "the signature"
                                ? "The signature"
                                : Which(facts, signature),
                            signature.integrity_reason),
                signature.range, {{"signature", Number(signature.index)}});
    }
    // Why low: the digest of the whole file covers every page.
    if (signature.page_hashes == model::PageHashes::kUnsupported) {
      sink.Give(model::Severity::kLow,
                fmt::format("The page hashes of {} were not compared: the "
                            "headers of the image are larger than a page.",
                            Which(facts, signature)),
                signature.range, {{"signature", Number(signature.index)}});
    }
  }
}

void CheckMixed(const SigningFacts& facts, Sink& sink) {
  const SignatureFacts* holds = nullptr;
  const SignatureFacts* fails = nullptr;
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.integrity == Integrity::kValid) {
      holds = holds == nullptr ? &signature : holds;
    } else if (signature.integrity != Integrity::kUnsupported) {
      fails = fails == nullptr ? &signature : fails;
    }
  }
  if (holds != nullptr && fails != nullptr) {
    sink.Give(
        fmt::format("The signatures disagree: {} holds, {} does not "
                    "({}).",
                    Which(facts, *holds), Which(facts, *fails),
                    fails->integrity_reason),
        fails->range,
        {{"holds", Number(holds->index)}, {"fails", Number(fails->index)}});
  }
}

void CheckSeveralSigners(const SigningFacts& facts, Sink& sink) {
  for (size_t i = 1; i < facts.signatures.size(); ++i) {
    const SignatureFacts& signature = facts.signatures[i];
    const bool shared = signature.signer.has_value() &&
                        signature.catalog_sha256.empty() &&
                        signature.range == facts.signatures[i - 1].range;
    if (shared) {
      sink.Give(fmt::format("{} shares its structure with another signer; "
                            "Authenticode knows one signer a structure, and "
                            "Windows looks at the first.",
                            Which(facts, signature)),
                signature.range, {{"signature", Number(signature.index)}});
    }
  }
}

void CheckUnsigned(const SigningFacts& facts, Sink& sink) {
  if (facts.is_signed == model::Signed::kAbsent) {
    sink.Give(
        "The file carries no signature of its own, and no catalog that came "
        "along lists it.",
        facts.security_directory);
  }
}

void CheckTableOverlap(const SigningFacts& facts, Sink& sink) {
  if (facts.table_overlaps_section) {
    const ByteRange table = *facts.table_overlaps_section;
    sink.Give(fmt::format("The certificate table at offset {} lies on bytes "
                          "that are loaded as a section; no honest signer "
                          "puts it there.",
                          table.offset),
              table, {{"offset", Number(table.offset)}});
  }
}

void CheckUnsignedData(const SigningFacts& facts, Sink& sink) {
  using Place = UnsignedData::Place;
  for (const UnsignedData& data : facts.unsigned_data) {
    const bool is_header = data.place == Place::kPackageHeader;
    if (data.place != Place::kInsideEntry &&
        data.place != Place::kBetweenEntries && !is_header) {
      continue;
    }
    // Why: zeros carry nothing, and the tag of Google's update client is a
    // known, documented use; both still make Windows' strict check refuse.
    const bool known = data.all_zero || data.magic == "google-update-tag";
    sink.Give(known ? model::Severity::kLow : model::Severity::kMedium,
              fmt::format(
                  "The {} holds data that no signature covers: {}.",
                  is_header ? "archive beside its members" : facts.signed_place,
                  Describe(data)),
              data.range, DataParameters(data));
  }
}

void CheckDataAfterSignature(const SigningFacts& facts, Sink& sink) {
  for (const UnsignedData& data : facts.unsigned_data) {
    if (data.place == UnsignedData::Place::kAfterTable) {
      // Covered when every digest holds: then it is odd, not added later.
      const bool covered = std::ranges::none_of(
          facts.signatures, [](const SignatureFacts& signature) {
            return signature.integrity != Integrity::kValid;
          });
      sink.Give(covered ? model::Severity::kMedium : model::Severity::kHigh,
                fmt::format("Data follows the {}: {}.", facts.signed_place,
                            Describe(data)),
                data.range, DataParameters(data));
    }
  }
}

void CheckSuperfluousCertificate(const SigningFacts& facts, Sink& sink) {
  // Limit: 4 KiB; certificates of authorities and publishers have 1 to 2. And
  // 16 KiB of them together; the fullest harmless bags seen have 5.
  constexpr uint64_t kLargeBytes = 4096;
  constexpr uint64_t kLargeTotalBytes = 16'384;
  uint64_t total = 0;
  for (const UnsignedData& data : facts.unsigned_data) {
    total +=
        data.place == UnsignedData::Place::kCertificate ? data.range.size : 0;
  }
  const bool is_much = total > kLargeTotalBytes;
  for (const UnsignedData& data : facts.unsigned_data) {
    if (data.place == UnsignedData::Place::kCertificate) {
      const auto small =
          data.related ? model::Severity::kInfo : model::Severity::kLow;
      sink.Give(
          is_much || data.range.size > kLargeBytes ? model::Severity::kMedium
                                                   : small,
          fmt::format(
              "A certificate of {} bytes came along that {}.", data.range.size,
              data.related
                  ? "is about one in a chain of the file, but "
                    "nothing here confirms who issued it"
                  : "belongs to no chain of the file that could be verified"),
          data.range, {{"bytes", Number(data.range.size)}});
    }
  }
}

void CheckUnexpectedContentType(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (!signature.content_type.empty() &&
        !facts.expected_content_type.empty() &&
        signature.catalog_sha256.empty() &&
        signature.content_type != facts.expected_content_type) {
      sink.Give(fmt::format("{} states that it is for {}, not for what it is "
                            "over ({}), although the digest is of that.",
                            Which(facts, signature), signature.content_type,
                            facts.expected_content_type),
                signature.range, {{"type", signature.content_type}});
    }
  }
}

void CheckOnlyEncodingDiffers(const SigningFacts& facts, Sink& sink) {
  for (const EncodingChange& change : facts.encoding_changes) {
    const SignatureFacts& signature = facts.signatures.at(change.signature);
    sink.Give(fmt::format("Nothing but {} keeps {} from holding: the text is "
                          "what was signed.",
                          change.what, Which(facts, signature)),
              signature.range, {{"signature", Number(signature.index)}});
  }
}

void CheckUnauthenticatedAttribute(const SigningFacts& facts, Sink& sink) {
  for (const UnsignedData& data : facts.unsigned_data) {
    if (data.place == UnsignedData::Place::kAttribute) {
      sink.Give(fmt::format("An unsigned attribute that has no use ({}) holds "
                            "data: {}.",
                            data.oid, Describe(data)),
                data.range, DataParameters(data));
    }
  }
}

void CheckPublisherMismatch(const SigningFacts& facts, Sink& sink) {
  if (facts.publisher_mismatch) {
    const PublisherMismatch& found = *facts.publisher_mismatch;
    sink.Give(fmt::format("The package says that its publisher is \"{}\", but "
                          "it is signed with a certificate for \"{}\".",
                          found.package, found.certificate),
              found.range,
              {{"package", found.package},
               {"certificate", found.certificate},
               {"signature", Number(found.signature)}});
  }
}

void CheckUncoveredMember(const SigningFacts& facts, Sink& sink) {
  if (!facts.uncovered) {
    return;
  }
  const UncoveredMembers& found = *facts.uncovered;
  std::string names = fmt::format("{}", fmt::join(found.names, ", "));
  if (found.count > found.names.size()) {
    names += fmt::format(" and {} more", found.count - found.names.size());
  }
  sink.Give(fmt::format("The package is signed, but its signature does not "
                        "cover {} member{}: {}.",
                        found.count, found.count == 1 ? "" : "s", names),
            found.range, {{"members", Number(found.count)}});
}

}  // namespace countersign::signing
