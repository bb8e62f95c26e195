#include "app/report/signature_details.h"

#include <fmt/format.h>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"

namespace countersign::app {
namespace {

// Why: with an indent of 2, a SHA-256 in hex just fits into 80 columns.
constexpr size_t kLabelColumns = 14;

// Entries under one indent, those without a value left out.
class Sheet {
 public:
  Sheet(Page& page, size_t indent) : page_(page), indent_(indent) {}

  void Say(const char* label, const std::string& value, Ink ink = Ink::kPlain) {
    if (!value.empty()) {
      page_.Entry(indent_, {label, Ink::kQuiet}, kLabelColumns, {value, ink});
    }
  }

  void Say(const char* label, const std::optional<base::Instant>& instant) {
    if (instant) {
      Say(label, base::ToRfc3339(*instant));
    }
  }

  void Chain(const char* label, const std::vector<model::ChainLink>& chain) {
    for (const model::ChainLink& link : chain) {
      Say(label, link.store.empty() ? link.subject
                                    : fmt::format("{} [in store {}]",
                                                  link.subject, link.store));
      Say("sha256", link.sha256, Ink::kQuiet);
      label = "";
    }
  }

 private:
  Page& page_;
  size_t indent_;
};

std::string RangeWords(const base::ByteRange& range) {
  return fmt::format("{} at offset {}", Count(range.size, "byte"),
                     range.offset);
}

void SayDigests(Sheet& sheet, const model::SignatureFacts& signature) {
  sheet.Say("where", fmt::format("entry {} of the certificate table, {}",
                                 signature.entry, RangeWords(signature.range)));
  sheet.Say("signed digest", signature.digest);
  sheet.Say("file's digest", signature.computed,
            signature.computed == signature.digest ? Ink::kPlain : Ink::kBad);
  sheet.Say("algorithm", signature.signature_algorithm);
  sheet.Say("page hashes", std::string(model::Name(signature.page_hashes)));
  sheet.Say("revocation", std::string(model::Name(signature.revocation)));
}

void SaySigner(Sheet& sheet, const model::CertificateFacts& signer) {
  sheet.Say("subject", signer.subject);
  sheet.Say("issuer", signer.issuer);
  sheet.Say("serial", signer.serial);
  sheet.Say("sha256", signer.sha256);
  sheet.Say("sha1", signer.sha1);
  sheet.Say("period",
            fmt::format("{} to {}", base::ToRfc3339(signer.not_before),
                        base::ToRfc3339(signer.not_after)));
  sheet.Say("validation", std::string(model::Name(signer.validation)));
  sheet.Say("public key", signer.public_key);
  sheet.Say("publisher key", signer.publisher_key);
}

void SayTimestamp(Sheet& sheet, const model::TimestampFacts& stamp) {
  sheet.Say(
      "timestamp",
      fmt::format("{}, {}, integrity {}, trust {}{}", model::Name(stamp.kind),
                  stamp.time ? base::ToRfc3339(*stamp.time) : "undated",
                  model::Name(stamp.integrity), model::Name(stamp.trust),
                  stamp.used ? ", used as the time of signing" : ""));
  sheet.Say("", stamp.reason, Ink::kWarning);
  sheet.Say("", stamp.digest_algorithm.empty()
                    ? ""
                    : fmt::format("digest {}", stamp.digest_algorithm));
  sheet.Say("", stamp.weak.empty() ? "" : "weak: " + Joined(stamp.weak),
            Ink::kWarning);
  sheet.Say("stamped by", stamp.signer);
  sheet.Chain("its chain", stamp.chain);
}

void SayAttributes(Sheet& sheet, const model::SignatureFacts& signature) {
  const char* label = "attributes";
  for (const model::AttributeFacts& attribute : signature.attributes) {
    sheet.Say(
        label,
        fmt::format("{}{} {}, {}, {}", attribute.name,
                    attribute.name.empty() ? "unknown" : "", attribute.oid,
                    attribute.is_signed ? "signed" : "not signed",
                    RangeWords(attribute.range)),
        attribute.is_signed || !attribute.name.empty() ? Ink::kPlain
                                                       : Ink::kWarning);
    label = "";
  }
}

}  // namespace

void WriteSignatureDetails(Page& page, size_t indent,
                           const model::SignatureFacts& signature) {
  page.Heading(fmt::format("Signature {} in detail", signature.index));
  Sheet sheet(page, indent);
  sheet.Say("scheme", std::string(model::Name(signature.scheme)));
  SayDigests(sheet, signature);
  if (signature.signer) {
    SaySigner(sheet, *signature.signer);
  }
  sheet.Chain("chain", signature.chain);
  sheet.Say("claimed time", signature.signing_time);
  sheet.Say("tried at", signature.evaluated_at);
  sheet.Say("lifetime", signature.lifetime_signing ? "yes" : "");
  sheet.Say("program name", signature.program_name.value_or(""));
  sheet.Say("program URL", signature.program_url.value_or(""));
  sheet.Say("statement", signature.statement_type);
  for (const model::TimestampFacts& stamp : signature.timestamps) {
    SayTimestamp(sheet, stamp);
  }
  SayAttributes(sheet, signature);
}

}  // namespace countersign::app
