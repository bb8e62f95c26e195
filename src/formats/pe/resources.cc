// The resources of a program: a tree of three levels, by type, name and
// language.
//
//   resource section (offsets are from its start)
//     IMAGE_RESOURCE_DIRECTORY, 16 bytes: ... NumberOfNamedEntries u16 at 12,
//       NumberOfIdEntries u16 at 14, then so many entries of 8 bytes:
//         u32 a number, or bit 31 and the offset of a name
//         u32 the offset of a data entry, or bit 31 and that of a directory
//     name: u16 length, UTF-16
//     IMAGE_RESOURCE_DATA_ENTRY: u32 virtual address, u32 size, u32 code page,
//       u32 reserved
//
// Spec: Microsoft PE Format (2024-06), "The .rsrc Section".
#include "formats/pe/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/reader.h"
#include "base/text.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;
using namespace std::string_view_literals;

constexpr uint32_t kResourceHighBit = 0x80000000;
constexpr size_t kMostPeResources = 20'000;
// Levels below the root: names, languages.
constexpr size_t kResourceLanguageLevel = 2;

// The kinds that Windows knows, by number; empty where there is none.
constexpr std::array kResourceTypes = {
    ""sv,       "CURSOR"sv,       "BITMAP"sv,       "ICON"sv, "MENU"sv,
    "DIALOG"sv, "STRING"sv,       "FONTDIR"sv,      "FONT"sv, "ACCELERATOR"sv,
    "RCDATA"sv, "MESSAGETABLE"sv, "GROUP_CURSOR"sv, ""sv,     "GROUP_ICON"sv,
    ""sv,       "VERSION"sv,      "DLGINCLUDE"sv,   ""sv,     "PLUGPLAY"sv,
    "VXD"sv,    "ANICURSOR"sv,    "ANIICON"sv,      "HTML"sv, "MANIFEST"sv};
// Of resource compilers: dialog and tool bar data of MFC.
constexpr uint32_t kResourceDialogInit = 240;
constexpr uint32_t kResourceToolbar = 241;

// A directory or data entry that waits for its turn.
struct PendingResource {
  PeResource resource;  // as far as the way to it says
  size_t level = 0;     // of the entry: 0 types, 1 names, 2 languages
  uint32_t target = 0;  // as written
  uint64_t at = 0;      // where the entry stands, in the file
};

class ResourceWalk {
 public:
  ResourceWalk(const PeImage& image, Bytes file, Budget& budget,
               BoundedRemarks& remarks)
      : image_(image), file_(file), budget_(budget), remarks_(remarks) {}

  Result<PeResources> Run() {
    if (image_.resource_address == 0 || image_.resource_size == 0) {
      return std::move(found_);
    }
    if (!FindSection()) {
      return std::move(found_);
    }
    CS_TRY_VOID(ReadDirectory({}, 0, 0));
    while (!pending_.empty()) {
      PendingResource next = std::move(pending_.back());
      pending_.pop_back();
      CS_TRY_VOID(Visit(std::move(next)));
    }
    return std::move(found_);
  }

 private:
  // The section that holds the directory; offsets are into what follows.
  bool FindSection() {
    const uint32_t address = image_.resource_address;
    const auto home =
        std::ranges::find_if(image_.sections, [&](const PeSection& section) {
          return address >= section.virtual_address &&
                 address - section.virtual_address < section.raw.size;
        });
    if (home == image_.sections.end() ||
        home->raw.offset + (address - home->virtual_address) >= file_.size()) {
      Damage({Fault::kMalformed, 0, "resource directory"});
      return false;
    }
    home_ = &*home;
    start_ = home_->raw.offset + (address - home_->virtual_address);
    const uint64_t end =
        std::min<uint64_t>(home_->raw.offset + home_->raw.size, file_.size());
    tree_ = file_.subspan(start_, end - start_);
    return true;
  }

  void Damage(Error error) {
    if (!found_.damage) {
      found_.damage = error;
    }
  }

  [[nodiscard]] Reader At(uint32_t offset) const {
    const uint64_t start = std::min<uint64_t>(offset, tree_.size());
    return Reader(base::Input{tree_.subspan(start), start_ + start});
  }

