// For tests: setups of Inno Setup from data, field by field as Struct.pas of
// each version has them.
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "formats/pe/sample/pe_writer.h"

namespace countersign::formats {

// What a raw encoder makes of `content`, behind its properties.
inline std::string LzmaStream(const std::string& content, bool is_lzma2) {
  lzma_options_lzma options{};
  lzma_lzma_preset(&options, 0);
  options.dict_size = 1U << 16;
  const lzma_filter filters[] = {
      {is_lzma2 ? LZMA_FILTER_LZMA2 : LZMA_FILTER_LZMA1, &options},
      {LZMA_VLI_UNKNOWN, nullptr}};
  std::string packed(5 + content.size() * 2 + 1000, '\0');
  uint32_t properties = 0;
  lzma_properties_size(&properties, filters);
  auto* out = reinterpret_cast<uint8_t*>(packed.data());
  lzma_properties_encode(filters, out);
  size_t size = properties;
  lzma_raw_buffer_encode(filters, nullptr,
                         reinterpret_cast<const uint8_t*>(content.data()),
                         content.size(), out, &size, packed.size());
  packed.resize(size);
  return packed;
}

inline std::string InnoBlock(const std::string& content, bool compress = true,
                             int size_bytes = 4) {
  const std::string stored = compress ? LzmaStream(content, false) : content;
  std::string parts;
  for (size_t at = 0; at < stored.size(); at += 4096) {
    const std::string part = stored.substr(at, 4096);
    parts += LittleEndian(SampleCrc(part), 4) + part;
  }
  const std::string head = LittleEndian(parts.size(), size_bytes) +
                           static_cast<char>(compress ? 1 : 0);
  return LittleEndian(SampleCrc(head), 4) + head + parts;
}

// What the compiler does to programs before it compresses them.
inline std::string InnoFiltered(std::string code, bool undo = false) {
  for (size_t block = 0; block < code.size(); block += 65536) {
    const size_t end = std::min<size_t>(code.size(), block + 65536);
    for (size_t i = block; i + 4 < end;) {
      const auto opcode = static_cast<uint8_t>(code[i]);
      if (opcode != 0xE8 && opcode != 0xE9) {
        ++i;
        continue;
      }
      ++i;
      if (code[i + 3] == '\0' || code[i + 3] == '\xFF') {
        uint32_t value = 0;
        for (int k = 2; k >= 0; --k) {
          value = value << 8 |
                  static_cast<uint8_t>(code[i + static_cast<size_t>(k)]);
        }
        const auto next = static_cast<uint32_t>(i + 4);
        if (undo) {
          value -= next;
        }
        if ((value & 0x800000) != 0) {
          code[i + 3] = static_cast<char>(~code[i + 3]);
        }
        if (!undo) {
          value += next;
        }
        for (size_t k = 0; k < 3; ++k) {
          code[i + k] = static_cast<char>(value >> (8 * k));
        }
      }
      i += 4;
    }
  }
  return code;
}

struct SampleInnoFile {
  std::string destination;
  std::string content;
  bool is_filtered = false;
  int location = -2;  // -2: its own; -1: external; else that of file N
  bool is_uninstaller = false;
  std::string source = {};   // of external files
  bool is_download = false;  // since 6.5
};

struct SampleInno {
  // 550, 556, 557, 560, 600, 610, 630, 6401, 642, 643, 650, 652, 660, 661, 670,
  // 7003
  int version = 610;
  bool is_unicode = true;
  std::string identifier;  // instead of that of the version
  int compression = 4;     // 0 stored, 1 zlib, 2 bzip2, 3 LZMA, 4 LZMA2
  bool is_encrypted = false;
  bool is_data_encrypted = false;  // since 6.5
  bool has_wrong_encryption_crc = false;
  bool has_archive_library = false;  // since 6.5
  bool has_filtered_program = true;
  bool is_solid = true;  // all files in one chunk
  bool is_beside = false;
  std::vector<SampleInnoFile> files = {
      {"{app}\\a.txt", "text of the first file", false, -2, false},
      {"{app}\\empty", "", false, -2, false},
      {"{app}\\b.exe",
       std::string("\xE8\x10\x00\x00\x00MZ", 7) + std::string(200, 'b'), true,
       -2, false},
  };
  std::string setup_program =
      std::string("MZ\xE8\x10\x00\x00\x00", 7) + std::string(100, 'p');
  std::string compiled_code = "IFPS script";
  std::string behind_setup_data;  // in the first block
  std::string behind_location;    // in the second
  std::string between_files;      // in each chunk, behind each file
  std::string trailing;
  bool has_wrong_digests = false;

