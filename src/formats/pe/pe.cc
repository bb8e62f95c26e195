// offset 0          "MZ" DOS header; e_lfanew (u32) at 0x3C
// e_lfanew          "PE\0\0"
//  +4               COFF header, 20 bytes
//  +24              optional header: magic 0x10B (PE32) or 0x20B (PE32+),
//                   CheckSum at +64, directories at +96 or +112; the fifth is
//                   the security directory (file offset!, size)
//  after it         section table, 40 bytes each
//  ...              headers, sections, overlay
//  table offset     WIN_CERTIFICATE { u32 dwLength, u16 wRevision,
//                   u16 wCertificateType, bCertificate[] }, 8-byte aligned
#include "formats/pe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;

constexpr uint16_t kMagicPe32 = 0x10B;
constexpr uint16_t kMagicPe32Plus = 0x20B;
constexpr uint32_t kResourceDirectory = 2;
constexpr uint32_t kSecurityDirectory = 4;
constexpr uint32_t kDebugDirectory = 6;
constexpr uint32_t kClrDirectory = 14;
// WIN_CERT_REVISION_1_0 (legacy) and _2_0.
constexpr uint16_t kRevision1 = 0x0100;
constexpr uint16_t kRevision2 = 0x0200;
constexpr size_t kMaxEntries = 64;
constexpr uint32_t kDebugTypeReproducible = 16;

// The directories we look at: virtual address (file offset for security) and
// size.
struct Directory {
  uint32_t address = 0;
  uint32_t size = 0;
};

struct Headers {
  uint16_t section_count = 0;
  uint64_t section_table = 0;
  Directory debug;
};

// The optional header; `start` is its absolute offset.
void ReadOptionalHeader(Reader& reader, PeImage& image, Headers& headers) {
  const uint64_t start = reader.Offset();
  const uint16_t magic = reader.U16("OptionalHeader.Magic");
  if (!reader.Failed() && magic != kMagicPe32 && magic != kMagicPe32Plus) {
    reader.Fail(Fault::kUnsupported, "OptionalHeader.Magic");
  }
  image.is_64 = magic == kMagicPe32Plus;
  reader.Seek(start + 32, "OptionalHeader.SectionAlignment");
  image.section_alignment = reader.U32("OptionalHeader.SectionAlignment");
  image.file_alignment = reader.U32("OptionalHeader.FileAlignment");
  reader.Seek(start + 60, "OptionalHeader.SizeOfHeaders");
  image.size_of_headers = reader.U32("OptionalHeader.SizeOfHeaders");
  image.checksum_offset = reader.Offset();
  (void)reader.U32("OptionalHeader.CheckSum");
  image.subsystem = reader.U16("OptionalHeader.Subsystem");
  reader.Seek(start + (image.is_64 ? 108 : 92),
              "OptionalHeader.NumberOfRvaAndSizes");
  const uint32_t count = reader.U32("OptionalHeader.NumberOfRvaAndSizes");
  for (uint32_t i = 0; i < std::min<uint32_t>(count, 16); ++i) {
    const uint64_t at = reader.Offset();
    const Directory directory{reader.U32("DataDirectory.VirtualAddress"),
                              reader.U32("DataDirectory.Size")};
    if (i == kResourceDirectory) {
      image.resource_address = directory.address;
      image.resource_size = directory.size;
    } else if (i == kSecurityDirectory) {
      image.security_directory_offset = at;
      image.certificate_table = {directory.address, directory.size};
    } else if (i == kDebugDirectory) {
      headers.debug = directory;
    } else if (i == kClrDirectory) {
      image.has_clr_header = directory.address != 0;
    }
  }
}

void ReadSections(Reader& reader, PeImage& image, const Headers& headers) {
  reader.Seek(headers.section_table, "section table");
  for (uint16_t i = 0; i < headers.section_count && !reader.Failed(); ++i) {
    PeSection section;
    const Bytes name = reader.Take(8, "Section.Name");
    section.name = base::AsText(name).substr(0, base::AsText(name).find('\0'));
    section.virtual_size = reader.U32("Section.VirtualSize");
    section.virtual_address = reader.U32("Section.VirtualAddress");
    section.raw.size = reader.U32("Section.SizeOfRawData");
    section.raw.offset = reader.U32("Section.PointerToRawData");
    reader.Skip(16, "Section");
    image.sections.push_back(section);
  }
}

