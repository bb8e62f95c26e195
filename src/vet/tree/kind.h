// What an artifact of a format is to the tree. Private to the module.
#pragma once

#include <string>

#include "base/blob.h"
#include "base/bytes.h"
#include "formats/sniff.h"
#include "formats/unpack.h"
#include "model/report.h"

namespace countersign::vet {

// Formats without any scheme by which they are signed as a whole.
[[nodiscard]] bool HasNoScheme(model::Format format);

// One content in a compressed form: a layer, but no container of its own in the
// count of depth ("a.tar.gz" is one archive). A stream that holds itself ends
// by its hash.
[[nodiscard]] bool IsOnlyCompressed(model::Format format);

// What a member may be without anybody having to look into it: it contains
// nothing, and does nothing but what it says in clear text.
[[nodiscard]] bool IsPlainData(model::Format format);

// True of text without a signature block; scripts of hosts that know no
// signatures are among it. `bytes` may be null where they were not kept.
[[nodiscard]] bool IsUnsignedText(const formats::FormatRow& row,
                                  const base::Blob* bytes);

// Whether a file of a format that is not opened has a ZIP archive at its end.
[[nodiscard]] bool HasZipAtEnd(const formats::FormatRow& row, base::Bytes file);

// Whether a signature of a container of `format` is over bytes that no
// structure of it names and that its reader remarks on as `kind`: the digest of
// a program is over everything but its certificate table, that of a cabinet
// over what stands in front of its end; others are over members or streams.
//
// Spec: see signing/authenticode/pe.cc and cabinet.cc.
[[nodiscard]] bool IsUnderItsSignature(model::Format format,
                                       formats::RemarkKind kind);

// The row of ZIP archives.
[[nodiscard]] const formats::FormatRow& RowOfZip();

// Why a file of a format that is only recognised was not inspected.
[[nodiscard]] std::string WhyNotRead(const formats::FormatRow& row);

// Whether `data`, or its first 1 MiB, is as even as what is compressed or
// encrypted. Limit: 64 KiB of at least 7.5 bits a byte. Symbols, tables and
// certificates that compilers and signers append stay below one or the other.
[[nodiscard]] bool IsPacked(base::Bytes data);

}  // namespace countersign::vet
