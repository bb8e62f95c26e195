// Installer databases, patches and transforms: OLE compound files whose root
// has a stream with the PKCS #7, "\5DigitalSignature".
//
// The digest covers the content of every stream and the class of every storage,
// in the order of the names as stored. What it leaves out (names, times, state
// bits) is covered by a second digest over them, which lies in the stream
// "\5MsiDigitalSignatureEx" and goes in front of the first; old signatures lack
// it, and then a stream may be renamed unnoticed as long as it stays in order.
//
//   storage: for each child, by name: a stream's content | a storage, likewise
//            then its class id
//   second:  of the storage itself, then of each child: name, class id of a
//            storage, size of a stream, state bits, times
//
// Spec: [MS-CFB] for the structures; the order is that of the tools that sign
// (docs/formats/msi.md).
#include <algorithm>
#include <optional>
#include <string_view>

#include "formats/cfb.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/authenticode/schemes.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::DigestAlgorithm;
using formats::CompoundEntry;
using formats::CompoundFile;
using formats::CompoundType;
using namespace std::string_view_literals;

constexpr std::string_view kSignatureName = "\5DigitalSignature"sv;
constexpr std::string_view kMetadataName = "\5MsiDigitalSignatureEx"sv;

// Where the fields of a directory entry lie in it.
constexpr uint64_t kClassIdOffset = 80;
constexpr uint64_t kStateBitsOffset = 96;
constexpr uint64_t kTimesOffset = 100;
constexpr uint64_t kSizeOffset = 120;

bool IsStorage(const CompoundEntry& entry) {
  return entry.type != CompoundType::kStream;
}

const CompoundEntry* ChildNamed(const CompoundFile& file,
                                std::string_view name) {
  for (const uint32_t id : file.entries[0].children) {
    if (file.entries[id].name == name && !IsStorage(file.entries[id])) {
      return &file.entries[id];
    }
  }
  return nullptr;
}

// The parts of the file that are hashed, in order.
class Walk {
 public:
  Walk(const CompoundFile& file, base::Budget& budget)
      : file_(file), budget_(budget) {}

  // The content of streams and the classes of storages.
  base::Result<std::vector<ByteRange>> Content() {
    return Run(
        [this](const CompoundEntry& entry) { AddContent(entry); },
        [](const CompoundEntry&) {},
        [this](const CompoundEntry& entry) { Add(entry, kClassIdOffset, 16); });
  }

  // What the directory says of each.
  base::Result<std::vector<ByteRange>> Metadata() {
    const auto add = [this](const CompoundEntry& entry) { AddMetadata(entry); };
    return Run(add, add, [](const CompoundEntry&) {});
  }

 private:
  struct Storage {
    uint32_t id = 0;
    std::vector<uint32_t> children;  // that are left, the next one last
  };

  template <typename OnStream, typename OnEnter, typename OnLeave>
  base::Result<std::vector<ByteRange>> Run(OnStream on_stream, OnEnter on_enter,
                                           OnLeave on_leave) {
    parts_.clear();
    std::vector<Storage> path;
    on_enter(file_.entries[0]);
    path.push_back({0, ChildrenOf(0)});
    while (!path.empty()) {
      Storage& top = path.back();
      CS_TRY_VOID(budget_.ChargeSteps(1, file_.entries[top.id].stored.offset));
      if (top.children.empty()) {
        on_leave(file_.entries[top.id]);
        path.pop_back();
        continue;
      }
      const uint32_t id = top.children.back();
      top.children.pop_back();
      const CompoundEntry& entry = file_.entries[id];
      if (entry.damage) {
        return std::unexpected(*entry.damage);
      }
      if (IsStorage(entry)) {
        on_enter(entry);
        path.push_back({id, ChildrenOf(id)});
      } else {
        on_stream(entry);
      }
    }
    return std::move(parts_);
  }

  // By name as stored, byte by byte, a shorter one first; the signature's own
  // streams left out. The last one comes first, to be taken from the end.
  [[nodiscard]] std::vector<uint32_t> ChildrenOf(uint32_t storage) const {
    std::vector<uint32_t> children = file_.entries[storage].children;
    if (storage == 0) {
      std::erase_if(children, [this](uint32_t id) {
        return !IsStorage(file_.entries[id]) &&
               (file_.entries[id].name == kSignatureName ||
                file_.entries[id].name == kMetadataName);
      });
    }
    std::ranges::sort(children, [this](uint32_t a, uint32_t b) {
      return std::ranges::lexicographical_compare(file_.entries[b].raw_name,
                                                  file_.entries[a].raw_name);
    });
    return children;
  }

  void AddContent(const CompoundEntry& entry) {
    parts_.insert(parts_.end(), entry.ranges.begin(), entry.ranges.end());
  }

  void AddMetadata(const CompoundEntry& entry) {
    const bool is_root = entry.id == 0;
    if (!is_root) {
      Add(entry, 0, entry.raw_name.size());
    }
    if (IsStorage(entry)) {
      Add(entry, kClassIdOffset, 16);
    } else {
      Add(entry, kSizeOffset, 4);
    }
    Add(entry, kStateBitsOffset, 4);
    if (!is_root) {
      Add(entry, kTimesOffset, 16);
    }
  }

  void Add(const CompoundEntry& entry, uint64_t offset, uint64_t size) {
    parts_.push_back({entry.stored.offset + offset, size});
  }

  const CompoundFile& file_;
  base::Budget& budget_;
  std::vector<ByteRange> parts_;
};

