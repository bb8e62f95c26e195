// For tests: makes lists of set-up programs, and InstallShield cabinets.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace countersign::formats::sample {

inline std::string LittleText(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(value >> (8 * i));
  }
  return text;
}

inline std::string WideText(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    wide += c;
    wide += '\0';
  }
  return wide;
}

inline void SetText(std::string& out, size_t at, const std::string& text) {
  out.replace(at, text.size(), text);
}

// zlib (15) or deflate alone (-15).
inline std::string Deflated(const std::string& content, int window_bits) {
  z_stream state{};
  CS_CHECK(deflateInit2(&state, 1, Z_DEFLATED, window_bits, 8, 0) == Z_OK);
  std::string out(content.size() + 1000, '\0');
  const base::Bytes in = base::AsBytes(content);
  state.next_in = const_cast<Bytef*>(in.data());
  state.avail_in = static_cast<uInt>(in.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  CS_CHECK(deflate(&state, Z_FINISH) == Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

struct SetupItem {
  std::string name;
  std::string content;
  uint32_t flags = 0;  // 6 and 4: blocks of 1024 bytes, 2: as a whole
  bool is_deflated = false;
};

inline std::string PlainSetup(const std::vector<SetupItem>& items, bool wide) {
  std::string out = wide ? LittleText(items.size(), 4) : "";
  for (const SetupItem& item : items) {
    const std::string head = item.name + '\0' + "Disk1\\" + item.name + '\0' +
                             "1.2.0.0" + '\0' +
                             std::to_string(item.content.size()) + '\0';
    out += (wide ? WideText(head) : head) + item.content;
  }
  return out;
}

// The content of `item` as it is stored.
inline std::string Obscured(const SetupItem& item) {
  constexpr std::string_view kMagic("\x13\x35\x86\x07", 4);
  std::string out =
      item.is_deflated ? Deflated(item.content, 15) : item.content;
  for (size_t i = 0; (item.flags & 6) != 0 && i < out.size(); ++i) {
    const size_t at = ((item.flags & 4) != 0 ? i % 1024 : i) % item.name.size();
    const unsigned key = static_cast<uint8_t>(item.name[at]) ^
                         static_cast<uint8_t>(kMagic[at % 4]);
    const unsigned mixed =
        (~static_cast<unsigned>(static_cast<uint8_t>(out[i])) ^ key) & 0xFF;
    out[i] = static_cast<char>(mixed << 4 | mixed >> 4);
  }
  return out;
}

inline std::string EncodedSetup(const std::vector<SetupItem>& items,
                                bool is_stream, uint32_t type = 0) {
  std::string out = is_stream ? "ISSetupStream" : "InstallShield";
  out += '\0' + LittleText(items.size(), 2) + LittleText(type, 4);
  out.resize(46);
  for (const SetupItem& item : items) {
    const std::string stored = Obscured(item);
    const std::string deflated = LittleText(item.is_deflated ? 1 : 0, 2);
    if (is_stream) {
      const std::string name = WideText(item.name);
      out += LittleText(name.size(), 4) + LittleText(item.flags, 4) +
             LittleText(0, 2) + LittleText(stored.size(), 4) +
             LittleText(0, 8) + deflated;
      out += std::string(type == 4 ? 24 : 0, '\0') + name;
    } else {
      std::string name = item.name;
      name.resize(260);
      out += name + LittleText(item.flags, 4) + LittleText(0, 4) +
             LittleText(stored.size(), 4) + LittleText(0, 8) + deflated +
             std::string(30, '\0');
    }
    out += stored;
  }
  return out;
}

struct ShieldItem {
  std::string name;
  std::string content;
  uint16_t flags = 4;  // 2 obfuscated, 4 compressed, 8 deleted
  bool is_in_directory = false;
};

// One cabinet of `version`, of a header and one volume, which may be the same
// file, or two.
struct ShieldBuilder {
  int version = 9;
  std::vector<ShieldItem> items;
  bool is_one_file = true;
  size_t split_at = 0;  // bytes of the last file in the first of two volumes
  std::string gap;      // in the volume, behind the first file

  std::string header;
  std::vector<std::string> volumes;
  std::vector<size_t> descriptor_at;  // in the header

  void Build() {
    descriptor_at.clear();
    PutContents();
    const std::string list = MakeList();
    header = is_one_file ? volumes[0] : MakeMark();
    const size_t start = header.size();
    header += list;
    SetText(header, 12, LittleText(start, 4) + LittleText(list.size(), 4));
    for (size_t& at : descriptor_at) {
      at += start;
    }
    if (is_one_file) {
      volumes[0] = header;
    }
  }

 private:
  static constexpr size_t kHead = 512;
  static constexpr size_t kTable = 0x200;  // in the list

  [[nodiscard]] std::string MakeMark() const {
    const uint32_t number =
        version < 10 ? 0x01000000U | static_cast<uint32_t>(version) << 12
                     : 0x02000000U | static_cast<uint32_t>(version) * 100;
    std::string out = "ISc(" + LittleText(number, 4);
    out.resize(kHead);
    return out;
  }

  [[nodiscard]] std::string Number(uint64_t value) const {
    return LittleText(value, version == 5 ? 4 : 8);
  }

  static std::string Packed(const ShieldItem& item) {
    std::string out = (item.flags & 4) != 0 ? "" : item.content;
    for (size_t at = 0; (item.flags & 4) != 0 && at < item.content.size();
         at += 40'000) {
      const std::string chunk = Deflated(item.content.substr(at, 40'000), -15);
      out += LittleText(chunk.size(), 2) + chunk;
    }
    for (size_t i = 0; (item.flags & 2) != 0 && i < out.size(); ++i) {
      const unsigned plus = (static_cast<uint8_t>(out[i]) + i % 0x47) & 0xFF;
      out[i] = static_cast<char>((plus << 2 | plus >> 6) ^ 0xD5);
    }
    return out;
  }

  void PutContents() {
    volumes = {MakeMark()};
    packed_.clear();
    offsets_.clear();
    for (size_t i = 0; i < items.size(); ++i) {
      const std::string packed = Packed(items[i]);
      packed_.push_back(packed.size());
      offsets_.push_back(volumes[0].size());
      const bool is_split = split_at > 0 && i + 1 == items.size();
      volumes[0] += is_split ? packed.substr(0, split_at) : packed;
      volumes[0] += i == 0 ? gap : "";
      if (is_split) {
        volumes.push_back(MakeMark() + packed.substr(split_at));
      }
    }
    for (size_t v = 0; v < volumes.size(); ++v) {
      const size_t last = items.size() - 1;
      const size_t rest = split_at > 0 ? packed_[last] - split_at : 0;
      const size_t here = v == 0 ? split_at : rest;
      const std::string part =
          Number(v == 0 ? offsets_[last] : kHead) + Number(here) + Number(here);
      SetText(volumes[v], 20,
              LittleText(kHead, 8) + LittleText(v == 0 ? 0 : last, 4) +
                  LittleText(last, 4) + part + part);
    }
  }

  std::string MakeList() {
    std::string out(kTable, '\0');
    std::string names = "dir";
    names = version >= 17 ? WideText(names + '\0') : names + '\0';
    const size_t entries = 4 * (1 + (version == 5 ? items.size() : 0));
    const size_t descriptors = entries;
    const size_t bytes = version == 5 ? 0x3A : 0x57;
    const size_t names_at = entries + bytes * items.size();
    std::string table = LittleText(names_at, 4);
    for (size_t i = 0; version == 5 && i < items.size(); ++i) {
      table += LittleText(descriptors + bytes * i, 4);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      descriptor_at.push_back(kTable + table.size());
      table += Descriptor(i, names_at + names.size());
      const std::string name = items[i].name + '\0';
      names += version >= 17 ? WideText(name) : name;
    }
    SetText(out, 12, LittleText(kTable, 4));
    SetText(out, 28, LittleText(1, 4));
    SetText(out, 40, LittleText(items.size(), 4) + LittleText(descriptors, 4));
    return out + table + names;
  }

  [[nodiscard]] std::string Descriptor(size_t i, size_t name) const {
    const ShieldItem& item = items[i];
    base::Hasher md5(base::DigestAlgorithm::kMd5);
    md5.Update(base::AsBytes(item.content));
    const std::string digest(base::AsText(md5.Finish().View()));
    const bool is_split = split_at > 0 && i + 1 == items.size();
    const std::string flags = LittleText(item.flags | (is_split ? 1U : 0U), 2);
    const uint32_t directory = item.is_in_directory ? 0 : 0xFFFF;
    const std::string sizes = Number(item.content.size()) + Number(packed_[i]);
    if (version == 5) {
      return LittleText(name, 4) + LittleText(directory, 4) + flags + sizes +
             std::string(0x14, '\0') + LittleText(offsets_[i], 4) + digest;
    }
    return flags + sizes + Number(offsets_[i]) + digest +
           std::string(16, '\0') + LittleText(name, 4) +
           LittleText(directory, 2) + std::string(0x15, '\0') +
           LittleText(1, 2);
  }

  std::vector<size_t> packed_;   // bytes of each file
  std::vector<size_t> offsets_;  // in the first volume
};

}  // namespace countersign::formats::sample
