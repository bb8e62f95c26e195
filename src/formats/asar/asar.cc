// The archives in which Electron applications keep their scripts:
//
//   u32 4           size of what follows in this pickle
//   u32 H           size of the next pickle
//   u32 P           size of what follows in that pickle, H - 4
//   u32 L           length of the header
//   header          L bytes of JSON, then zeros to a multiple of 4
//   8 + H           data: the content of files; offsets count from here
//
//   {"files": {NAME: {"files": {...}}                       a directory
//              NAME: {"size": 5, "offset": "0", "executable": true,
//                     "integrity": {"algorithm": "SHA256", "hash": HEX,
//                                   "blockSize": 4194304, "blocks": [HEX]}}
//              NAME: {"size": 5, "unpacked": true}          lies beside it
//              NAME: {"link": "PATH"}}}                     from the root
//
// Spec: electron/asar README.md, "Format"; electron/electron
// shell/common/asar/archive.cc and asar_util.cc (integrity).
#include "formats/asar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/reader.h"
#include "base/text.h"
#include "formats/carried/claimed.h"
#include "formats/json.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint64_t kAsarAlignment = 4;

struct AsarHeader {
  ByteRange json;
  uint64_t data = 0;  // where offsets count from
};

Result<AsarHeader> ReadAsarHeader(Bytes file, BoundedRemarks& remarks) {
  Reader reader(base::Input{file, 0});
  const uint32_t first = reader.U32("size of the first pickle");
  const uint64_t header = reader.U32("size of the header pickle");
  const uint64_t payload = reader.U32("payload of the header pickle");
  const uint64_t length = reader.U32("length of the header");
  const uint64_t at = reader.Offset();
  if (!reader.Failed() && first != 4) {
    return base::Fail(Fault::kMalformed, 0, "size of the first pickle");
  }
  reader.Skip(length, "header");
  AsarHeader found;
  found.json = {at, length};
  found.data = 8 + header;
  CS_TRY(reader.Finish(true));
  if (found.data < at + length) {
    return base::Fail(Fault::kMalformed, 4, "size of the header pickle");
  }
  if (found.data > file.size()) {
    return base::Fail(Fault::kTruncated, file.size(),
                      "size of the header pickle");
  }
  const uint64_t padding = found.data - at - length;
  if (payload + 4 != header || padding >= kAsarAlignment) {
    remarks.Note(RemarkKind::kDisagreement, {4, 12}, [&] {
      return fmt::format(
          "the header of {} bytes lies in pickles of {} and {} bytes", length,
          header, payload);
    });
  }
  if (!IsZeros(file.subspan(at + length, padding))) {
    remarks.Note(RemarkKind::kHiddenData, {at + length, padding}, [&] {
      return fmt::format("{} bytes between the header and the data", padding);
    });
  }
  return found;
}

// A number in decimal, as JavaScript reads it without loss.
std::optional<uint64_t> AsarNumber(const std::optional<JsonValue>& value) {
  if (!value) {
    return std::nullopt;
  }
  const auto text = value->Text();
  if (!text) {
    return value->Unsigned();
  }
  uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  return error == std::errc() && stopped == end && !text->empty()
             ? std::optional(number)
             : std::nullopt;
}

// "AB12..." in any case against a digest.
bool IsHexOfDigest(std::string_view text, const base::Digest& digest) {
  const auto bytes = base::FromHex(text);
  return bytes && base::Equal(*bytes, digest.View());
}

class AsarMembers {
 public:
  AsarMembers(const base::Blob& container, const AsarHeader& header,
              Budget& budget, MemberSink& sink, BoundedRemarks& remarks)
      : file_(container.View()),
        header_(header),
        budget_(budget),
        sink_(sink),
        remarks_(remarks),
        free_(file_.size()) {}

  Result<void> HandOver(const JsonDocument& document) {
    const auto files = document.Root().Member("files");
    if (!files || !files->IsObject()) {
      return base::Fail(Fault::kMalformed, header_.json.offset, "files");
    }
    PushAll(*files, "");
    while (!pending_.empty()) {
      const auto [entry, path] = std::move(pending_.back());
      pending_.pop_back();
      if (const auto next = entry.Next()) {
        pending_.push_back({*next, path});
      }
      CS_TRY_VOID(
          budget_.ChargeSteps(1 + path.size() / 64, header_.json.offset));
      CS_TRY_VOID(HandOverEntry(entry, path + std::string(entry.Name())));
    }
    NoteUnpacked();
    NoteLayout();
    return {};
  }

