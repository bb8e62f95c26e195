// Readers of archives that keep their members one behind the other, and of
// RPM packages, 7-Zip, RAR and ARJ archives.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// All of them are `Unpack` functions, and hand over what lies as it is in the
// container by Place. They fail where a header is damaged or cut off, since the
// next member cannot be found then.

// Spec: POSIX.1-2017 pax and ustar; GNU tar manual, "Tar Internals"; v7.
[[nodiscard]] base::Result<void> UnpackTar(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

// Spec: cpio(5); POSIX.1-1988 "odc"; SVR4 "newc" and "crc"; both byte orders
// of the old binary form.
[[nodiscard]] base::Result<void> UnpackCpio(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

// Spec: ar(5), System V/GNU and BSD names; deb(5) for Debian packages, which
// are identified.
[[nodiscard]] base::Result<void> UnpackAr(const base::Blob& container,
                                          base::Budget& budget,
                                          MemberSink& sink);

// Spec: RPM package file format (RPM 4 manual). The scriptlets and the
// compressed payload.
[[nodiscard]] base::Result<void> UnpackRpm(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

// Spec: LZMA SDK 23.01, "7zFormat.txt". Encrypted members, and those that are
// compressed by PPMd or Deflate64, are named and not read.
[[nodiscard]] base::Result<void> Unpack7z(const base::Blob& container,
                                          base::Budget& budget,
                                          MemberSink& sink);

// Spec: "RAR archive file format", technote.txt of RAR 3.93; "RAR 5.0 archive
// format", RARLAB (2015). Members that are stored, or compressed by the LZ
// methods of RAR 2.9 to 6; others are named and not read.
[[nodiscard]] base::Result<void> UnpackRar(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

// Spec: "ARJ technical information" (technote.txt of ARJ 2.86); methods 0 to 4.
[[nodiscard]] base::Result<void> UnpackArj(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

}  // namespace countersign::formats