  [[nodiscard]] std::string Write() const {
    SampleProgram program;
    program.sections = {{".text", "loader"}};
    program.resources = {{"#10", "#11111", "#0", Table({})}};
    const size_t start = program.Write().size();
    Offsets offsets;
    std::string data;
    offsets.program = start;
    data += Block(has_filtered_program ? InnoFiltered(setup_program)
                                       : setup_program);
    std::string chunks;
    const std::string locations = WriteChunks(chunks);
    offsets.files = is_beside ? 0 : start + data.size();
    if (!is_beside) {
      data += chunks;
    }
    offsets.setup = start + data.size();
    data += Padded(Identifier(), 64) + Encryption() +
            Block(Header() + Entries() + Libraries() + behind_setup_data) +
            Block(locations + behind_location);
    offsets.total = start + data.size();
    program.resources[0].content = Table(offsets);
    program.overlay = data + trailing;
    return program.Write();
  }

  [[nodiscard]] std::string Text(const std::string& text) const {
    const std::string stored = is_unicode ? Utf16(text) : text;
    return LittleEndian(stored.size(), 4) + stored;
  }
  static std::string Blob(const std::string& bytes) {
    return LittleEndian(bytes.size(), 4) + bytes;
  }

 private:
  struct Offsets {
    uint64_t total = 0;
    uint64_t program = 0;
    uint64_t setup = 0;
    uint64_t files = 0;
  };

  [[nodiscard]] std::string Table(const Offsets& offsets) const {
    std::string table("rDlPtS\xCD\xE6\xD7\x7B\x0B\x2A", 12);
    const int bytes = IsFrom(650) ? 8 : 4;
    table += LittleEndian(IsFrom(650) ? 2 : 1, 4) +
             LittleEndian(offsets.total, bytes) +
             LittleEndian(offsets.program, bytes) +
             LittleEndian(setup_program.size(), 4) +
             LittleEndian(SampleCrc(setup_program), 4) +
             LittleEndian(offsets.setup, bytes) +
             LittleEndian(offsets.files, bytes);
    if (IsFrom(650)) {
      table += std::string(4, '\0');
    }
    return table + LittleEndian(SampleCrc(table), 4);
  }

  [[nodiscard]] std::string Block(const std::string& content) const {
    return InnoBlock(content, true, IsFrom(670) ? 8 : 4);
  }

  [[nodiscard]] std::string Encryption() const {
    if (!IsFrom(650)) {
      return "";
    }
    const char use = is_data_encrypted ? '\2' : is_encrypted ? '\1' : '\0';
    const std::string header = use + std::string(16 + 4 + 24 + 4, 'e');
    return LittleEndian(
               SampleCrc(header) ^ (has_wrong_encryption_crc ? 1U : 0U), 4) +
           header;
  }

  [[nodiscard]] std::string Identifier() const {
    if (!identifier.empty()) {
      return identifier;
    }
    const std::string digits = std::to_string(version);
    std::string dotted{digits[0], '.', digits[1], '.', digits[2]};
    if (digits.size() > 3) {
      dotted += std::string(".") + digits[3];
    }
    return "Inno Setup Setup Data (" + dotted + ")" +
           (is_unicode && version < 630 ? " (u)" : "");
  }

  // "version" 6401 is older than 642.
  [[nodiscard]] bool IsFrom(int other) const {
    const auto order = [](int v) { return v < 1000 ? v * 10 : v; };
    return order(version) >= order(other);
  }

