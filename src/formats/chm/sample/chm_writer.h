// For tests: compiled help from data.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "formats/codec/sample/lzx_writer.h"
#include "formats/sample/zip_writer.h"

namespace countersign::formats {

struct SampleChmFile {
  std::string name;
  std::string content;
  bool is_compressed = true;
};

struct SampleChm {
  std::vector<SampleChmFile> files = {
      {"/", "", false},
      {"/images/", "", false},
      {"/stored.txt", "as it is", false},
      {"/a.htm", "<html>first</html>", true},
      {"/b.exe", "MZ" + std::string(70'000, 'b') + "end", true},
  };
  uint32_t version = 3;
  uint32_t window_units = 1;    // of 32 KiB
  uint32_t interval_units = 1;  // of 32 KiB
  size_t chunk = 4096;
  int first_chunk = 0;
  std::string gap;  // between stored files
  std::string trailing;
  // Entries to add, as they would be stored.
  std::vector<std::pair<std::string, std::vector<uint64_t>>> more;
  uint64_t add_to_size = 0;
  bool has_resets = true;
  bool chains_to_itself = false;
  std::string section_gap;  // behind each compressed file
  std::string behind_content;

  static std::string Number(uint64_t value) {
    std::string digits(1, static_cast<char>(value & 0x7F));
    for (value >>= 7; value > 0; value >>= 7) {
      digits.insert(digits.begin(), static_cast<char>(0x80 | (value & 0x7F)));
    }
    return digits;
  }

  [[nodiscard]] std::string Write() const {
    std::string section;
    std::string stored;
    std::vector<std::string> entries;
    const auto add = [&](const std::string& name, uint64_t in, uint64_t offset,
                         uint64_t size) {
      entries.push_back(Number(name.size()) + name + Number(in) +
                        Number(offset) + Number(size));
    };
    for (const SampleChmFile& file : files) {
      std::string& where = file.is_compressed ? section : stored;
      add(file.name, file.is_compressed ? 1 : 0, where.size(),
          file.content.size());
      where += file.content + (file.is_compressed     ? section_gap
                               : file.content.empty() ? ""
                                                      : gap);
    }
    std::string content;
    std::string starts;
    for (size_t at = 0; at < section.size(); at += 32768) {
      starts += LittleEndian(content.size(), 8);
      if (at % (size_t{interval_units} * 32768) == 0) {
        content += WriteLzx(section.substr(at, size_t{interval_units} * 32768),
                            15, LzxBlockType::kVerbatim);
      }
    }
    const std::string root = "::DataSpace/Storage/MSCompressed/";
    const auto add_stored = [&](const std::string& name,
                                const std::string& bytes) {
      add(name, 0, stored.size(), bytes.size());
      stored += bytes;
    };
    add_stored("::DataSpace/NameList", "names");
    add_stored(root + "Content", content + behind_content);
    add_stored(root + "ControlData",
               LittleEndian(6, 4) + "LZXC" + LittleEndian(2, 4) +
                   LittleEndian(interval_units, 4) +
                   LittleEndian(window_units, 4) + LittleEndian(0, 8));
    if (has_resets) {
      add_stored(root +
                     "Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/"
                     "InstanceData/ResetTable",
                 LittleEndian(2, 4) + LittleEndian(starts.size() / 8, 4) +
                     LittleEndian(8, 4) + LittleEndian(0x28, 4) +
                     LittleEndian(section.size(), 8) +
                     LittleEndian(content.size(), 8) + LittleEndian(32768, 8) +
                     starts);
    }
    for (const auto& [name, numbers] : more) {
      add(name, numbers[0], numbers[1], numbers[2]);
    }
    const std::string directory = Directory(entries);
    const uint64_t header = version == 3 ? 0x60 : 0x58;
    const uint64_t start = header + 24 + directory.size();
    const uint64_t size = start + stored.size() + add_to_size;
    std::string file =
        "ITSF" + LittleEndian(version, 4) + LittleEndian(header, 4) +
        LittleEndian(1, 4) + LittleEndian(0, 4) + LittleEndian(0x409, 4) +
        std::string(32, 'g') + LittleEndian(header, 8) + LittleEndian(24, 8) +
        LittleEndian(header + 24, 8) + LittleEndian(directory.size(), 8);
    if (version == 3) {
      file += LittleEndian(start, 8);
    }
    return file + LittleEndian(0x1FE, 8) + LittleEndian(size, 8) +
           LittleEndian(0, 8) + directory + stored + trailing;
  }

 private:
  [[nodiscard]] std::string Directory(
      const std::vector<std::string>& entries) const {
    std::vector<std::string> chunks(1);
    for (const std::string& entry : entries) {
      if (20 + chunks.back().size() + entry.size() > chunk) {
        chunks.emplace_back();
      }
      chunks.back() += entry;
    }
    std::string text =
        "ITSP" + LittleEndian(1, 4) + LittleEndian(0x54, 4) +
        LittleEndian(10, 4) + LittleEndian(chunk, 4) + LittleEndian(2, 4) +
        LittleEndian(1, 4) + LittleEndian(0xFFFFFFFF, 4) +
        LittleEndian(static_cast<uint32_t>(first_chunk), 4) +
        LittleEndian(chunks.size() - 1, 4) + LittleEndian(0xFFFFFFFF, 4) +
        LittleEndian(chunks.size(), 4);
    text.resize(0x54, '\0');
    for (size_t i = 0; i < chunks.size(); ++i) {
      const bool is_last = i + 1 == chunks.size();
      const uint64_t after =
          is_last ? (chains_to_itself ? 0 : 0xFFFFFFFF) : i + 1;
      std::string one = "PMGL" +
                        LittleEndian(chunk - 20 - chunks[i].size(), 4) +
                        LittleEndian(0, 4) + LittleEndian(i - 1, 4) +
                        LittleEndian(after, 4) + chunks[i];
      one.resize(chunk, '\0');
      text += one;
    }
    return text;
  }
};

}  // namespace countersign::formats
