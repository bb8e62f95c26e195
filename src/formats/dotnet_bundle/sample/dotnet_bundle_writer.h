// For tests: single-file applications from data.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "formats/pe/sample/pe_writer.h"

namespace countersign::formats {

inline constexpr std::string_view kSampleBundleMark(
    "\x8B\x12\x02\xB9\x6A\x61\x20\x38\x72\x7B\x93\x02\x14\xD7\xA0\x32"
    "\x13\xF5\xB9\xE6\xEF\xAE\x33\x18\xEE\x3B\x2D\xCE\x24\xB3\x6A\xAE",
    32);

struct SampleBundledFile {
  std::string path;
  std::string content;
  int type = 1;
  bool is_compressed = false;
  std::string behind;  // bytes behind the compressed content
};

struct SampleBundle {
  uint32_t major = 6;
  std::vector<SampleBundledFile> files = {
      {"app.dll", std::string(200, 'a'), 1, false, ""},
      {"lib/native.dll", std::string(300, 'n'), 2, true, ""},
      {"app.deps.json", "{\"deps\":1}", 3, false, ""},
      {"app.runtimeconfig.json", "{\"runtime\":1}", 4, false, ""},
  };
  std::string before;  // between the host and the first file
  bool has_bundle = true;

  // Where the host's variable is.
  static constexpr size_t kPointer = SampleProgram::kHeaderBytes + 8;

  [[nodiscard]] std::string Write() const {
    SampleProgram program;
    program.sections = {{".data", "variable" + LittleEndian(0, 8) +
                                      std::string(kSampleBundleMark)}};
    const size_t start = program.Write().size();
    std::string data = before;
    std::string rows;
    std::string deps(16, '\0');
    std::string runtime_config(16, '\0');
    for (const SampleBundledFile& file : files) {
      data.resize((start + data.size() + 15) / 16 * 16 - start);
      const std::string stored =
          (file.is_compressed ? Deflated(file.content) : file.content) +
          file.behind;
      const std::string place = LittleEndian(start + data.size(), 8) +
                                LittleEndian(file.content.size(), 8);
      rows += place;
      if (major >= 6) {
        rows += LittleEndian(file.is_compressed ? stored.size() : 0, 8);
      }
      rows += static_cast<char>(file.type) + Text(file.path);
      if (file.type == 3) {
        deps = place;
      } else if (file.type == 4) {
        runtime_config = place;
      }
      data += stored;
    }
    std::string header = LittleEndian(major, 4) + LittleEndian(0, 4) +
                         LittleEndian(files.size(), 4) + Text("identity");
    if (major >= 2) {
      header += deps + runtime_config + LittleEndian(0, 8);
    }
    program.overlay = data + header + rows;
    std::string file = program.Write();
    if (has_bundle) {
      file.replace(kPointer, 8, LittleEndian(start + data.size(), 8));
    }
    return file;
  }

  static std::string Text(const std::string& text) {
    std::string size;
    size += text.size() < 128
                ? std::string(1, static_cast<char>(text.size()))
                : std::string{static_cast<char>(text.size() | 0x80),
                              static_cast<char>(text.size() >> 7)};
    return size + text;
  }
};

}  // namespace countersign::formats
