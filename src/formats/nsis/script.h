// From instructions to readable operations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/result.h"
#include "formats/nsis.h"
#include "formats/nsis/header.h"

namespace countersign::formats {

// What an instruction takes from the data of the installer.
struct NsisDataUse {
  enum class Kind : uint8_t {
    kFile,
    kRegistry,  // a value of the registry
    kProgram,   // a whole uninstaller
    kPatch,     // what is changed of the program for the uninstaller; the next
                // data are what is put behind it
  };
  uint32_t offset = 0;  // from the start of the data
  Kind kind = Kind::kFile;
  std::string name;  // readable path
};

struct NsisScriptReading {
  std::vector<NsisCode> functions;
  std::vector<NsisOperation> operations;
  std::vector<NsisDataUse> uses;
  bool opcodes_certain = true;
};

// Reads all instructions. `offset` is that of the header in the container, for
// failures. Charges a step for each, and for every 16 bytes of text.
[[nodiscard]] base::Result<NsisScriptReading> ReadNsisScript(
    const NsisHeader& header, uint64_t offset, base::Budget& budget);

}  // namespace countersign::formats
