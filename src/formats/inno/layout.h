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
};

// Every version that is read.
[[nodiscard]] std::span<const InnoLayout> InnoLayouts();

// The layout of that version, or null.
[[nodiscard]] const InnoLayout* FindInnoLayout(std::string_view version);

// What the texts of the header are called, in order.
[[nodiscard]] std::span<const std::string_view> InnoTextNames();

}  // namespace countersign::formats
