// For tests: makes cabinets, right ones and wrong ones.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats::sample {

inline void PutCab(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(i < 8 ? static_cast<uint8_t>(value >> (8 * i)) : uint8_t{0});
  }
}

// Overwrites the number at `offset`.
inline void SetCab(std::vector<uint8_t>& out, size_t offset, uint64_t value,
                   int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.at(offset + static_cast<size_t>(i)) =
        static_cast<uint8_t>(value >> (8 * i));
  }
}

struct CabBuilder {
  struct File {
    std::string name;
    std::string content;
    uint16_t attributes = 0x20;
    // In place of what is right.
    std::optional<uint32_t> size = {};
    std::optional<uint32_t> start = {};
    std::optional<uint16_t> folder = {};
  };
  struct Folder {
    uint16_t type = 0;
    std::vector<File> files;
    std::string slack = {};  // behind the content of each block
    bool goes_on = false;    // the last block is continued
  };

  std::vector<Folder> folders;
  uint16_t flags = 0;
  std::string header_reserve;
  uint8_t folder_reserve = 0;
  uint8_t data_reserve = 0;
  bool sums_reserve = true;  // as specified, or as others do it
  std::string gap;           // between CFFILE and CFDATA
  std::string inner_tail;    // behind the last CFDATA, inside cbCabinet
  std::string signature;     // behind cbCabinet, and noted in the reserve
  std::string tail;          // at the end of the file
  size_t block_bytes = 32768;

  // Where things came to lie, set by Build.
  std::vector<size_t> folder_at;
  std::vector<size_t> file_at;
  std::vector<size_t> data_at;  // each CFDATA

  std::vector<uint8_t> Build() {
    std::vector<uint8_t> out = Header();
    for (const Folder& folder : folders) {
      folder_at.push_back(out.size());
      PutCab(out, 0, 6);
      PutCab(out, folder.type, 2);
      out.insert(out.end(), folder_reserve, 0xFE);
    }
    SetCab(out, 16, out.size(), 4);
    PutFiles(out);
    Append(out, gap);
    for (size_t i = 0; i < folders.size(); ++i) {
      PutFolder(out, folders[i], folder_at[i]);
    }
    Append(out, inner_tail);
    SetCab(out, 8, out.size(), 4);
    if (!signature.empty()) {
      SetCab(out, 40, 0x00100000, 4);
      SetCab(out, 44, out.size(), 4);
      SetCab(out, 48, signature.size(), 4);
      Append(out, signature);
    }
    Append(out, tail);
    return out;
  }

