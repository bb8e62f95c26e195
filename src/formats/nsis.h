// Installers of NSIS, the Nullsoft Scriptable Install System, versions 2 and 3:
// what they carry, and what their script does.
//
// Spec: NSIS 3.08, Source/exehead/fileform.h and exec.c; docs/formats/nsis.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class NsisCompressor : uint8_t {
  kNone,
  kDeflate,
  kBzip2,
  kLzma,
  kLzmaFiltered,  // a byte tells for each stream whether x86 is filtered
};

// Strings and opcodes differ.
enum class NsisVersion : uint8_t {
  k2,
  k3,
  kPark,  // the Unicode fork of NSIS 2.46 by Jim Park
};

// A run of operations, by index.
struct NsisCode {
  std::string name;  // of a section: as users see it, may be empty
  uint32_t first = 0;
  uint32_t count = 0;
};

struct NsisSection {
  NsisCode code;
  uint32_t flags = 0;  // SF_*: 1 selected, 2 group, 4 end of group, ...
};

// One instruction of the script.
struct NsisOperation {
  uint32_t index = 0;
  uint32_t opcode = 0;  // as stored
  // As in a script ("ExecWait"); "opcode 71" where the number has no meaning.
  std::string name;
  // Strings with variables in readable form ("$INSTDIR\\a.exe"; a "$" of the
  // text itself is "$$"); numbers; "@12" for a jump to operation 12, "@next"
  // for none. UTF-8 in Unicode installers, else bytes of an unknown code page.
  // Not safe to display. The lists are in docs/formats/nsis.md.
  std::vector<std::string> arguments;
  // Index into `sections` or `functions` of what holds it, if one is known to.
  std::optional<uint32_t> section;
  std::optional<uint32_t> function;
  // Where the instruction is in the unpacked header, 28 bytes.
  uint32_t header_offset = 0;
};

struct NsisInstaller {
  NsisVersion version = NsisVersion::k3;
  bool unicode = false;
  bool is_64 = false;  // for x86-64
  bool uninstaller = false;
  NsisCompressor compressor = NsisCompressor::kNone;
  bool solid = false;
  std::string name;               // of the product, expanded
  std::string install_directory;  // default, expanded

  std::vector<NsisSection> sections;
  // Callbacks (".onInit"), of pages ("page 2 leave"), and what is called
  // ("function 17", by its first operation).
  std::vector<NsisCode> functions;
  std::vector<NsisOperation> operations;
  // False when several numberings of opcodes fit and say different things.
  bool opcodes_certain = true;

  // Where the header lies in the container; evidence for all operations. As it
  // is when `compressor` is kNone, else packed; all data when `solid`.
  base::ByteRange header;
  // CRC-32 over the program from its byte 512 to this number, where there is
  // one. It can be checked only with the whole program.
  std::optional<uint32_t> crc;
};

// The installer in `container`: what lies behind the program of a set-up file,
// from the first header on or up to 64 KiB before it. Charges a step for an
// operation and for every 16 bytes of its text. Fails with offset in the
// container and name of the damaged field. Limit: 16 MiB of unpacked header;
// large installers have 2.
[[nodiscard]] base::Result<NsisInstaller> ParseNsis(base::Bytes container,
                                                    base::Budget& budget);

// The script for people: a line for each operation, safe to display.
// Limit: 4 MiB, then a line says so.
[[nodiscard]] std::string NsisScript(const NsisInstaller& installer);

// "NSIS 3 installer, Unicode, LZMA, solid".
[[nodiscard]] std::string DescribeNsis(const NsisInstaller& installer);

// Every file, in order of its data. See formats::Unpack.
[[nodiscard]] base::Result<void> UnpackNsis(const base::Blob& container,
                                            base::Budget& budget,
                                            MemberSink& sink);

}  // namespace countersign::formats
