// For tests: makes images of discs, right ones and wrong ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace countersign::formats::sample {

// A file, or a directory if it has children or says so.
struct IsoFile {
  std::string name;   // in ISO 9660, with version
  std::string ridge;  // NM; none when empty
  std::string joliet;
  std::string content;
  std::vector<IsoFile> children = {};
  bool is_directory = false;
  bool in_plain = true;
  bool in_joliet = true;
  uint8_t flags = 0;
  size_t extents = 1;
  bool scattered = false;       // a sector is left between extents
  uint32_t mode = 0;            // PX; none when 0
  std::string system_use = {};  // more of it
  std::string continuation =
      {};                    // of the system use area, in a place of its own
  std::string same_as = {};  // takes the extent of that `name`
};

struct IsoBuilder {
  bool joliet = false;
  bool ridge = false;
  std::vector<IsoFile> files;
  std::optional<std::string> boot;  // content of a boot image
  uint16_t boot_sectors = 4;
  uint8_t boot_medium = 0;
  bool udf = false;

  // Offsets, set by Build.
  std::map<std::string, size_t> record_at;         // by name, in ISO 9660
  std::map<std::string, size_t> joliet_record_at;  // by name, in ISO 9660
  std::map<std::string, size_t> content_at;
  size_t catalog_at = 0;
  size_t path_table_at = 0;
  std::vector<size_t> directory_at;  // ISO 9660, then Joliet

  std::vector<uint8_t> Build() {
    out_.assign(16 * kSector, 0);
    const size_t primary = AddSector();
    const size_t boot_record = boot ? AddSector() : 0;
    const size_t secondary = joliet ? AddSector() : 0;
    Mark(AddSector(), 255);
    for (const char* mark : {"BEA01", "NSR02", "TEA01"}) {
      if (udf) {
        Text(AddSector() + 1, mark);
      }
    }
    PutContents(files);
    if (boot) {
      PutBoot(boot_record);
    }
    PutVolume(primary, false);
    if (joliet) {
      PutVolume(secondary, true);
    }
    for (const size_t volume : {primary, secondary}) {
      if (volume != 0) {
        Both(volume + 80, out_.size() / kSector, 4);
      }
    }
    return out_;
  }

  void Both(size_t at, uint64_t value, size_t bytes) {
    Little(at, value, bytes);
    Big(at + bytes, value, bytes);
  }

 private:
  static constexpr size_t kSector = 2048;
  struct Directory {
    const IsoFile* file;
    size_t at;
    size_t parent;  // number, from 1
    size_t parent_at;
  };

