// For tests: archives of PyInstaller from data.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "formats/sample/zip_writer.h"

namespace countersign::formats {

inline std::string BigEndian32(uint64_t value) {
  std::string text = LittleEndian(value, 4);
  return {text.rbegin(), text.rend()};
}

inline std::string Zlibbed(const std::string& content) {
  uLongf size = compressBound(static_cast<uLong>(content.size()));
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(content.data()),
           static_cast<uLong>(content.size()));
  packed.resize(size);
  return packed;
}

struct SampleMeiEntry {
  char type = 'x';
  std::string name;
  std::string content;
  bool is_compressed = false;
  std::string behind;  // bytes behind the stored content
};

struct SampleMei {
  std::vector<SampleMeiEntry> entries;
  std::string before;  // in front of the archive
  std::string gap;     // in front of the entries
  uint32_t python = 311;
  bool is_old = false;

  [[nodiscard]] std::string Write() const {
    std::string data;
    std::string table;
    for (const SampleMeiEntry& entry : entries) {
      const std::string stored =
          (entry.is_compressed ? Zlibbed(entry.content) : entry.content) +
          entry.behind;
      std::string name = entry.name + '\0';
      name.resize((18 + name.size() + 15) / 16 * 16 - 18);
      table += BigEndian32(18 + name.size()) + BigEndian32(data.size()) +
               BigEndian32(stored.size()) + BigEndian32(entry.content.size()) +
               static_cast<char>(entry.is_compressed ? 1 : 0) + entry.type +
               name;
      data += stored;
    }
    data += gap;
    const size_t cookie = is_old ? 24 : 88;
    std::string text = data + table + "MEI\14\13\12\13\16" +
                       BigEndian32(data.size() + table.size() + cookie) +
                       BigEndian32(data.size()) + BigEndian32(table.size()) +
                       BigEndian32(python);
    if (!is_old) {
      std::string library = "python311.dll";
      library.resize(64);
      text += library;
    }
    return before + text;
  }
};

struct SampleModule {
  std::string name;
  std::string content;
  uint32_t kind = 0;
};

struct SamplePyz {
  std::vector<SampleModule> modules;
  bool is_dictionary = false;  // as PyInstaller 2 writes it
  std::string gap;
  std::string trailing;

  [[nodiscard]] std::string Write() const {
    std::string data("PYZ\0\xA7\x0D\r\n0000", 12);
    // Behind the first mention, small tuples and names may be referred to.
    std::string table =
        is_dictionary ? "{"
                      : std::string("\xDB") + LittleEndian(modules.size(), 4);
    for (const SampleModule& module : modules) {
      const std::string stored = Zlibbed(module.content);
      const std::string name =
          is_dictionary
              ? "t" + LittleEndian(module.name.size(), 4) + module.name
              : std::string("\xDA") + static_cast<char>(module.name.size()) +
                    module.name;
      const std::string numbers = "i" + LittleEndian(module.kind, 4) + "i" +
                                  LittleEndian(data.size(), 4) + "i" +
                                  LittleEndian(stored.size(), 4);
      table += is_dictionary ? name + "(" + LittleEndian(3, 4) + numbers
                             : "\xA9\x02" + name + "\xA9\x03" + numbers;
      data += stored;
    }
    data += gap;
    data.replace(8, 4, BigEndian32(data.size()));
    return data + table + (is_dictionary ? "0" : "") + trailing;
  }
};

}  // namespace countersign::formats
