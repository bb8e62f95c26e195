// Builds small inert PE images: an entry point that returns 0, no imports,
// sections filled with a marker text. Nothing here is copied from a program.
//
//   DOS header and stub | PE header | section table | sections | overlay
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "forge/der.h"

namespace countersign::forge {

enum class Machine : uint8_t { kX86, kX64, kArm64 };

struct SectionRecipe {
  std::string name;  // at most 8 characters
  uint32_t size_bytes = 0;
  uint32_t characteristics = 0;
};

struct ImageRecipe {
  Machine machine = Machine::kX64;  // kX86 gives PE32, the others PE32+
  bool efi = false;                 // an EFI application
  uint32_t time_date_stamp = 0;     // unix seconds
  uint32_t file_alignment = 512;
  uint32_t section_alignment = 4096;
  // Empty: .text, .rdata and .data of a few KiB.
  std::vector<SectionRecipe> sections;
  uint32_t directories = 16;  // NumberOfRvaAndSizes; below 5: no certificates
  // Not zero: the last section grows until the file has this many bytes,
  // rounded up to the file alignment.
  uint64_t total_size_bytes = 0;
  ByteVector overlay;  // bytes after the last section
  uint64_t seed = 0;   // images of different seeds have different content
};

// An image that can be written piece by piece, however large.
class Image {
 public:
  explicit Image(const ImageRecipe& recipe);

  uint64_t size_bytes() const { return size_bytes_; }

  // Gives all bytes in order, the headers as one first piece. The CheckSum
  // field is zero.
  void Emit(const std::function<void(ByteSpan)>& sink) const;

 private:
  struct Placement {
    SectionRecipe section;
    uint32_t raw_offset = 0;
    uint32_t raw_size = 0;
    uint32_t virtual_address = 0;
  };

  void PlaceSections();
  ByteVector Headers() const;
  ByteVector OptionalHeader() const;
  void EmitSection(const Placement& placement,
                   const std::function<void(ByteSpan)>& sink) const;

  ImageRecipe recipe_;
  std::vector<Placement> placements_;
  uint32_t header_size_ = 0;
  uint32_t image_size_ = 0;
  uint64_t size_bytes_ = 0;
};

// The whole image with its CheckSum.
ByteVector BuildImage(const ImageRecipe& recipe);

// Where things lie in an image, for hashing and patching it. `image` may be
// the headers alone.
struct ImageLayout {
  struct Section {
    uint32_t raw_offset = 0;
    uint32_t raw_size = 0;
  };
  size_t checksum_offset = 0;
  size_t security_entry_offset = 0;  // 0: the image has no such directory
  uint32_t table_offset = 0;         // certificate table
  uint32_t table_size = 0;
  uint32_t header_size = 0;
  std::vector<Section> sections;
};
ImageLayout ReadLayout(ByteSpan image);

// The sum of the PE CheckSum algorithm over pieces of a file.
class CheckSummer {
 public:
  // Adds bytes; every piece but the last must have an even size.
  void Update(ByteSpan bytes);

  // The CheckSum; the field itself must have been zero in the bytes.
  uint32_t Finish() const;

 private:
  uint64_t sum_ = 0;
  uint64_t size_ = 0;
};

// Computes and stores the CheckSum of an image.
void StoreCheckSum(ByteVector& image);

}  // namespace countersign::forge
