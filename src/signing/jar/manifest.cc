// manifest: section, then for each entry a section whose first attribute is
// "Name"; an empty line ends a section.
//   attribute: name ": " value, end of line; a line that begins with a space
//   goes on with the value before
//   end of line: CR LF, LF or CR
#include "signing/jar/manifest.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "signing/package/archive.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Result;

struct AlgorithmName {
  std::string_view name;
  base::DigestAlgorithm algorithm;
};

constexpr AlgorithmName kJarAlgorithms[] = {
    {"SHA-256", base::DigestAlgorithm::kSha256},
    {"SHA1", base::DigestAlgorithm::kSha1},
    {"SHA-1", base::DigestAlgorithm::kSha1},
    {"SHA", base::DigestAlgorithm::kSha1},
    {"MD5", base::DigestAlgorithm::kMd5},
    {"SHA-224", base::DigestAlgorithm::kSha224},
    {"SHA-384", base::DigestAlgorithm::kSha384},
    {"SHA-512", base::DigestAlgorithm::kSha512},
};

class JarManifestReader {
 public:
  JarManifestReader(base::Input document, base::Budget& budget)
      : document_(document),
        text_(base::AsText(document.bytes)),
        budget_(budget) {}

  Result<JarManifest> Run() {
    JarManifest manifest;
    manifest.main = CS_TRY(TakeSection());
    std::set<std::string> repeated;
    while (SkipEmptyLines()) {
      const uint64_t start = at_;
      JarSection section = CS_TRY(TakeSection());
      if (section.attributes.empty() ||
          !base::EqualIgnoringAsciiCase(section.attributes[0].name, "Name")) {
        return base::Fail(Fault::kMalformed, document_.offset + start,
                          "Name of a section");
      }
      std::string name = section.attributes[0].value;
      if (!manifest.sections.emplace(name, std::move(section)).second) {
        repeated.insert(std::move(name));
      }
    }
    for (const std::string& name : repeated) {
      manifest.sections.erase(name);
      manifest.repeated.push_back(name);
    }
    return manifest;
  }

 private:
  // The line at the place reached, which moves behind its end.
  std::string_view TakeLine() {
    const size_t end = std::min(text_.find_first_of("\r\n", at_), text_.size());
    const std::string_view line = text_.substr(at_, end - at_);
    const size_t mark = text_.substr(end).starts_with("\r\n") ? 2 : 1;
    at_ = std::min(end + mark, text_.size());
    return line;
  }

  // False at the end.
  bool SkipEmptyLines() {
    while (at_ < text_.size() && (text_[at_] == '\r' || text_[at_] == '\n')) {
      ++at_;
    }
    return at_ < text_.size();
  }

  Result<JarSection> TakeSection() {
    JarSection section;
    const size_t start = at_;
    while (at_ < text_.size()) {
      const uint64_t offset = document_.offset + at_;
      CS_TRY_VOID(budget_.ChargeSteps(1, offset));
      const std::string_view line = TakeLine();
      if (line.empty()) {
        break;
      }
      if (line[0] == ' ' && !section.attributes.empty()) {
        section.attributes.back().value += line.substr(1);
        continue;
      }
      const size_t colon = line.find(": ");
      if (colon == std::string_view::npos || colon == 0 || line[0] == ' ') {
        return base::Fail(Fault::kMalformed, offset, "line of a manifest");
      }
      section.attributes.push_back({std::string(line.substr(0, colon)),
                                    std::string(line.substr(colon + 2))});
    }
    section.bytes = document_.bytes.subspan(start, at_ - start);
    return section;
  }

  base::Input document_;
  std::string_view text_;
  base::Budget& budget_;
  size_t at_ = 0;
};

}  // namespace

const std::string* JarSection::Find(std::string_view name) const {
  for (const JarAttribute& attribute : attributes) {
    if (base::EqualIgnoringAsciiCase(attribute.name, name)) {
      return &attribute.value;
    }
  }
  return nullptr;
}

Result<JarManifest> ParseJarManifest(base::Input document,
                                     base::Budget& budget) {
  return JarManifestReader(document, budget).Run();
}

std::optional<std::vector<JarDigest>> ReadJarDigests(const JarSection& section,
                                                     std::string_view ending) {
  std::vector<JarDigest> digests;
  for (const JarAttribute& attribute : section.attributes) {
    const std::string_view name = attribute.name;
    if (name.size() <= ending.size() ||
        !base::EqualIgnoringAsciiCase(name.substr(name.size() - ending.size()),
                                      ending)) {
      continue;
    }
    const std::string_view algorithm =
        name.substr(0, name.size() - ending.size());
    const auto* known =
        std::ranges::find_if(kJarAlgorithms, [&](const AlgorithmName& each) {
          return base::EqualIgnoringAsciiCase(each.name, algorithm);
        });
    if (known == std::end(kJarAlgorithms)) {
      continue;
    }
    auto value = base::DecodeBase64(attribute.value);
    if (!value || value->size() != base::DigestSize(known->algorithm)) {
      return std::nullopt;
    }
    digests.push_back({known->algorithm, *std::move(value)});
  }
  return digests;
}

}  // namespace countersign::signing
