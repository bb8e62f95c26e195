// The formats, in the order they are tried. Adding one is a row here and a
// folder beside it.
#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "formats/archive.h"
#include "formats/asar.h"
#include "formats/cabinet.h"
#include "formats/cfb.h"
#include "formats/chm.h"
#include "formats/cpio/header.h"
#include "formats/installshield.h"
#include "formats/iso.h"
#include "formats/nsis.h"
#include "formats/pe.h"
#include "formats/pyinstaller.h"
#include "formats/script.h"
#include "formats/sniff.h"
#include "formats/stream.h"
#include "formats/tar/header.h"
#include "formats/udf.h"
#include "formats/zip.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using model::Format;
using namespace std::string_view_literals;

bool Has(Bytes start, size_t offset, std::string_view mark) {
  return start.size() >= offset + mark.size() &&
         base::AsText(start.subspan(offset, mark.size())) == mark;
}

bool IsMachO(Bytes start) {
  return Has(start, 0, "\xFE\xED\xFA\xCE"sv) ||
         Has(start, 0, "\xFE\xED\xFA\xCF"sv) ||
         Has(start, 0, "\xCE\xFA\xED\xFE"sv) ||
         Has(start, 0, "\xCF\xFA\xED\xFE"sv) ||
         // A fat binary; a Java class shares the mark, but its version field
         // is above 40 where a fat binary counts its slices.
         (Has(start, 0, "\xCA\xFE\xBA\xBE\0\0\0"sv) && start.size() > 7 &&
          start[7] < 40) ||
         Has(start, 0, "\xCA\xFE\xBA\xBF\0\0\0"sv);
}

uint32_t Number(Bytes start, size_t offset, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = bytes; i > 0; --i) {
    value = value << 8 | start[offset + i - 1];
  }
  return value;
}

// A program that Windows would not load as a PE image: the mark of a 16-bit
// Windows, OS/2 or VxD program where the PE signature would be, or no such
// place, as in programs for DOS, whose relocations begin before offset 0x40.
// Spec: Microsoft PE Format, "MS-DOS Stub"; Windows loaders look at e_lfanew
// (offset 0x3C) only, so that a PE signature there outweighs the rest.
bool IsOldProgram(Bytes start) {
  constexpr size_t kHeaderBytes = 0x40;
  constexpr size_t kRelocationsOffset = 0x18;  // e_lfarlc
  constexpr size_t kNewHeaderOffset = 0x3C;    // e_lfanew
  if (!Has(start, 0, "MZ"sv) || start.size() < kHeaderBytes) {
    return false;
  }
  const uint32_t header = Number(start, kNewHeaderOffset, 4);
  if (Has(start, header, "PE\0\0"sv)) {
    return false;
  }
  // Why: what lies behind the bytes that are looked at is not known.
  const bool reached =
      uint64_t{header} + 4 <= start.size() || start.size() < kSniffedBytes;
  const uint32_t relocations = Number(start, kRelocationsOffset, 2);
  return Has(start, header, "NE"sv) || Has(start, header, "LE"sv) ||
         Has(start, header, "LX"sv) ||
         (reached && relocations != 0 && relocations < kHeaderBytes);
}

