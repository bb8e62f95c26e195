// <BlockMap HashMethod="...#sha256">
//   <File Name="folder\file.dll" Size= LfhSize=>
//     <Block Hash="Base64" Size= />...
//   </File>...
// </BlockMap>
//
// Size of a File: bytes of its content; LfhSize: of its local header. A Block
// is 64 KiB of content, the last one what is left; its Size is the number of
// bytes that it takes compressed, absent for what is stored as it is. Names
// have backslashes and are not percent-encoded; names of entries have slashes
// and are.
//
// Spec: Microsoft Learn, "Package block map schema reference"; OPC (ECMA-376
// part 2) section 7.2 for names of parts.
#include "signing/msix/block_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/text.h"
#include "formats/xml.h"

namespace countersign::signing {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Result;
using formats::XmlTree;
using formats::ZipEntry;

constexpr std::string_view kBlockMapSpace =
    "http://schemas.microsoft.com/appx/2010/blockmap";
constexpr uint64_t kBlockBytes = uint64_t{64} << 10;
// Limit: what formats::XmlLimits take.
constexpr uint64_t kMostBlockMapBytes = uint64_t{48} << 20;

std::optional<base::DigestAlgorithm> BlockMapHash(std::string_view name) {
  if (name == "http://www.w3.org/2001/04/xmlenc#sha256") {
    return base::DigestAlgorithm::kSha256;
  }
  if (name == "http://www.w3.org/2001/04/xmldsig-more#sha384") {
    return base::DigestAlgorithm::kSha384;
  }
  if (name == "http://www.w3.org/2001/04/xmlenc#sha512") {
    return base::DigestAlgorithm::kSha512;
  }
  return std::nullopt;
}

int PercentDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

// The name of an entry as the block map writes it.
std::string BlockMapName(std::string_view name) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    const int high = i + 2 < name.size() ? PercentDigit(name[i + 1]) : -1;
    const int low = i + 2 < name.size() ? PercentDigit(name[i + 2]) : -1;
    if (name[i] == '%' && high >= 0 && low >= 0) {
      text += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      text += name[i] == '/' ? '\\' : name[i];
    }
  }
  return text;
}

std::optional<uint64_t> BlockMapNumber(const XmlTree& xml, uint32_t element,
                                       std::string_view name) {
  const std::string* text = xml.Attribute(element, name);
  uint64_t value = 0;
  if (text == nullptr) {
    return std::nullopt;
  }
  const char* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value)
                                                   : std::nullopt;
}

// Compares content with digests of blocks as it comes.
class BlockSink : public formats::ByteSink {
 public:
  BlockSink(base::DigestAlgorithm algorithm,
            const std::vector<std::vector<uint8_t>>& digests)
      : algorithm_(algorithm), digests_(digests), hasher_(algorithm) {}

  Result<void> Write(Bytes bytes) override {
    while (!bytes.empty()) {
      const size_t size =
          std::min<uint64_t>(bytes.size(), kBlockBytes - filled_);
      hasher_.Update(bytes.first(size));
      filled_ += size;
      bytes = bytes.subspan(size);
      if (filled_ == kBlockBytes) {
        EndBlock();
      }
    }
    return {};
  }

  // Index of the first block that differs, if one does.
  std::optional<size_t> Finish() {
    if (filled_ > 0) {
      EndBlock();
    }
    return blocks_ != digests_.size() && !bad_ ? blocks_ : bad_;
  }

 private:
  void EndBlock() {
    const base::Digest digest = hasher_.Finish();
    const bool is_right = blocks_ < digests_.size() &&
                          base::Equal(digest.View(), digests_[blocks_]);
    if (!is_right && !bad_) {
      bad_ = blocks_;
    }
    ++blocks_;
    filled_ = 0;
    hasher_ = base::Hasher(algorithm_);
  }

  base::DigestAlgorithm algorithm_;
  const std::vector<std::vector<uint8_t>>& digests_;
  base::Hasher hasher_;
  uint64_t filled_ = 0;
  size_t blocks_ = 0;
  std::optional<size_t> bad_;
};

class BlockMapCheck {
 public:
  BlockMapCheck(const PackageArchive& archive, const MsixManifest* manifest,
                Budget& budget, PackageFaults& faults)
      : archive_(archive),
        manifest_(manifest),
        budget_(budget),
        faults_(faults) {}

  void Run() {
    const auto xml = Load();
    if (!xml) {
      return;
    }
    const std::string* method = xml->Attribute(xml->Root(), "HashMethod");
    const auto algorithm =
        method == nullptr ? std::nullopt : BlockMapHash(*method);
    if (!(*xml)[xml->Root()].name.Is(kBlockMapSpace, "BlockMap")) {
      Add("the block map is none");
      return;
    }
    if (!algorithm) {
      Add("the block map names no digest algorithm that is known");
      return;
    }
    algorithm_ = *algorithm;
    NameEntries();
    for (const uint32_t element : xml->Children(xml->Root())) {
      const formats::XmlName& name = (*xml)[element].name;
      if (name.Is(kBlockMapSpace, "File")) {
        CheckFile(*xml, element);
      } else if (name.Space() == kBlockMapSpace || name.Space().empty()) {
        Add(fmt::format("the block map has an element {}, which it must not",
                        QuoteName(name.Local())));
      }
    }
    NoteUnlisted();
  }

 private:
  void Add(std::string what) { faults_.Add(std::move(what), range_); }

