// For tests: ZIP archives from data, right in every field unless told
// otherwise.
#pragma once

#include <libdeflate.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace countersign::formats {

inline std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(value >> (8 * i));
  }
  return text;
}

inline uint32_t SampleCrc(std::string_view text) {
  return libdeflate_crc32(0, text.data(), text.size());
}

// What a header says of an entry.
struct SampleHeader {
  std::string name;
  uint16_t version = 20;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;
  std::string extra;

  // All but the signature and the tail; sizes in 32 bits.
  [[nodiscard]] std::string Middle() const {
    return LittleEndian(version, 2) + LittleEndian(flags, 2) +
           LittleEndian(method, 2) + LittleEndian(0x5A215800, 4) +
           LittleEndian(crc32, 4) + LittleEndian(compressed_size, 4) +
           LittleEndian(size, 4) + LittleEndian(name.size(), 2) +
           LittleEndian(extra.size(), 2);
  }
};

struct SampleZipEntry {
  SampleHeader local;
  SampleHeader central;
  std::string data;
  std::string descriptor;
  std::string before;  // bytes in front of the local header
  uint16_t made_by = 20;
  uint16_t disk = 0;
  uint32_t attributes = 0;
  std::string comment;
  bool is_unlisted = false;  // not in the central directory
  // Instead of where the local header is.
  std::optional<uint64_t> offset;

  // Changes both headers.
  SampleZipEntry& Set(const std::function<void(SampleHeader&)>& change) {
    change(local);
    change(central);
    return *this;
  }
};

// A stored entry.
inline SampleZipEntry StoredEntry(std::string name, std::string content) {
  SampleZipEntry entry;
  entry.Set([&](SampleHeader& header) {
    header.name = name;
    header.crc32 = SampleCrc(content);
    header.compressed_size = content.size();
    header.size = content.size();
  });
  entry.data = std::move(content);
  return entry;
}

// An entry of `content` that `data` becomes with `method`.
inline SampleZipEntry PackedEntry(std::string name, const std::string& content,
                                  uint16_t method, std::string data,
                                  uint16_t flags = 0) {
  SampleZipEntry entry = StoredEntry(std::move(name), content);
  entry.Set([&](SampleHeader& header) {
    header.method = method;
    header.flags = flags;
    header.compressed_size = data.size();
  });
  entry.data = std::move(data);
  return entry;
}

inline std::string Deflated(const std::string& content) {
  libdeflate_compressor* state = libdeflate_alloc_compressor(6);
  std::string packed(libdeflate_deflate_compress_bound(state, content.size()),
                     '\0');
  packed.resize(libdeflate_deflate_compress(
      state, content.data(), content.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(state);
  return packed;
}

inline SampleZipEntry DeflatedEntry(std::string name,
                                    const std::string& content) {
  return PackedEntry(std::move(name), content, 8, Deflated(content));
}

// As a writer that cannot seek leaves it: sizes and checksum behind the data.
inline SampleZipEntry Streamed(SampleZipEntry entry, bool has_signature = true,
                               bool is_wide = false) {
  const int width = is_wide ? 8 : 4;
  entry.Set([](SampleHeader& header) { header.flags |= 8; });
  entry.descriptor = (has_signature ? "PK\x07\x08" : "") +
                     LittleEndian(entry.central.crc32, 4) +
                     LittleEndian(entry.central.compressed_size, width) +
                     LittleEndian(entry.central.size, width);
  entry.local.crc32 = 0;
  entry.local.compressed_size = 0;
  entry.local.size = 0;
  return entry;
}

struct SampleZip {
  std::vector<SampleZipEntry> entries;
  std::string prefix;            // not counted in offsets
  std::string before_directory;  // behind the entries
  std::string behind_directory;  // before the end records
  std::string comment;
  std::string trailing;
  bool is_zip64 = false;
  // Added to what the end of central directory record says.
  int64_t count_error = 0;
  int64_t size_error = 0;
  int64_t offset_error = 0;
  uint16_t disk = 0;

  [[nodiscard]] std::string Write() const {
    std::string body;
    std::string directory;
    uint64_t count = 0;
    for (const SampleZipEntry& entry : entries) {
      body += entry.before;
      const uint64_t offset = entry.offset.value_or(body.size());
      body += "PK\x03\x04" + entry.local.Middle() + entry.local.name +
              entry.local.extra + entry.data + entry.descriptor;
      if (entry.is_unlisted) {
        continue;
      }
      ++count;
      SampleHeader header = entry.central;
      uint64_t written = offset;
      if (is_zip64) {
        header.extra += LittleEndian(1, 2) + LittleEndian(24, 2) +
                        LittleEndian(header.size, 8) +
                        LittleEndian(header.compressed_size, 8) +
                        LittleEndian(offset, 8);
        header.size = header.compressed_size = written = 0xFFFFFFFF;
      }
      directory +=
          "PK\x01\x02" + LittleEndian(entry.made_by, 2) + header.Middle() +
          LittleEndian(entry.comment.size(), 2) + LittleEndian(entry.disk, 2) +
          LittleEndian(0, 2) + LittleEndian(entry.attributes, 4) +
          LittleEndian(written, 4) + header.name + header.extra + entry.comment;
    }
    body += before_directory;
    const uint64_t said_count = count + static_cast<uint64_t>(count_error);
    const uint64_t said_size =
        directory.size() + static_cast<uint64_t>(size_error);
    const uint64_t said_offset =
        body.size() + static_cast<uint64_t>(offset_error);
    body += directory + behind_directory;
    if (is_zip64) {
      const uint64_t record = body.size();
      body += "PK\x06\x06" + LittleEndian(44, 8) + LittleEndian(45, 2) +
              LittleEndian(45, 2) + LittleEndian(disk, 4) +
              LittleEndian(disk, 4) + LittleEndian(said_count, 8) +
              LittleEndian(said_count, 8) + LittleEndian(said_size, 8) +
              LittleEndian(said_offset, 8);
      body += "PK\x06\x07" + LittleEndian(0, 4) + LittleEndian(record, 8) +
              LittleEndian(1, 4);
    }
    const uint64_t all = is_zip64 ? ~uint64_t{0} : 0;
    body += "PK\x05\x06" + LittleEndian(disk | all, 2) +
            LittleEndian(disk | all, 2) + LittleEndian(said_count | all, 2) +
            LittleEndian(said_count | all, 2) +
            LittleEndian(said_size | all, 4) +
            LittleEndian(said_offset | all, 4) +
            LittleEndian(comment.size(), 2) + comment;
    return prefix + body + trailing;
  }
};

inline SampleZip ZipOf(std::vector<SampleZipEntry> entries) {
  SampleZip zip;
  zip.entries = std::move(entries);
  return zip;
}

}  // namespace countersign::formats
