// The unpacked header of an NSIS installer.
//
//   0         u32 flags
//   4         8 blocks: u32 offset (u64 for x86-64), u32 number of elements:
//             pages, sections, entries, strings, language tables, colours,
//             font, data
//   68 / 100  install_reg_rootkey, ..._key_ptr, ..._value_ptr, five colours,
//             langtable_size, license_bg                        (i32 each)
//   +40       ten callbacks (i32, operation or -1), 33 types of installation,
//             install_directory_ptr, ...
//   blocks    page 64 bytes; section 24 bytes and room for its name; entry 28
//             bytes; strings; language table: u16 language, u32 dialog offset,
//             u32 right to left, i32 strings[]
//
// Spec: NSIS 3.08, Source/exehead/fileform.h, "header". Which fields there are
// is decided when NSIS is built; this is the default, which all releases have.
#include "formats/nsis/header.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

enum NsisBlockIndex : uint8_t {
  kPages,
  kSections,
  kEntries,
  kNsisStrings,
  kLanguages,
  kColours,
  kFont,
  kData,
  kNsisBlocks
};

struct NsisBlock {
  uint64_t offset = 0;
  uint32_t count = 0;
};
using NsisBlocks = std::array<NsisBlock, kNsisBlocks>;

constexpr uint64_t kPageBytes = 64;
constexpr uint64_t kSectionBytes = 24;
constexpr uint64_t kLanguageHeadBytes = 10;
constexpr uint16_t kEnglish = 1033;
constexpr size_t kCallbacks = 10;
constexpr size_t kInstallTypes = 33;
// From the end of the blocks.
constexpr uint64_t kLanguageSizeAt = 32;
constexpr uint64_t kCallbacksAt = 40;
constexpr uint64_t kDirectoryAt =
    kCallbacksAt + (kCallbacks + kInstallTypes) * 4;

constexpr std::array<std::string_view, kCallbacks> kCallbackNames = {
    "onInit",      "onInstSuccess", "onInstFailed",       "onUserAbort",
    "onGUIInit",   "onGUIEnd",      "onMouseOverSection", "onVerifyInstDir",
    "onSelChange", "onRebootFailed"};

class NsisHeaderReader {
 public:
  NsisHeaderReader(Bytes bytes, bool uninstaller, uint64_t offset,
                   base::Budget& budget)
      : bytes_(bytes),
        uninstaller_(uninstaller),
        offset_(offset),
        budget_(budget) {}

  Result<NsisHeader> Read() {
    CS_TRY_VOID(ReadBlocks());
    header_.entries_offset = static_cast<uint32_t>(blocks_[kEntries].offset);
    ReadEntries();
    ReadStrings();
    CS_TRY_VOID(ReadSections());
    ReadNamedCode();
    return std::move(header_);
  }

 private:
  [[nodiscard]] std::unexpected<base::Error> Damaged(const char* field) const {
    return Fail(Fault::kMalformed, offset_, field);
  }
  [[nodiscard]] Reader At(uint64_t offset) const {
    Reader reader(Input{bytes_, offset_});
    reader.Seek(offset, "header");
    return reader;
  }

  // Quirk: builds for x86-64 have 64-bit offsets. Nothing says so but that
  // their upper halves are zero, where 32-bit builds have other numbers.
  [[nodiscard]] bool Is64() const {
    Reader reader = At(4);
    uint32_t upper = 0;
    for (size_t i = 0; i < kNsisBlocks; ++i) {
      reader.Skip(4, "blocks");
      upper |= reader.U32("blocks");
      reader.Skip(4, "blocks");
    }
    return !reader.Failed() && upper == 0;
  }

  Result<void> ReadBlocks() {
    header_.is_64 = Is64();
    Reader reader = At(4);
    for (NsisBlock& block : blocks_) {
      block.offset =
          header_.is_64 ? reader.U64("blocks") : reader.U32("blocks");
      block.count = reader.U32("blocks");
    }
    if (reader.Failed()) {
      return Damaged("blocks");
    }
    fields_ = reader.Offset() - offset_;
    if (blocks_[kPages].offset < fields_) {
      // The header of NSIS 1 and of early betas of NSIS 2 has no blocks.
      return Fail(Fault::kUnsupported, offset_, "blocks");
    }
    CS_TRY_VOID(CheckBlock(kPages, kPageBytes));
    CS_TRY_VOID(CheckBlock(kSections, kSectionBytes));
    CS_TRY_VOID(CheckBlock(kEntries, kNsisEntryBytes));
    CS_TRY_VOID(CheckBlock(kNsisStrings, 0));
    return CheckBlock(kLanguages, kLanguageHeadBytes);
  }

