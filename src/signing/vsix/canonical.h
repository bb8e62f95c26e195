// Canonical XML, as far as digital signatures of packages use it. Private to
// the VSIX folder.
//
// Spec: Canonical XML Version 1.0; Exclusive XML Canonicalization Version 1.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/budget.h"
#include "base/result.h"
#include "formats/xml.h"

namespace countersign::signing {

struct CanonicalForm {
  bool is_exclusive = false;  // only the namespaces that are used
  bool with_comments = false;

  friend bool operator==(const CanonicalForm&, const CanonicalForm&) = default;
};

// The form that an algorithm identifier (URI) names.
[[nodiscard]] std::optional<CanonicalForm> CanonicalFormOf(
    std::string_view algorithm);

// The element `apex` of `xml` with all that is in it, in canonical form.
// Charges a step for every element and every namespace in its scope.
[[nodiscard]] base::Result<std::string> Canonicalize(
    const formats::XmlTree& xml, uint32_t apex, const CanonicalForm& form,
    base::Budget& budget);

// The whole document, in canonical form.
[[nodiscard]] base::Result<std::string> CanonicalizeDocument(
    const formats::XmlTree& xml, const CanonicalForm& form,
    base::Budget& budget);

// `value` as it stands between the quotation marks of an attribute.
[[nodiscard]] std::string EscapeAttribute(std::string_view value);

}  // namespace countersign::signing
