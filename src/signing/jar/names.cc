#include "signing/jar/names.h"

#include "base/text.h"

namespace countersign::signing {
namespace {

constexpr std::string_view kMetaFolder = "META-INF/";

// The part of a name in META-INF itself; "" for every other name.
std::string_view NameInMeta(std::string_view name) {
  if (!base::EqualIgnoringAsciiCase(name.substr(0, kMetaFolder.size()),
                                    kMetaFolder)) {
    return "";
  }
  name.remove_prefix(kMetaFolder.size());
  return name.find('/') == std::string_view::npos ? name : "";
}

}  // namespace

bool EndsIgnoringCase(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() &&
         base::EqualIgnoringAsciiCase(text.substr(text.size() - ending.size()),
                                      ending);
}

bool IsSignatureFile(std::string_view name) {
  return EndsIgnoringCase(NameInMeta(name), ".SF");
}

bool IsSignatureBlock(std::string_view name) {
  const std::string_view inside = NameInMeta(name);
  return EndsIgnoringCase(inside, ".RSA") || EndsIgnoringCase(inside, ".DSA") ||
         EndsIgnoringCase(inside, ".EC");
}

bool BelongTogether(std::string_view a, std::string_view b) {
  return base::EqualIgnoringAsciiCase(a.substr(0, a.rfind('.')),
                                      b.substr(0, b.rfind('.')));
}

bool IsToBeSigned(const formats::ZipEntry& entry) {
  const std::string_view name = entry.name;
  const std::string_view inside = NameInMeta(name);
  const bool is_directory = name.ends_with('/') && entry.size == 0;
  return !is_directory && !IsSignatureFile(name) && !IsSignatureBlock(name) &&
         !base::EqualIgnoringAsciiCase(name, kJarManifestName) &&
         !base::EqualIgnoringAsciiCase(inside.substr(0, 4), "SIG-");
}

}  // namespace countersign::signing