  [[nodiscard]] Result<void> CheckBlock(NsisBlockIndex index,
                                        uint64_t least) const {
    const NsisBlock& block = blocks_[index];
    if (block.offset > bytes_.size() ||
        block.count * least > bytes_.size() - block.offset) {
      return Damaged("blocks");
    }
    return {};
  }

  // The bytes of a block: up to the next one.
  [[nodiscard]] Bytes BlockBytes(NsisBlockIndex index) const {
    const uint64_t start = blocks_[index].offset;
    uint64_t end = bytes_.size();
    for (const NsisBlock& other : blocks_) {
      if (other.offset > start) {
        end = std::min(end, other.offset);
      }
    }
    return bytes_.subspan(start, end - start);
  }

  void ReadEntries() {
    Reader reader = At(header_.entries_offset);
    for (uint32_t i = 0; i < blocks_[kEntries].count; ++i) {
      NsisEntry entry;
      entry.which = reader.U32("entry.which");
      for (int32_t& parameter : entry.parameters) {
        parameter = static_cast<int32_t>(reader.U32("entry.offsets"));
      }
      header_.entries.push_back(entry);
    }
  }

  // Bytes of a language table.
  [[nodiscard]] uint64_t LanguageBytes(Bytes languages) const {
    const uint32_t count = blocks_[kLanguages].count;
    Reader reader = At(fields_ + kLanguageSizeAt);
    const uint64_t said = reader.U32("langtable_size");
    if (count == 0) {
      return 0;
    }
    return !reader.Failed() && said >= kLanguageHeadBytes &&
                   said <= languages.size() / count
               ? said
               : languages.size() / count;
  }

  // The strings of the language that is shown: English, else the first.
  [[nodiscard]] Bytes Language() const {
    const Bytes languages = BlockBytes(kLanguages);
    const uint64_t size = LanguageBytes(languages);
    if (size < kLanguageHeadBytes) {
      return {};
    }
    uint64_t chosen = 0;
    for (uint32_t i = 0; i < blocks_[kLanguages].count; ++i) {
      Reader reader(Input{languages.subspan(i * size, size), 0});
      if (reader.U16("lang_id") == kEnglish) {
        chosen = i * size;
        break;
      }
    }
    return languages.subspan(chosen + kLanguageHeadBytes,
                             size - kLanguageHeadBytes);
  }

  void ReadStrings() {
    NsisStrings::Table table;
    table.strings = BlockBytes(kNsisStrings);
    table.language = Language();
    // The first string is empty, and no other is.
    table.unicode = table.strings.size() >= 2 && table.strings[0] == 0 &&
                    table.strings[1] == 0;
    table.version = table.unicode ? UnicodeVersion(table.strings)
                                  : AnsiVersion(table.strings);
    header_.unicode = table.unicode;
    header_.version = table.version;
    table.old_variables = HasOldVariables(NsisStrings(table));
    header_.strings = NsisStrings(table);
  }

  // Why: the codes of NSIS 3 are no characters of a text; those of NSIS 2 are
  // letters in many code pages. Both are followed by two bytes above 127.
  static NsisVersion AnsiVersion(Bytes strings) {
    size_t old_codes = 0;
    size_t new_codes = 0;
    for (size_t i = 0; i + 2 < strings.size(); ++i) {
      if ((strings[i + 1] & strings[i + 2] & 0x80) != 0) {
        new_codes += strings[i] == 1 || strings[i] == 3 ? 1 : 0;
        old_codes += strings[i] == 253 || strings[i] == 255 ? 1 : 0;
      }
    }
    return new_codes != 0 && new_codes >= old_codes / 64 ? NsisVersion::k3
                                                         : NsisVersion::k2;
  }

