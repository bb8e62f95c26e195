// Streams first, then mini stream, directory, mini FAT, FAT, DIFAT.
#include "forge/cfb.h"

#include <algorithm>
#include <utility>

#include "forge/little_endian.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

constexpr uint32_t kFree = 0xFFFFFFFF;
constexpr uint32_t kEnd = 0xFFFFFFFE;
constexpr uint32_t kFatMark = 0xFFFFFFFD;
constexpr uint32_t kDifatMark = 0xFFFFFFFC;
constexpr uint32_t kNone = 0xFFFFFFFF;
constexpr size_t kMini = 64;
constexpr size_t kCutoff = 4096;
constexpr size_t kHeaderSlots = 109;

struct Entry {
  const CompoundNode* node = nullptr;
  uint32_t left = kNone;
  uint32_t right = kNone;
  uint32_t child = kNone;
  uint32_t start = kEnd;
  uint64_t size = 0;
};

void Append64(ByteVector& bytes, uint64_t value) {
  Append32(bytes, static_cast<uint32_t>(value));
  Append32(bytes, static_cast<uint32_t>(value >> 32));
}

// [MS-CFB] 2.6.4: shorter names first, then by unit in upper case.
bool NameBefore(const std::u16string& a, const std::u16string& b) {
  if (a.size() != b.size()) {
    return a.size() < b.size();
  }
  const auto upper = [](char16_t c) {
    return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - 32) : c;
  };
  return std::ranges::lexicographical_compare(a, b, {}, upper, upper);
}

class Writer {
 public:
  Writer(const CompoundNode& root, const CompoundOptions& options)
      : options_(options) {
    out_.layout.sector_size = options.version4 ? 4096 : 512;
    AddEntries(root);
  }

  CompoundImage Write() && {
    WriteStreams();
    entries_[0].size = mini_stream_.size();
    entries_[0].start = AddChain(mini_stream_);
    WriteDirectory();
    WriteMiniFat();
    WriteFat();
    WriteHeader();
    return std::move(out_);
  }

 private:
  [[nodiscard]] uint32_t SectorSize() const { return out_.layout.sector_size; }
  [[nodiscard]] uint32_t Sectors() const {
    return static_cast<uint32_t>(fat_.size());
  }

  void AddEntries(const CompoundNode& root) {
    Require(root.is_storage, "the root is a storage");
    entries_.push_back({&root});
    for (size_t i = 0; i < entries_.size(); ++i) {
      const CompoundNode& node = *entries_[i].node;
      out_.layout.ids.emplace(node.name, static_cast<uint32_t>(i));
      const auto first = static_cast<uint32_t>(entries_.size());
      for (const CompoundNode& child : node.children) {
        Require(child.name.size() < 32, "a name has 31 units at most");
        entries_.push_back({&child});
      }
      entries_[i].child = MakeTree(first);
    }
  }

