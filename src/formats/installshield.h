// InstallShield: what its set-up programs carry behind the program, and its
// cabinets.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// True when `start`, the first bytes of a file or of what follows the sections
// of a program, is something that UnpackInstallshield takes.
[[nodiscard]] bool IsInstallshield(base::Bytes start);

// Hands over the files of an InstallShield cabinet of version 5 or newer that
// holds its own list ("ISc("), or of the overlay of a set-up program: a list of
// files as they are, or one of obfuscated files (see Unpack). Cabinets in an
// overlay are opened as well, if header and volumes are both in it as they are;
// their members come last, behind the name of the header and a slash.
//
// There is no public specification. The layouts are known from the programs
// unshield and ISx, and from files.
[[nodiscard]] base::Result<void> UnpackInstallshield(
    const base::Blob& container, base::Budget& budget, MemberSink& sink);

}  // namespace countersign::formats