class MsiSubject : public Subject {
 public:
  MsiSubject(const base::Blob& file, std::vector<ByteRange> content,
             std::optional<std::vector<ByteRange>> metadata)
      : file_(file),
        content_(std::move(content)),
        metadata_(std::move(metadata)) {}

  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const DigestAlgorithm> algorithms) const override {
    if (!metadata_) {
      return HashParts(file_, content_, algorithms);
    }
    const ContentDigests first =
        CS_TRY(HashParts(file_, *metadata_, algorithms));
    std::vector<base::Hasher> hashers;
    for (const DigestAlgorithm algorithm : algorithms) {
      hashers.emplace_back(algorithm).Update(first.at(algorithm).View());
    }
    CS_TRY_VOID(base::HashRanges(file_, content_, hashers));
    ContentDigests digests;
    for (size_t i = 0; i < algorithms.size(); ++i) {
      digests[algorithms[i]] = hashers[i].Finish();
    }
    return digests;
  }

  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kSipInfo;
  }

 private:
  const base::Blob& file_;
  std::vector<ByteRange> content_;
  std::optional<std::vector<ByteRange>> metadata_;
};

// A stream in one piece; of one in several, a copy that is kept in `storage`.
base::Input StreamOf(const CompoundEntry& entry, Bytes file,
                     std::vector<uint8_t>& storage) {
  if (entry.ranges.size() == 1) {
    const ByteRange& range = entry.ranges[0];
    return {file.subspan(range.offset, range.size), range.offset};
  }
  storage = formats::JoinRanges(file, entry.ranges);
  // Why: offsets in the copy are offsets in the file as far as the first piece
  // goes; beyond, they have to stay inside.
  const uint64_t first = entry.ranges.empty() ? 0 : entry.ranges[0].offset;
  return {storage, storage.size() <= file.size() - first ? first : 0};
}

void AddFault(const base::Error& error, SigningFacts& facts) {
  facts.faults.push_back(
      {error, {error.offset, 0}, {}, StructureFault::Part::kImage});
}

// The stream beside the signature must hold what it is said to be: nothing else
// signs it.
void CheckMetadataStream(const CompoundEntry& entry, const base::Blob& file,
                         const std::vector<ByteRange>& metadata,
                         SigningFacts& facts) {
  std::vector<uint8_t> storage;
  const base::Input stored = StreamOf(entry, file.View(), storage);
  for (const DigestAlgorithm algorithm :
       {DigestAlgorithm::kMd5, DigestAlgorithm::kSha1, DigestAlgorithm::kSha256,
        DigestAlgorithm::kSha384, DigestAlgorithm::kSha512}) {
    const auto digests = HashParts(file, metadata, {&algorithm, 1});
    if (digests && base::Equal(digests->at(algorithm).View(), stored.bytes)) {
      return;
    }
  }
  facts.faults.push_back(
      {{base::Fault::kMalformed, stored.offset, "MsiDigitalSignatureEx"},
       stored.Range(),
       {}});
}

// What lies behind the last sector belongs to no stream.
void NoteTrailingData(const CompoundFile& compound, Bytes file,
                      SigningFacts& facts) {
  for (const formats::Remark& remark : compound.remarks) {
    if (remark.kind == formats::RemarkKind::kTrailingData) {
      facts.unsigned_data.push_back(
          DescribeData(UnsignedData::Place::kAfterTable,
                       {file.subspan(remark.range.offset, remark.range.size),
                        remark.range.offset}));
    }
  }
}

}  // namespace

SigningFacts ExamineMsi(const base::Blob& file, const Context& context) {
  SigningFacts facts;
  facts.file_kind = "compound file (OLE)";
  facts.signed_place = "last sector of the compound file";
  const auto compound = formats::ParseCompoundFile(file.View(), context.budget);
  if (!compound) {
    AddFault(compound.error(), facts);
    facts.limit = context.budget.Reached();
    return facts;
  }
  const CompoundEntry* signature = ChildNamed(*compound, kSignatureName);
  if (signature == nullptr) {
    // Where the directory is damaged, there may be one.
    facts.is_signed =
        compound->damage ? model::Signed::kUnknown : model::Signed::kAbsent;
    if (compound->damage) {
      AddFault(*compound->damage, facts);
    }
    return facts;
  }
  std::vector<uint8_t> storage;
  Collector collector(context.budget, facts);
  if (signature->damage) {
    collector.AddUnreadable(0, signature->stored, *signature->damage);
  } else {
    collector.AddContainer(0, StreamOf(*signature, file.View(), storage));
  }
  const Collection collection = collector.Finish();
  NoteTrailingData(*compound, file.View(), facts);
  Walk walk(*compound, context.budget);
  auto content = walk.Content();
  const CompoundEntry* extension = ChildNamed(*compound, kMetadataName);
  std::optional<std::vector<ByteRange>> metadata;
  if (extension != nullptr && content) {
    if (auto parts = walk.Metadata()) {
      metadata = *std::move(parts);
      CheckMetadataStream(*extension, file, *metadata, facts);
    } else {
      content = std::unexpected(parts.error());
    }
  }
  if (!content) {
    AddFault(content.error(), facts);
  }
  if (compound->damage) {
    AddFault(*compound->damage, facts);
  }
  // Without all of the content no digest can be the signed one.
  ExamineSignatures(MsiSubject(file, content.value_or(std::vector<ByteRange>()),
                               std::move(metadata)),
                    collection, context, facts);
  return facts;
}

}  // namespace countersign::signing
