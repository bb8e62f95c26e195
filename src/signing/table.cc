// The signature schemes, one row each: which format carries them and who
// examines it.
#include <algorithm>
#include <array>

#include "signing/authenticode/schemes.h"
#include "signing/catalog/scheme.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

struct SchemeRow {
  model::Format format;
  SigningFacts (*examine)(const base::Blob& file, const Context& context);
};

constexpr std::array kSchemes = {
    SchemeRow{model::Format::kPe, ExaminePe},
    SchemeRow{model::Format::kCab, ExamineCabinet},
    SchemeRow{model::Format::kMsi, ExamineMsi},
    SchemeRow{model::Format::kMsp, ExamineMsi},
    SchemeRow{model::Format::kMst, ExamineMsi},
    SchemeRow{model::Format::kOle, ExamineMsi},
    SchemeRow{model::Format::kPowershell, ExamineScript},
    SchemeRow{model::Format::kScript, ExamineScript},
    SchemeRow{model::Format::kText, ExamineScript},
    SchemeRow{model::Format::kCat, ExamineCatalog},
};

}  // namespace

struct Verifier::State {
  TrustSet trust;
  RevocationSet revocation;
  KeyCache keys;
  std::vector<std::string> problems;
  std::vector<std::vector<model::RevocationSource>> revocation_files;

  explicit State(std::shared_ptr<const std::vector<model::TrustStore>> stores)
      : trust(std::move(stores)) {}
};

Verifier::Verifier(std::shared_ptr<const std::vector<model::TrustStore>> stores,
                   std::vector<std::vector<uint8_t>> revocation_files)
    : state_(std::make_unique<State>(std::move(stores))) {
  for (size_t i = 0; i < revocation_files.size(); ++i) {
    auto held = state_->revocation.AddFile(std::move(revocation_files[i]));
    state_->revocation_files.push_back(
        std::move(held).value_or(std::vector<model::RevocationSource>()));
    if (state_->revocation_files.back().empty()) {
      state_->problems.push_back(
          "File " + std::to_string(i + 1) +
          " given with --crl is neither a CRL nor an OCSP response");
    }
  }
  if (state_->trust.Unreadable() != 0) {
    state_->problems.push_back(std::to_string(state_->trust.Unreadable()) +
                               " of the trust stores' certificates cannot "
                               "be read");
  }
}

Verifier::~Verifier() = default;

bool Verifier::Knows(model::Format format) {
  return std::ranges::find(kSchemes, format, &SchemeRow::format) !=
         kSchemes.end();
}

SigningFacts Verifier::Verify(const base::Blob& file, model::Format format,
                              const VerifyOptions& options) {
  base::Budget budget(options.limits);
  for (const SchemeRow& row : kSchemes) {
    if (row.format == format) {
      return row.examine(file, {state_->trust, state_->revocation, state_->keys,
                                options.at, budget});
    }
  }
  return {};
}

const std::vector<std::vector<model::RevocationSource>>&
Verifier::RevocationFiles() const {
  return state_->revocation_files;
}

const std::vector<std::string>& Verifier::Problems() const {
  return state_->problems;
}

}  // namespace countersign::signing
