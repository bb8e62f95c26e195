#include "forge/pe.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "forge/little_endian.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

constexpr uint32_t kPeHeaderOffset = 0x80;
constexpr size_t kFileHeaderSize = 20;
constexpr size_t kSectionHeaderSize = 40;
constexpr size_t kFillPieceSize = 65536;

constexpr uint32_t kCodeSection = 0x60000020;      // code, execute, read
constexpr uint32_t kReadOnlySection = 0x40000040;  // data, read
constexpr uint32_t kDataSection = 0xC0000040;      // data, read, write

constexpr uint16_t kMagicPe32 = 0x10B;
constexpr uint16_t kMagicPe32Plus = 0x20B;

uint32_t AlignUp(uint64_t value, uint32_t alignment) {
  const uint64_t aligned = (value + alignment - 1) / alignment * alignment;
  Require(aligned <= UINT32_MAX, "a PE image cannot be that large");
  return static_cast<uint32_t>(aligned);
}

uint16_t MachineNumber(Machine machine) {
  switch (machine) {
    case Machine::kX86:
      return 0x014C;
    case Machine::kX64:
      return 0x8664;
    case Machine::kArm64:
      return 0xAA64;
  }
  return 0;
}

// The whole program: return 0.
ByteVector EntryCode(Machine machine) {
  if (machine == Machine::kArm64) {
    return {0x00, 0x00, 0x80, 0x52, 0xC0, 0x03, 0x5F, 0xD6};
  }
  return {0x31, 0xC0, 0xC3};
}

ByteVector DosHeader() {
  ByteVector out(kPeHeaderOffset, 0);
  out[0] = 'M';
  out[1] = 'Z';
  Write16(out, 0x02, kPeHeaderOffset);  // bytes on the last page
  Write16(out, 0x04, 1);                // pages
  Write16(out, 0x08, 4);                // header paragraphs
  Write16(out, 0x0A, 0x10);
  Write16(out, 0x0C, 0xFFFF);
  Write16(out, 0x10, 0xB8);
  Write16(out, 0x18, 0x40);
  Write32(out, 0x3C, kPeHeaderOffset);
  // mov ax, 4C01h; int 21h: a DOS program that ends at once.
  const ByteVector stub = {0xB8, 0x01, 0x4C, 0xCD, 0x21};
  std::copy(stub.begin(), stub.end(), out.begin() + 0x40);
  const ByteVector note = BytesOf("INERT-TEST-FILE made by countersign");
  std::copy(note.begin(), note.end(), out.begin() + 0x50);
  return out;
}

// Marker text without end; the first line tells pieces apart.
ByteVector FillPiece(uint64_t seed, uint64_t position) {
  static const ByteVector plain = [] {
    ByteVector text;
    while (text.size() < kFillPieceSize) {
      Append(text, BytesOf("INERT-TEST-FILE, does nothing. \n"));
    }
    return text;
  }();
  ByteVector piece = plain;
  std::array<char, 48> line{};
  std::snprintf(line.data(), line.size(), "%016llx %016llx\n",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(position));
  std::copy_n(line.begin(), 34, piece.begin());
  return piece;
}

}  // namespace

Image::Image(const ImageRecipe& recipe) : recipe_(recipe) {
  Require(recipe_.section_alignment >= recipe_.file_alignment,
          "SectionAlignment is at least FileAlignment");
  if (recipe_.sections.empty()) {
    recipe_.sections = {{".text", 1024, kCodeSection},
                        {".rdata", 5000, kReadOnlySection},
                        {".data", 2048, kDataSection}};
  }
  PlaceSections();
}

void Image::PlaceSections() {
  const size_t optional_size = (recipe_.machine == Machine::kX86 ? 96U : 112U) +
                               size_t{recipe_.directories} * 8;
  header_size_ = AlignUp(kPeHeaderOffset + 4 + kFileHeaderSize + optional_size +
                             recipe_.sections.size() * kSectionHeaderSize,
                         recipe_.file_alignment);
  uint64_t total = header_size_;
  for (const SectionRecipe& section : recipe_.sections) {
    total += AlignUp(section.size_bytes, recipe_.file_alignment);
  }
  total += recipe_.overlay.size();
  if (recipe_.total_size_bytes > total) {
    SectionRecipe& last = recipe_.sections.back();
    last.size_bytes =
        AlignUp(last.size_bytes + (recipe_.total_size_bytes - total),
                recipe_.file_alignment);
  }

  uint32_t raw_offset = header_size_;
  uint32_t address = AlignUp(header_size_, recipe_.section_alignment);
  for (const SectionRecipe& section : recipe_.sections) {
    const uint32_t raw_size =
        AlignUp(section.size_bytes, recipe_.file_alignment);
    placements_.push_back({section, raw_offset, raw_size, address});
    raw_offset += raw_size;
    address = AlignUp(uint64_t{address} + std::max(section.size_bytes, 1U),
                      recipe_.section_alignment);
  }
  image_size_ = address;
  size_bytes_ = uint64_t{raw_offset} + recipe_.overlay.size();
}