// True when the debug directory has a REPRO entry. Damage there is not our
// business; it only means that we do not know.
bool ReadReproducible(const PeImage& image, Bytes file, Directory debug) {
  const auto offset = PeFileOffset(image, debug.address);
  if (!offset || *offset > file.size()) {
    return false;
  }
  Reader reader(base::Input{file.subspan(*offset), *offset});
  const uint32_t count = std::min<uint32_t>(debug.size / 28, 32);
  for (uint32_t i = 0; i < count && !reader.Failed(); ++i) {
    reader.Skip(12, "DebugDirectory");
    if (reader.U32("DebugDirectory.Type") == kDebugTypeReproducible) {
      return !reader.Failed();
    }
    reader.Skip(12, "DebugDirectory");
  }
  return false;
}

std::string_view MachineName(uint16_t machine) {
  switch (machine) {
    case 0x014C:
      return "x86";
    case 0x8664:
      return "x86-64";
    case 0xAA64:
      return "ARM64";
    case 0xA641:
      return "ARM64EC";
    case 0x01C0:
    case 0x01C4:
      return "ARM";
    case 0x0200:
      return "Itanium";
    case 0x0EBC:
      return "EFI byte code";
    case 0x5032:
    case 0x5064:
      return "RISC-V";
    default:
      return "";
  }
}

std::string_view SubsystemName(uint16_t subsystem) {
  switch (subsystem) {
    case 1:
      return "native";
    case 2:
      return "windowed";
    case 3:
      return "console";
    case 10:
      return "EFI application";
    case 11:
      return "EFI boot driver";
    case 12:
      return "EFI runtime driver";
    case 13:
      return "EFI ROM";
    default:
      return "";
  }
}

uint64_t EndOfSections(const PeImage& image) {
  uint64_t end = image.size_of_headers;
  for (const PeSection& section : image.sections) {
    if (section.raw.size != 0) {
      end = std::max(end, section.raw.offset + section.raw.size);
    }
  }
  return end;
}

bool HasTableBehind(const PeImage& image, uint64_t sections_end) {
  const ByteRange table = image.certificate_table;
  return table.size != 0 && table.offset >= sections_end &&
         table.Inside(image.file_size);
}

}  // namespace

base::Result<PeImage> ParsePe(Bytes file) {
  PeImage image;
  image.file_size = file.size();
  Reader reader(base::Input{file, 0});
  if (reader.U16("e_magic") != 0x5A4D) {
    return base::Fail(Fault::kMalformed, 0, "e_magic");
  }
  reader.Seek(0x3C, "e_lfanew");
  const uint32_t header = reader.U32("e_lfanew");
  if (!reader.Failed() && header >= file.size()) {
    return base::Fail(Fault::kMalformed, 0x3C, "e_lfanew");
  }
  reader.Seek(header, "e_lfanew");
  if (reader.U32("PE signature") != 0x00004550 && !reader.Failed()) {
    return base::Fail(Fault::kMalformed, header, "PE signature");
  }
  Headers headers;
  image.machine = reader.U16("FileHeader.Machine");
  headers.section_count = reader.U16("FileHeader.NumberOfSections");
  image.time_date_stamp = reader.U32("FileHeader.TimeDateStamp");
  reader.Skip(8, "FileHeader.PointerToSymbolTable");
  const uint16_t optional_size = reader.U16("FileHeader.SizeOfOptionalHeader");
  image.characteristics = reader.U16("FileHeader.Characteristics");
  headers.section_table = reader.Offset() + optional_size;
  ReadOptionalHeader(reader, image, headers);
  ReadSections(reader, image, headers);
  if (!reader.Failed()) {
    image.is_reproducible = ReadReproducible(image, file, headers.debug);
  }
  return reader.Finish(std::move(image));
}

std::optional<uint64_t> PeFileOffset(const PeImage& image, uint32_t address) {
  for (const PeSection& section : image.sections) {
    if (address >= section.virtual_address &&
        address - section.virtual_address < section.raw.size) {
      return section.raw.offset + (address - section.virtual_address);
    }
  }
  return std::nullopt;
}

