// The instructions of NSIS scripts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/nsis/header.h"

namespace countersign::formats {

// EW_*, numbered as in a usual build of NSIS 3; the rest follows.
enum class NsisOpcode : uint8_t {
  kInvalid,
  kReturn,
  kGoto,
  kAbort,
  kQuit,
  kCall,
  kDetailPrint,
  kSleep,
  kBringToFront,
  kSetDetailsView,
  kSetFileAttributes,
  kCreateDirectory,
  kIfFileExists,
  kSetFlag,
  kIfFlag,
  kGetFlag,
  kRename,
  kGetFullPathName,
  kSearchPath,
  kGetTempFileName,
  kFile,
  kDelete,
  kMessageBox,
  kRmDir,
  kStrLen,
  kStrCpy,
  kStrCmp,
  kReadEnvStr,
  kIntCmp,
  kIntOp,
  kIntFmt,
  kPushPop,
  kFindWindow,
  kSendMessage,
  kIsWindow,
  kGetDlgItem,
  kSetCtlColors,
  kLoadImage,
  kCreateFont,
  kShowWindow,
  kExecShell,
  kExec,
  kGetFileTime,
  kGetDllVersion,
  kRegisterDll,
  kCreateShortcut,
  kCopyFiles,
  kReboot,
  kWriteIni,
  kReadIni,
  kDeleteReg,
  kWriteReg,
  kReadReg,
  kEnumReg,
  kFileClose,
  kFileOpen,
  kFileWrite,
  kFileRead,
  kFileSeek,
  kFindClose,
  kFindNext,
  kFindFirst,
  kWriteUninstaller,
  kSectionSet,
  kInstTypeSet,
  kOsInfo,
  kReserved,
  kLockWindow,
  kFileWriteWide,
  kFileReadWide,
  kLog,
  kFindProc,
  kGetFontVersion,
  kGetFontName,
  kUnknown
};

struct NsisOpcodeRow {
  std::string_view name;  // of the command in a script
  // What each parameter is:
  //   s string   v variable written   o the same, or below zero none
  //   i number   b 0 or 1   x number, as flags   j jump   k root of the
  //   registry . anything, not shown           - always zero
  std::string_view kinds;
};

[[nodiscard]] const NsisOpcodeRow& RowOf(NsisOpcode opcode);

// What the stored numbers mean in this installer.
struct NsisNumbering {
  std::vector<NsisOpcode> opcodes;  // by stored number
  // False when another numbering fits as well and says something else.
  bool certain = true;

  [[nodiscard]] NsisOpcode Of(uint32_t which) const {
    return which < opcodes.size() ? opcodes[which] : NsisOpcode::kUnknown;
  }
};

[[nodiscard]] NsisNumbering FindNumbering(const NsisHeader& header);

}  // namespace countersign::formats
