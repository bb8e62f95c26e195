// Readers of compressed streams. Each yields one member: what comes out.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// All of them are `Unpack` functions. The member has the name that the stream
// stores, else "content". Damage in the stream is said by the member's End;
// they fail when there is no such stream at the start of `container`, when the
// sink does, or when `budget` is spent.

// Spec: RFC 1952. All gzip members together are one content.
[[nodiscard]] base::Result<void> UnpackGzip(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

// Spec: bzip2 and libbzip2 1.0.8. All streams together are one content.
[[nodiscard]] base::Result<void> UnpackBzip2(const base::Blob& container,
                                             base::Budget& budget,
                                             MemberSink& sink);

// Spec: The .xz File Format 1.2.1. All streams together are one content.
[[nodiscard]] base::Result<void> UnpackXz(const base::Blob& container,
                                          base::Budget& budget,
                                          MemberSink& sink);

// Spec: LZMA specification (LZMA SDK, 2015), the .lzma file.
[[nodiscard]] base::Result<void> UnpackLzma(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

// Spec: RFC 8878. All frames together are one content.
[[nodiscard]] base::Result<void> UnpackZstd(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

// Files of Microsoft's COMPRESS.EXE: SZDD, its QBasic variant, and KWAJ.
[[nodiscard]] base::Result<void> UnpackSzdd(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

}  // namespace countersign::formats