  [[nodiscard]] std::string Packed(const std::string& content) const {
    if (compression == 0) {
      return content;
    }
    if (compression >= 3) {
      return LzmaStream(content, compression == 4);
    }
    std::string packed(content.size() * 2 + 1000, '\0');
    if (compression == 1) {
      uLongf size = packed.size();
      compress(reinterpret_cast<Bytef*>(packed.data()), &size,
               reinterpret_cast<const Bytef*>(content.data()), content.size());
      packed.resize(size);
    } else {
      auto size = static_cast<unsigned>(packed.size());
      std::string copy = content;
      BZ2_bzBuffToBuffCompress(packed.data(), &size, copy.data(),
                               static_cast<unsigned>(copy.size()), 1, 0, 0);
      packed.resize(size);
    }
    return packed;
  }

  // Appends the chunks and yields the records that lead to them.
  std::string WriteChunks(std::string& chunks) const {
    std::vector<std::string> contents;
    std::vector<size_t> chunk_of;
    std::vector<size_t> suboffsets;
    for (const SampleInnoFile& file : files) {
      if (file.location != -2) {
        continue;
      }
      if (contents.empty() || !is_solid) {
        contents.emplace_back();
      }
      chunk_of.push_back(contents.size() - 1);
      suboffsets.push_back(contents.back().size());
      contents.back() +=
          (file.is_filtered ? InnoFiltered(file.content) : file.content) +
          between_files;
    }
    std::vector<size_t> offsets;
    std::vector<size_t> sizes;
    for (const std::string& content : contents) {
      const std::string packed = Packed(content);
      offsets.push_back(chunks.size());
      sizes.push_back(packed.size());
      chunks += "zlb\x1A" + packed;
    }
    std::string records;
    size_t next = 0;
    for (const SampleInnoFile& file : files) {
      if (file.location != -2) {
        continue;
      }
      const size_t chunk = chunk_of[next];
      records += Location(file, offsets[chunk], suboffsets[next], sizes[chunk]);
      ++next;
    }
    return records;
  }

  [[nodiscard]] std::string Location(const SampleInnoFile& file,
                                     size_t chunk_offset, size_t suboffset,
                                     size_t chunk_size) const {
    const auto algorithm = IsFrom(6401) ? base::DigestAlgorithm::kSha256
                                        : base::DigestAlgorithm::kSha1;
    const base::Digest digest = base::Hash(
        algorithm, base::AsBytes(has_wrong_digests ? "another" : file.content));
    std::string record =
        LittleEndian(0, 4) + LittleEndian(0, 4) +
        LittleEndian(chunk_offset, IsFrom(652) ? 8 : 4) +
        LittleEndian(suboffset, 8) + LittleEndian(file.content.size(), 8) +
        LittleEndian(chunk_size, 8) + std::string(base::AsText(digest.View())) +
        std::string(16, '\0');
    const bool is_compressed = compression != 0;
    if (IsFrom(643)) {
      return record + static_cast<char>((file.is_filtered ? 4 : 0) |
                                        (is_encrypted ? 8 : 0) |
                                        (is_compressed ? 16 : 0));
    }
    record += LittleEndian((file.is_filtered ? 0x10U : 0U) |
                               (is_encrypted ? 0x40U : 0U) |
                               (is_compressed ? 0x80U : 0U),
                           2);
    return IsFrom(630) ? record + '\0' : record;
  }