  // A balanced tree of the entries from `first` on; its top.
  uint32_t MakeTree(uint32_t first) {
    std::vector<uint32_t> order;
    for (auto id = first; id < entries_.size(); ++id) {
      order.push_back(id);
    }
    std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) {
      return NameBefore(entries_[a].node->name, entries_[b].node->name);
    });
    struct Part {
      size_t begin, end;
      uint32_t* place;
    };
    uint32_t top = kNone;
    std::vector<Part> parts = {{0, order.size(), &top}};
    while (!parts.empty()) {
      const Part part = parts.back();
      parts.pop_back();
      if (part.begin == part.end) {
        continue;
      }
      const size_t middle = (part.begin + part.end) / 2;
      *part.place = order[middle];
      Entry& entry = entries_[order[middle]];
      parts.push_back({part.begin, middle, &entry.left});
      parts.push_back({middle + 1, part.end, &entry.right});
    }
    return top;
  }

  void AddSector(ByteSpan bytes) {
    sectors_.insert(sectors_.end(), bytes.begin(), bytes.end());
    fat_.push_back(kEnd);
    sectors_.resize(fat_.size() * SectorSize());
  }

  ByteSpan Piece(const ByteVector& content, size_t index) const {
    const size_t begin = index * SectorSize();
    return ByteSpan(content).subspan(
        begin, std::min<size_t>(SectorSize(), content.size() - begin));
  }

  // A chain of new sectors; its first.
  uint32_t AddChain(const ByteVector& content) {
    if (content.empty()) {
      return kEnd;
    }
    const uint32_t first = Sectors();
    for (size_t i = 0; i * SectorSize() < content.size(); ++i) {
      if (i > 0) {
        fat_.back() = Sectors();
      }
      AddSector(Piece(content, i));
    }
    return first;
  }

  void AddMini(Entry& entry) {
    const ByteVector& content = entry.node->content;
    entry.start = static_cast<uint32_t>(mini_fat_.size());
    mini_stream_.insert(mini_stream_.end(), content.begin(), content.end());
    mini_stream_.resize((mini_stream_.size() + kMini - 1) / kMini * kMini);
    while (mini_fat_.size() < mini_stream_.size() / kMini) {
      mini_fat_.push_back(static_cast<uint32_t>(mini_fat_.size()) + 1);
    }
    mini_fat_.back() = kEnd;
  }

  void WriteStreams() {
    std::vector<Entry*> large;
    for (Entry& entry : entries_) {
      entry.size = entry.node->content.size();
      if (entry.size >= kCutoff) {
        large.push_back(&entry);
      } else if (entry.size > 0) {
        AddMini(entry);
      }
    }
    if (!options_.fragmented) {
      for (Entry* entry : large) {
        entry->start = AddChain(entry->node->content);
      }
      return;
    }
    std::vector<uint32_t> last(large.size(), kNone);
    bool more = true;
    for (size_t round = 0; more; ++round) {
      more = false;
      for (size_t i = 0; i < large.size(); ++i) {
        const ByteVector& content = large[i]->node->content;
        if (round * SectorSize() >= content.size()) {
          continue;
        }
        more = true;
        (round == 0 ? large[i]->start : fat_[last[i]]) = Sectors();
        last[i] = Sectors();
        AddSector(Piece(content, round));
      }
    }
  }

  void WriteDirectory() {
    ByteVector bytes;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      const size_t start = bytes.size();
      const std::u16string name = i == 0 ? u"Root Entry" : entry.node->name;
      for (const char16_t unit : name) {
        Append16(bytes, unit);
      }
      bytes.resize(start + 64);
      Append16(bytes, static_cast<uint16_t>(name.size() * 2 + 2));
      bytes.push_back(i == 0 ? 5 : entry.node->is_storage ? 1 : 2);
      bytes.push_back(1);  // black
      Append32(bytes, entry.left);
      Append32(bytes, entry.right);
      Append32(bytes, entry.child);
      bytes.insert(bytes.end(), entry.node->class_id.begin(),
                   entry.node->class_id.end());
      Append32(bytes, entry.node->state_bits);
      Append64(bytes, entry.node->created);
      Append64(bytes, entry.node->modified);
      const bool storage = i != 0 && entry.node->is_storage;
      Append32(bytes, storage ? 0 : entry.start);
      Append64(bytes, entry.size);
      out_.layout.first_sectors.push_back(entry.start);
    }
    while (bytes.size() % SectorSize() != 0) {
      const size_t start = bytes.size();
      bytes.resize(start + 128);
      for (const size_t link : {68U, 72U, 76U}) {
        Write32(bytes, start + link, kNone);
      }
    }
    directory_start_ = AddChain(bytes);
    directory_sectors_ = static_cast<uint32_t>(bytes.size() / SectorSize());
    out_.layout.directory = out_.layout.Sector(directory_start_);
  }

  void WriteMiniFat() {
    ByteVector bytes;
    for (const uint32_t next : mini_fat_) {
      Append32(bytes, next);
    }
    while (bytes.size() % SectorSize() != 0) {
      Append32(bytes, kFree);
    }
    mini_fat_start_ = AddChain(bytes);
    for (size_t i = 0; i < bytes.size() / SectorSize(); ++i) {
      out_.layout.mini_fat.push_back(
          out_.layout.Sector(mini_fat_start_ + static_cast<uint32_t>(i)));
    }
  }

  // Appends sectors for FAT and DIFAT, as many as cover themselves, too.
  void WriteFat() {
    const size_t slots = SectorSize() / 4;
    const size_t used = fat_.size();
    size_t fat = 0;
    size_t difat = 0;
    while (fat * slots < used + fat + difat + options_.spare_sectors) {
      ++fat;
      difat = fat <= kHeaderSlots
                  ? 0
                  : (fat - kHeaderSlots + slots - 2) / (slots - 1);
    }
    for (size_t i = 0; i < fat; ++i) {
      out_.layout.fat.push_back(out_.layout.Sector(Sectors()));
      fat_sectors_.push_back(Sectors());
      fat_.push_back(kFatMark);
    }
    for (size_t i = 0; i < difat; ++i) {
      out_.layout.difat.push_back(out_.layout.Sector(Sectors()));
      fat_.push_back(kDifatMark);
    }
    const size_t all = fat_.size() + options_.spare_sectors;
    fat_.resize(fat * slots, kFree);
    for (const uint32_t next : fat_) {
      Append32(sectors_, next);
    }
    WriteDifat(slots);
    sectors_.resize(all * SectorSize());
  }

  void WriteDifat(size_t slots) {
    size_t listed = std::min(fat_sectors_.size(), kHeaderSlots);
    for (size_t i = 0; i < out_.layout.difat.size(); ++i) {
      for (size_t slot = 0; slot < slots - 1; ++slot) {
        Append32(sectors_,
                 listed < fat_sectors_.size() ? fat_sectors_[listed++] : kFree);
      }
      const bool last = i + 1 == out_.layout.difat.size();
      Append32(sectors_,
               last ? kEnd
                    : static_cast<uint32_t>(
                          out_.layout.difat[i + 1] / SectorSize() - 1));
    }
  }

  void WriteHeader() {
    ByteVector& bytes = out_.bytes;
    bytes = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    bytes.resize(24);
    Append16(bytes, 0x3E);
    Append16(bytes, options_.version4 ? 4 : 3);
    Append16(bytes, 0xFFFE);
    Append16(bytes, options_.version4 ? 12 : 9);
    Append16(bytes, 6);
    bytes.resize(40);
    Append32(bytes, options_.version4 ? directory_sectors_ : 0);
    Append32(bytes, static_cast<uint32_t>(fat_sectors_.size()));
    Append32(bytes, directory_start_);
    Append32(bytes, 0);
    Append32(bytes, kCutoff);
    Append32(bytes, mini_fat_start_);
    Append32(bytes, static_cast<uint32_t>(out_.layout.mini_fat.size()));
    const auto& difat = out_.layout.difat;
    Append32(bytes, difat.empty()
                        ? kEnd
                        : static_cast<uint32_t>(difat[0] / SectorSize() - 1));
    Append32(bytes, static_cast<uint32_t>(difat.size()));
    for (size_t i = 0; i < kHeaderSlots; ++i) {
      Append32(bytes, i < fat_sectors_.size() ? fat_sectors_[i] : kFree);
    }
    bytes.resize(SectorSize());
    bytes.insert(bytes.end(), sectors_.begin(), sectors_.end());
  }

  CompoundOptions options_;
  CompoundImage out_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> fat_;
  ByteVector sectors_;
  std::vector<uint32_t> mini_fat_;
  ByteVector mini_stream_;
  uint32_t directory_start_ = 0;
  uint32_t directory_sectors_ = 0;
  uint32_t mini_fat_start_ = 0;
  std::vector<uint32_t> fat_sectors_;
};

}  // namespace

CompoundImage WriteCompoundFile(const CompoundNode& root,
                                const CompoundOptions& options) {
  return Writer(root, options).Write();
}

CompoundNode Stream(std::u16string name, ByteVector content) {
  CompoundNode node;
  node.name = std::move(name);
  node.content = std::move(content);
  return node;
}

CompoundNode Storage(std::u16string name, std::vector<CompoundNode> children) {
  CompoundNode node;
  node.name = std::move(name);
  node.is_storage = true;
  node.children = std::move(children);
  return node;
}

}  // namespace countersign::forge