  // The checksum of [MS-CAB] 3.1, word by word.
  static uint32_t Checksum(base::Bytes bytes) {
    uint32_t sum = 0;
    size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
      sum ^= uint32_t{bytes[at]} | uint32_t{bytes[at + 1]} << 8 |
             uint32_t{bytes[at + 2]} << 16 | uint32_t{bytes[at + 3]} << 24;
    }
    uint32_t last = 0;
    for (; at < bytes.size(); ++at) {
      last = last << 8 | bytes[at];
    }
    return sum ^ last;
  }

  // Computes the checksum of the CFDATA at `at` again.
  void Seal(std::vector<uint8_t>& out, size_t at) const {
    const size_t size = out[at + 4] | size_t{out[at + 5]} << 8;
    const base::Bytes all(out);
    const base::Bytes head =
        all.subspan(at + 4, 4 + (sums_reserve ? data_reserve : 0U));
    const base::Bytes body = all.subspan(at + 8 + data_reserve, size);
    SetCab(out, at, Checksum(head) ^ Checksum(body), 4);
  }

 private:
  static void Append(std::vector<uint8_t>& out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
  }

  std::vector<uint8_t> Header() {
    folder_at.clear();
    file_at.clear();
    data_at.clear();
    size_t files = 0;
    for (const Folder& folder : folders) {
      files += folder.files.size();
    }
    if (!signature.empty()) {
      header_reserve.resize(20);
    }
    const bool reserves =
        !header_reserve.empty() || folder_reserve > 0 || data_reserve > 0;
    const unsigned all_flags = flags | (reserves ? 4U : 0U);
    std::vector<uint8_t> out = {'M', 'S', 'C', 'F'};
    PutCab(out, 0, 20);
    PutCab(out, 0x0103, 2);
    PutCab(out, folders.size(), 2);
    PutCab(out, files, 2);
    PutCab(out, all_flags, 2);
    PutCab(out, 0, 4);
    if (reserves) {
      PutCab(out, header_reserve.size(), 2);
      PutCab(out, folder_reserve, 1);
      PutCab(out, data_reserve, 1);
      Append(out, header_reserve);
    }
    for (const unsigned flag : {1U, 2U}) {
      if ((all_flags & flag) != 0) {
        Append(out, std::string_view("other.cab\0disk\0", 15));
      }
    }
    return out;
  }

  void PutFiles(std::vector<uint8_t>& out) {
    for (size_t i = 0; i < folders.size(); ++i) {
      size_t start = 0;
      for (const File& file : folders[i].files) {
        file_at.push_back(out.size());
        PutCab(out, file.size.value_or(file.content.size()), 4);
        PutCab(out, file.start.value_or(start), 4);
        PutCab(out, file.folder.value_or(i), 2);
        PutCab(out, 0, 4);
        PutCab(out, file.attributes, 2);
        Append(out, file.name);
        PutCab(out, 0, 1);
        start += file.content.size();
      }
    }
  }

  void PutFolder(std::vector<uint8_t>& out, const Folder& folder, size_t at) {
    std::string stream;
    for (const File& file : folder.files) {
      stream += file.content;
    }
    SetCab(out, at, out.size(), 4);
    size_t count = 0;
    for (size_t from = 0; from < stream.size(); from += block_bytes, ++count) {
      const size_t size = std::min(block_bytes, stream.size() - from);
      std::vector<uint8_t> packed = Pack(folder.type, stream, from, size);
      Append(packed, folder.slack);
      const bool is_split = folder.goes_on && from + size == stream.size();
      data_at.push_back(out.size());
      PutCab(out, 0, 4);
      PutCab(out, packed.size(), 2);
      PutCab(out, is_split ? 0 : size, 2);
      out.insert(out.end(), data_reserve, 0xFD);
      out.insert(out.end(), packed.begin(), packed.end());
      Seal(out, data_at.back());
    }
    SetCab(out, at + 4, count, 2);
  }

  static std::vector<uint8_t> Pack(uint16_t type, const std::string& stream,
                                   size_t from, size_t size) {
    switch (type & 0x0F) {
      case 1:
        return PackMszip(stream, from, size);
      case 3:
        return PackLzx(stream, from, size);
      default: {
        std::vector<uint8_t> bytes;
        Append(bytes, std::string_view(stream).substr(from, size));
        return bytes;
      }
    }
  }

  static std::vector<uint8_t> PackMszip(const std::string& stream, size_t from,
                                        size_t size) {
    std::vector<uint8_t> out = {'C', 'K'};
    out.resize(2 + size + 1000);
    const size_t history = std::min<size_t>(from, 32768);
    const base::Bytes all = base::AsBytes(stream);
    z_stream state{};
    CS_CHECK(deflateInit2(&state, 9, Z_DEFLATED, -15, 8, 0) == Z_OK);
    if (history > 0) {
      CS_CHECK(deflateSetDictionary(&state, all.data() + from - history,
                                    static_cast<uInt>(history)) == Z_OK);
    }
    state.next_in = const_cast<Bytef*>(all.data() + from);
    state.avail_in = static_cast<uInt>(size);
    state.next_out = out.data() + 2;
    state.avail_out = static_cast<uInt>(out.size() - 2);
    CS_CHECK(deflate(&state, Z_FINISH) == Z_STREAM_END);
    out.resize(2 + state.total_out);
    deflateEnd(&state);
    return out;
  }

  // One block of type 3, "uncompressed", for the whole stream.
  // Spec: [MS-PATCH] LZX DELTA 2.2 to 2.5; bits from the top of 16-bit words.
  static std::vector<uint8_t> PackLzx(const std::string& stream, size_t from,
                                      size_t size) {
    std::vector<uint8_t> out;
    if (from == 0) {
      // 0: no translation of E8; 011: the type; 24 bits of length; 0000.
      const uint64_t bits = uint64_t{3} << 28 | uint64_t{stream.size()} << 4;
      PutCab(out, bits >> 16, 2);
      PutCab(out, bits & 0xFFFF, 2);
      for (int i = 0; i < 3; ++i) {
        PutCab(out, 1, 4);  // R0, R1, R2
      }
    }
    Append(out, std::string_view(stream).substr(from, size));
    if (from + size == stream.size() && stream.size() % 2 != 0) {
      PutCab(out, 0, 1);
    }
    return out;
  }
};

}  // namespace countersign::formats::sample
