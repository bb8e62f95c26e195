#include "signing/vsix/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/text.h"
#include "signing/vsix/relationship_filter.h"

namespace countersign::signing {
namespace {

using formats::XmlKind;
using formats::XmlNode;
using formats::XmlTree;
using formats::ZipEntry;

constexpr std::string_view kRelationshipSpace =
    "http://schemas.openxmlformats.org/package/2006/relationships";
constexpr std::string_view kTypesSpace =
    "http://schemas.openxmlformats.org/package/2006/content-types";
// Limit: 32 MiB of an XML part; real ones stay below 1.
constexpr uint64_t kMostXmlPartBytes = uint64_t{32} << 20;

std::string_view WithoutSlash(std::string_view part) {
  return part.substr(part.starts_with('/') ? 1 : 0);
}

// True when the document is a list of elements with no other attributes than
// `attributes`.
bool IsPlainList(const XmlTree& xml,
                 std::initializer_list<std::string_view> attributes) {
  return std::ranges::all_of(xml.Nodes(), [&](const XmlNode& node) {
    if (node.kind == XmlKind::kText) {
      return node.text.find_first_not_of(" \t\r\n") == std::string::npos;
    }
    const bool is_in_list =
        &node == &xml[xml.Root()] || node.parent == xml.Root();
    return node.kind == XmlKind::kElement && is_in_list &&
           std::ranges::all_of(
               node.attributes, [&](const formats::XmlAttribute& attribute) {
                 return std::ranges::find(attributes,
                                          attribute.name.qualified) !=
                        attributes.end();
               });
  });
}

std::string AttributeOr(const XmlTree& xml, uint32_t element,
                        std::string_view name, std::string_view otherwise) {
  const std::string* value = xml.Attribute(element, name);
  return value == nullptr ? std::string(otherwise) : *value;
}

}  // namespace

std::optional<std::vector<OpcRelationship>> ReadRelationships(
    const XmlTree& xml) {
  if (!xml[xml.Root()].name.Is(kRelationshipSpace, "Relationships")) {
    return std::nullopt;
  }
  std::vector<OpcRelationship> relationships;
  for (const uint32_t element : xml.Children(xml.Root())) {
    if (!xml[element].name.Is(kRelationshipSpace, "Relationship")) {
      return std::nullopt;
    }
    relationships.push_back(
        {AttributeOr(xml, element, "Id", ""),
         AttributeOr(xml, element, "Type", ""),
         AttributeOr(xml, element, "Target", ""),
         AttributeOr(xml, element, "TargetMode", "Internal")});
  }
  return relationships;
}

bool HoldsRelationshipsOnly(const XmlTree& xml) {
  return IsPlainList(xml, {"Id", "Type", "Target", "TargetMode"});
}

std::string RelationshipsOf(std::string_view source) {
  source = WithoutSlash(source);
  const size_t slash = source.rfind('/');
  const size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  return std::string(source.substr(0, name)) + "_rels/" +
         std::string(source.substr(name)) + ".rels";
}

std::string ResolveTarget(std::string_view source, std::string_view target) {
  if (target.starts_with('/')) {
    return std::string(target.substr(1));
  }
  source = WithoutSlash(source);
  const size_t slash = source.rfind('/');
  std::string folder(
      source.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
  while (target.starts_with("./") || target.starts_with("../")) {
    if (target.starts_with("../")) {
      folder.resize(folder.empty() ? 0 : folder.size() - 1);
      const size_t above = folder.rfind('/');
      folder.resize(above == std::string::npos ? 0 : above + 1);
    }
    target.remove_prefix(target.find('/') + 1);
  }
  return folder + std::string(target);
}

OpcPackage::OpcPackage(const PackageArchive& archive, base::Budget& budget,
                       PackageFaults& faults)
    : archive_(archive), budget_(budget), faults_(faults) {
  for (const ZipEntry& entry : archive.Entries()) {
    const auto [other, is_new] =
        by_name_.emplace(base::AsciiLower(entry.name), &entry);
    if (!is_new) {
      other->second = nullptr;
      faults.Add(
          fmt::format("two parts have the name {}", QuoteName(entry.name)),
          EntryRange(entry));
    }
  }
  ReadTypes();
}

const ZipEntry* OpcPackage::Find(std::string_view part) const {
  const auto found = by_name_.find(base::AsciiLower(WithoutSlash(part)));
  return found == by_name_.end() ? nullptr : found->second;
}

void OpcPackage::ReadTypes() {
  const ZipEntry* entry = Find(kOpcContentTypes);
  if (entry == nullptr) {
    faults_.Add(fmt::format("{} is not in it once", kOpcContentTypes),
                archive_.Zip().central_directory);
    return;
  }
  const auto xml = LoadXml(*entry);
  if (!xml || !(*xml)[xml->Root()].name.Is(kTypesSpace, "Types")) {
    faults_.AddUnreadable(
        fmt::format("{} cannot be read", kOpcContentTypes),
        xml ? base::Error{base::Fault::kMalformed, 0, "root element"}
            : xml.error(),
        EntryRange(*entry), budget_);
    return;
  }
  holds_types_only_ =
      IsPlainList(*xml, {"ContentType", "PartName", "Extension"});
  for (const uint32_t element : xml->Children(xml->Root())) {
    TakeType(*xml, element);
  }
}

void OpcPackage::TakeType(const XmlTree& xml, uint32_t element) {
  const std::string type = AttributeOr(xml, element, "ContentType", "");
  bool is_new = false;
  if (xml[element].name.Is(kTypesSpace, "Override")) {
    const std::string part = AttributeOr(xml, element, "PartName", "");
    is_new =
        overrides_.emplace(base::AsciiLower(WithoutSlash(part)), type).second;
  } else if (xml[element].name.Is(kTypesSpace, "Default")) {
    const std::string extension = AttributeOr(xml, element, "Extension", "");
    is_new = defaults_.emplace(base::AsciiLower(extension), type).second;
  }
  holds_types_only_ &= is_new;
}

std::string OpcPackage::TypeOf(std::string_view part) const {
  const std::string name = base::AsciiLower(WithoutSlash(part));
  if (const auto found = overrides_.find(name); found != overrides_.end()) {
    return found->second;
  }
  const size_t dot = name.rfind('.');
  const auto found = defaults_.find(
      dot == std::string::npos ? std::string() : name.substr(dot + 1));
  return found == defaults_.end() ? "" : found->second;
}

base::Result<XmlTree> OpcPackage::LoadXml(const ZipEntry& entry) const {
  const auto content = CS_TRY(archive_.Load(entry, kMostXmlPartBytes, budget_));
  return formats::ParseXml({content, 0}, budget_);
}

std::vector<OpcRelationship> OpcPackage::Relationships(
    std::string_view source, std::string_view type) const {
  const ZipEntry* entry = Find(RelationshipsOf(source));
  if (entry == nullptr) {
    return {};
  }
  const auto xml = LoadXml(*entry);
  auto relationships = xml ? ReadRelationships(*xml) : std::nullopt;
  if (!relationships) {
    faults_.AddUnreadable(
        QuoteName(entry->name) + " cannot be read",
        xml ? base::Error{base::Fault::kMalformed, 0, "relationship"}
            : xml.error(),
        EntryRange(*entry), budget_);
    return {};
  }
  std::erase_if(*relationships, [&](const OpcRelationship& relationship) {
    return !relationship.type.starts_with(type);
  });
  return *std::move(relationships);
}

const ZipEntry* OpcPackage::SignatureRelationships(
    std::string_view source) const {
  const ZipEntry* entry = Find(RelationshipsOf(source));
  if (entry == nullptr) {
    return nullptr;
  }
  const auto xml = LoadXml(*entry);
  const auto relationships = xml ? ReadRelationships(*xml) : std::nullopt;
  const bool is_of_signatures = relationships && HoldsRelationshipsOnly(*xml) &&
                                CoversAll(*relationships, RelationshipFilter());
  return is_of_signatures ? entry : nullptr;
}

}  // namespace countersign::signing
