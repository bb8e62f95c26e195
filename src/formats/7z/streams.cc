// PackInfo     06 position count [09 sizes] [0A CRCs] 00
// UnpackInfo   07 0B count external folders 0C sizes [0A CRCs] 00
// SubStreams   08 [0D members of each folder] [09 sizes] [0A CRCs] 00
// folder       coders, then input and output of each bond, then which inputs
//              are packed streams if there are several
// coder        flags (low 4 bits: bytes of the method; 10h: several inputs;
// 20h:
//              properties), method, [inputs outputs], [size properties]
//
// Spec: LZMA SDK 23.01, "7zFormat.txt".
#include "formats/7z/streams.h"

#include <algorithm>
#include <limits>

namespace countersign::formats {
namespace {

using base::Fault;
using base::Reader;

// Limit: as in 7-Zip; BCJ2 with three compressors and a cipher has 8.
constexpr uint64_t kMostSevenZipCoders = 32;
constexpr uint64_t kMostSevenZipInputs = 4;

bool CrcsFollow(SevenZipId id) { return id == SevenZipId::kCrc; }

using SevenZipCrcs = std::vector<std::optional<uint32_t>>;

SevenZipCrcs ReadSevenZipCrcs(Reader& reader, uint64_t count) {
  SevenZipCrcs crcs;
  for (const bool defined : SevenZipOptionalBits(reader, count, "CRC")) {
    crcs.push_back(defined ? std::optional(reader.U32("CRC")) : std::nullopt);
  }
  return crcs;
}

void ExpectSevenZipEnd(Reader& reader, SevenZipId id) {
  if (id != SevenZipId::kEnd) {
    reader.Fail(Fault::kMalformed, "property");
  }
}

void ReadPackInfo(Reader& reader, uint64_t archive_size,
                  SevenZipStreams& streams) {
  const uint64_t position = SevenZipNumber(reader, "PackPos");
  const uint64_t count = SevenZipCount(reader, "NumPackStreams");
  SevenZipId id = TakeSevenZipId(reader);
  uint64_t left = archive_size - std::min(archive_size, kSevenZipStart);
  if (position > left) {
    reader.Fail(Fault::kTruncated, "PackPos");
    return;
  }
  left -= position;
  uint64_t at = kSevenZipStart + position;
  if (id == SevenZipId::kSize) {
    for (uint64_t i = 0; i < count && !reader.Failed(); ++i) {
      const uint64_t size = SevenZipNumber(reader, "PackSize");
      if (size > left) {
        reader.Fail(Fault::kTruncated, "PackSize");
        return;
      }
      streams.packed.push_back({at, size});
      at += size;
      left -= size;
    }
    id = TakeSevenZipId(reader);
  }
  if (CrcsFollow(id)) {
    // Of packed streams; nobody writes them, and the content has its own.
    (void)ReadSevenZipCrcs(reader, count);
    id = TakeSevenZipId(reader);
  }
  ExpectSevenZipEnd(reader, id);
}

SevenZipCoder ReadSevenZipCoder(Reader& reader) {
  SevenZipCoder coder;
  const uint8_t flags = reader.U8("coder");
  if ((flags & 0xC0) != 0 || (flags & 0x0F) > 8) {
    reader.Fail(Fault::kUnsupported, "coder");
  }
  for (int i = 0; i < (flags & 0x0F); ++i) {
    coder.method = coder.method << 8 | reader.U8("CodecId");
  }
  if ((flags & 0x10) != 0) {
    const uint64_t inputs = SevenZipNumber(reader, "NumInStreams");
    const uint64_t outputs = SevenZipNumber(reader, "NumOutStreams");
    if (inputs == 0 || inputs > kMostSevenZipInputs || outputs != 1) {
      reader.Fail(Fault::kUnsupported, "NumInStreams");
    }
    coder.inputs = static_cast<uint32_t>(inputs);
  }
  if ((flags & 0x20) != 0) {
    coder.properties =
        reader.Take(SevenZipNumber(reader, "PropertiesSize"), "Properties");
  }
  return coder;
}

// Which inputs are packed streams: those said, or the one that is not bound.
void ReadPackedInputs(Reader& reader, uint64_t inputs, SevenZipFolder& folder) {
  const uint64_t packed = inputs - folder.bound.size();
  if (packed != 1) {
    for (uint64_t i = 0; i < packed; ++i) {
      folder.packed.push_back(SevenZipNumber(reader, "PackedStream"));
    }
    return;
  }
  uint64_t input = 0;
  while (folder.BondOfInput(input) != nullptr) {
    ++input;
  }
  folder.packed.push_back(input);
}

SevenZipFolder ReadSevenZipFolder(Reader& reader) {
  SevenZipFolder folder;
  const uint64_t count = SevenZipNumber(reader, "NumCoders");
  if (count == 0 || count > kMostSevenZipCoders) {
    reader.Fail(Fault::kUnsupported, "NumCoders");
    return folder;
  }
  uint32_t inputs = 0;
  for (uint64_t i = 0; i < count && !reader.Failed(); ++i) {
    folder.coders.push_back(ReadSevenZipCoder(reader));
    folder.coders.back().first_input = inputs;
    inputs += folder.coders.back().inputs;
  }
  if (reader.Failed()) {
    return folder;
  }
  for (uint64_t i = 0; i + 1 < count; ++i) {
    const uint64_t input = SevenZipNumber(reader, "InIndex");
    folder.bound.push_back({input, SevenZipNumber(reader, "OutIndex")});
  }
  if (inputs < count) {
    reader.Fail(Fault::kMalformed, "NumInStreams");
    return folder;
  }
  ReadPackedInputs(reader, inputs, folder);
  return folder;
}

void ReadUnpackInfo(Reader& reader, SevenZipStreams& streams) {
  if (TakeSevenZipId(reader) != SevenZipId::kFolder) {
    reader.Fail(Fault::kMalformed, "Folder");
  }
  const uint64_t count = SevenZipCount(reader, "NumFolders");
  if (reader.U8("External") != 0) {
    reader.Fail(Fault::kUnsupported, "External");
  }
  size_t packed = 0;
  for (uint64_t i = 0; i < count && !reader.Failed(); ++i) {
    streams.folders.push_back(ReadSevenZipFolder(reader));
    streams.folders.back().first_packed = packed;
    packed += streams.folders.back().packed.size();
  }
  if (packed > streams.packed.size()) {
    reader.Fail(Fault::kMalformed, "NumPackStreams");
  }
  if (TakeSevenZipId(reader) != SevenZipId::kUnpackSizes) {
    reader.Fail(Fault::kMalformed, "UnPackSize");
  }
  for (SevenZipFolder& folder : streams.folders) {
    for (size_t i = 0; i < folder.coders.size() && !reader.Failed(); ++i) {
      folder.sizes.push_back(SevenZipNumber(reader, "UnPackSize"));
    }
  }
  SevenZipId id = TakeSevenZipId(reader);
  if (CrcsFollow(id)) {
    const SevenZipCrcs crcs = ReadSevenZipCrcs(reader, count);
    for (size_t i = 0; i < crcs.size() && i < streams.folders.size(); ++i) {
      streams.folders[i].crc = crcs[i];
    }
    id = TakeSevenZipId(reader);
  }
  ExpectSevenZipEnd(reader, id);
}

// The bytes of a folder's result; 0 when nothing is the result.
uint64_t ResultSize(const SevenZipFolder& folder) {
  const auto output = folder.MainOutput();
  return output && *output < folder.sizes.size() ? folder.sizes[*output] : 0;
}

// The sizes of all members but the last; that one has the rest.
void ReadContentSizes(Reader& reader, bool sizes_follow,
                      SevenZipStreams& streams) {
  for (const SevenZipFolder& folder : streams.folders) {
    uint64_t left = ResultSize(folder);
    for (uint64_t i = 0; i < folder.members && !reader.Failed(); ++i) {
      uint64_t size = left;
      if (i + 1 < folder.members) {
        size = sizes_follow ? SevenZipNumber(reader, "UnPackSize") : 0;
        if (!sizes_follow || size > left) {
          reader.Fail(Fault::kMalformed, "UnPackSize");
          return;
        }
      }
      streams.contents.push_back({size, std::nullopt});
      left -= size;
    }
  }
}

// Folders of one member whose CRC is known have none here.
void ReadContentCrcs(Reader& reader, bool crcs_follow,
                     SevenZipStreams& streams) {
  std::vector<SevenZipContent*> unknown;
  size_t at = 0;
  for (const SevenZipFolder& folder : streams.folders) {
    for (uint64_t i = 0; i < folder.members; ++i) {
      if (folder.members == 1 && folder.crc) {
        streams.contents[at].crc = folder.crc;
      } else {
        unknown.push_back(&streams.contents[at]);
      }
      ++at;
    }
  }
  if (crcs_follow) {
    const SevenZipCrcs crcs = ReadSevenZipCrcs(reader, unknown.size());
    for (size_t i = 0; i < crcs.size(); ++i) {
      unknown[i]->crc = crcs[i];
    }
  }
}

// Reads SubStreams, or makes up what holds without: one member a folder.
void ReadSubStreams(Reader& reader, bool given, SevenZipStreams& streams) {
  SevenZipId id = given ? TakeSevenZipId(reader) : SevenZipId::kEnd;
  if (id == SevenZipId::kUnpackStreams) {
    uint64_t total = 0;
    for (SevenZipFolder& folder : streams.folders) {
      folder.members = SevenZipNumber(reader, "NumUnPackStreams");
      // All but one of a folder have a size of a byte at least.
      if (folder.members > reader.Remaining() + 1 ||
          total > reader.Remaining()) {
        reader.Fail(Fault::kMalformed, "NumUnPackStreams");
        return;
      }
      total += folder.members > 0 ? folder.members - 1 : 0;
    }
    id = TakeSevenZipId(reader);
  }
  const bool sizes_follow = id == SevenZipId::kSize;
  ReadContentSizes(reader, sizes_follow, streams);
  if (reader.Failed()) {
    return;
  }
  if (sizes_follow) {
    id = TakeSevenZipId(reader);
  }
  const bool crcs_follow = CrcsFollow(id);
  ReadContentCrcs(reader, crcs_follow, streams);
  if (crcs_follow) {
    id = TakeSevenZipId(reader);
  }
  ExpectSevenZipEnd(reader, id);
}

}  // namespace

std::optional<size_t> SevenZipFolder::MainOutput() const {
  for (size_t i = 0; i < coders.size(); ++i) {
    if (std::ranges::find(bound, i, &SevenZipBond::output) == bound.end()) {
      return i;
    }
  }
  return std::nullopt;
}

const SevenZipBond* SevenZipFolder::BondOfInput(uint64_t input) const {
  const auto found = std::ranges::find(bound, input, &SevenZipBond::input);
  return found == bound.end() ? nullptr : &*found;
}

uint64_t SevenZipNumber(Reader& reader, const char* field) {
  const uint8_t first = reader.U8(field);
  uint64_t value = 0;
  unsigned mask = 0x80;
  for (unsigned i = 0; i < 8; ++i) {
    if ((first & mask) == 0) {
      return value | uint64_t{first & (mask - 1)} << (8 * i);
    }
    value |= uint64_t{reader.U8(field)} << (8 * i);
    mask >>= 1;
  }
  return value;
}

uint64_t SevenZipCount(Reader& reader, const char* field) {
  const uint64_t count = SevenZipNumber(reader, field);
  if (count > reader.Remaining()) {
    reader.Fail(Fault::kMalformed, field);
    return 0;
  }
  return count;
}

SevenZipId TakeSevenZipId(Reader& reader) {
  const uint64_t id = SevenZipNumber(reader, "property");
  if (id > std::numeric_limits<uint8_t>::max()) {
    reader.Fail(Fault::kUnsupported, "property");
    return SevenZipId::kEnd;
  }
  return static_cast<SevenZipId>(id);
}

std::vector<bool> SevenZipBits(Reader& reader, uint64_t count,
                               const char* field) {
  std::vector<bool> bits;
  const base::Bytes bytes = reader.Take(count / 8 + (count % 8 != 0), field);
  for (uint64_t i = 0; i < count && !bytes.empty(); ++i) {
    bits.push_back((bytes[i / 8] >> (7 - i % 8) & 1) != 0);
  }
  return bits;
}

std::vector<bool> SevenZipOptionalBits(Reader& reader, uint64_t count,
                                       const char* field) {
  if (reader.U8(field) == 0) {
    return SevenZipBits(reader, count, field);
  }
  return reader.Failed() ? std::vector<bool>() : std::vector<bool>(count, true);
}

void ReadSevenZipStreams(Reader& reader, uint64_t archive_size,
                         SevenZipStreams& streams) {
  SevenZipId id = TakeSevenZipId(reader);
  if (id == SevenZipId::kPackInfo) {
    ReadPackInfo(reader, archive_size, streams);
    id = TakeSevenZipId(reader);
  }
  if (id == SevenZipId::kUnpackInfo) {
    ReadUnpackInfo(reader, streams);
    id = TakeSevenZipId(reader);
  }
  if (reader.Failed()) {
    return;
  }
  const bool given = id == SevenZipId::kSubStreams;
  ReadSubStreams(reader, given, streams);
  if (given) {
    id = TakeSevenZipId(reader);
  }
  ExpectSevenZipEnd(reader, id);
}

}  // namespace countersign::formats