 private:
  struct Pending {
    JsonValue entry;
    std::string path;  // of its directory, with a slash behind
  };

  void PushAll(const JsonValue& files, std::string path) {
    if (const auto first = files.First()) {
      pending_.push_back({*first, std::move(path)});
    }
  }

  // Evidence for what has no bytes of its own: the header.
  Member MemberAt(std::string path) const {
    Member member;
    member.name = std::move(path);
    member.stored = header_.json;
    return member;
  }

  Result<void> HandOverDamaged(Member member, Error damage) {
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(damage);
  }

  Result<void> HandOverEntry(const JsonValue& entry, std::string path) {
    Member member = MemberAt(std::move(path));
    if (!entry.IsObject()) {
      return HandOverDamaged(std::move(member),
                             {Fault::kMalformed, header_.json.offset, "entry"});
    }
    if (!names_.insert(member.name).second) {
      remarks_.Note(RemarkKind::kDuplicateName, header_.json, [&] {
        return fmt::format("several members have the name {}",
                           QuotedName(member.name));
      });
    }
    const bool is_unpacked =
        entry.Member("unpacked") && entry.Member("unpacked")->IsTrue();
    if (const auto files = entry.Member("files")) {
      member.kind = MemberKind::kDirectory;
      if (!files->IsObject()) {
        return HandOverDamaged(
            std::move(member),
            {Fault::kMalformed, header_.json.offset, "files"});
      }
      PushAll(*files, member.name + "/");
      return sink_.Place(member, {header_.data, 0});
    }
    if (const auto link = entry.Member("link")) {
      member.kind = MemberKind::kLink;
      member.link_target = link->Text().value_or("");
      return sink_.Place(member, {header_.data, 0});
    }
    if (is_unpacked) {
      ++unpacked_;
      return {};
    }
    return HandOverFile(entry, std::move(member));
  }

  Result<void> HandOverFile(const JsonValue& entry, Member member) {
    const auto size = AsarNumber(entry.Member("size"));
    const auto offset = AsarNumber(entry.Member("offset"));
    if (!size || !offset) {
      return HandOverDamaged(
          std::move(member),
          {Fault::kMalformed, header_.json.offset, size ? "offset" : "size"});
    }
    member.size = *size;
    const uint64_t there = file_.size() - header_.data;
    const ByteRange content{header_.data + std::min(*offset, there), *size};
    if (*offset > there || *size > there - *offset) {
      return HandOverDamaged(std::move(member),
                             {Fault::kTruncated, file_.size(), "content"});
    }
    member.stored = content;
    // Why: packers that keep equal files once are no attack, and two entries
    // for the same bytes hide nothing.
    if (placed_.insert({content.offset, content.size}).second) {
      claimed_.Claim(content);
    }
    CS_TRY_VOID(ChargeBytes(content));
    if (const auto integrity = entry.Member("integrity")) {
      CS_TRY_VOID(CheckIntegrity(*integrity, member, content));
    }
    return sink_.Place(member, content);
  }

  // Bytes that are read more often than they are there cost steps.
  Result<void> ChargeBytes(ByteRange content) {
    constexpr uint64_t kBytesOfAStep = 1024;
    const uint64_t paid = content.size - std::min(content.size, free_);
    free_ -= content.size - paid;
    return budget_.ChargeSteps(paid / kBytesOfAStep, content.offset);
  }

