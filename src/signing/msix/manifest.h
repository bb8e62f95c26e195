// What an MSIX package or bundle says of itself. Private to the MSIX folder.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "signing/msix/part.h"
#include "signing/package/archive.h"
#include "signing/package/faults.h"
#include "signing/x509/name.h"

namespace countersign::signing {

struct MsixManifest {
  bool is_bundle = false;
  std::string publisher;  // as written
  base::ByteRange range;  // of the manifest in the file
  // Of a bundle: the entries that are packages.
  std::set<std::string, std::less<>> packages;
};

// The manifest of the package or bundle; what is wrong with it goes to
// `faults`. Nothing when there is none that could be read.
[[nodiscard]] std::optional<MsixManifest> ReadMsixManifest(
    const PackageArchive& archive, base::Budget& budget, PackageFaults& faults);

// Whether `publisher`, the text of a manifest, is the name `subject`: as many
// parts, in reverse order, of the same types and values.
//
// Spec: the pattern of the attribute Publisher in the schema of the manifest;
// CertNameToStr with CERT_X500_NAME_STR and CERT_NAME_STR_REVERSE_FLAG, which
// writes a name that way.
[[nodiscard]] bool IsPublisher(std::string_view publisher,
                               const NameAttributes& subject);

}  // namespace countersign::signing
