// Header file (data1.hdr), or the beginning of the only volume (data1.cab):
//
//   0      "ISc(", u32 version, u32 volume, u32 offset and size of the list
//   20     of a volume: which file is the first and the last, and how much of
//          them it has
//   list   file table offset (+12), directories (+28), files (+40), second
//          table offset (+44)
//   file table
//          u32 offsets of directory names, of version 5 also of descriptors;
//          names
//
// Offsets in the list are from its file table.
//
// Spec: none; unshield (lib/internal.h, lib/libunshield.c) knows it.
#include "formats/installshield/cabinet_list.h"

#include <algorithm>

#include "base/reader.h"
#include "base/text.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint16_t kFlagSplit = 1;
constexpr uint16_t kFlagObfuscated = 2;
constexpr uint16_t kFlagCompressed = 4;
constexpr uint16_t kFlagDeleted = 8;
constexpr uint64_t kDescriptorBytes = 0x57;  // since version 6
constexpr uint64_t kOldDescriptorBytes = 0x3A;
// Limit: bytes of a name; PATH_MAX of Linux.
constexpr size_t kMaxShieldName = 4096;
constexpr size_t kBytesOfNamePerStep = 64;
constexpr int kFirstWide = 17;  // names in UTF-16 since

// What is written of a file, before its name is known.
struct ShieldDescriptor {
  ShieldFile file;
  uint32_t name = 0;
  uint32_t directory = 0;
  uint16_t flags = 0;
};

int VersionOf(uint32_t version) {
  if (version >> 24 == 1) {
    return static_cast<int>(version >> 12 & 0xF);
  }
  return static_cast<int>((version & 0xFFFF) / 100);
}

uint64_t ReadSize64(Reader& reader, const char* field) {
  const uint64_t low = reader.U32(field);
  return low | uint64_t{reader.U32(field)} << 32;
}

class ShieldListReader {
 public:
  ShieldListReader(Input header, base::Budget& budget)
      : header_(header), budget_(budget) {}

  Result<ShieldList> Run() {
    Reader reader(header_);
    reader.Skip(4, "signature");
    list_.version = VersionOf(reader.U32("version"));
    reader.Skip(4, "volume info");
    const uint32_t start = reader.U32("descriptor offset");
    const uint32_t size = reader.U32("descriptor size");
    if (!reader.Failed() && size == 0) {
      reader.Fail(Fault::kUnsupported, "list of files in another file");
    }
    list_.place = {start, size};
    if (!reader.Failed() && list_.version < 5) {
      reader.Fail(Fault::kUnsupported, "version");
    }
    reader.Seek(start, "descriptor offset");
    reader.Skip(12, "file table offset");
    table_ = uint64_t{start} + reader.U32("file table offset");
    reader.Skip(12, "file table size");
    directories_ = reader.U32("directory count");
    reader.Skip(8, "directory count");
    const uint32_t files = reader.U32("file count");
    descriptors_ = table_ + reader.U32("second file table offset");
    if (const auto read = reader.Finish(true); !read) {
      return std::unexpected(read.error());
    }
    for (uint32_t i = 0; i < files && !list_.damage; ++i) {
      CS_TRY_VOID(budget_.ChargeSteps(1, header_.offset));
      const size_t before = list_.files.size();
      ReadFile(i);
      // Why: many files may share one long name.
      if (list_.files.size() > before) {
        CS_TRY_VOID(budget_.ChargeSteps(
            list_.files.back().name.size() / kBytesOfNamePerStep,
            header_.offset));
      }
    }
    return std::move(list_);
  }

 private:
  // Of what is outside, the reader complains.
  [[nodiscard]] Reader At(uint64_t offset, const char* field) const {
    Reader reader(header_);
    reader.Seek(offset, field);
    return reader;
  }

  void ReadFile(uint32_t index) {
    ShieldDescriptor found =
        list_.version == 5 ? ReadOldDescriptor(index) : ReadDescriptor(index);
    if (list_.damage) {
      return;
    }
    ShieldFile& file = found.file;
    file.index = index;
    file.is_split = (found.flags & kFlagSplit) != 0;
    file.is_obfuscated = (found.flags & kFlagObfuscated) != 0;
    file.is_compressed = (found.flags & kFlagCompressed) != 0;
    if ((found.flags & kFlagDeleted) != 0 || file.offset == 0) {
      return;
    }
    const std::string directory = DirectoryName(found.directory);
    file.name = NameAt(table_ + found.name);
    if (!directory.empty()) {
      file.name = directory + "\\" + file.name;
    }
    if (!list_.damage) {
      list_.files.push_back(std::move(file));
    }
  }