  [[nodiscard]] std::string Header() const {
    int texts = 27;
    texts += IsFrom(556) ? 1 : 0;  // SetupMutex
    texts += IsFrom(600) ? 2 : 0;  // ChangesEnvironment, ChangesAssociations
    texts += IsFrom(630) ? 2 : 0;  // architectures
    texts += IsFrom(642) ? 1 : 0;  // CloseApplicationsFilterExcludes
    texts += IsFrom(650) ? 1 : 0;  // SevenZipLibraryName
    texts += IsFrom(670) ? 5 : 0;  // UsePreviousAppDir and so on
    std::string text;
    for (int i = 0; i < texts; ++i) {
      const bool is_absent = i == 33 && !has_archive_library;
      text += Text(is_absent ? "" : "text " + std::to_string(i));
    }
    text += Blob("license") + Blob("before") + Blob("") + Blob(compiled_code);
    if (!is_unicode) {
      text += std::string(32, '\0');  // LeadBytes
    }
    size_t locations = 0;
    for (const SampleInnoFile& file : files) {
      locations += file.location == -2 ? 1 : 0;
    }
    for (int i = 0; i < (IsFrom(650) ? 8 : 7); ++i) {
      text += LittleEndian(1, 4);
    }
    for (const size_t count :
         {files.size(), locations, size_t{1}, size_t{1}, size_t{1}, size_t{1},
          size_t{1}, size_t{1}, size_t{1}}) {
      text += LittleEndian(count, 4);
    }
    if (IsFrom(7003)) {
      text += std::string(4, '\0');  // CompiledCodeVersion
    }
    text += std::string(20, '\0');  // MinVersion, OnlyBelowVersion
    if (!IsFrom(6401)) {
      text += std::string(8, '\0');  // BackColor, BackColor2
    }
    if (!IsFrom(557)) {
      text += std::string(4, '\0');  // WizardImageBackColor
    }
    if (IsFrom(600)) {
      text += std::string(9, '\0');  // WizardStyle, WizardSizePercentX, Y
    }
    if (IsFrom(557)) {
      text += '\0';  // WizardImageAlphaFormat
    }
    text += Colours();
    if (IsFrom(650)) {
      // The password is described before the block.
    } else if (IsFrom(6401)) {
      // PasswordTest, EncryptionKDFSalt, ...Iterations, EncryptionBaseNonce
      text += std::string(4 + 16 + 4 + 24, '\0');
    } else {
      text += std::string(20 + 8, '\0');  // PasswordHash, PasswordSalt
    }
    text += std::string(8, '\0') + LittleEndian(1, 4);  // SlicesPerDisk
    text += std::string(2, '\0') + '\2';                // PrivilegesRequired
    if (IsFrom(600)) {
      text += '\0';  // PrivilegesRequiredOverridesAllowed
    }
    text += std::string(2, '\0') + static_cast<char>(compression);
    if (!IsFrom(630)) {
      text += std::string(2, '\0');  // architectures
    }
    text += std::string(2 + 8, '\0');
    if (IsFrom(650)) {
      return text + std::string(IsFrom(670) ? 8 : 6, '\xFF');
    }
    const int bit = IsFrom(6401) ? 31 : IsFrom(600) ? 36 : 37;
    const uint64_t options = is_encrypted ? uint64_t{1} << bit : 0;
    return text +
           LittleEndian(options, version == 630 ? 7 : 6);  // 49 flags in 6.3
  }

  // Of the wizard, since 6.5.2, and how opaque it is.
  [[nodiscard]] std::string Colours() const {
    const size_t colours = IsFrom(670)   ? 6
                           : IsFrom(660) ? 4
                           : IsFrom(652) ? 2
                                         : 0;
    const size_t bytes = IsFrom(670) ? 3 : IsFrom(661) ? 1 : 0;
    return std::string(colours * 4 + bytes, 'c');
  }

  [[nodiscard]] std::string Texts(const std::string& prefix, int count) const {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += Text(prefix + std::to_string(i));
    }
    return text;
  }