  Result<void> CheckIntegrity(const JsonValue& integrity, const Member& member,
                              ByteRange content) {
    const auto note = [&](RemarkKind kind, std::string_view what) {
      remarks_.Note(kind, content, [&] {
        return fmt::format("{} {}", QuotedName(member.name), what);
      });
    };
    const auto algorithm = integrity.Member("algorithm");
    const auto hash = integrity.Member("hash");
    if (!algorithm || algorithm->Text() != "SHA256" || !hash || !hash->Text()) {
      note(RemarkKind::kUnsupported,
           "has an integrity that is not of the algorithm SHA256");
      return {};
    }
    const Bytes bytes = file_.subspan(content.offset, content.size);
    if (!IsHexOfDigest(*hash->Text(),
                       base::Hash(base::DigestAlgorithm::kSha256, bytes))) {
      note(RemarkKind::kChecksum, "has not the SHA-256 that is stored for it");
    }
    const auto blocks = integrity.Member("blocks");
    const auto block_size = AsarNumber(integrity.Member("blockSize"));
    if (blocks && blocks->Kind() == JsonKind::kArray) {
      CS_TRY_VOID(ChargeBytes(content));
      if (!AreBlocks(*blocks, bytes, block_size.value_or(0))) {
        note(RemarkKind::kChecksum,
             "has blocks without the SHA-256 that is stored for them");
      }
    }
    return {};
  }

  // Quirk: the packer adds the digest of an empty block where the size is a
  // multiple of the block size.
  static bool AreBlocks(const JsonValue& blocks, Bytes bytes,
                        uint64_t block_size) {
    uint64_t at = 0;
    for (auto block = blocks.First(); block; block = block->Next()) {
      const uint64_t size = std::min<uint64_t>(block_size, bytes.size() - at);
      const bool is_extra = size == 0;
      if (!block->Text() ||
          !IsHexOfDigest(*block->Text(),
                         base::Hash(base::DigestAlgorithm::kSha256,
                                    bytes.subspan(at, size))) ||
          (is_extra && block->Next())) {
        return false;
      }
      at += size;
    }
    return at == bytes.size();
  }

  void NoteUnpacked() {
    if (unpacked_ > 0) {
      remarks_.Note(RemarkKind::kOddity, header_.json, [&] {
        return fmt::format(
            "{} file{} of the archive lie{} beside it, in the directory that "
            "ends in '.unpacked'",
            unpacked_, unpacked_ == 1 ? "" : "s", unpacked_ == 1 ? "s" : "");
      });
    }
  }

  void NoteLayout() {
    for (const ByteRange& shared : claimed_.Overlaps()) {
      remarks_.Note(RemarkKind::kOverlap, shared, [&] {
        return fmt::format("{} bytes belong to several files", shared.size);
      });
    }
    const ByteRange data{header_.data, file_.size() - header_.data};
    for (const ByteRange& gap : claimed_.Gaps(data)) {
      const bool is_last = gap.offset + gap.size == file_.size();
      remarks_.Note(
          is_last ? RemarkKind::kTrailingData : RemarkKind::kHiddenData, gap,
          [&] { return fmt::format("{} bytes belong to no file", gap.size); });
    }
  }

  Bytes file_;
  const AsarHeader& header_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks& remarks_;
  std::vector<Pending> pending_;
  std::set<std::string> names_;
  std::set<std::pair<uint64_t, uint64_t>> placed_;
  ClaimedBytes claimed_;
  uint64_t free_;
  uint64_t unpacked_ = 0;
};

}  // namespace

bool IsAsar(Bytes start) {
  Reader reader(base::Input{start, 0});
  const uint32_t first = reader.U32("size of the first pickle");
  const uint64_t header = reader.U32("size of the header pickle");
  const uint64_t payload = reader.U32("payload of the header pickle");
  const uint64_t length = reader.U32("length of the header");
  const uint8_t brace = reader.U8("header");
  return !reader.Failed() && first == 4 && payload + 4 <= header &&
         length + 4 <= payload && length >= 2 &&
         (brace == '{' || brace == ' ' || brace == '\n' || brace == '\r' ||
          brace == '\t');
}

Result<void> UnpackAsar(const base::Blob& container, Budget& budget,
                        MemberSink& sink) {
  BoundedRemarks remarks(sink);
  const Bytes file = container.View();
  const AsarHeader header = CS_TRY(ReadAsarHeader(file, remarks));
  const JsonDocument document = CS_TRY(ParseJson(
      {file.subspan(header.json.offset, header.json.size), header.json.offset},
      budget));
  auto result =
      AsarMembers(container, header, budget, sink, remarks).HandOver(document);
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
