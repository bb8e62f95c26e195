// For tests: small programs from data, with resources and an overlay.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/sample/zip_writer.h"

namespace countersign::formats {

inline std::string Utf16(std::string_view ascii) {
  std::string text;
  for (const char c : ascii) {
    text += c;
    text += '\0';
  }
  return text;
}

// Text of a fixed length, with zeros behind.
inline std::string Padded(std::string text, size_t size) {
  text.resize(size, '\0');
  return text;
}

struct SampleSection {
  std::string name;
  std::string content;
};

// One resource. A number, or a name: "#10" is the number 10.
struct SampleResource {
  std::string type;
  std::string name;
  std::string language;
  std::string content;
};

// The content of a resource section that is loaded at `address`: all
// directories, then names, data entries, data.
class SampleResources {
 public:
  static std::string Write(const std::vector<SampleResource>& resources,
                           uint32_t address) {
    std::map<std::string, std::map<std::string, std::map<std::string, size_t>>>
        tree;
    for (size_t i = 0; i < resources.size(); ++i) {
      tree[resources[i].type][resources[i].name][resources[i].language] = i;
    }
    SampleResources writer;
    size_t directories = 16 + 8 * tree.size();
    for (const auto& [type, names] : tree) {
      directories += 16 + 8 * names.size();
      for (const auto& [name, languages] : names) {
        directories += 16 + 8 * languages.size();
      }
    }
    // Breadth first: all offsets are known before they are written.
    writer.behind_ = directories;
    size_t next = 16 + 8 * tree.size();
    std::string first = Header(tree);
    std::string second;
    std::string third;
    size_t third_at = next;
    for (const auto& [type, names] : tree) {
      third_at += 16 + 8 * names.size();
    }
    for (const auto& [type, names] : tree) {
      first += writer.Key(type) + LittleEndian(0x80000000 | next, 4);
      next += 16 + 8 * names.size();
      second += Header(names);
      for (const auto& [name, languages] : names) {
        second += writer.Key(name) + LittleEndian(0x80000000 | third_at, 4);
        third_at += 16 + 8 * languages.size();
        third += Header(languages);
        for (const auto& [language, index] : languages) {
          third += writer.Key(language) +
                   writer.Data(resources[index].content, address);
        }
      }
    }
    return first + second + third + writer.rest_;
  }

 private:
  template <typename Map>
  static std::string Header(const Map& entries) {
    uint64_t named = 0;
    for (const auto& [key, value] : entries) {
      named += key.starts_with('#') ? 0 : 1;
    }
    return std::string(12, '\0') + LittleEndian(named, 2) +
           LittleEndian(entries.size() - named, 2);
  }

  std::string Key(const std::string& key) {
    if (key.starts_with('#')) {
      return LittleEndian(std::stoul(key.substr(1)), 4);
    }
    const size_t at = behind_ + rest_.size();
    rest_ += LittleEndian(key.size(), 2) + Utf16(key);
    rest_.resize((rest_.size() + 3) / 4 * 4);
    return LittleEndian(0x80000000 | at, 4);
  }

  std::string Data(const std::string& content, uint32_t address) {
    rest_.resize((rest_.size() + 7) / 8 * 8);
    const size_t at = behind_ + rest_.size();
    rest_ += LittleEndian(address + at + 16, 4) +
             LittleEndian(content.size(), 4) + LittleEndian(0, 8) + content;
    rest_.resize((rest_.size() + 3) / 4 * 4);
    return LittleEndian(at, 4);
  }

  size_t behind_ = 0;
  std::string rest_;
};

struct SampleProgram {
  std::vector<SampleSection> sections;
  // In a section ".rsrc" behind the others, when there are any.
  std::vector<SampleResource> resources;
  std::string overlay;

  static constexpr uint32_t kHeaderBytes = 0x400;
  static constexpr uint32_t kFirstAddress = 0x1000;

  [[nodiscard]] std::string Write() const {
    std::vector<SampleSection> all = sections;
    uint32_t address = kFirstAddress;
    for (const SampleSection& section : sections) {
      address += Aligned(section.content.size(), 0x1000);
    }
    if (!resources.empty()) {
      all.push_back({".rsrc", SampleResources::Write(resources, address)});
    }
    std::string table;
    std::string body;
    uint32_t at = kFirstAddress;
    for (const SampleSection& section : all) {
      const uint32_t raw = Aligned(section.content.size(), 0x200);
      table +=
          Padded(section.name, 8) + LittleEndian(section.content.size(), 4) +
          LittleEndian(at, 4) + LittleEndian(raw, 4) +
          LittleEndian(kHeaderBytes + body.size(), 4) + std::string(16, '\0');
      body += Padded(section.content, raw);
      at += Aligned(section.content.size(), 0x1000);
    }
    return Padded(Headers(all.size(), address,
                          resources.empty() ? 0 : all.back().content.size()) +
                      table,
                  kHeaderBytes) +
           body + overlay;
  }

  // Where the sections end, and the overlay begins.
  [[nodiscard]] uint64_t OverlayOffset() const {
    return Write().size() - overlay.size();
  }

 private:
  static uint32_t Aligned(size_t size, uint32_t alignment) {
    return static_cast<uint32_t>((size + alignment - 1) / alignment *
                                 alignment);
  }

  // A 32-bit windowed program for x86.
  static std::string Headers(size_t sections, uint32_t resource_address,
                             size_t resource_size) {
    std::string text = Padded("MZ", 0x3C) + LittleEndian(0x40, 4);
    text += std::string("PE\0\0", 4) + LittleEndian(0x014C, 2) +
            LittleEndian(sections, 2) + std::string(12, '\0') +
            LittleEndian(224, 2) + LittleEndian(0x0102, 2);
    std::string optional = LittleEndian(0x10B, 2);
    optional.resize(32);
    optional += LittleEndian(0x1000, 4) + LittleEndian(0x200, 4);
    optional.resize(60);
    optional +=
        LittleEndian(kHeaderBytes, 4) + LittleEndian(0, 4) + LittleEndian(2, 2);
    optional.resize(92);
    optional += LittleEndian(16, 4);
    optional.resize(96 + 2 * 8);
    optional += LittleEndian(resource_size == 0 ? 0 : resource_address, 4) +
                LittleEndian(resource_size, 4);
    return text + Padded(optional, 224);
  }
};

}  // namespace countersign::formats
