// Headers of RAR archives, of both forms. Private to rar/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/blake2sp.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class RarBlockKind : uint8_t {
  kMain,
  kFile,
  kService,    // a file that belongs to the archive or to the file before it
  kEncrypted,  // all that follows is encrypted
  kEnd,
  kOther,
};

enum class RarMethod : uint8_t { kStored, kLz3, kLz5, kOther };

struct RarFile {
  std::string name;
  MemberKind kind = MemberKind::kFile;
  std::string link_target;
  std::optional<uint64_t> size;  // of the content
  RarMethod method = RarMethod::kOther;
  unsigned version = 0;  // of the decoder that is needed, as stored
  uint64_t dictionary = 0;
  bool is_solid = false;
  bool is_encrypted = false;
  bool is_continued = false;   // from the volume before
  bool goes_on = false;        // in the next volume
  bool is_redirected = false;  // has no content: `link_target` has it
  std::optional<uint32_t> crc;
  std::optional<base::Blake2spDigest> blake2sp;
};

struct RarBlock {
  RarBlockKind kind = RarBlockKind::kOther;
  base::ByteRange header;
  uint64_t data_size = 0;        // declared, behind the header
  bool is_volume = false;        // of kMain
  bool has_next_volume = false;  // of kEnd
  RarFile file;
};

// The block at the start of `input`. Fails where its header is damaged or cut
// off.
[[nodiscard]] base::Result<RarBlock> ReadRar5Block(base::Input input);
[[nodiscard]] base::Result<RarBlock> ReadRar4Block(base::Input input);

// The name that stands encoded behind `plain` and a zero, in UTF-8.
[[nodiscard]] std::string DecodeRar4Name(base::Bytes stored);

}  // namespace countersign::formats
