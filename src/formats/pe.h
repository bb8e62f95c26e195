// Portable Executable images: where everything lies.
//
// Spec: Microsoft PE Format (2024-06), sections "MS-DOS Stub", "COFF File
// Header", "Optional Header", "The Attribute Certificate Table".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct PeSection {
  std::string name;  // as written, up to 8 bytes, not safe to display
  uint32_t virtual_address = 0;
  uint32_t virtual_size = 0;
  base::ByteRange raw;  // as written; may reach past the end of the file
};

// One WIN_CERTIFICATE, or what stands where one should be.
struct CertificateEntry {
  base::ByteRange whole;    // as far as it lies in the file, header included
  base::ByteRange content;  // bCertificate
  uint32_t length = 0;      // dwLength, as written
  uint16_t revision = 0;
  uint16_t type = 0;
  std::optional<base::Error> damage;  // then `content` is not to be used
};

struct PeImage {
  uint64_t file_size = 0;
  uint16_t machine = 0;
  uint16_t subsystem = 0;
  uint16_t characteristics = 0;
  bool is_64 = false;  // PE32+
  uint32_t time_date_stamp = 0;
  uint32_t size_of_headers = 0;
  uint32_t section_alignment = 0;
  uint32_t file_alignment = 0;
  uint64_t checksum_offset = 0;
  // Where the security directory entry stands; nothing when the header has
  // fewer than five directories.
  std::optional<uint64_t> security_directory_offset;
  // What the security directory says; size 0 when there is no table.
  base::ByteRange certificate_table;
  std::vector<PeSection> sections;
  // What the resource directory says: a virtual address; size 0 when there is
  // none.
  uint32_t resource_address = 0;
  uint32_t resource_size = 0;
  bool has_clr_header = false;
  bool is_reproducible = false;  // TimeDateStamp is a hash, not a time
};

// WIN_CERT_TYPE_PKCS_SIGNED_DATA, WIN_CERT_TYPE_EFI_GUID.
inline constexpr uint16_t kCertificateTypePkcs = 0x0002;
inline constexpr uint16_t kCertificateTypeEfiGuid = 0x0EF1;

// The image in `file`, the whole artifact. Fails with the offset and name of
// the first header field that is damaged; section and certificate tables are
// taken as written, not judged.
[[nodiscard]] base::Result<PeImage> ParsePe(base::Bytes file);

// The file offset of a virtual address in the raw data of a section, or
// nothing. Takes a step for each section; the offset may be past the end.
[[nodiscard]] std::optional<uint64_t> PeFileOffset(const PeImage& image,
                                                   uint32_t address);

// The entries of the certificate table in order. Damage ends the walk with an
// entry that carries it: table outside the file, length below 8 or beyond the
// table, bytes left over that are no entry.
// Limit: 64 entries; real files have one or two.
[[nodiscard]] std::vector<CertificateEntry> ReadCertificateTable(
    const PeImage& image, base::Bytes file);

// True when bytes of the certificate table are also raw data of a section.
[[nodiscard]] bool TableOverlapsSection(const PeImage& image);

// The ranges that an Authenticode digest covers: everything but CheckSum, the
// security directory entry and the certificate table (Windows Authenticode
// Portable Executable Signature Format, "Calculating the PE Image Hash").
// Quirk: what Windows hashes is the file in file order; bytes between and
// after sections, and after the table, are included.
[[nodiscard]] std::vector<base::ByteRange> DigestRanges(const PeImage& image);

// What follows the last section, without the certificate table: where
// installers keep what they install. Size 0 when there is nothing.
[[nodiscard]] base::ByteRange Overlay(const PeImage& image);

// What follows the certificate table where that stands behind the sections; a
// signer leaves nothing there. Size 0 when there is nothing.
[[nodiscard]] base::ByteRange BehindCertificateTable(const PeImage& image);

// "PE32+ x86-64 console program", for people.
[[nodiscard]] std::string DescribePe(const PeImage& image);

// A resource: what kind, which, in which language. Numbers are written out in
// decimal, known kinds by name ("RCDATA"); names as UTF-8, not safe to display.
struct PeResource {
  std::string type;
  std::string name;
  std::string language;
  uint32_t type_number = 0;  // 0: the type has a name
  uint32_t code_page = 0;
  base::ByteRange entry;              // IMAGE_RESOURCE_DATA_ENTRY, in the file
  base::ByteRange data;               // in the file
  std::optional<base::Error> damage;  // then `data` is not to be used
};

// RT_RCDATA, RT_VERSION, RT_MANIFEST.
inline constexpr uint32_t kResourceData = 10;
inline constexpr uint32_t kResourceVersion = 16;
inline constexpr uint32_t kResourceManifest = 24;

struct PeResources {
  std::vector<PeResource> entries;  // in the order of the directory
  // The first directory or name that could not be read. The others were.
  std::optional<base::Error> damage;
};

// The resources of `image`; none when it has no resource directory. Fails when
// the budget is spent.
// Limit: 20,000 resources; large programs have some thousand. More is damage
// with kLimit.
[[nodiscard]] base::Result<PeResources> ReadPeResources(const PeImage& image,
                                                        base::Bytes file,
                                                        base::Budget& budget);

// Version information, as the properties of a program show it. Text is UTF-8,
// hostile, not safe to display.
// Spec: Windows SDK, "VS_VERSIONINFO" and the structures that it leads to.
struct PeVersion {
  struct String {
    std::string language;  // "040904B0": language and code page, in hexadecimal
    std::string key;       // "CompanyName"
    std::string value;
    base::ByteRange range;  // the String structure, in the file
  };
  uint64_t file_version = 0;     // four numbers of 16 bits, the first on top
  uint64_t product_version = 0;  // the same
  std::vector<String> strings;
};

// The version information in `resource`, the data of an RT_VERSION. Fails with
// the field that is damaged, or when the budget is spent.
[[nodiscard]] base::Result<PeVersion> ParsePeVersion(base::Input resource,
                                                     base::Budget& budget);

// What the member behind the sections is called.
inline constexpr std::string_view kOverlayName = "[overlay]";

// Hands over what a program carries: resources that may be files of their own,
// archives in sections, the packages of formats/carried.h, the overlay, and
// what stands behind the certificate table. See formats/unpack.h and
// docs/formats/pe.md.
base::Result<void> UnpackPe(const base::Blob& container, base::Budget& budget,
                            MemberSink& sink);

}  // namespace countersign::formats