  // One entry of every kind but [Files].
  [[nodiscard]] std::string Entries() const {
    const std::string range(20, '\0');
    std::string text = Texts("language", IsFrom(660) ? 4 : 6);
    for (int i = 0; i < 4; ++i) {
      text += Blob("language data");
    }
    const int language_id = IsFrom(660) ? 2 : 4;
    text += std::string(
        static_cast<size_t>(language_id + (is_unicode ? 0 : 4) + 16 + 1), '\0');
    const size_t level = IsFrom(670) ? 1 : 4;
    text += Texts("message", 2) + std::string(4, '\0');
    text += Blob("permission");
    text += Texts("type", 4) + range + std::string(1 + 1 + 8, '\0');
    text += Texts("component", 5) + std::string(8 + level + 1, '\0') + range +
            std::string(1 + 8, '\0');
    text += Texts("task", 6) + std::string(level + 1, '\0') + range + '\0';
    text += Texts("directory", 7) + LittleEndian(6, 4) + range +
            std::string(2, '\0') + '\1';
    if (IsFrom(650)) {
      text += Texts("key", 3);
    }
    for (const SampleInnoFile& file : files) {
      text += FileEntry(file);
    }
    text += Texts("icon", 13);
    if (IsFrom(610)) {
      text += std::string(16, '\0');  // AppUserModelToastActivatorCLSID
    }
    text += range + std::string(4 + 4 + 1 + 2 + 1, '\0');
    text += Texts("ini", 10) + range + '\2';
    text += Text("registry0") + Text("registry1") + Blob("\1\2\3") +
            Texts("condition", 6) + range + LittleEndian(0x80000002, 4) +
            std::string(2, '\0') + '\4' + Bitness() + LittleEndian(0x0102, 2);
    text += Texts("delete", 7) + range + '\1';
    text += Texts("undelete", 7) + range + '\2';
    text += RunTexts("run") + range + LittleEndian(5, 4) + '\1' + Bitness() +
            LittleEndian(IsFrom(7003) ? 0x83 : 0x203, 2);
    text += RunTexts("unrun") + range + LittleEndian(0, 4) + '\2' + Bitness() +
            LittleEndian(0, 2);
    return text;
  }

  [[nodiscard]] std::string Bitness() const {
    return IsFrom(7003) ? std::string("b") : "";
  }

  [[nodiscard]] std::string RunTexts(const std::string& prefix) const {
    if (!IsFrom(7003)) {
      return Texts(prefix, 13);
    }
    std::string text = Texts(prefix, 7) + Text("OnLog");
    for (int i = 7; i < 13; ++i) {
      text += Text(prefix + std::to_string(i));
    }
    return text;
  }

  [[nodiscard]] std::string FileEntry(const SampleInnoFile& file) const {
    int location = file.location;
    if (location == -2) {
      location = 0;
      for (const SampleInnoFile& other : files) {
        if (&other == &file) {
          break;
        }
        location += other.location == -2 ? 1 : 0;
      }
    }
    const std::string verification =
        IsFrom(650) ? Texts("verification", 5) + Blob("keys") +
                          std::string(32, 'h') + '\1'
                    : "";
    return Text(file.source) + Text(file.destination) + Text("") + Text("") +
           Texts("condition", 6) + verification + std::string(20, '\0') +
           LittleEndian(static_cast<uint32_t>(location), 4) +
           LittleEndian(0x20, 4) + std::string(8 + 2, '\0') + Bitness() +
           FileOptions(file) + static_cast<char>(file.is_uninstaller);
  }

  [[nodiscard]] std::string FileOptions(const SampleInnoFile& file) const {
    const int download = IsFrom(7003) ? 30 : 32;
    const uint64_t options =
        0x40 | (file.is_download ? uint64_t{1} << download : 0);
    return LittleEndian(options, IsFrom(670) ? 8 : IsFrom(650) ? 5 : 4);
  }

  [[nodiscard]] std::string Libraries() const {
    const std::string image =
        (IsFrom(560) ? LittleEndian(1, 4) : "") + Blob("image");
    std::string text = image + image;
    if (IsFrom(660)) {
      text += image + LittleEndian(0xFFFFFFFF, 4);  // an absent list
    }
    if (IsFrom(670)) {
      text += LittleEndian(0, 4) + LittleEndian(2, 4) + Blob("a") + Blob("b");
    }
    if (compression == 1 || compression == 2) {
      text += Blob("MZ decompressor");
    }
    if (has_archive_library && IsFrom(650)) {
      text += Blob("MZ archives");
    }
    if (is_encrypted && !IsFrom(6401)) {
      text += Blob("MZ decryptor");
    }
    return text;
  }
};

}  // namespace countersign::formats