  // Puts the entries of the directory at `offset` on the list.
  Result<void> ReadDirectory(const PeResource& path, size_t level,
                             uint32_t offset) {
    if (!visited_.insert(offset).second) {
      remarks_.Note(RemarkKind::kLoop, Clamped(offset, 16), [&] {
        return fmt::format(
            "the resource directory at offset {} is entered more than once",
            start_ + offset);
      });
      return {};
    }
    Reader reader = At(offset);
    reader.Skip(12, "resource directory");
    const uint32_t names = reader.U16("NumberOfNamedEntries");
    const uint32_t numbers = reader.U16("NumberOfIdEntries");
    CS_TRY_VOID(budget_.ChargeSteps(1, reader.Offset()));
    const size_t first_new = pending_.size();
    for (uint32_t i = 0; i < names + numbers && !reader.Failed(); ++i) {
      CS_TRY_VOID(budget_.ChargeSteps(1, reader.Offset()));
      PendingResource entry;
      entry.at = reader.Offset();
      const uint32_t key = reader.U32("resource directory entry");
      entry.target = reader.U32("resource directory entry");
      if (!reader.Failed()) {
        entry.resource = path;
        entry.level = level;
        Label(entry.resource, level, key);
        pending_.push_back(std::move(entry));
      }
    }
    if (const auto read = reader.Finish(0); !read) {
      Damage(read.error());
    }
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first_new),
                 pending_.end());
    return {};
  }

  void Label(PeResource& resource, size_t level, uint32_t key) {
    const bool is_named = (key & kResourceHighBit) != 0;
    std::string label =
        is_named ? ReadName(key & ~kResourceHighBit) : std::to_string(key);
    if (level == kResourceLanguageLevel) {
      resource.language = std::move(label);
    } else if (level == 1) {
      resource.name = std::move(label);
    } else {
      resource.type_number = is_named ? 0 : key;
      resource.type = !is_named && key < kResourceTypes.size() &&
                              !kResourceTypes.at(key).empty()
                          ? std::string(kResourceTypes.at(key))
                          : std::move(label);
    }
  }

  std::string ReadName(uint32_t offset) {
    // Limit: characters of a name that are kept. Resource compilers write
    // short words; a tree of many entries may repeat one long name.
    constexpr uint32_t kMostCharacters = 256;
    Reader reader = At(offset);
    const uint32_t length = reader.U16("resource name");
    const Bytes text =
        reader.Take(2 * std::min(length, kMostCharacters), "resource name");
    if (const auto read = reader.Finish(0); !read) {
      Damage(read.error());
    } else if (length > kMostCharacters) {
      remarks_.Note(RemarkKind::kOddity, Clamped(offset, 2), [&] {
        return fmt::format("the name of a resource has {} characters", length);
      });
    }
    return base::FromUtf16LittleEndian(text);
  }

  Result<void> Visit(PendingResource next) {
    const uint32_t offset = next.target & ~kResourceHighBit;
    if ((next.target & kResourceHighBit) == 0) {
      if (next.level < kResourceLanguageLevel) {
        remarks_.Note(RemarkKind::kOddity, {next.at, 8}, [] {
          return "a resource has no entry for its language";
        });
      }
      return ReadData(std::move(next.resource), offset);
    }
    if (next.level == kResourceLanguageLevel) {
      remarks_.Note(RemarkKind::kOddity, {next.at, 8}, [] {
        return "a resource directory lies deeper than three levels";
      });
      return {};
    }
    return ReadDirectory(next.resource, next.level + 1, offset);
  }

  Result<void> ReadData(PeResource resource, uint32_t offset) {
    Reader reader = At(offset);
    const uint64_t at = reader.Offset();
    const uint32_t address = reader.U32("resource data entry");
    const uint32_t size = reader.U32("resource data entry");
    resource.code_page = reader.U32("resource data entry");
    reader.Skip(4, "resource data entry");
    if (found_.entries.size() >= kMostPeResources) {
      Damage({Fault::kLimit, at, "resources"});
      pending_.clear();
      return {};
    }
    if (const auto read = reader.Finish(0); !read) {
      Damage(read.error());
      return {};
    }
    resource.entry = {at, 16};
    const auto start = CS_TRY(OffsetOf(address, at));
    resource.data = {start.value_or(0), size};
    if (!start || !resource.data.Inside(file_.size())) {
      resource.data = {};
      resource.damage = Error{Fault::kTruncated, at, "resource data"};
    }
    found_.entries.push_back(std::move(resource));
    return {};
  }

  // Nearly all data lies in the section of the directory itself.
  Result<std::optional<uint64_t>> OffsetOf(uint32_t address, uint64_t at) {
    if (address >= home_->virtual_address &&
        address - home_->virtual_address < home_->raw.size) {
      return std::optional(home_->raw.offset +
                           (address - home_->virtual_address));
    }
    CS_TRY_VOID(budget_.ChargeSteps(image_.sections.size(), at));
    return PeFileOffset(image_, address);
  }

  // `size` bytes at `offset` of the tree, as far as they are there.
  [[nodiscard]] ByteRange Clamped(uint32_t offset, uint64_t size) const {
    const uint64_t start = std::min<uint64_t>(offset, tree_.size());
    return {start_ + start, std::min<uint64_t>(size, tree_.size() - start)};
  }

  const PeImage& image_;
  Bytes file_;
  Budget& budget_;
  BoundedRemarks& remarks_;
  PeResources found_;
  const PeSection* home_ = nullptr;
  uint64_t start_ = 0;  // of the tree, in the file
  Bytes tree_;
  std::vector<PendingResource> pending_;
  std::set<uint32_t> visited_;
};

}  // namespace

