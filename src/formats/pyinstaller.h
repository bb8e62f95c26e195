// What PyInstaller packs: the archive behind its bootloader, and the archive of
// modules in it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/carried.h"
#include "formats/unpack.h"

namespace countersign::formats {

// The archive behind the bootloader in `program`, of whatever platform; nothing
// when there is none. `data_offset` is where its loaded parts end: a mark
// before that may be the bootloader's own and is no archive unless it leads to
// one. Otherwise as ReadCarried says.
base::Result<std::optional<CarriedPackage>> ReadPyinstallerArchive(
    const base::Blob& program, uint64_t data_offset, base::Budget& budget,
    MemberSink& sink);

// The same of any file. Fails with kMalformed when there is no archive.
base::Result<void> UnpackPyinstaller(const base::Blob& container,
                                     base::Budget& budget, MemberSink& sink);

// Hands over the modules in an archive of modules ("PYZ"), as compiled code
// without the header that a .pyc file has. See formats/unpack.h.
base::Result<void> UnpackPyz(const base::Blob& container, base::Budget& budget,
                             MemberSink& sink);

}  // namespace countersign::formats
