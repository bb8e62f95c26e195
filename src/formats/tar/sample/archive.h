// For tests: tar archives from data.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace countersign::formats::sample {

struct TarEntry {
  std::string name = {};
  std::string content = {};
  char type = '0';
  std::string link = {};
  std::string magic = std::string(
      "ustar\0"
      "00",
      8);
  std::string prefix = {};
  std::string size =
      {};  // the field as it is to stand there; else of `content`
};

// Sets the checksum of the header at `at`.
inline void SignTarHeader(std::string& archive, size_t at = 0) {
  archive.replace(at + 148, 8, "        ");
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) {
    sum += static_cast<uint8_t>(archive[at + i]);
  }
  archive.replace(at + 148, 8,
                  fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

inline std::string TarHeader(const TarEntry& entry) {
  std::string block(512, '\0');
  const auto put = [&](size_t at, std::string_view text) {
    block.replace(at, text.size(), text);
  };
  put(0, entry.name);
  put(100, "0000644");
  put(124, entry.size.empty() ? fmt::format("{:011o}", entry.content.size())
                              : entry.size);
  block[156] = entry.type;
  put(157, entry.link);
  put(257, entry.magic);
  put(345, entry.prefix);
  SignTarHeader(block);
  return block;
}

// One entry, padded.
inline std::string TarMember(const TarEntry& entry) {
  std::string text = TarHeader(entry) + entry.content;
  text.resize((text.size() + 511) / 512 * 512);
  return text;
}

inline std::string TarEnd() { return std::string(1024, '\0'); }

// "LENGTH KEY=VALUE\n", where the length counts itself.
inline std::string PaxRecord(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t size = rest + 1;
  while (fmt::format("{}", size).size() + rest != size) {
    ++size;
  }
  return fmt::format("{} {}={}\n", size, key, value);
}

}  // namespace countersign::formats::sample
