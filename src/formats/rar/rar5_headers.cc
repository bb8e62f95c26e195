// A block of RAR 5:
//   CRC-32 u32, of what follows up to the data
//   size of the header, type, flags
//     flags  1 extra area, 2 data, 8 continued, 10 goes on
//   size of the extra area, size of the data, as flags say
//   fields of the type, extra area of records (size, type, fields)
//   data
// Numbers have 7 bits a byte, the lowest first; the top bit says that another
// byte follows.
//
// Spec: "RAR 5.0 archive format", RARLAB (2015).
#include <algorithm>

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/rar/headers.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

// Limit: bytes of a header, as in the specification.
constexpr uint64_t kMostRar5Header = uint64_t{2} << 20;

uint64_t ReadRar5Number(Reader& reader, const char* field) {
  uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = reader.U8(field);
    if (shift >= 63 && byte > 1) {
      reader.Fail(Fault::kMalformed, field);
    }
    if (reader.Failed()) {
      return 0;
    }
    number |= uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80) == 0) {
      return number;
    }
  }
}

RarBlockKind Rar5Kind(uint64_t type) {
  switch (type) {
    case 1:
      return RarBlockKind::kMain;
    case 2:
      return RarBlockKind::kFile;
    case 3:
      return RarBlockKind::kService;
    case 4:
      return RarBlockKind::kEncrypted;
    case 5:
      return RarBlockKind::kEnd;
    default:
      return RarBlockKind::kOther;
  }
}

void ReadRar5Method(uint64_t information, RarFile& file) {
  file.version = static_cast<unsigned>(information & 0x3F);
  file.is_solid = (information & 0x40) != 0;
  const uint64_t method = information >> 7 & 7;
  file.method = method == 0         ? RarMethod::kStored
                : file.version == 0 ? RarMethod::kLz5
                                    : RarMethod::kOther;
  file.dictionary = (uint64_t{128} << 10) << (information >> 10 & 0xF);
}

// Spec: type 1 to 3 are links of several systems, 4 a hard link, 5 a copy of a
// file that is in the archive.
void ReadRar5Redirection(Reader& reader, RarFile& file) {
  (void)ReadRar5Number(reader, "redirection type");
  (void)ReadRar5Number(reader, "redirection flags");
  const uint64_t length = ReadRar5Number(reader, "length of a name");
  file.link_target = base::AsText(reader.Take(length, "target name"));
  file.kind = MemberKind::kLink;
  file.is_redirected = true;
}

// Spec: type 0 is BLAKE2sp; there is no other yet.
void ReadRar5Hash(Reader& reader, RarFile& file) {
  if (ReadRar5Number(reader, "hash type") != 0) {
    return;
  }
  const base::Bytes bytes = reader.Take(base::kBlake2spBytes, "hash data");
  if (!reader.Failed()) {
    file.blake2sp.emplace();
    std::ranges::copy(bytes, file.blake2sp->begin());
  }
}

Result<void> ReadRar5Extra(Input area, RarFile& file) {
  Reader reader(area);
  while (reader.Remaining() > 0) {
    const uint64_t size = ReadRar5Number(reader, "size of an extra record");
    const uint64_t at = reader.Offset();
    const base::Bytes bytes = reader.Take(size, "extra record");
    CS_TRY(reader.Finish(true));
    Reader record({bytes, at});
    const uint64_t type = ReadRar5Number(record, "type of an extra record");
    if (type == 1) {
      file.is_encrypted = true;
    } else if (type == 2) {
      ReadRar5Hash(record, file);
    } else if (type == 5) {
      ReadRar5Redirection(record, file);
    } else if (type == 4) {
      (void)ReadRar5Number(record, "version flags");
      // Quirk: how RAR itself calls older versions of a file.
      file.name +=
          ";" + std::to_string(ReadRar5Number(record, "version number"));
    }
    CS_TRY(record.Finish(true));
  }
  return {};
}

void ReadRar5File(Reader& reader, RarFile& file) {
  const uint64_t flags = ReadRar5Number(reader, "file flags");
  const uint64_t size = ReadRar5Number(reader, "unpacked size");
  if ((flags & 8) == 0) {
    file.size = size;
  }
  (void)ReadRar5Number(reader, "attributes");
  if ((flags & 2) != 0) {
    reader.Skip(4, "mtime");
  }
  if ((flags & 4) != 0) {
    file.crc = reader.U32("data CRC32");
  }
  ReadRar5Method(ReadRar5Number(reader, "compression information"), file);
  (void)ReadRar5Number(reader, "host OS");
  const uint64_t length = ReadRar5Number(reader, "name length");
  file.name = base::AsText(reader.Take(length, "name"));
  if ((flags & 1) != 0) {
    file.kind = MemberKind::kDirectory;
  }
}

}  // namespace

Result<RarBlock> ReadRar5Block(Input input) {
  Reader outer(input);
  const uint32_t crc = outer.U32("header CRC32");
  const uint64_t counted = outer.Offset();
  const uint64_t size = ReadRar5Number(outer, "header size");
  const uint64_t at = outer.Offset();
  if (size > kMostRar5Header) {
    outer.Fail(Fault::kMalformed, "header size");
  }
  const base::Bytes fields = outer.Take(size, "header");
  CS_TRY(outer.Finish(true));
  RarBlock block;
  block.header = {input.offset, outer.Offset() - input.offset};
  if (Crc32(0, input.bytes.subspan(counted - input.offset,
                                   outer.Offset() - counted)) != crc) {
    return Fail(Fault::kMalformed, input.offset, "header CRC32");
  }
  Reader reader({fields, at});
  block.kind = Rar5Kind(ReadRar5Number(reader, "header type"));
  const uint64_t flags = ReadRar5Number(reader, "header flags");
  const uint64_t extra =
      (flags & 1) != 0 ? ReadRar5Number(reader, "extra area size") : 0;
  block.data_size = (flags & 2) != 0 ? ReadRar5Number(reader, "data size") : 0;
  const bool is_file =
      block.kind == RarBlockKind::kFile || block.kind == RarBlockKind::kService;
  if (is_file) {
    ReadRar5File(reader, block.file);
    block.file.is_continued = (flags & 8) != 0;
    block.file.goes_on = (flags & 0x10) != 0;
  } else if (block.kind == RarBlockKind::kMain) {
    block.is_volume = (ReadRar5Number(reader, "archive flags") & 1) != 0;
  } else if (block.kind == RarBlockKind::kEnd) {
    block.has_next_volume =
        (ReadRar5Number(reader, "end of archive flags") & 1) != 0;
  }
  if (extra > reader.Remaining()) {
    reader.Fail(Fault::kMalformed, "extra area size");
  }
  CS_TRY(reader.Finish(true));
  if (is_file && extra > 0) {
    const uint64_t start = size - extra;
    CS_TRY_VOID(ReadRar5Extra({fields.subspan(start), at + start}, block.file));
  }
  return block;
}

}  // namespace countersign::formats
