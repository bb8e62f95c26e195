// Parts of an Open Packaging Conventions package: names, types, relationships.
// Private to the VSIX folder.
//
// Spec: ECMA-376 part 2, sections 9 and 10.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/result.h"
#include "formats/xml.h"
#include "signing/package/archive.h"
#include "signing/package/faults.h"

namespace countersign::signing {

inline constexpr std::string_view kOpcContentTypes = "[Content_Types].xml";
inline constexpr std::string_view kOpcRootRelationships = "_rels/.rels";
// Types of the relationships that lead to signatures begin so.
inline constexpr std::string_view kOpcSignatureRelations =
    "http://schemas.openxmlformats.org/package/2006/relationships/"
    "digital-signature/";
// Types of the parts that make up signatures begin so.
inline constexpr std::string_view kOpcSignatureTypes =
    "application/vnd.openxmlformats-package.digital-signature-";

struct OpcRelationship {
  std::string id;
  std::string type;
  std::string target;
  std::string mode;  // "Internal" when it is not said
};

// The relationships in a document, or nothing when it is none of them.
[[nodiscard]] std::optional<std::vector<OpcRelationship>> ReadRelationships(
    const formats::XmlTree& xml);

// True when the document, of relationships, holds nothing that could not be
// told from them.
[[nodiscard]] bool HoldsRelationshipsOnly(const formats::XmlTree& xml);

class OpcPackage {
 public:
  // What is wrong with the package itself goes to `faults`.
  OpcPackage(const PackageArchive& archive, base::Budget& budget,
             PackageFaults& faults);

  [[nodiscard]] const PackageArchive& Archive() const { return archive_; }

  // The entry of the part, by its name with or without a slash in front and
  // in letters of either case; null when there is none, or several.
  [[nodiscard]] const formats::ZipEntry* Find(std::string_view part) const;

  // The type of the part, "" when none is declared.
  [[nodiscard]] std::string TypeOf(std::string_view part) const;

  // True when the part of types holds nothing but types, and no two for one.
  [[nodiscard]] bool HoldsTypesOnly() const { return holds_types_only_; }

  // The content of an XML part.
  [[nodiscard]] base::Result<formats::XmlTree> LoadXml(
      const formats::ZipEntry& entry) const;

  // The relationships of a part ("" for the package), of types that begin with
  // `type`; none when it has no relationships. Faults are noted.
  [[nodiscard]] std::vector<OpcRelationship> Relationships(
      std::string_view source, std::string_view type) const;

  // The part that holds the relationships of `source`, if there is one and all
  // of them lead to signatures or what belongs to them; else null.
  [[nodiscard]] const formats::ZipEntry* SignatureRelationships(
      std::string_view source) const;

 private:
  void ReadTypes();
  void TakeType(const formats::XmlTree& xml, uint32_t element);

  const PackageArchive& archive_;
  base::Budget& budget_;
  PackageFaults& faults_;
  std::map<std::string, const formats::ZipEntry*, std::less<>> by_name_;
  bool holds_types_only_ = false;
  std::map<std::string, std::string, std::less<>> overrides_;
  std::map<std::string, std::string, std::less<>> defaults_;
};

// The name of the part that holds the relationships of `source`.
[[nodiscard]] std::string RelationshipsOf(std::string_view source);

// The part that `target` names, seen from part `source`; no slash in front.
[[nodiscard]] std::string ResolveTarget(std::string_view source,
                                        std::string_view target);

}  // namespace countersign::signing
