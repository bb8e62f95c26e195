// AppxManifest.xml:
//   <Package><Identity Name= Publisher= Version= />...</Package>
// AppxMetadata/AppxBundleManifest.xml:
//   <Bundle><Identity Name= Publisher= Version= />
//     <Packages><Package Type= FileName= Offset= Size=
//     />...</Packages></Bundle>
//
// Spec: Microsoft Learn, "Package manifest schema reference for Windows 10",
// "Bundle manifest schema reference".
#include "signing/msix/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "formats/xml.h"
#include "signing/asn1/oid.h"
#include "signing/package/archive.h"

namespace countersign::signing {
namespace {

using base::Budget;
using formats::XmlTree;
using formats::ZipEntry;

// Every version of the schema has a namespace of its own below this.
constexpr std::string_view kManifestSpaces =
    "http://schemas.microsoft.com/appx/";
// Limit: 4 MiB; manifests of large products have some 100 KiB.
constexpr uint64_t kMostManifestBytes = uint64_t{4} << 20;

std::optional<uint64_t> ManifestNumber(const std::string* text) {
  uint64_t value = 0;
  if (text == nullptr) {
    return std::nullopt;
  }
  const char* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value)
                                                   : std::nullopt;
}

bool IsPackageFile(std::string_view name) {
  const size_t dot = name.rfind('.');
  const std::string_view ending =
      dot == std::string_view::npos ? "" : name.substr(dot);
  return base::EqualIgnoringAsciiCase(ending, ".appx") ||
         base::EqualIgnoringAsciiCase(ending, ".msix");
}

// The packages that a bundle lists, compared with its entries.
class BundleList {
 public:
  BundleList(const PackageArchive& archive, const XmlTree& xml,
             base::ByteRange range, PackageFaults& faults)
      : archive_(archive), xml_(xml), range_(range), faults_(faults) {}

  void Read(std::string_view space, MsixManifest& manifest) {
    const auto list = xml_.Child(xml_.Root(), space, "Packages");
    if (!list) {
      faults_.Add("the bundle manifest has no list of packages", range_);
      return;
    }
    for (const uint32_t element : xml_.Children(*list)) {
      if (xml_[element].name.Is(space, "Package")) {
        ReadPackage(element, manifest);
      } else if (xml_[element].name.Space() == space) {
        faults_.Add(
            fmt::format("the bundle manifest lists {}, which is no package",
                        QuoteName(xml_[element].name.Local())),
            range_);
      }
    }
    if (!has_application_) {
      faults_.Add(has_package_ ? "the bundle has no package of an application"
                               : "the bundle has no packages",
                  range_);
    }
  }

 private:
  void ReadPackage(uint32_t element, MsixManifest& manifest) {
    const std::string* name = xml_.Attribute(element, "FileName");
    const std::string* type = xml_.Attribute(element, "Type");
    has_package_ = true;
    has_application_ |= type != nullptr && *type == "application";
    if (name == nullptr || name->empty()) {
      faults_.Add("the bundle manifest lists a package without a file name",
                  range_);
      return;
    }
    const std::string quoted = QuoteName(*name);
    if (!IsPackageFile(*name)) {
      faults_.Add(fmt::format("the bundle lists {}, which is not named like a "
                              "package",
                              quoted),
                  range_);
    }
    if (!manifest.packages.insert(*name).second) {
      faults_.Add(fmt::format("the bundle lists {} twice", quoted), range_);
    }
    const auto offset = ManifestNumber(xml_.Attribute(element, "Offset"));
    if (offset) {
      CheckPlace(*name, quoted, *offset,
                 ManifestNumber(xml_.Attribute(element, "Size")));
    }
  }

  // Quirk: the packages of a flat bundle are files beside it, and have no
  // offset.
  void CheckPlace(const std::string& name, const std::string& quoted,
                  uint64_t offset, std::optional<uint64_t> size) {
    const ZipEntry* entry = archive_.Single(name);
    if (entry == nullptr) {
      faults_.Add(
          fmt::format("the bundle lists {}, which is not in it once", quoted),
          range_);
    } else if (entry->method != 0 || entry->data.offset != offset ||
               size != entry->size) {
      faults_.Add(
          fmt::format("the bundle manifest says that {} is at offset {}; it is "
                      "not there as it is",
                      quoted, offset),
          EntryRange(*entry));
    }
  }