std::vector<CertificateEntry> ReadCertificateTable(const PeImage& image,
                                                   Bytes file) {
  std::vector<CertificateEntry> entries;
  const ByteRange table = image.certificate_table;
  const auto damaged = [&](Fault fault, uint64_t offset, const char* field) {
    entries.emplace_back().damage = Error{fault, offset, field};
    entries.back().whole = {std::min<uint64_t>(offset, file.size()), 0};
  };
  const uint64_t directory = image.security_directory_offset.value_or(0);
  if (table.size == 0) {
    return entries;
  }
  if (!table.Inside(file.size())) {
    damaged(Fault::kTruncated, directory, "security directory");
    return entries;
  }
  const uint64_t header_end =
      std::max<uint64_t>(directory + 8, image.size_of_headers);
  if (table.offset < std::min<uint64_t>(header_end, file.size())) {
    damaged(Fault::kMalformed, directory, "security directory");
    return entries;
  }
  Reader reader(
      base::Input{file.subspan(table.offset, table.size), table.offset});
  while (reader.Remaining() > 0) {
    const uint64_t start = reader.Offset();
    if (entries.size() >= kMaxEntries) {
      damaged(Fault::kLimit, start, "certificate table");
      break;
    }
    const uint64_t left = reader.Remaining();
    CertificateEntry entry;
    entry.length = reader.U32("WIN_CERTIFICATE.dwLength");
    entry.revision = reader.U16("WIN_CERTIFICATE.wRevision");
    entry.type = reader.U16("WIN_CERTIFICATE.wCertificateType");
    if (reader.Failed() || entry.length < 8 || entry.length > left) {
      entry.whole = {start, left};
      entry.damage =
          Error{Fault::kMalformed, start, "WIN_CERTIFICATE.dwLength"};
      entries.push_back(entry);
      break;
    }
    entry.whole = {start, entry.length};
    entry.content = {start + 8, entry.length - 8ULL};
    if (entry.revision != kRevision1 && entry.revision != kRevision2) {
      entry.damage =
          Error{Fault::kUnsupported, start + 4, "WIN_CERTIFICATE.wRevision"};
    }
    entries.push_back(entry);
    const uint64_t aligned =
        base::CheckedAlign<uint64_t>(entry.length, 8).value_or(left);
    reader.Skip(std::min(aligned, left) - 8, "bCertificate");
  }
  return entries;
}

bool TableOverlapsSection(const PeImage& image) {
  const ByteRange table = image.certificate_table;
  return table.size != 0 &&
         std::ranges::any_of(image.sections, [&](const PeSection& section) {
           return section.raw.size != 0 &&
                  section.raw.offset < table.offset + table.size &&
                  table.offset < section.raw.offset + section.raw.size;
         });
}

std::vector<ByteRange> DigestRanges(const PeImage& image) {
  // Cut the excluded ranges, which are in ascending order, out of the file.
  // Why: a table that lies on bytes of a section is not left out. The loader
  // maps those bytes, so Windows hashes them with their section.
  std::vector<ByteRange> excluded = {{image.checksum_offset, 4}};
  if (image.security_directory_offset) {
    excluded.push_back({*image.security_directory_offset, 8});
  }
  if (image.certificate_table.size != 0 &&
      image.certificate_table.Inside(image.file_size) &&
      !TableOverlapsSection(image)) {
    excluded.push_back(image.certificate_table);
  }
  std::vector<ByteRange> ranges;
  uint64_t position = 0;
  for (const ByteRange& cut : excluded) {
    if (cut.offset > position) {
      ranges.push_back({position, cut.offset - position});
    }
    position = std::max(position, cut.offset + cut.size);
  }
  if (image.file_size > position) {
    ranges.push_back({position, image.file_size - position});
  }
  return ranges;
}

ByteRange Overlay(const PeImage& image) {
  const uint64_t start = EndOfSections(image);
  const uint64_t end = HasTableBehind(image, start)
                           ? image.certificate_table.offset
                           : image.file_size;
  return start < end ? ByteRange{start, end - start} : ByteRange{};
}

ByteRange BehindCertificateTable(const PeImage& image) {
  if (!HasTableBehind(image, EndOfSections(image))) {
    return {};
  }
  const uint64_t start =
      image.certificate_table.offset + image.certificate_table.size;
  return start < image.file_size ? ByteRange{start, image.file_size - start}
                                 : ByteRange{};
}

std::string DescribePe(const PeImage& image) {
  constexpr uint16_t kDll = 0x2000;
  const std::string_view machine = MachineName(image.machine);
  const std::string_view subsystem = SubsystemName(image.subsystem);
  std::string text = fmt::format(
      "{} {}", image.is_64 ? "PE32+" : "PE32",
      machine.empty() ? fmt::format("machine 0x{:04x}", image.machine)
                      : std::string(machine));
  if (!subsystem.empty()) {
    text += fmt::format(" {}", subsystem);
  }
  if (!subsystem.starts_with("EFI")) {
    text += (image.characteristics & kDll) != 0 ? " library" : " program";
  }
  return image.has_clr_header ? text + ", .NET" : text;
}

}  // namespace countersign::formats