Result<PeResources> ReadPeResources(const PeImage& image, Bytes file,
                                    Budget& budget, BoundedRemarks& remarks) {
  return ResourceWalk(image, file, budget, remarks).Run();
}

Result<PeResources> ReadPeResources(const PeImage& image, Bytes file,
                                    Budget& budget) {
  BoundedRemarks none = BoundedRemarks::Silent();
  return ResourceWalk(image, file, budget, none).Run();
}

bool StartsAsContainer(Bytes bytes) {
  // Why not every mark of formats/table.cc: short ones occur by chance in
  // images and code.
  constexpr std::array kMarks = {"PK\x03\x04"sv,
                                 "PK00PK\x03\x04"sv,
                                 "MSCF\0\0\0\0"sv,
                                 "7z\xBC\xAF\x27\x1C"sv,
                                 "Rar!\x1A\x07"sv,
                                 "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv,
                                 "\xFD"
                                 "7zXZ\0"sv,
                                 "\x28\xB5\x2F\xFD"sv,
                                 "\x1F\x8B\x08"sv,
                                 "BZh"sv,
                                 "\x7F"
                                 "ELF"sv,
                                 "ISc("sv};
  const std::string_view text = base::AsText(bytes);
  const auto starts = [text](std::string_view mark) {
    return text.starts_with(mark);
  };
  // A program says where its second header is; two letters alone are chance.
  constexpr size_t kHeaderOffset = 0x3C;
  if (text.starts_with("MZ") && text.size() >= kHeaderOffset + 4) {
    Reader reader(base::Input{bytes.subspan(kHeaderOffset), 0});
    const uint32_t header = reader.U32("e_lfanew");
    return header < text.size() && text.substr(header).starts_with("PE\0\0"sv);
  }
  return std::ranges::any_of(kMarks, starts);
}

// What a self-extractor of Windows (IExpress) starts.
bool IsSelfExtractorCommand(const PeResource& resource) {
  constexpr std::array<std::string_view, 4> kNames = {
      "RUNPROGRAM", "POSTRUNPROGRAM", "ADMQCMD", "USRQCMD"};
  return resource.type_number == kResourceData &&
         std::ranges::find(kNames, resource.name) != kNames.end();
}

bool MayBeFile(const PeResource& resource, Bytes file) {
  // Limit: smaller is no program and no archive with anything in it.
  constexpr uint64_t kSmallestFile = 64;
  constexpr std::array<uint32_t, 4> kOwnForm = {kResourceData, 19, 20, 23};
  const bool is_known = resource.type_number == kResourceDialogInit ||
                        resource.type_number == kResourceToolbar ||
                        (resource.type_number != 0 &&
                         resource.type_number < kResourceTypes.size() &&
                         !kResourceTypes.at(resource.type_number).empty());
  const bool has_own_form =
      !is_known ||
      std::ranges::find(kOwnForm, resource.type_number) != kOwnForm.end();
  if (resource.damage) {
    return has_own_form;
  }
  return IsSelfExtractorCommand(resource) ||
         (resource.data.size >= kSmallestFile &&
          (has_own_form || StartsAsContainer(file.subspan(
                               resource.data.offset, resource.data.size))));
}

}  // namespace countersign::formats