  const PackageArchive& archive_;
  const XmlTree& xml_;
  base::ByteRange range_;
  PackageFaults& faults_;
  bool has_package_ = false;
  bool has_application_ = false;
};

struct NamedType {
  std::string_view name;
  std::string_view oid;
};

// The names of types that the schema allows, "ST" besides, which people write.
constexpr std::array kNameTypes = {
    NamedType{"CN", "2.5.4.3"},
    NamedType{"L", "2.5.4.7"},
    NamedType{"O", "2.5.4.10"},
    NamedType{"OU", "2.5.4.11"},
    NamedType{"E", "1.2.840.113549.1.9.1"},
    NamedType{"C", "2.5.4.6"},
    NamedType{"S", "2.5.4.8"},
    NamedType{"ST", "2.5.4.8"},
    NamedType{"STREET", "2.5.4.9"},
    NamedType{"T", "2.5.4.12"},
    NamedType{"G", "2.5.4.42"},
    NamedType{"I", "2.5.4.43"},
    NamedType{"SN", "2.5.4.4"},
    NamedType{"DC", "0.9.2342.19200300.100.1.25"},
    NamedType{"SERIALNUMBER", "2.5.4.5"},
    NamedType{"Description", "2.5.4.13"},
    NamedType{"PostalCode", "2.5.4.17"},
    NamedType{"POBox", "2.5.4.18"},
    NamedType{"Phone", "2.5.4.20"},
    NamedType{"X21Address", "2.5.4.24"},
    NamedType{"dnQualifier", "2.5.4.46"},
};

std::string NameTypeOf(std::string_view name) {
  constexpr std::string_view kPrefix = "OID.";
  if (name.starts_with(kPrefix)) {
    return std::string(name.substr(kPrefix.size()));
  }
  for (const NamedType& type : kNameTypes) {
    if (base::EqualIgnoringAsciiCase(type.name, name)) {
      return std::string(type.oid);
    }
  }
  return "";
}

std::string_view TrimmedName(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

struct TypeAndValue {
  std::string type;  // dotted
  std::string value;

  friend bool operator==(const TypeAndValue&, const TypeAndValue&) = default;
};

// The value that `text` begins with, which is taken off; a quotation mark
// inside quotation marks is written twice.
std::string TakeNameValue(std::string_view& text) {
  if (!text.starts_with('"')) {
    const size_t end = std::min(text.find(','), text.size());
    std::string value(TrimmedName(text.substr(0, end)));
    text.remove_prefix(end);
    return value;
  }
  std::string value;
  size_t at = 1;
  for (; at < text.size(); ++at) {
    if (text[at] == '"' && !text.substr(at + 1).starts_with('"')) {
      break;
    }
    at += text[at] == '"' ? 1 : 0;
    value += text[at];
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  return value;
}

// The parts of the text, or nothing when it is not of the pattern.
std::optional<std::vector<TypeAndValue>> ParsePublisher(std::string_view text) {
  std::vector<TypeAndValue> parts;
  while (true) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      return std::nullopt;
    }
    TypeAndValue& part = parts.emplace_back();
    part.type = NameTypeOf(TrimmedName(text.substr(0, equals)));
    text = text.substr(equals + 1);
    text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
    part.value = TakeNameValue(text);
    text = TrimmedName(text);
    if (part.type.empty()) {
      return std::nullopt;
    }
    if (text.empty()) {
      return parts;
    }
    if (text[0] != ',') {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
}

// How many of the elements in the outermost one have this name.
int64_t CountOf(const XmlTree& xml, std::string_view space,
                std::string_view local) {
  return std::ranges::count_if(xml.Children(xml.Root()), [&](uint32_t child) {
    return xml[child].name.Is(space, local);
  });
}

}  // namespace

std::optional<MsixManifest> ReadMsixManifest(const PackageArchive& archive,
                                             Budget& budget,
                                             PackageFaults& faults) {
  const bool is_bundle = !archive.Find(kMsixBundleManifest).empty();
  const std::string_view name = is_bundle ? kMsixBundleManifest : kMsixManifest;
  const ZipEntry* entry = archive.Single(name);
  if (entry == nullptr) {
    faults.Add(fmt::format("{} is not in it once", name),
               archive.Zip().central_directory);
    return std::nullopt;
  }
  const auto content = archive.Load(*entry, kMostManifestBytes, budget);
  const base::ByteRange range = EntryRange(*entry);
  if (!content) {
    faults.AddUnreadable(fmt::format("{} cannot be read", name),
                         content.error(), range, budget);
    return std::nullopt;
  }
  const auto xml = formats::ParseXml({*content, 0}, budget);
  if (!xml) {
    faults.AddUnreadable(fmt::format("{} cannot be read", name), xml.error(),
                         range, budget);
    return std::nullopt;
  }
  const formats::XmlName& root = (*xml)[xml->Root()].name;
  const std::string space(root.Space());
  if (!space.starts_with(kManifestSpaces) ||
      root.Local() != (is_bundle ? "Bundle" : "Package")) {
    faults.Add(fmt::format("{} is no manifest", name), range);
    return std::nullopt;
  }
  MsixManifest manifest;
  manifest.is_bundle = is_bundle;
  manifest.range = range;
  const auto identity = xml->Child(xml->Root(), space, "Identity");
  if (CountOf(*xml, space, "Identity") > 1) {
    faults.Add(fmt::format("{} has more than one identity", name), range);
  }
  const std::string* publisher =
      identity ? xml->Attribute(*identity, "Publisher") : nullptr;
  if (publisher != nullptr) {
    manifest.publisher = *publisher;
  } else {
    faults.Add(fmt::format("{} names no publisher", name), range);
  }
  if (is_bundle) {
    BundleList(archive, *xml, range, faults).Read(space, manifest);
  }
  return manifest;
}

bool IsPublisher(std::string_view publisher, const NameAttributes& subject) {
  auto parts = ParsePublisher(publisher);
  if (!parts) {
    return false;
  }
  std::ranges::reverse(*parts);
  std::vector<TypeAndValue> named;
  for (const NameAttribute& attribute : subject) {
    if (!attribute.starts_rdn) {
      return false;  // the pattern has no "+"
    }
    named.push_back(
        {DottedOid(attribute.oid), std::string(TrimmedName(attribute.value))});
  }
  return *parts == named;
}

}  // namespace countersign::signing