  static NsisVersion UnicodeVersion(Bytes strings) {
    size_t park_codes = 0;
    size_t new_codes = 0;
    Reader reader(Input{strings, 0});
    uint16_t code = 0;
    while (reader.Remaining() >= 2) {
      const uint16_t unit = reader.U16("strings");
      new_codes +=
          (code == 1 || code == 3) && (unit & 0x8080) == 0x8080 ? 1 : 0;
      park_codes +=
          (code == 0xE001 || code == 0xE003) && (unit & 0x8000) != 0 ? 1 : 0;
      code = unit;
    }
    return park_codes > new_codes ? NsisVersion::kPark : NsisVersion::k3;
  }

  // GetDlgItem is used with $HWNDPARENT, whose number tells.
  [[nodiscard]] bool HasOldVariables(const NsisStrings& strings) const {
    constexpr uint32_t kGetDlgItem = 35;
    constexpr uint32_t kOldParent = 27;
    constexpr uint32_t kNewParent = 29;
    bool is_old = false;
    for (const NsisEntry& entry : header_.entries) {
      if (entry.which == kGetDlgItem) {
        const auto variable = strings.OnlyVariable(entry.parameters[1]);
        if (variable == kNewParent) {
          return false;
        }
        is_old = is_old || variable == kOldParent;
      }
    }
    return is_old;
  }

  Result<void> ReadSections() {
    const uint32_t count = blocks_[kSections].count;
    if (count == 0) {
      return {};
    }
    const uint64_t size = BlockBytes(kSections).size() / count;
    if (size < kSectionBytes) {
      return Damaged("sections");
    }
    for (uint32_t i = 0; i < count; ++i) {
      Reader reader = At(blocks_[kSections].offset + i * size);
      NsisSection section;
      const auto name = static_cast<int32_t>(reader.U32("section.name_ptr"));
      reader.Skip(4, "section.install_types");
      section.flags = reader.U32("section.flags");
      section.code.name = header_.strings.Expand(name);
      CS_TRY_VOID(
          budget_.ChargeSteps(1 + section.code.name.size() / 16, offset_));
      section.code.first = reader.U32("section.code");
      section.code.count = reader.U32("section.code_size");
      // Groups have no code, at -1.
      const auto entries = static_cast<uint32_t>(header_.entries.size());
      section.code.first = std::min(section.code.first, entries);
      section.code.count =
          std::min(section.code.count, entries - section.code.first);
      header_.sections.push_back(std::move(section));
    }
    return {};
  }

  void AddNamedCode(std::string name, uint32_t first) {
    if (first < header_.entries.size()) {
      header_.named_code.push_back({std::move(name), first, 0});
    }
  }

  void ReadNamedCode() {
    Reader reader = At(fields_ + kCallbacksAt);
    // Another layout, if pages begin before the end of this one.
    if (blocks_[kPages].offset >= fields_ + kDirectoryAt + 4) {
      for (size_t i = 0; i < kCallbacks; ++i) {
        const std::string_view name = uninstaller_ && i == 1 ? "onUninstSuccess"
                                      : uninstaller_ && i == 2
                                          ? "onUninstFailed"
                                          : kCallbackNames[i];
        AddNamedCode(fmt::format("{}{}", uninstaller_ ? "un." : ".", name),
                     reader.U32("callback"));
      }
      reader.Skip(kInstallTypes * 4, "install_types");
      header_.install_directory =
          static_cast<int32_t>(reader.U32("install_directory_ptr"));
    }
    for (uint32_t i = 0; i < blocks_[kPages].count; ++i) {
      Reader page = At(blocks_[kPages].offset + i * kPageBytes + 8);
      for (const char* when : {"pre", "show", "leave"}) {
        AddNamedCode(fmt::format("page {} {}", i, when), page.U32("page"));
      }
    }
  }

  Bytes bytes_;
  bool uninstaller_;
  uint64_t offset_;
  base::Budget& budget_;
  uint64_t fields_ = 0;  // end of the blocks
  NsisBlocks blocks_{};
  NsisHeader header_;
};

}  // namespace

Result<NsisHeader> ReadNsisHeader(Bytes header, bool uninstaller,
                                  uint64_t offset, base::Budget& budget) {
  return NsisHeaderReader(header, uninstaller, offset, budget).Read();
}

}  // namespace countersign::formats
