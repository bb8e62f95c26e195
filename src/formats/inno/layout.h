// How the records of setup data differ from version to version. Private to
// inno/.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace countersign::formats {

struct InnoLayout {
  std::string_view version;  // as in the identifier
  bool is_always_unicode;    // else only if the identifier ends in "(u)"
  uint8_t header_texts;
  // Bytes of the header from MinVersion to ExtraDiskSpaceRequired, up to where
  // SlicesPerDisk stands, then up to CompressMethod, then up to Options.
  uint8_t before_slices;
  uint8_t before_compression;
  uint8_t before_options;
  uint8_t option_bytes;
  uint8_t encryption_bit;  // of the options
  uint8_t icon_bytes;      // behind the texts of an icon
  uint8_t run_option_bytes;
  bool has_sha256;
  uint8_t location_flag_bytes;
  bool counts_images;  // a number precedes images of the wizard
  bool has_decryptor;  // a library, if encryption is used
  // Since 6.5: encryption is described before the blocks; keys of signatures;
  // how a file is verified, downloaded and extracted; a library for archives.
  bool has_encryption_header = false;
  uint8_t file_option_bytes = 4;
  uint8_t offset_bytes = 4;      // of where a chunk starts
  uint8_t language_texts = 10;   // with those that are bytes
  uint8_t language_rest = 21;    // bytes behind them
  uint8_t level_bytes = 4;       // of components and tasks
  uint8_t image_lists = 2;       // of the wizard
  uint8_t block_size_bytes = 4;  // of the size of a block
  // Since 7.0: a byte instead of two options says how many bits; what is called
  // with the output of a program.
  bool has_bitness = false;
};

// Every version that is read.
[[nodiscard]] std::span<const InnoLayout> InnoLayouts();

// The layout of that version, or null.
[[nodiscard]] const InnoLayout* FindInnoLayout(std::string_view version);

// What the texts of the header are called, in order.
[[nodiscard]] std::span<const std::string_view> InnoTextNames();

}  // namespace countersign::formats
