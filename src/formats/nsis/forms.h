// Commands that share an instruction.
#pragma once

#include "formats/nsis/header.h"
#include "formats/nsis/opcodes.h"

namespace countersign::formats {

// Gives `operation`, which has the name and all parameters of the instruction
// `opcode`, the name of the command that `entry` was made from and the
// parameters of that command. Others than those listed in forms.cc stay as they
// are.
void FormCommand(NsisOpcode opcode, const NsisEntry& entry,
                 const NsisHeader& header, NsisOperation& operation);

}  // namespace countersign::formats