  size_t AddSector() {
    out_.resize(out_.size() + kSector);
    return out_.size() - kSector;
  }
  void Little(size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      out_.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
    }
  }
  void Big(size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      out_.at(at + i) = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
    }
  }
  void Text(size_t at, const std::string& text) {
    for (size_t i = 0; i < text.size(); ++i) {
      out_.at(at + i) = static_cast<uint8_t>(text[i]);
    }
  }
  void Mark(size_t at, uint8_t type) {
    out_.at(at) = type;
    Text(at + 1, "CD001\x01");
  }
  static std::string Wide(const std::string& text) {
    std::string wide;
    for (const char c : text) {
      wide += '\0';
      wide += c;
    }
    return wide;
  }
  static std::string BothText(uint64_t value) {
    std::string text(8, '\0');
    for (size_t i = 0; i < 4; ++i) {
      text[i] = static_cast<char>(value >> (8 * i));
      text[7 - i] = text[i];
    }
    return text;
  }

  size_t PutContent(const std::string& content) {
    const size_t at = out_.size();
    out_.insert(out_.end(), content.begin(), content.end());
    out_.resize((out_.size() + kSector - 1) / kSector * kSector);
    return at;
  }

  void PutContents(const std::vector<IsoFile>& list) {
    for (const IsoFile& file : list) {
      PutContents(file.children);
      if (!file.same_as.empty()) {
        content_at[file.name] = content_at.at(file.same_as);
      } else if (file.scattered) {
        // Each sector of it is an extent.
        content_at[file.name] = out_.size();
        for (size_t i = 0; i < file.content.size(); i += kSector) {
          PutContent(file.content.substr(i, kSector));
          AddSector();
        }
      } else {
        content_at[file.name] = PutContent(file.content);
      }
    }
  }

  void PutBoot(size_t record) {
    Mark(record, 0);
    Text(record + 7, "EL TORITO SPECIFICATION");
    catalog_at = AddSector();
    Little(record + 71, catalog_at / kSector, 4);
    out_[catalog_at] = 1;
    Text(catalog_at + 30, "\x55\xAA");
    Little(catalog_at + 28, 0x10000 - 0xAA55 - 1, 2);
    out_[catalog_at + 32] = 0x88;
    out_[catalog_at + 33] = boot_medium;
    Little(catalog_at + 38, boot_sectors, 2);
    const size_t at = PutContent(*boot);
    Little(catalog_at + 40, at / kSector, 4);
  }

  void PutVolume(size_t at, bool wide) {
    Mark(at, wide ? 2 : 1);
    Text(at + 40, wide ? Wide("VOLUME") : "VOLUME  ");
    Text(at + 88, wide ? "%/E" : "");
    Both(at + 120, 1, 2);
    Both(at + 124, 1, 2);
    Both(at + 128, kSector, 2);
    const IsoFile root{"", "", "", "", files, true};
    std::vector<Directory> all = {{&root, AddSector(), 1, 0}};
    all[0].parent_at = all[0].at;
    std::vector<std::string> names = {std::string(1, '\0')};
    for (size_t i = 0; i < all.size(); ++i) {
      PutDirectory(all, names, i, wide);
      directory_at.push_back(all[i].at);
    }
    const size_t table = AddSector();
    path_table_at = wide ? path_table_at : table;
    const size_t copy = AddSector();
    size_t size = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      out_[table + size] = out_[copy + size] =
          static_cast<uint8_t>(names[i].size());
      Little(table + size + 2, all[i].at / kSector, 4);
      Big(copy + size + 2, all[i].at / kSector, 4);
      Little(table + size + 6, all[i].parent, 2);
      Big(copy + size + 6, all[i].parent, 2);
      Text(table + size + 8, names[i]);
      Text(copy + size + 8, names[i]);
      size += 8 + names[i].size() + names[i].size() % 2;
    }
    Both(at + 132, size, 4);
    Little(at + 140, table / kSector, 4);
    Big(at + 148, copy / kSector, 4);
    PutRecord(at + 156, all[0].at, kSector, 2, std::string(1, '\0'), "");
  }

  void PutDirectory(std::vector<Directory>& all,
                    std::vector<std::string>& names, size_t index, bool wide) {
    const Directory here = all[index];
    const bool rocks = ridge && !wide;
    std::string sp = rocks && index == 0
                         ? std::string("SP\x07\x01\xBE\xEF\0", 7)
                         : std::string();
    size_t at = here.at;
    at = PutRecord(at, here.at, kSector, 2, std::string(1, '\0'), sp);
    at = PutRecord(at, here.parent_at, kSector, 2, "\x01", "");
    for (const IsoFile& file : here.file->children) {
      if (!(wide ? file.in_joliet : file.in_plain)) {
        continue;
      }
      const std::string name = wide ? Wide(file.joliet) : file.name;
      (wide ? joliet_record_at : record_at)[file.name] = at;
      const std::string use = rocks ? SystemUse(file) : "";
      if (file.is_directory || !file.children.empty()) {
        const size_t child = AddSector();
        all.push_back({&file, child, index + 1, here.at});
        names.push_back(name);
        at = PutRecord(at, child, kSector, file.flags | 2U, name, use);
      } else {
        at = PutFile(at, file, name, use);
      }
    }
    CS_CHECK(at <= here.at + kSector);
  }

  size_t PutFile(size_t at, const IsoFile& file, const std::string& name,
                 const std::string& use) {
    const size_t start = content_at.at(file.name);
    const size_t count = file.scattered
                             ? (file.content.size() + kSector - 1) / kSector
                             : file.extents;
    const size_t size =
        file.extents > 1 || file.scattered ? kSector : file.content.size();
    for (size_t i = 0; i < count; ++i) {
      const bool is_last = i + 1 == count;
      at = PutRecord(at, start + i * kSector * (file.scattered ? 2 : 1),
                     is_last ? file.content.size() - i * size : size,
                     file.flags | (is_last ? 0U : 0x80U), name, use);
    }
    return at;
  }

  std::string SystemUse(const IsoFile& file) {
    std::string use;
    if (file.mode != 0) {
      use += std::string("PX\x24\x01", 4) + BothText(file.mode) + BothText(1) +
             BothText(0) + BothText(0);
    }
    if (!file.ridge.empty()) {
      use += "NM" + std::string(1, static_cast<char>(file.ridge.size() + 5)) +
             std::string("\x01\x00", 2) + file.ridge;
    }
    use += file.system_use;
    if (!file.continuation.empty()) {
      use += std::string("CE\x1C\x01", 4) +
             BothText(PutContent(file.continuation) / kSector) + BothText(0) +
             BothText(file.continuation.size());
    }
    return use;
  }

  size_t PutRecord(size_t at, size_t extent, size_t size, unsigned flags,
                   const std::string& name, const std::string& use) {
    const size_t head = 33 + name.size() + (name.size() % 2 == 0 ? 1 : 0);
    const size_t length = (head + use.size() + 1) / 2 * 2;
    CS_CHECK(length < 256);
    out_.at(at) = static_cast<uint8_t>(length);
    Both(at + 2, extent / kSector, 4);
    Both(at + 10, size, 4);
    out_[at + 25] = static_cast<uint8_t>(flags);
    Both(at + 28, 1, 2);
    out_[at + 32] = static_cast<uint8_t>(name.size());
    Text(at + 33, name);
    Text(at + head, use);
    return at + length;
  }

  std::vector<uint8_t> out_;
};

}  // namespace countersign::formats::sample
