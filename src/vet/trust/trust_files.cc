#include "vet/trust/trust_files.h"

#include <fmt/format.h>

#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "formats/cabinet.h"

namespace countersign::vet {
namespace {

using base::DigestAlgorithm;

// Limit: 64 MiB out of one cabinet; authrootstl.cab holds 0.2 MiB.
constexpr uint64_t kMaxUnpackedBytes = uint64_t{64} << 20;
// Limit: files named in a store's source; the digest covers all of them.
constexpr size_t kMaxNames = 3;

std::string Names(const std::vector<TrustFile>& files) {
  std::string names;
  for (size_t i = 0; i < files.size() && i < kMaxNames; ++i) {
    names += (i > 0 ? ", " : "") + base::DisplaySafe(files[i].name);
  }
  if (files.size() > kMaxNames) {
    names += fmt::format(" and {} more", files.size() - kMaxNames);
  }
  return names;
}

std::string Sha256(const std::vector<TrustFile>& files) {
  base::Hasher all(DigestAlgorithm::kSha256);
  base::Digest digest;
  for (const TrustFile& file : files) {
    digest = base::Hash(DigestAlgorithm::kSha256, file.bytes);
    all.Update(digest.View());
  }
  return files.size() == 1 ? digest.Hex() : all.Finish().Hex();
}

std::string Sentence(const std::string& name, const base::Error& error) {
  const std::string safe = base::DisplaySafe(name);
  if (error.fault == base::Fault::kUnsupported &&
      std::string_view(error.field) == "file") {
    return fmt::format(
        "{} holds neither certificates (PEM, DER, PKCS #7, SST) nor a "
        "certificate trust list that can be read. If it should, it is damaged "
        "or cut off: obtain it again.",
        safe);
  }
  if (std::string_view(error.field) == "file") {
    return fmt::format(
        "{} looks like a certificate, but cannot be read as one.", safe);
  }
  return fmt::format("{} cannot be used: field \"{}\" {} at byte {}.", safe,
                     error.field, base::Describe(error.fault), error.offset);
}

class Loader {
 public:
  std::expected<void, std::string> Add(const TrustFile& file) {
    if (!formats::IsCabinet(file.bytes)) {
      return AddContent(file.name, file.bytes);
    }
    const auto members =
        formats::UnpackCabinet({file.bytes, 0}, kMaxUnpackedBytes);
    if (!members) {
      return std::unexpected(Sentence(file.name, members.error()));
    }
    std::expected<void, std::string> outcome = std::unexpected(
        fmt::format("The cabinet {} is empty.", base::DisplaySafe(file.name)));
    bool any = false;
    for (const formats::CabinetMember& member : *members) {
      outcome = AddContent(fmt::format("{} in {}", member.name, file.name),
                           member.bytes);
      any |= outcome.has_value();
      if (!outcome) {
        loaded_.notes.push_back(outcome.error());
      }
    }
    if (any) {
      return {};
    }
    return outcome;
  }

  TrustFiles Take() { return std::move(loaded_); }

 private:
  std::expected<void, std::string> AddContent(const std::string& name,
                                              base::Bytes bytes) {
    base::Budget budget;
    auto contents = signing::ReadTrustFile({bytes, 0}, budget);
    if (!contents) {
      return std::unexpected(Sentence(name, contents.error()));
    }
    for (model::TrustEntry& entry : contents->certificates) {
      if (seen_.insert(entry.sha256).second) {
        loaded_.certificates.push_back(std::move(entry));
      }
    }
    if (contents->list) {
      loaded_.lists.push_back(
          {name, *std::move(contents->list), std::move(contents->list_bytes)});
    }
    if (contents->unreadable > 0) {
      loaded_.notes.push_back(fmt::format(
          "{}: {} of what looks like certificates cannot be read and was "
          "left out.",
          base::DisplaySafe(name), contents->unreadable));
    }
    return {};
  }

  TrustFiles loaded_;
  std::set<std::string> seen_;
};

}  // namespace

std::string CombinedSha256(const std::string& first_hex,
                           const std::string& second_hex) {
  base::Hasher hasher(DigestAlgorithm::kSha256);
  for (const std::string* hex : {&first_hex, &second_hex}) {
    hasher.Update(base::FromHex(*hex).value_or(std::vector<uint8_t>{}));
  }
  return hasher.Finish().Hex();
}

std::expected<TrustFiles, std::string> LoadTrustFiles(
    const std::vector<TrustFile>& files) {
  Loader loader;
  for (const TrustFile& file : files) {
    CS_TRY_VOID(loader.Add(file));
  }
  TrustFiles loaded = loader.Take();
  loaded.source = Names(files);
  loaded.sha256 = Sha256(files);
  return loaded;
}

}  // namespace countersign::vet
