// The instructions of NSIS scripts, and which number each has.
//
// A build of NSIS leaves instructions out and moves the rest up: EW_LOG is only
// in builds that log, the wide file instructions only in Unicode builds, and
// the Park fork has three of its own. Nothing says which build it was. The
// numbering is taken that makes the best sense of all instructions: parameters
// that an instruction does not have are zero, strings exist.
//
// Spec: NSIS 2.46 and 3.08, Source/exehead/fileform.h; NSIS 2.46.1 to 2.46.5 of
// the Unicode fork.
#include "formats/nsis/opcodes.h"

#include <algorithm>
#include <array>

namespace countersign::formats {
namespace {

constexpr std::array<NsisOpcodeRow, 75> kNsisOpcodes = {{
    {"Invalid", "------"},
    {"Return", "------"},
    {"Goto", "j-----"},
    {"Abort", "s-----"},
    {"Quit", "------"},
    {"Call", "..----"},
    {"DetailPrint", "s....."},
    {"Sleep", "s-----"},
    {"BringToFront", "------"},
    {"SetDetailsView", "xx----"},
    {"SetFileAttributes", "sx----"},
    {"CreateDirectory", "s..---"},
    {"IfFileExists", "sjj---"},
    {"SetFlag", "isi.--"},
    {"IfFlag", "jjix--"},
    {"GetFlag", "vi----"},
    {"Rename", "ssi.--"},
    {"GetFullPathName", "svi---"},
    {"SearchPath", "vs----"},
    {"GetTempFileName", "vs----"},
    {"File", "xs...."},
    {"Delete", "si----"},
    {"MessageBox", "xsijij"},
    {"RMDir", "si----"},
    {"StrLen", "vs----"},
    {"StrCpy", "vsss--"},
    {"StrCmp", "ssjji-"},
    {"ReadEnvStr", "vsi---"},
    {"IntCmp", "ssjjji"},
    {"IntOp", "vssi--"},
    {"IntFmt", "vss.--"},
    {"Push", "......"},
    {"FindWindow", "ossss-"},
    {"SendMessage", "ossssx"},
    {"IsWindow", "sjj---"},
    {"GetDlgItem", "vss---"},
    {"SetCtlColors", "sx----"},
    {"LoadAndSetImage", "iiii--"},
    {"CreateFont", "vsssx-"},
    {"ShowWindow", "ssii--"},
    {"ExecShell", "sssix."},
    {"Exec", "soi---"},
    {"GetFileTime", "vvs---"},
    {"GetDLLVersion", "vvs.--"},
    {"RegDLL", "ss..i-"},
    {"CreateShortCut", "ssssxs"},
    {"CopyFiles", "ssx.--"},
    {"Reboot", ".-----"},
    {"WriteINIStr", "ssssi-"},
    {"ReadINIStr", "vsss--"},
    {"DeleteRegKey", ".kssi-"},
    {"WriteRegStr", "kss.ii"},
    {"ReadRegStr", "vkssi-"},
    {"EnumRegKey", "vkssi-"},
    {"FileClose", "v-----"},
    {"FileOpen", "vxxs--"},
    {"FileWrite", "vsi.--"},
    {"FileRead", "vvsi--"},
    {"FileSeek", "vosi--"},
    {"FindClose", "v-----"},
    {"FindNext", "vv----"},
    {"FindFirst", "vvs---"},
    {"WriteUninstaller", "s...--"},
    {"SectionSet", "siibs-"},
    {"InstTypeSet", "sibb--"},
    {"GetOSInfo", "iiiii-"},
    {"Reserved", "ii----"},
    {"LockWindow", "b-----"},
    {"FileWriteUTF16LE", "vsi.--"},
    {"FileReadUTF16LE", "vvsi--"},
    {"LogText", "ii----"},
    {"FindProc", "vs----"},
    {"GetFontVersion", "vs----"},
    {"GetFontName", "vs----"},
    {"", "iiiiii"},
}};
static_assert(kNsisOpcodes.size() ==
              static_cast<size_t>(NsisOpcode::kUnknown) + 1);

using OpcodeList = std::vector<NsisOpcode>;

void InsertBefore(OpcodeList& list, NsisOpcode place,
                  std::initializer_list<NsisOpcode> opcodes) {
  list.insert(std::ranges::find(list, place), opcodes);
}

// From kInvalid to `last`.
OpcodeList UpTo(NsisOpcode last) {
  OpcodeList list;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(last); ++i) {
    list.push_back(static_cast<NsisOpcode>(i));
  }
  return list;
}

// Every numbering that this kind of installer may have, the likeliest first.
std::vector<OpcodeList> Numberings(NsisVersion version, bool unicode) {
  std::vector<OpcodeList> lists;
  if (version != NsisVersion::kPark) {
    const OpcodeList usual =
        UpTo(unicode ? NsisOpcode::kFileReadWide : NsisOpcode::kLockWindow);
    lists = {usual, usual};
    InsertBefore(lists[1], NsisOpcode::kSectionSet, {NsisOpcode::kLog});
    return lists;
  }
  OpcodeList park = UpTo(NsisOpcode::kLockWindow);
  if (unicode) {
    InsertBefore(park, NsisOpcode::kFileSeek,
                 {NsisOpcode::kFileWriteWide, NsisOpcode::kFileReadWide});
  }
  park.push_back(NsisOpcode::kFindProc);
  lists = {park, park, park};
  InsertBefore(lists[1], NsisOpcode::kRegisterDll,
               {NsisOpcode::kGetFontVersion});
  InsertBefore(lists[2], NsisOpcode::kRegisterDll,
               {NsisOpcode::kGetFontVersion, NsisOpcode::kGetFontName});
  InsertBefore(lists[2], NsisOpcode::kSectionSet, {NsisOpcode::kLog});
  return lists;
}

NsisOpcode OpcodeOf(const OpcodeList& list, uint32_t which) {
  return which < list.size() ? list[which] : NsisOpcode::kUnknown;
}

// How many parameters of `entry` make no sense for `opcode`.
size_t Misfits(const NsisEntry& entry, NsisOpcode opcode,
               const NsisStrings& strings) {
  if (opcode == NsisOpcode::kUnknown || opcode == NsisOpcode::kInvalid ||
      opcode == NsisOpcode::kReserved) {
    return entry.parameters.size();
  }
  size_t misfits = 0;
  const std::string_view kinds = RowOf(opcode).kinds;
  for (size_t i = 0; i < entry.parameters.size(); ++i) {
    const int32_t value = entry.parameters[i];
    switch (kinds[i]) {
      case '-':
        misfits += value != 0 ? 1 : 0;
        break;
      case 'b':
        misfits += value != 0 && value != 1 ? 1 : 0;
        break;
      case 's':
        misfits += strings.Has(value) ? 0 : 1;
        break;
      case 'v':
        misfits += value < 0 || value > 0x3FFF ? 1 : 0;
        break;
      case 'k':
        // HKEY_* are 0x80000000 to 0x80000006; 0 is SHCTX.
        misfits +=
            value != 0 && (static_cast<uint32_t>(value) & ~7U) != 0x8000'0000
                ? 1
                : 0;
        break;
      default:
        break;
    }
  }
  return misfits;
}

}  // namespace

const NsisOpcodeRow& RowOf(NsisOpcode opcode) {
  return kNsisOpcodes[static_cast<size_t>(opcode)];
}

NsisNumbering FindNumbering(const NsisHeader& header) {
  std::vector<OpcodeList> lists = Numberings(header.version, header.unicode);
  std::vector<size_t> misfits(lists.size(), 0);
  std::array<bool, 128> used{};
  for (const NsisEntry& entry : header.entries) {
    if (entry.which < used.size()) {
      used[entry.which] = true;
    }
    for (size_t i = 0; i < lists.size(); ++i) {
      misfits[i] +=
          Misfits(entry, OpcodeOf(lists[i], entry.which), header.strings);
    }
  }
  const auto best =
      static_cast<size_t>(std::ranges::min_element(misfits) - misfits.begin());
  NsisNumbering chosen{lists[best], true};
  for (size_t i = 0; i < lists.size(); ++i) {
    for (uint32_t which = 0; which < used.size(); ++which) {
      if (misfits[i] == misfits[best] && used[which] &&
          OpcodeOf(lists[i], which) != chosen.Of(which)) {
        chosen.certain = false;
      }
    }
  }
  return chosen;
}

}  // namespace countersign::formats
