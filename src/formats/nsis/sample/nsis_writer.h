// For tests: writes the data of NSIS installers, field by field.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/nsis/sample/nsis_packers.h"

namespace countersign::formats::sample {

inline void PutNsis(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

// Parts of a string; `Text` without any is a string of characters alone.
struct NsisPart {
  enum class Kind : uint8_t { kText, kVariable, kShell, kLanguage } kind;
  std::string text;
  uint32_t number = 0;  // for a shell folder: user | all << 8
};
inline NsisPart NsisText(std::string text) {
  return {NsisPart::Kind::kText, std::move(text), 0};
}
inline NsisPart NsisVar(uint32_t number) {
  return {NsisPart::Kind::kVariable, "", number};
}
inline NsisPart NsisShell(uint8_t user, uint8_t all) {
  return {NsisPart::Kind::kShell, "", user | uint32_t{all} << 8};
}
inline NsisPart NsisLang(uint32_t number) {
  return {NsisPart::Kind::kLanguage, "", number};
}
inline const NsisPart kInstDir = NsisVar(21);
inline const NsisPart kPluginsDir = NsisVar(26);

enum class NsisDialect : uint8_t { kAnsi2, kAnsi3, kUnicode3, kPark };

class NsisWriter {
 public:
  explicit NsisWriter(NsisDialect dialect = NsisDialect::kUnicode3)
      : dialect_(dialect), strings_(Wide() ? 2 : 1, '\0') {
    // As makensis does, so that there is a code in every table.
    (void)String("ProgramFilesDir");
    (void)String({NsisVar(25), NsisText("\\~nsu")});
    language_ = {String("branding"), String("caption"), String("Product")};
  }

  // ---- Strings: each yields its place ---------------------------------------

  int32_t String(const std::vector<NsisPart>& parts) {
    const size_t unit = Wide() ? 2 : 1;
    const auto place = static_cast<int32_t>(strings_.size() / unit);
    for (const NsisPart& part : parts) {
      Put(part);
    }
    strings_.append(unit, '\0');
    return place;
  }
  int32_t String(std::string_view text) {
    return text.empty() ? 0 : String({NsisText(std::string(text))});
  }
  // A string of the language; yields its negative reference.
  int32_t Translated(const std::vector<NsisPart>& parts) {
    language_.push_back(String(parts));
    return -static_cast<int32_t>(language_.size());
  }

  // ---- Script
  // ----------------------------------------------------------------

  // An instruction; yields its index.
  uint32_t Add(uint32_t which, std::array<int32_t, 6> parameters = {}) {
    PutNsis(entries_, which, 4);
    for (const int32_t parameter : parameters) {
      PutNsis(entries_, static_cast<uint32_t>(parameter), 4);
    }
    return static_cast<uint32_t>(entries_.size() / 28 - 1);
  }
  void Section(std::string_view name, uint32_t first, uint32_t count,
               uint32_t section_flags = 1) {
    PutNsis(sections_, static_cast<uint32_t>(String(name)), 4);
    PutNsis(sections_, 0, 4);
    PutNsis(sections_, section_flags, 4);
    PutNsis(sections_, first, 4);
    PutNsis(sections_, count, 4);
    PutNsis(sections_, 0, 4);
    sections_.append(Wide() ? 2048 : 1024, '\0');
    ++section_count_;
  }
  void Page(uint32_t pre, uint32_t show, uint32_t leave) {
    const size_t start = pages_.size();
    for (const uint32_t value : {105U, 3U, pre, show, leave}) {
      PutNsis(pages_, value, 4);
    }
    pages_.resize(start + 64, '\0');
  }
  std::array<uint32_t, 10> callbacks = {~0U, ~0U, ~0U, ~0U, ~0U,
                                        ~0U, ~0U, ~0U, ~0U, ~0U};
  int32_t install_directory = 0;
  bool is_64 = false;

  // SetOutPath, File.
  void SetOutPath(const std::vector<NsisPart>& path) {
    Add(11, {String(path), 1});
  }
  void File(std::string_view name, uint32_t offset) {
    Add(20, {0, String(name), static_cast<int32_t>(offset), -1, -1});
  }

  // ---- Data: each yields its offset
  // -------------------------------------------

  using Pack = std::function<std::string(std::string_view)>;
  Pack pack;           // none: nothing is packed
  bool solid = false;  // with `pack`
  bool pack_header = true;
  bool pack_data = true;

  uint32_t Data(std::string_view content) {
    const auto offset = static_cast<uint32_t>(data_.size());
    const bool packs = pack && !solid && pack_data;
    const std::string stored = packs ? pack(content) : std::string(content);
    PutNsis(data_, stored.size() | (packs ? 1U << 31 : 0), 4);
    data_ += stored;
    return offset;
  }
  // Bytes that are no data of their own.
  void RawData(std::string_view bytes) { data_ += bytes; }

  // ---- Whole
  // -------------------------------------------------------------------

  uint32_t flags = 0;  // 1 uninstaller, 4 no CRC

  [[nodiscard]] std::string Header() const {
    const uint64_t fields = 4 + 8 * (is_64 ? 12 : 8);
    uint64_t at = fields + 232;
    std::string blocks;
    const std::array<std::pair<size_t, size_t>, 5> sizes = {{
        {pages_.size(), pages_.size() / 64},
        {sections_.size(), section_count_},
        {entries_.size(), entries_.size() / 28},
        {strings_.size(), 0},
        {LanguageTable().size(), 1},
    }};
    for (const auto& [bytes, count] : sizes) {
      PutNsis(blocks, at, is_64 ? 8 : 4);
      PutNsis(blocks, count, 4);
      at += bytes;
    }
    for (int i = 0; i < 3; ++i) {
      PutNsis(blocks, i == 0 ? at : 0, is_64 ? 8 : 4);
      PutNsis(blocks, 0, 4);
    }
    std::string out;
    PutNsis(out, 0, 4);
    out += blocks;
    out.append(32, '\0');
    PutNsis(out, LanguageTable().size(), 4);
    PutNsis(out, 0, 4);
    for (const uint32_t callback : callbacks) {
      PutNsis(out, callback, 4);
    }
    out.append(33 * 4, '\0');
    PutNsis(out, static_cast<uint32_t>(install_directory), 4);
    out.resize(fields + 232, '\0');
    return out + pages_ + sections_ + entries_ + strings_ + LanguageTable();
  }

  [[nodiscard]] std::string Finish() const {
    const std::string header = Header();
    std::string body;
    if (pack && solid) {
      std::string all;
      PutNsis(all, header.size(), 4);
      body = pack(all + header + data_);
    } else {
      const bool packs = pack && pack_header;
      const std::string stored = packs ? pack(header) : header;
      PutNsis(body, stored.size() | (packs ? 1U << 31 : 0), 4);
      body += stored + data_;
    }
    const bool crc = (flags & 4) == 0;
    std::string out;
    PutNsis(out, flags, 4);
    PutNsis(out, 0xDEADBEEF, 4);
    out += "NullsoftInst";
    PutNsis(out, header.size(), 4);
    PutNsis(out, 28 + body.size() + (crc ? 4 : 0), 4);
    out += body;
    if (crc) {
      PutNsis(out, 0x01020304, 4);
    }
    return out;
  }

 private:
  [[nodiscard]] bool Wide() const {
    return dialect_ == NsisDialect::kUnicode3 || dialect_ == NsisDialect::kPark;
  }
  void Unit(uint32_t unit) { PutNsis(strings_, unit, Wide() ? 2 : 1); }

  void Put(const NsisPart& part) {
    // Skip, variable, shell, language.
    const std::array<uint32_t, 4> codes =
        dialect_ == NsisDialect::kAnsi2
            ? std::array<uint32_t, 4>{252, 253, 254, 255}
        : dialect_ == NsisDialect::kPark
            ? std::array<uint32_t, 4>{0xE000, 0xE001, 0xE002, 0xE003}
            : std::array<uint32_t, 4>{4, 3, 2, 1};
    if (part.kind == NsisPart::Kind::kText) {
      for (const char c : part.text) {
        const auto unit = static_cast<uint8_t>(c);
        if (std::ranges::find(codes, unit) != codes.end()) {
          Unit(codes[0]);
        }
        Unit(unit);
      }
      return;
    }
    Unit(codes[part.kind == NsisPart::Kind::kVariable ? 1
               : part.kind == NsisPart::Kind::kShell  ? 2
                                                      : 3]);
    uint32_t number = part.number;
    if (part.kind != NsisPart::Kind::kShell && dialect_ == NsisDialect::kPark) {
      number |= 0x8000;
    } else if (part.kind != NsisPart::Kind::kShell) {
      number = (number & 0x7F) | (number & 0x3F80) << 1 | 0x8080;
    }
    PutNsis(strings_, number, 2);
  }

  [[nodiscard]] std::string LanguageTable() const {
    std::string table;
    PutNsis(table, 1033, 2);
    PutNsis(table, 0, 8);
    for (const int32_t reference : language_) {
      PutNsis(table, static_cast<uint32_t>(reference), 4);
    }
    return table;
  }

  NsisDialect dialect_;
  std::string strings_;
  std::vector<int32_t> language_;
  std::string entries_;
  std::string sections_;
  uint32_t section_count_ = 0;
  std::string pages_;
  std::string data_;
};

}  // namespace countersign::formats::sample
