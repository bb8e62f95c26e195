// The streams of a compound file as members, and what kind of file it is.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/cfb.h"
#include "formats/cfb/ole_package.h"
#include "formats/msi.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using model::Format;

// The class ids of Windows Installer differ in their first number.
struct InstallerClass {
  uint8_t number;
  Format format;
  const char* text;
};
constexpr InstallerClass kInstallerClasses[] = {
    {0x84, Format::kMsi, "Windows Installer database"},
    {0x86, Format::kMsp, "Windows Installer patch"},
    {0x82, Format::kMst, "Windows Installer transform"}};

// 000C10xx-0000-0000-C000-000000000046, or null.
const InstallerClass* FindInstallerClass(
    const std::array<uint8_t, 16>& class_id) {
  std::array<uint8_t, 16> wanted{0,    0x10, 0x0C, 0, 0, 0, 0, 0,
                                 0xC0, 0,    0,    0, 0, 0, 0, 0x46};
  for (const InstallerClass& known : kInstallerClasses) {
    wanted[0] = known.number;
    if (class_id == wanted) {
      return &known;
    }
  }
  return nullptr;
}

// The path of an entry through the storages it is in. Nothing loops: each entry
// got its parent once, from above.
std::string CfbPath(const CompoundFile& compound, uint32_t id, bool decode) {
  std::vector<std::string> names;
  while (id != kNoCompoundEntry && id != 0) {
    const CompoundEntry& entry = compound.entries[id];
    names.push_back(decode ? DecodeMsiName(entry.raw_name) : entry.name);
    id = entry.parent;
  }
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    path += path.empty() && name == names.rbegin() ? *name : "/" + *name;
  }
  return path;
}

// How many storages `id` is in.
uint64_t CfbDepth(const CompoundFile& compound, uint32_t id) {
  uint64_t depth = 0;
  while (id != kNoCompoundEntry) {
    id = compound.entries[id].parent;
    ++depth;
  }
  return depth;
}

// The streams by which installer databases are signed.
bool IsCfbSignature(const CompoundEntry& entry) {
  return entry.parent == 0 && (entry.name == "\5DigitalSignature" ||
                               entry.name == "\5MsiDigitalSignatureEx");
}

base::Result<void> HandOverCfbEntries(const CompoundFile& compound, Bytes file,
                                      bool decode, base::Budget& budget,
                                      MemberSink& sink) {
  for (const CompoundEntry& entry : compound.entries) {
    if (entry.type == CompoundType::kUnused ||
        entry.type == CompoundType::kRoot) {
      continue;
    }
    // Why: storages in storages make paths, and thereby the sum of all paths,
    // long.
    CS_TRY_VOID(
        budget.ChargeSteps(CfbDepth(compound, entry.id), entry.stored.offset));
    Member member;
    member.name = CfbPath(compound, entry.id, decode);
    member.stored = entry.stored;
    const bool is_storage = entry.type == CompoundType::kStorage;
    member.kind = is_storage              ? MemberKind::kDirectory
                  : IsCfbSignature(entry) ? MemberKind::kSignature
                                          : MemberKind::kFile;
    member.size = is_storage ? 0 : entry.size;
    CS_TRY_VOID(HandOverRanges(member, entry.ranges, entry.damage, file, sink));
    if (!is_storage) {
      CS_TRY_VOID(UnpackOlePackages(entry, member.name, file, budget, sink));
    }
  }
  return {};
}

bool HasInstallerTables(const CompoundFile& compound) {
  return std::ranges::any_of(compound.entries[0].children, [&](uint32_t child) {
    return DecodeMsiName(compound.entries[child].raw_name) == "!_StringPool";
  });
}

// What the database says against itself. Members do not depend on it, so that
// damage is only a remark.
base::Result<void> NoteMsiDatabase(const CompoundFile& compound, Bytes file,
                                   base::Budget& budget, MemberSink& sink) {
  auto database = ParseMsi(compound, file, budget);
  if (!database) {
    const base::Error& error = database.error();
    if (error.fault == base::Fault::kLimit) {
      return std::unexpected(error);
    }
    sink.Note({RemarkKind::kOddity,
               {std::min<uint64_t>(error.offset, file.size()), 0},
               fmt::format("the database is not read: {} {}", error.field,
                           base::Describe(error.fault))});
    return {};
  }
  for (Remark& remark : database->remarks) {
    sink.Note(std::move(remark));
  }
  return {};
}

}  // namespace

base::Result<void> UnpackCfb(const base::Blob& container, base::Budget& budget,
                             MemberSink& sink) {
  const Bytes file = container.View();
  CompoundFile compound = CS_TRY(ParseCompoundFile(file, budget));
  const CompoundEntry& root = compound.entries[0];
  const InstallerClass* known = FindInstallerClass(root.class_id);
  const bool tables = HasInstallerTables(compound);
  if (known != nullptr) {
    sink.Identify(known->format, known->text);
  } else {
    sink.Identify(Format::kOle, fmt::format("OLE compound file, version {}",
                                            compound.major_version));
  }
  if (known == nullptr && tables) {
    sink.Note({RemarkKind::kDisagreement,
               {root.stored.offset + 80, 16},
               fmt::format("there are tables of Windows Installer, the class "
                           "id is {}",
                           DescribeClassId(root.class_id))});
  }
  for (Remark& remark : compound.remarks) {
    sink.Note(std::move(remark));
  }
  const bool decode = known != nullptr || tables;
  CS_TRY_VOID(HandOverCfbEntries(compound, file, decode, budget, sink));
  // Why: the tables of a transform are changes of tables, in another form.
  const bool is_transform = known != nullptr && known->format == Format::kMst;
  if (tables ? !is_transform
             : known != nullptr && known->format == Format::kMsi) {
    CS_TRY_VOID(NoteMsiDatabase(compound, file, budget, sink));
  }
  if (compound.damage) {
    return std::unexpected(*compound.damage);
  }
  return {};
}

}  // namespace countersign::formats
