// For tests: 7z archives from their parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/stream/sample/packed.h"

namespace countersign::formats::sample {

// Each of the three lengths that tests need.
inline std::string SevenZipNumberOf(uint64_t value) {
  if (value < 0x80) {
    return Little(value, 1);
  }
  if (value < 0x4000) {
    return Little(0x80 | value >> 8, 1) + Little(value, 1);
  }
  return "\xFF" + Little(value, 8);
}

struct SevenZipFolderRecipe {
  std::string coders;           // as in the header, bonds included
  std::vector<uint64_t> sizes;  // of each coder's output
  std::vector<std::string> contents = {};
};

struct SevenZipFileRecipe {
  std::string name;  // ASCII
  bool has_content = true;
  bool is_directory = false;
  uint32_t attributes = 0;
};

struct SevenZipRecipe {
  std::vector<std::string> packed = {};
  std::vector<SevenZipFolderRecipe> folders = {};
  std::vector<SevenZipFileRecipe> files = {};
  uint32_t wrong_crc = 0;  // is XORed into that of each content
  std::string gap = {};    // in front of the header
};

// A coder of one input.
inline std::string SevenZipCoderOf(std::string_view method,
                                   std::string_view properties = {}) {
  std::string text = Little(method.size() | (properties.empty() ? 0 : 0x20), 1);
  text += method;
  if (!properties.empty()) {
    text += SevenZipNumberOf(properties.size());
  }
  return text += properties;
}

inline std::string SevenZipStreamsOf(const SevenZipRecipe& recipe,
                                     uint64_t position = 0) {
  std::string text = "\x06" + SevenZipNumberOf(position) +
                     SevenZipNumberOf(recipe.packed.size()) + "\x09";
  for (const std::string& packed : recipe.packed) {
    text += SevenZipNumberOf(packed.size());
  }
  text += std::string("\0\x07\x0B", 3) +
          SevenZipNumberOf(recipe.folders.size()) + '\0';
  for (const auto& folder : recipe.folders) {
    text += folder.coders;
  }
  text += "\x0C";
  std::string counts;
  std::string sizes;
  std::string crcs;
  for (const auto& folder : recipe.folders) {
    for (const uint64_t size : folder.sizes) {
      text += SevenZipNumberOf(size);
    }
    counts += SevenZipNumberOf(folder.contents.size());
    for (size_t i = 0; i < folder.contents.size(); ++i) {
      const std::string& content = folder.contents[i];
      crcs += Little(Crc(content) ^ recipe.wrong_crc, 4);
      if (i + 1 < folder.contents.size()) {
        sizes += SevenZipNumberOf(content.size());
      }
    }
  }
  return text + std::string("\0\x08\x0D", 3) + counts + "\x09" + sizes +
         "\x0A\x01" + crcs + std::string("\0\0", 2);
}

inline std::string SevenZipBitsOf(const std::vector<bool>& bits) {
  std::string text((bits.size() + 7) / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) {
      text[i / 8] = static_cast<char>(text[i / 8] | 0x80 >> i % 8);
    }
  }
  return text;
}

inline std::string SevenZipFilesOf(const SevenZipRecipe& recipe) {
  std::vector<bool> empty;
  std::vector<bool> empty_file;
  std::string names(1, '\0');
  std::string attributes("\1\0", 2);
  for (const auto& file : recipe.files) {
    empty.push_back(!file.has_content);
    if (!file.has_content) {
      empty_file.push_back(!file.is_directory);
    }
    for (const char c : file.name) {
      names += c;
      names += '\0';
    }
    names += std::string(2, '\0');
    attributes += Little(file.attributes, 4);
  }
  const auto property = [](char id, const std::string& content) {
    return id + SevenZipNumberOf(content.size()) + content;
  };
  return "\x05" + SevenZipNumberOf(recipe.files.size()) +
         property(0x0E, SevenZipBitsOf(empty)) +
         property(0x0F, SevenZipBitsOf(empty_file)) +
         property(0x19, std::string(3, '\0')) + property(0x11, names) +
         property(0x15, attributes) + '\0';
}

inline std::string SevenZipHeaderOf(const SevenZipRecipe& recipe) {
  std::string text = "\x01";
  if (!recipe.folders.empty()) {
    text += "\x04" + SevenZipStreamsOf(recipe);
  }
  return text + SevenZipFilesOf(recipe) + '\0';
}

// The start with its checksums, then `packed` and `header`.
inline std::string SevenZipAround(std::string_view packed,
                                  std::string_view header) {
  const std::string start = Little(packed.size(), 8) +
                            Little(header.size(), 8) + Little(Crc(header), 4);
  std::string text("7z\xBC\xAF\x27\x1C\0\4", 8);
  text += Little(Crc(start), 4) + start;
  text += packed;
  return text += header;
}

inline std::string SevenZip(const SevenZipRecipe& recipe) {
  std::string packed;
  for (const std::string& stream : recipe.packed) {
    packed += stream;
  }
  return SevenZipAround(packed + recipe.gap, SevenZipHeaderOf(recipe));
}

// With the header in a stream of its own, which `pack` makes and `coder` reads.
inline std::string SevenZipWithPackedHeader(
    const SevenZipRecipe& recipe, const std::string& coder,
    std::string (*pack)(std::string_view)) {
  std::string packed;
  for (const std::string& stream : recipe.packed) {
    packed += stream;
  }
  const std::string header = SevenZipHeaderOf(recipe);
  SevenZipRecipe outer;
  outer.packed = {pack(header)};
  outer.folders = {{"\x01" + coder, {header.size()}, {header}}};
  return SevenZipAround(packed + outer.packed[0],
                        "\x17" + SevenZipStreamsOf(outer, packed.size()));
}

// LZMA2 with a dictionary of 64 KiB, behind the filter `id` unless that is 0.
inline std::string Lzma2(std::string_view text, uint64_t id = 0) {
  std::string out = RoomFor(text);
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  options.dict_size = 1U << 16;
  lzma_options_delta delta{};
  delta.type = LZMA_DELTA_TYPE_BYTE;
  delta.dist = 4;
  const lzma_filter last = {LZMA_FILTER_LZMA2, &options};
  const lzma_filter end = {LZMA_VLI_UNKNOWN, nullptr};
  const lzma_filter plain[] = {last, end};
  const lzma_filter filtered[] = {
      {id, id == LZMA_FILTER_DELTA ? &delta : nullptr}, last, end};
  size_t size = 0;
  CS_CHECK(lzma_raw_buffer_encode(id == 0 ? plain : filtered, nullptr,
                                  Unsigned(text), text.size(), Unsigned(out),
                                  &size, out.size()) == LZMA_OK);
  return out.substr(0, size);
}
inline constexpr std::string_view kLzma2Properties = "\x08";

}  // namespace countersign::formats::sample
