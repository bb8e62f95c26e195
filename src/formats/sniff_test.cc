#include "formats/sniff.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "forge/recipes.h"

namespace countersign::formats {
namespace {

using model::Format;
using std::string_literals::operator""s;

std::string At(size_t offset, const std::string& mark) {
  return std::string(offset, '\0') + mark;
}

// A DOS header whose relocations begin at `relocations`; the new header, at
// offset 0x40, begins with `mark`.
std::string OldProgram(char relocations, const std::string& mark) {
  std::string text(0x40, '\0');
  text.replace(0, 2, "MZ");
  text[0x18] = relocations;
  text[0x3C] = 0x40;
  return text + mark;
}

// A file of each format: its mark and something after it.
const std::multimap<Format, std::string>& Samples() {
  static const std::multimap<Format, std::string> kSamples = {
      {Format::kEmpty, ""},
      {Format::kPe, "MZ"},
      {Format::kPe, "MZ\x90\0\x03"s},
      {Format::kDos, OldProgram(0x40, "NE")},
      {Format::kDos, OldProgram(0x40, "LE")},
      {Format::kDos, OldProgram(0x40, "LX")},
      {Format::kPe, OldProgram(0x40, "PE\0\0"s)},
      {Format::kPe, OldProgram(0x1C, "PE\0\0"s)},
      {Format::kMsi, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
      {Format::kInstallshield, "ISc(\0\x95\0\1"s},
      {Format::kInstallshield, "ISSetupStream\0\1\0"s},
      {Format::kInstallshield, "a.cab\0d\\a.cab\0001.0\00012\0"s},
      {Format::kCab, "MSCF\0\0\0\0"s},
      {Format::kZip, "PK\x03\x04\x14"},
      {Format::kZip, "PK\x05\x06\0\0"s},
      {Format::kZip, "PK00PK\x03\x04"},
      {Format::kZip, "PK\x07\x08PK\x03\x04"},
      {Format::kMachO, "\xFE\xED\xFA\xCE"},
      {Format::kMachO, "\xFE\xED\xFA\xCF"},
      {Format::kMachO, "\xCE\xFA\xED\xFE"},
      {Format::kMachO, "\xCF\xFA\xED\xFE\x07"},
      {Format::kMachO, "\xCA\xFE\xBA\xBE\0\0\0\x02"s},
      {Format::kMachO, "\xCA\xFE\xBA\xBF\0\0\0\x02"s},
      {Format::kXar, "xar!\0\x1C"s},
      {Format::kElf,
       "\x7F"
       "ELF\x02"},
      {Format::kGzip, "\x1F\x8B\x08"},
      {Format::kBzip2, "BZh91AY&SY"},
      {Format::kXz,
       "\xFD"
       "7zXZ\0\0"s},
      {Format::kZstd, "\x28\xB5\x2F\xFD"},
      {Format::kZstd, "\x5F\x2A\x4D\x18\x02\0\0\0??\x28\xB5\x2F\xFD"s},
      {Format::kSzdd, "SZDD\x88\xF0\x27\x33"},
      {Format::kSzdd, "SZ \x88\xF0\x27\x33\xD1"},
      {Format::kSzdd, "KWAJ\x88\xF0\x27\xD1"},
      {Format::kLzma, "\x5D\0\0\x80\0\x05\0\0\0\0\0\0\0\0"s},
      {Format::kLzma, "\x5D\0\0\xC0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0"s},
      {Format::k7z, "7z\xBC\xAF\x27\x1C\0"s},
      {Format::kArj, "\x60\xEA\x2C\0\x22\x0B\1\2\x10\0\2"s},
      {Format::kChm, "ITSF\3\0\0\0"s},
      {Format::kRar, "Rar!\x1A\x07\x01\0"s},
      {Format::kAr, "!<arch>\ndebian-binary   "},
      {Format::kCpio, "070701"},
      {Format::kCpio, "070702"},
      {Format::kCpio, "070707"},
      {Format::kCpio, "\xC7\x71" + std::string(18, '\0') + "\2\0\0\0\0\0a\0"s},
      {Format::kCpio, "\x71\xC7" + std::string(18, '\0') + "\0\2\0\0\0\0a\0"s},
      {Format::kRpm, "\xED\xAB\xEE\xDB\x03"},
      {Format::kPdf, "%PDF-1.7\n%\xE2\xE3"},
      {Format::kCat,
       "0\x82\x01\x00\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0"s},
      {Format::kCat, "0\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0"},
      {Format::kTar, At(257, "ustar\00000"s)},
      {Format::kTar, "name" + At(144, "001241") + std::string(358, '\0')},
      {Format::kIso, At(0x8001, "CD001\x01")},
      {Format::kUdf, At(0x8001, "BEA01") + std::string(2043, '\0') + "NSR03"},
      {Format::kUdf, At(0x8001, "CD001") + std::string(4091, '\0') + "NSR02"},
      {Format::kNsis, "\0\0\0\0\xEF\xBE\xAD\xDENullsoftInst\x2C\x01"s},
      {Format::kNsis, At(1024, "\x05\0\0\0\xEF\xBE\xAD\xDENullsoftInst"s)},
      {Format::kPowershell, "Get-Date\r\n# SIG # Begin signature block\r\n"},
      {Format::kPowershell, "<!-- SIG # Begin signature block -->"},
      {Format::kNsis, "\0\0\0\0\xEF\xBE\xAD\xDENullsoftInst"s},
      {Format::kInno, "idska32\x1A"},
      {Format::kInno, "idskb32\x1A"},
      {Format::kAsar, "\4\0\0\0\x0C\0\0\0\x08\0\0\0\2\0\0\0{}\0\0"s},
      {Format::kPyinstaller, "PYZ\0"s},
      {Format::kScript, "#!/bin/sh\necho\n"},
      {Format::kText, "hello\r\n\tworld\f\n"},
      {Format::kText, "\xEF\xBB\xBFtext"},
      {Format::kUnknown, "\x01\x02\x03\x04"},
      {Format::kUnknown, "text\0text"s},
  };
  return kSamples;
}

TEST(Sniff, RecognisesEveryRowByContent) {
  std::set<Format> seen;
  for (const auto& [format, text] : Samples()) {
    const FormatRow& row = Sniff(base::AsBytes(text));
    EXPECT_EQ(row.format, format)
        << model::Name(format) << " sniffed as " << row.name;
    seen.insert(format);
  }
  for (const FormatRow& row : Formats()) {
    EXPECT_TRUE(seen.contains(row.format)) << "no sample of " << row.name;
  }
}

TEST(Sniff, OneByteLessThanTheMarkIsNotTheFormat) {
  for (const auto& [format, text] : Samples()) {
    if (format == Format::kText || format == Format::kUnknown ||
        format == Format::kEmpty) {
      continue;
    }
    // The shortest beginning that has the mark has it to its last byte.
    size_t size = 0;
    while (Sniff(base::AsBytes(text).first(size)).format != format) {
      ++size;
    }
    std::string changed = text.substr(0, size);
    changed.back() = static_cast<char>(changed.back() ^ 0x40);
    EXPECT_NE(Sniff(base::AsBytes(changed)).format, format)
        << model::Name(format);
  }
}

// Windows looks for the PE signature at e_lfanew and at nothing else. What
// might have one where nobody looks, or has a damaged one, is no DOS program:
// that would be told to carry no signature at all.
TEST(Sniff, WhatMightBeAProgramForWindowsIsNoDosProgram) {
  EXPECT_EQ(Sniff(base::AsBytes(OldProgram(0x40, "PF\0\0"s))).format,
            Format::kPe);
  EXPECT_EQ(Sniff(base::AsBytes(OldProgram(0x1C, "").substr(0, 0x3F))).format,
            Format::kPe);
  EXPECT_EQ(Sniff(base::AsBytes(OldProgram(0, ""))).format, Format::kPe);
  EXPECT_EQ(Sniff(base::AsBytes(OldProgram(0x1C, ""))).format, Format::kDos);
  std::string far = OldProgram(0x1C, "");
  far.replace(0x3C, 4, "\0\0\2\0"s);
  EXPECT_EQ(Sniff(base::AsBytes(far)).format, Format::kDos);
  far.resize(0x20000, '\0');
  for (size_t at = 65'530; at < 65'540; ++at) {
    std::string edge = OldProgram(0x1C, "");
    edge[0x3C] = static_cast<char>(at & 0xFF);
    edge[0x3D] = static_cast<char>(at >> 8);
    edge[0x3E] = static_cast<char>(at >> 16);
    edge.resize(at, '\0');
    edge += "PE\0\0"s + std::string(100, '\0');
    EXPECT_EQ(Sniff(base::AsBytes(edge)).format, Format::kPe) << at;
  }
  EXPECT_EQ(Sniff(base::AsBytes(far + "PE\0\0"s)).format, Format::kPe);
  EXPECT_EQ(Sniff(base::AsBytes(far)).format, Format::kPe);
}

TEST(Sniff, JavaClassesAreNoFatBinaries) {
  // Version 65.0, Java 21; a fat binary would count 65 slices there.
  EXPECT_EQ(Sniff(base::AsBytes("\xCA\xFE\xBA\xBE\0\0\0\x41"s)).format,
            Format::kUnknown);
}

TEST(Sniff, ACertificateIsNoCatalog) {
  const auto& der = forge::TestAuthorities().root.der;
  EXPECT_NE(Sniff(der).format, Format::kCat);
}

// The name under which a file travels is not even a parameter; a mark deep in
// a file that starts as something else does not count either.
TEST(Sniff, TheBeginningDecides) {
  EXPECT_EQ(Sniff(base::AsBytes("MZ is how this text starts")).format,
            Format::kPe);
  EXPECT_EQ(Sniff(base::AsBytes("text with PK\x03\x04 in it")).format,
            Format::kUnknown);
  std::string polyglot(0x9000, '\0');
  polyglot.replace(0, 2, "MZ");
  polyglot.replace(257, 5, "ustar");
  polyglot.replace(0x8001, 5, "CD001");
  EXPECT_EQ(Sniff(base::AsBytes(polyglot)).format, Format::kPe);
}

TEST(Sniff, LooksAtTheFirst64KiBOnly) {
  std::string text((64 << 10) + 100, 'x');
  EXPECT_EQ(Sniff(base::AsBytes(text)).format, Format::kText);
  text[64 << 10] = '\0';
  EXPECT_EQ(Sniff(base::AsBytes(text)).format, Format::kText);
  text[(64 << 10) - 1] = '\0';
  EXPECT_EQ(Sniff(base::AsBytes(text)).format, Format::kUnknown);
}

// Signatures of scripts stand at their end.
TEST(Sniff, TheEndTellsASignedScript) {
  const std::string text(200'000, 'x');
  const std::string block =
      "\r\n// SIG // Begin signature block\r\n// SIG // AAAA\r\n"
      "// SIG // End signature block\r\n";
  EXPECT_EQ(Sniff(base::AsBytes(text + block)).format, Format::kScript);
  EXPECT_EQ(Sniff(base::AsBytes(block + text)).format, Format::kScript);
  EXPECT_EQ(Sniff(base::AsBytes(text + block + text)).format, Format::kText);
  EXPECT_EQ(Sniff(base::AsBytes("MZ" + text + block)).format, Format::kPe);
  // A zero byte does not hide it.
  EXPECT_EQ(Sniff(base::AsBytes("\0"s + text + block)).format, Format::kScript);
}

TEST(Sniff, TheStartTellsWhatTheEndCannotChange) {
  EXPECT_EQ(SniffStart(base::AsBytes("MZ"))->format, Format::kPe);
  EXPECT_EQ(SniffStart(base::AsBytes("PK\x03\x04"))->format, Format::kZip);
  EXPECT_EQ(SniffStart({})->format, Format::kEmpty);
  EXPECT_EQ(SniffStart(base::AsBytes("text")), nullptr);
  EXPECT_EQ(SniffStart(base::AsBytes("#!/bin/sh")), nullptr);
  for (const auto& [format, text] : Samples()) {
    const FormatRow* row = SniffStart(base::AsBytes(text));
    EXPECT_TRUE(row == nullptr || row->format == format);
  }
}

TEST(FormatTable, EndsWithARowThatMatchesAll) {
  EXPECT_EQ(Formats().back().format, Format::kUnknown);
  EXPECT_TRUE(Formats().back().matches({}));
}

TEST(FormatTable, HasEveryFormatAtMostOnce) {
  std::set<Format> seen;
  for (const FormatRow& row : Formats()) {
    EXPECT_TRUE(seen.insert(row.format).second) << row.name;
    EXPECT_FALSE(row.name.empty());
  }
}

TEST(FormatTable, WhatIsReadIsAProgramOrCanBeUnpacked) {
  for (const FormatRow& row : Formats()) {
    EXPECT_EQ(row.support == Support::kParsed,
              row.format == Format::kPe || row.format == Format::kCat ||
                  row.confirms != nullptr || row.unpack != nullptr)
        << row.name;
  }
}

TEST(Sniff, OnlyPlausibleHeadersAreLzma) {
  const std::string good = "\x5D\0\0\x80\0\x05\0\0\0\0\0\0\0\0"s;
  const auto with = [&](size_t at, char byte) {
    std::string changed = good;
    changed[at] = byte;
    return Sniff(base::AsBytes(changed)).format;
  };
  EXPECT_EQ(with(0, '\xE0'), Format::kLzma);
  EXPECT_EQ(with(0, '\xE1'), Format::kUnknown);  // properties
  EXPECT_EQ(with(1, '\x01'), Format::kUnknown);  // dictionary
  EXPECT_EQ(with(3, '\xA0'), Format::kUnknown);
  EXPECT_EQ(with(3, '\x00'), Format::kUnknown);
  EXPECT_EQ(with(9, '\x3F'), Format::kLzma);
  EXPECT_EQ(with(9, '\x40'), Format::kUnknown);   // 256 GiB
  EXPECT_EQ(with(13, '\x01'), Format::kUnknown);  // range coder
}

}  // namespace
}  // namespace countersign::formats