  std::optional<XmlTree> Load() {
    const ZipEntry* entry = archive_.Single(kMsixBlockMap);
    range_ = archive_.Zip().central_directory;
    if (entry == nullptr) {
      Add(fmt::format("{} is not in it once", kMsixBlockMap));
      return std::nullopt;
    }
    range_ = EntryRange(*entry);
    const auto content = archive_.Load(*entry, kMostBlockMapBytes, budget_);
    if (!content) {
      faults_.AddUnreadable("the block map cannot be read", content.error(),
                            range_, budget_);
      return std::nullopt;
    }
    auto xml = formats::ParseXml({*content, 0}, budget_);
    if (!xml) {
      faults_.AddUnreadable("the block map cannot be read", xml.error(), range_,
                            budget_);
      return std::nullopt;
    }
    return *std::move(xml);
  }

  void NameEntries() {
    // Where it is installed, case makes no difference.
    std::set<std::string> names;
    for (const ZipEntry& entry : archive_.Entries()) {
      const std::string name = BlockMapName(entry.name);
      entries_.emplace(name, &entry);
      if (!names.insert(base::AsciiLower(name)).second) {
        faults_.Add(fmt::format("two parts have the name {}", QuoteName(name)),
                    EntryRange(entry));
      }
    }
  }

  void CheckFile(const XmlTree& xml, uint32_t element) {
    const std::string* name = xml.Attribute(element, "Name");
    if (name == nullptr) {
      Add("the block map has a file without a name");
      return;
    }
    const std::string quoted = QuoteName(*name);
    if (!listed_.insert(*name).second) {
      Add(fmt::format("the block map lists {} twice", quoted));
      return;
    }
    const auto found = entries_.find(*name);
    if (found == entries_.end()) {
      Add(fmt::format("the block map lists {}, which is not in the package",
                      quoted));
      return;
    }
    const ZipEntry& entry = *found->second;
    if (IsMsixFootprint(entry.name) || IsBundled(entry)) {
      Add(fmt::format("the block map lists {}, which it must not", quoted));
      return;
    }
    if (BlockMapNumber(xml, element, "Size") != entry.size ||
        BlockMapNumber(xml, element, "LfhSize") != entry.local_header.size) {
      faults_.Add(fmt::format("the block map has other sizes of {} than the "
                              "archive",
                              quoted),
                  EntryRange(entry));
    }
    CheckBlocks(xml, element, entry, quoted);
  }

  // The digests of a file, and whether the compressed sizes add up.
  bool ReadBlocks(const XmlTree& xml, uint32_t element, const ZipEntry& entry,
                  std::vector<std::vector<uint8_t>>& digests) {
    uint64_t sized = 0;
    uint64_t sum = 0;
    for (const uint32_t block : xml.Children(element)) {
      const formats::XmlName& name = xml[block].name;
      if (!name.Is(kBlockMapSpace, "Block")) {
        if (name.Space() == kBlockMapSpace) {
          return false;
        }
        continue;  // extensions of later versions
      }
      const std::string* hash = xml.Attribute(block, "Hash");
      auto digest = base::DecodeBase64(hash == nullptr ? "" : *hash);
      if (!digest || digest->size() != base::DigestSize(algorithm_)) {
        return false;
      }
      digests.push_back(*std::move(digest));
      if (xml.Attribute(block, "Size") != nullptr) {
        const auto size = BlockMapNumber(xml, block, "Size");
        if (!size || *size > entry.compressed_size) {
          return false;
        }
        ++sized;
        sum += *size;
      }
    }
    // Quirk: packers end the last block of a deflated part or do not count the
    // two bytes by which it ends; of stored parts some write sizes, too.
    const bool is_stored = entry.method == 0;
    if (sized == 0) {
      return is_stored || digests.empty();
    }
    return sized == digests.size() &&
           (sum == entry.compressed_size ||
            (!is_stored && sum + 2 == entry.compressed_size));
  }

  void CheckBlocks(const XmlTree& xml, uint32_t element, const ZipEntry& entry,
                   const std::string& quoted) {
    std::vector<std::vector<uint8_t>> digests;
    if (!ReadBlocks(xml, element, entry, digests)) {
      Add(fmt::format("the block map has blocks of {} that cannot be its",
                      quoted));
    }
    BlockSink sink(algorithm_, digests);
    const auto read = archive_.Read(entry, sink, budget_);
    const auto bad = sink.Finish();
    if (!read) {
      faults_.AddUnreadable(quoted + " cannot be read to its end", read.error(),
                            EntryRange(entry), budget_);
    } else if (bad) {
      faults_.Add(fmt::format("block {} of {} is not the one of the block map",
                              *bad, quoted),
                  EntryRange(entry));
    }
  }

  [[nodiscard]] bool IsBundled(const ZipEntry& entry) const {
    return manifest_ != nullptr && manifest_->is_bundle &&
           manifest_->packages.contains(entry.name);
  }

  void NoteUnlisted() {
    for (const auto& [name, entry] : entries_) {
      if (!IsMsixFootprint(entry->name) && !listed_.contains(name) &&
          !IsBundled(*entry)) {
        faults_.Add(fmt::format("the block map does not list {}",
                                QuoteName(entry->name)),
                    EntryRange(*entry));
      }
    }
  }

  const PackageArchive& archive_;
  const MsixManifest* manifest_;
  Budget& budget_;
  PackageFaults& faults_;
  ByteRange range_;
  base::DigestAlgorithm algorithm_ = base::DigestAlgorithm::kSha256;
  std::map<std::string, const ZipEntry*, std::less<>> entries_;
  std::set<std::string, std::less<>> listed_;
};

}  // namespace

void CheckBlockMap(const PackageArchive& archive, const MsixManifest* manifest,
                   Budget& budget, PackageFaults& faults) {
  BlockMapCheck(archive, manifest, budget, faults).Run();
}

}  // namespace countersign::signing