  ShieldDescriptor ReadDescriptor(uint32_t index) {
    ShieldDescriptor found;
    Reader reader =
        At(descriptors_ + index * kDescriptorBytes, "file descriptor");
    found.file.stored = {reader.Offset(), kDescriptorBytes};
    found.flags = reader.U16("file flags");
    found.file.size = ReadSize64(reader, "expanded size");
    found.file.packed_size = ReadSize64(reader, "compressed size");
    found.file.offset = ReadSize64(reader, "data offset");
    found.file.md5 = reader.Take(16, "MD5");
    reader.Skip(16, "file descriptor");
    found.name = reader.U32("name offset");
    found.directory = reader.U16("directory index");
    reader.Skip(0x15, "file descriptor");
    found.file.volume = reader.U16("volume");
    Keep(reader);
    return found;
  }

  ShieldDescriptor ReadOldDescriptor(uint32_t index) {
    ShieldDescriptor found;
    Reader entry =
        At(table_ + (uint64_t{directories_} + index) * 4, "file descriptor");
    Reader reader =
        At(table_ + entry.U32("file descriptor"), "file descriptor");
    Keep(entry);
    found.file.stored = {reader.Offset(), kOldDescriptorBytes};
    found.name = reader.U32("name offset");
    found.directory = reader.U32("directory index");
    found.flags = reader.U16("file flags");
    found.file.size = reader.U32("expanded size");
    found.file.packed_size = reader.U32("compressed size");
    reader.Skip(0x14, "file descriptor");
    found.file.offset = reader.U32("data offset");
    found.file.md5 = reader.Take(16, "MD5");
    Keep(reader);
    return found;
  }

  std::string DirectoryName(uint32_t index) {
    if (index >= directories_) {
      return {};
    }
    Reader entry = At(table_ + uint64_t{index} * 4, "directory name");
    const uint32_t name = entry.U32("directory name");
    Keep(entry);
    return list_.damage ? std::string() : NameAt(table_ + name);
  }

  std::string NameAt(uint64_t offset) {
    Reader reader = At(offset, "name");
    Keep(reader);
    if (list_.damage) {
      return {};
    }
    const size_t width = list_.version >= kFirstWide ? 2 : 1;
    const Bytes rest = header_.bytes.subspan(
        offset, std::min<uint64_t>(kMaxShieldName * width,
                                   header_.bytes.size() - offset));
    size_t size = 0;
    while (size + width <= rest.size() &&
           (rest[size] != 0 || rest[size + width - 1] != 0)) {
      size += width;
    }
    if (size + width > rest.size()) {
      list_.damage =
          Error{rest.size() < kMaxShieldName * width ? Fault::kTruncated
                                                     : Fault::kMalformed,
                header_.offset + offset, "name"};
      return {};
    }
    return width == 2 ? base::FromUtf16LittleEndian(rest.first(size))
                      : std::string(base::AsText(rest.first(size)));
  }

  void Keep(const Reader& reader) {
    if (const auto read = reader.Finish(true); !read && !list_.damage) {
      list_.damage = read.error();
    }
  }

  Input header_;
  base::Budget& budget_;
  ShieldList list_;
  uint64_t table_ = 0;        // in the header
  uint64_t descriptors_ = 0;  // in the header, since version 6
  uint32_t directories_ = 0;
};

}  // namespace

bool IsShieldCabinet(Bytes file) {
  return base::AsText(file).starts_with("ISc(");
}

bool HasShieldList(Bytes file) {
  Reader reader(Input{file, 0});
  reader.Skip(16, "descriptor size");
  return IsShieldCabinet(file) && reader.U32("descriptor size") != 0;
}

bool IsShieldVolume(Bytes file) {
  Reader reader(Input{file, 0});
  reader.Skip(20, "data offset");
  const uint32_t offset = reader.U32("data offset");
  // Quirk: in a header this is its own size.
  return IsShieldCabinet(file) && offset != 0 && offset < file.size();
}

Result<ShieldList> ReadShieldList(Input header, base::Budget& budget) {
  return ShieldListReader(header, budget).Run();
}

Result<ShieldVolume> ReadShieldVolume(Input volume, int version) {
  ShieldVolume found;
  Reader reader(volume);
  const auto number = [&](const char* field) {
    return version == 5 ? reader.U32(field) : ReadSize64(reader, field);
  };
  reader.Skip(20, "volume header");
  reader.Skip(8, "data offset");
  found.first_file = reader.U32("first file index");
  found.last_file = reader.U32("last file index");
  found.first_offset = number("first file offset");
  found.first_size = number("first file size");
  found.first_packed_size = number("first file size");
  found.last_offset = number("last file offset");
  found.last_size = number("last file size");
  found.last_packed_size = number("last file size");
  return reader.Finish(found);
}

}  // namespace countersign::formats
