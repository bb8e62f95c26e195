// Packages that a program carries and that are no file of their own: their
// structures lie in the sections of the program and count bytes from its start.
// The reader of programs calls these for what it cannot hand over as a member.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/pe.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct CarriedPackage {
  // A few words for people: "WiX Burn bundle {...}".
  std::string description;
  // Bytes of the program's file that structures and members of the package
  // account for. What else follows the sections is handed over as overlay.
  std::vector<base::ByteRange> claimed;
  // Why not all members are known; those before were handed over.
  std::optional<base::Error> damage;
};

// The package in `program`, or nothing when it carries none of the kind. Hands
// its members over to `sink`, named "[kind]/...". Fails only with an error of
// the sink's Begin or End, or when the budget is spent; what is wrong with the
// package is said in it.
using ReadCarried = base::Result<std::optional<CarriedPackage>> (*)(
    const PeImage& image, const base::Blob& program, base::Budget& budget,
    MemberSink& sink);

// WiX Burn bundles (docs/formats/burn.md).
base::Result<std::optional<CarriedPackage>> ReadBurn(const PeImage& image,
                                                     const base::Blob& program,
                                                     base::Budget& budget,
                                                     MemberSink& sink);

// Archives of PyInstaller (docs/formats/pyinstaller.md).
base::Result<std::optional<CarriedPackage>> ReadPyinstaller(
    const PeImage& image, const base::Blob& program, base::Budget& budget,
    MemberSink& sink);

// Single-file applications of .NET (docs/formats/dotnet_bundle.md).
base::Result<std::optional<CarriedPackage>> ReadDotnetBundle(
    const PeImage& image, const base::Blob& program, base::Budget& budget,
    MemberSink& sink);

// Setups of Inno Setup (docs/formats/inno.md).
base::Result<std::optional<CarriedPackage>> ReadInno(const PeImage& image,
                                                     const base::Blob& program,
                                                     base::Budget& budget,
                                                     MemberSink& sink);

}  // namespace countersign::formats