// A PKCS #7 that is a file of its own: SEQUENCE, then the OID of SignedData.
bool IsSignedData(Bytes start) {
  const std::string_view head =
      base::AsText(start.first(std::min<size_t>(start.size(), 32)));
  return Has(start, 0, "0"sv) &&
         head.find("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv) <= 10;
}

// Why at the end of the table, and of any content: text cannot be told from
// what is nearly text, and a signed script that somebody has put a zero byte
// into must not pass for data of no known form.
bool MayBeScript(Bytes /*start*/) { return true; }

bool IsPowershellSigned(Bytes start, Bytes end) {
  return HasScriptBlock(start, Format::kPowershell) ||
         HasScriptBlock(end, Format::kPowershell);
}

bool IsScript(Bytes start, Bytes end) {
  return Has(start, 0, "#!"sv) || HasScriptBlock(start, Format::kScript) ||
         HasScriptBlock(end, Format::kScript);
}

bool IsInnoSetup(Bytes start) {
  return Has(start, 0, "idska32\x1A"sv) || Has(start, 0, "idskb32\x1A"sv) ||
         Has(start, 0, "zlb\x1A"sv) || Has(start, 0, "Inno Setup Setup Data"sv);
}

// An archive with entries, or without; one that was to be split and fitted into
// one file, or the first part of one that was.
bool IsZip(Bytes start) {
  return Has(start, 0, "PK\x03\x04"sv) || Has(start, 0, "PK\x05\x06"sv) ||
         Has(start, 0, "PK00PK\x03\x04"sv) ||
         Has(start, 0, "PK\x07\x08PK\x03\x04"sv);
}

// The mark is short: a header of a size that may be, and of the main type.
bool IsArj(Bytes start) {
  constexpr uint32_t kMostHeader = 2600;
  constexpr size_t kType = 10;
  return Has(start, 0, "\x60\xEA"sv) && Has(start, kType, "\x02"sv) &&
         Number(start, 2, 2) <= kMostHeader && start[4] >= 30;
}

bool IsBzip2(Bytes start) {
  return Has(start, 0, "BZh"sv) && start.size() > 3 && start[3] >= '1' &&
         start[3] <= '9';
}

// A frame, also behind one that is to be skipped (parallel packers begin with
// such a frame). LZ4 has the same skippable frames.
bool IsZstd(Bytes start) {
  constexpr std::string_view kFrame = "\x28\xB5\x2F\xFD"sv;
  const bool skippable = start.size() >= 8 && (start[0] & 0xF0) == 0x50 &&
                         Has(start, 1, "\x2A\x4D\x18"sv);
  return Has(start, 0, kFrame) ||
         (skippable && Has(start, size_t{8} + Number(start, 4, 4), kFrame));
}

// There is no mark: a byte of properties, a dictionary of a size that encoders
// choose (2^n or 2^n + 2^(n-1), from 4 KiB to 1 GiB), a size of the content
// that is not known or below 256 GiB, and the first byte of a range coder,
// which is 0. One in 10^12 files of random bytes looks like that.
bool IsLzma(Bytes start) {
  constexpr size_t kHeaderBytes = 13;
  constexpr uint8_t kMostProperties = 9 * 5 * 5;
  constexpr uint32_t kUnknownSize = 0xFFFFFFFF;
  constexpr uint32_t kMostSizeHigh = 63;  // of 256 GiB, in units of 4 GiB
  if (start.size() <= kHeaderBytes || start[0] >= kMostProperties ||
      start[kHeaderBytes] != 0) {
    return false;
  }
  const uint32_t dictionary = Number(start, 1, 4);
  const uint32_t low = Number(start, 5, 4);
  const uint32_t high = Number(start, 9, 4);
  const uint32_t top = std::bit_floor(dictionary);
  return dictionary >= (1U << 12) && dictionary <= (1U << 30) &&
         (dictionary == top || dictionary == (top | top >> 1)) &&
         ((low == kUnknownSize && high == kUnknownSize) ||
          high <= kMostSizeHigh);
}

// The mark of UDF among the descriptors, with those of ISO 9660 or without.
// With sectors of 4096 bytes every second place is nothing.
bool IsUdf(Bytes start) {
  constexpr size_t kFirst = 0x8001;
  constexpr size_t kStep = 2048;
  if (!Has(start, kFirst, "BEA01"sv) && !Has(start, kFirst, "CD001"sv)) {
    return false;
  }
  for (size_t i = 0; kFirst + i * kStep < start.size(); ++i) {
    const auto has = [&](std::string_view mark) {
      return Has(start, kFirst + i * kStep, mark);
    };
    if (has("NSR02") || has("NSR03")) {
      return true;
    }
    if (i % 2 == 0 && start[kFirst + i * kStep] == 0) {
      return false;
    }
  }
  return false;
}

bool IsIso(Bytes start) { return Has(start, 0x8001, "CD001"sv); }
// Archives from before ustar have no mark, but a checksum.
bool IsTar(Bytes start) {
  return Has(start, 257, "ustar"sv) ||
         (start.size() >= kTarBlock && HasTarChecksum(start));
}

// The first header of an NSIS installer, at a multiple of 512 as the runtime
// looks for it. Why behind the archives: one of them may begin with a member
// that is the data of an uninstaller.
bool IsNsis(Bytes start) {
  for (size_t at = 0; at < start.size(); at += 512) {
    if (Has(start, at + 4, "\xEF\xBE\xAD\xDENullsoftInst"sv) &&
        Number(start, at, 4) <= 15) {
      return true;
    }
  }
  return false;
}

// No byte that text cannot hold.
bool IsText(Bytes start) {
  return std::ranges::none_of(start, [](uint8_t c) {
    return c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
}

constexpr std::array kFormats = {
    FormatRow{Format::kEmpty, "empty file", Support::kRecognised,
              [](Bytes s) { return s.empty(); }},
    FormatRow{Format::kDos, "program for DOS or 16-bit Windows",
              Support::kRecognised, IsOldProgram},
    FormatRow{Format::kPe, "Portable Executable", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "MZ"sv); }, UnpackPe},
    FormatRow{
        Format::kMsi, "OLE compound file (MSI, MSP, Office)", Support::kParsed,
        [](Bytes s) { return Has(s, 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv); },
        UnpackCfb},
    FormatRow{Format::kInstallshield, "InstallShield cabinet or set-up",
              Support::kParsed, IsInstallshield, UnpackInstallshield},
    FormatRow{Format::kCab, "Microsoft cabinet", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "MSCF"sv); }, UnpackCab},
    FormatRow{Format::kZip, "ZIP archive (also MSIX, NuGet, VSIX, JAR)",
              Support::kParsed, IsZip, UnpackZip},
    FormatRow{Format::kMachO, "Mach-O", Support::kRecognised, IsMachO},
    FormatRow{Format::kXar, "xar archive (macOS package)", Support::kRecognised,
              [](Bytes s) { return Has(s, 0, "xar!"sv); }},
    FormatRow{Format::kElf, "ELF", Support::kRecognised,
              [](Bytes s) {
                return Has(s, 0,
                           "\x7F"
                           "ELF"sv);
              }},
    FormatRow{Format::kGzip, "gzip", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "\x1F\x8B"sv); }, UnpackGzip},
    FormatRow{Format::kBzip2, "bzip2", Support::kParsed, IsBzip2, UnpackBzip2},
    FormatRow{Format::kXz, "xz", Support::kParsed,
              [](Bytes s) {
                return Has(s, 0,
                           "\xFD"
                           "7zXZ\0"sv);
              },
              UnpackXz},
    FormatRow{Format::kZstd, "Zstandard", Support::kParsed, IsZstd, UnpackZstd},
    FormatRow{Format::kSzdd, "file of Microsoft COMPRESS", Support::kParsed,
              [](Bytes s) {
                return Has(s, 0, "SZDD\x88\xF0\x27\x33"sv) ||
                       Has(s, 0, "SZ \x88\xF0\x27\x33\xD1"sv) ||
                       Has(s, 0, "KWAJ\x88\xF0\x27\xD1"sv);
              },
              UnpackSzdd},
    FormatRow{Format::k7z, "7-Zip archive", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "7z\xBC\xAF\x27\x1C"sv); },
              Unpack7z},
    FormatRow{Format::kArj, "ARJ archive", Support::kParsed, IsArj, UnpackArj},
    FormatRow{Format::kChm, "compiled help (CHM)", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "ITSF"sv); }, UnpackChm},
    FormatRow{Format::kRar, "RAR archive", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "Rar!\x1A\x07"sv); }, UnpackRar},
    FormatRow{Format::kAr, "ar archive (also Debian package)", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "!<arch>\n"sv); }, UnpackAr},
    FormatRow{Format::kRpm, "RPM package", Support::kParsed,
              [](Bytes s) { return Has(s, 0, "\xED\xAB\xEE\xDB"sv); },
              UnpackRpm},
    FormatRow{Format::kCpio, "cpio archive", Support::kParsed, IsCpioHeader,
              UnpackCpio},
    FormatRow{Format::kPdf, "PDF document", Support::kRecognised,
              [](Bytes s) { return Has(s, 0, "%PDF-"sv); }},
    FormatRow{Format::kCat, "PKCS #7 (security catalog)", Support::kParsed,
              IsSignedData},
    FormatRow{Format::kTar, "tar archive", Support::kParsed, IsTar, UnpackTar},
    FormatRow{Format::kLzma, "LZMA (.lzma)", Support::kParsed, IsLzma,
              UnpackLzma},
    FormatRow{Format::kUdf, "UDF image", Support::kParsed, IsUdf, UnpackUdf},
    FormatRow{Format::kIso, "ISO 9660 image", Support::kParsed, IsIso,
              UnpackIso},
    FormatRow{Format::kNsis, "NSIS installer", Support::kParsed, IsNsis,
              UnpackNsis},
    FormatRow{Format::kInno, "Inno Setup installation", Support::kRecognised,
              IsInnoSetup},
    FormatRow{Format::kAsar, "asar archive of Electron", Support::kParsed,
              IsAsar, UnpackAsar},
    FormatRow{Format::kPyinstaller, "modules of a PyInstaller archive",
              Support::kParsed, [](Bytes s) { return Has(s, 0, "PYZ\0"sv); },
              UnpackPyz},
    FormatRow{Format::kPowershell, "signed PowerShell script", Support::kParsed,
              MayBeScript, nullptr, IsPowershellSigned},
    FormatRow{Format::kScript, "script", Support::kParsed, MayBeScript, nullptr,
              IsScript},
    FormatRow{Format::kText, "text", Support::kRecognised, IsText},
    FormatRow{Format::kUnknown, "unknown format", Support::kRecognised,
              [](Bytes) { return true; }},
};

}  // namespace

std::span<const FormatRow> Formats() { return kFormats; }

const FormatRow& Sniff(Bytes start, Bytes end) {
  return *std::ranges::find_if(kFormats, [&](const FormatRow& row) {
    return row.matches(start) &&
           (row.confirms == nullptr || row.confirms(start, end));
  });
}

const FormatRow& Sniff(Bytes file) {
  const size_t size = std::min(file.size(), kSniffedBytes);
  return Sniff(file.first(size), file.last(size));
}

const FormatRow* SniffStart(Bytes start) {
  const auto* row = std::ranges::find_if(
      kFormats, [&](const FormatRow& each) { return each.matches(start); });
  return row->confirms == nullptr ? row : nullptr;
}

}  // namespace countersign::formats