// Spec: PE format, "Optional Header"; the parts before the data directories.
ByteVector Image::OptionalHeader() const {
  const bool wide = recipe_.machine != Machine::kX86;
  const uint32_t entry = placements_.front().virtual_address;
  ByteVector out;
  Append16(out, wide ? kMagicPe32Plus : kMagicPe32);
  Append16(out, 14);                            // linker version
  Append32(out, placements_.front().raw_size);  // SizeOfCode
  Append32(out, image_size_ - entry);           // SizeOfInitializedData
  Append32(out, 0);                             // SizeOfUninitializedData
  Append32(out, entry);                         // AddressOfEntryPoint
  Append32(out, entry);                         // BaseOfCode
  if (wide) {
    Append32(out, recipe_.efi ? 0 : 0x40000000);  // ImageBase
    Append32(out, recipe_.efi ? 0 : 1);
  } else {
    Append32(out, entry);                         // BaseOfData
    Append32(out, recipe_.efi ? 0 : 0x00400000);  // ImageBase
  }
  Append32(out, recipe_.section_alignment);
  Append32(out, recipe_.file_alignment);
  Append32(out, 6);  // operating system version 6.0
  Append32(out, 0);  // image version
  Append32(out, 6);  // subsystem version 6.0
  Append32(out, 0);  // Win32VersionValue
  Append32(out, image_size_);
  Append32(out, header_size_);
  Append32(out, 0);                     // CheckSum
  Append16(out, recipe_.efi ? 10 : 3);  // EFI application, or console
  Append16(out, 0x0100);                // NX_COMPAT
  for (const uint32_t size : {0x100000U, 0x1000U, 0x100000U, 0x1000U}) {
    Append32(out, size);  // stack and heap, reserve and commit
    if (wide) {
      Append32(out, 0);
    }
  }
  Append32(out, 0);  // LoaderFlags
  Append32(out, recipe_.directories);
  out.resize(out.size() + size_t{recipe_.directories} * 8, 0);
  return out;
}

ByteVector Image::Headers() const {
  const ByteVector optional_header = OptionalHeader();
  const bool wide = recipe_.machine != Machine::kX86;
  ByteVector out = DosHeader();
  Append(out, BytesOf("PE"));
  Append16(out, 0);
  Append16(out, MachineNumber(recipe_.machine));
  Append16(out, static_cast<uint16_t>(placements_.size()));
  Append32(out, recipe_.time_date_stamp);
  Append32(out, 0);  // symbol table
  Append32(out, 0);
  Append16(out, static_cast<uint16_t>(optional_header.size()));
  Append16(out, wide ? 0x0023 : 0x0103);  // executable, no relocations
  Append(out, optional_header);
  for (const Placement& placement : placements_) {
    ByteVector name = BytesOf(placement.section.name);
    name.resize(8, 0);
    Append(out, name);
    Append32(out, placement.section.size_bytes);
    Append32(out, placement.virtual_address);
    Append32(out, placement.raw_size);
    Append32(out, placement.raw_size == 0 ? 0 : placement.raw_offset);
    Append32(out, 0);  // relocations, line numbers
    Append32(out, 0);
    Append32(out, 0);
    Append32(out, placement.section.characteristics);
  }
  out.resize(header_size_, 0);
  return out;
}

void Image::EmitSection(const Placement& placement,
                        const std::function<void(ByteSpan)>& sink) const {
  const bool is_code = &placement == &placements_.front();
  for (uint32_t done = 0; done < placement.raw_size;) {
    const uint32_t size =
        std::min<uint32_t>(placement.raw_size - done, kFillPieceSize);
    ByteVector piece =
        FillPiece(recipe_.seed, uint64_t{placement.raw_offset} + done);
    if (is_code && done == 0) {
      const ByteVector code = EntryCode(recipe_.machine);
      std::copy(code.begin(), code.end(), piece.begin());
    }
    const uint32_t used = placement.section.size_bytes;
    if (used < done + size) {
      const uint32_t keep = used > done ? used - done : 0;
      std::fill(piece.begin() + keep, piece.end(), uint8_t{0});
    }
    sink(ByteSpan(piece).first(size));
    done += size;
  }
}

void Image::Emit(const std::function<void(ByteSpan)>& sink) const {
  sink(Headers());
  for (const Placement& placement : placements_) {
    EmitSection(placement, sink);
  }
  if (!recipe_.overlay.empty()) {
    sink(recipe_.overlay);
  }
}

ByteVector BuildImage(const ImageRecipe& recipe) {
  ByteVector out;
  Image(recipe).Emit([&out](ByteSpan piece) { Append(out, piece); });
  StoreCheckSum(out);
  return out;
}

}  // namespace countersign::forge
