// The data of an NSIS installer, as members.
//
//   not solid   u32 size | packed << 31, bytes     anywhere in the data
//   solid       u32 size, bytes                    one after the other
//
// Instructions refer to data by the offset of their size. Several may name the
// same data; data that none names are in no list of files, and are handed over
// without a name.
//
// Spec: NSIS 3.08, Source/exehead/fileform.c, _dodecomp; exec.c,
// EW_WRITEUNINSTALLER, for the data behind a patch.
#include "formats/nsis/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/reader.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

// Limit: data with several names are kept while they are unpacked, to be handed
// over again; larger ones become links to the first.
constexpr size_t kMaxKept = size_t{64} << 20;
// What a small installer is filled up to.
constexpr uint64_t kNsisPadding = 512;
constexpr uint32_t kPackedBit = uint32_t{1} << 31;

// Who wants the data at an offset.
struct NsisTakers {
  std::vector<std::string> names;
  std::vector<std::string> patches;  // whose program is in the next data
};

// Members of one datum: the first as it is unpacked, the others from a copy.
class NsisDatum : public ByteSink {
 public:
  explicit NsisDatum(MemberSink& sink) : sink_(sink) {}

  // Nobody's data have no name.
  Result<void> Begin(std::vector<std::string> names,
                     std::optional<uint64_t> size, ByteRange stored) {
    names_ = std::move(names);
    if (names_.empty()) {
      names_.emplace_back();
    }
    member_ = {names_[0], MemberKind::kFile, size, "", stored};
    copy_.clear();
    keeps_ = names_.size() > 1;
    return sink_.Begin(member_);
  }

  Result<void> Write(Bytes bytes) override {
    if (keeps_ && bytes.size() > kMaxKept - copy_.size()) {
      keeps_ = false;
      copy_ = {};
    }
    if (keeps_) {
      copy_.insert(copy_.end(), bytes.begin(), bytes.end());
    }
    return sink_.Write(bytes);
  }

  Result<void> End(const std::optional<Error>& damage) {
    CS_TRY_VOID(sink_.End(damage));
    for (size_t i = 1; i < names_.size(); ++i) {
      CS_TRY_VOID(HandOverAgain(names_[i], damage));
    }
    return {};
  }

 private:
  Result<void> HandOverAgain(const std::string& name,
                             const std::optional<Error>& damage) {
    Member member = member_;
    member.name = name;
    if (!keeps_) {
      member.kind = MemberKind::kLink;
      member.link_target = names_[0];
      member.size.reset();
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(damage);
    }
    CS_TRY_VOID(sink_.Begin(member));
    Result<void> written;
    if (!copy_.empty()) {
      written = sink_.Write(copy_);
    }
    return sink_.End(written ? damage : std::optional(written.error()));
  }

  MemberSink& sink_;
  std::vector<std::string> names_;
  Member member_;
  std::vector<uint8_t> copy_;
  bool keeps_ = false;
};

class NsisMembers {
 public:
  NsisMembers(Bytes bytes, const NsisContainer& container, base::Budget& budget,
              MemberSink& sink)
      : bytes_(bytes),
        container_(container),
        data_(container.data),
        form_(container.stored_form),
        budget_(budget),
        sink_(sink),
        datum_(sink),
        remarks_(sink) {}

  Result<void> Run(const std::vector<NsisDataUse>& uses, bool certain) {
    NoteSurroundings(certain);
    for (const NsisDataUse& use : uses) {
      AddTaker(use);
    }
    const Result<void> result = container_.solid ? Stream() : Walk();
    remarks_.Finish();
    CS_TRY_VOID(result);
    if (container_.cut) {
      return std::unexpected(*container_.cut);
    }
    return {};
  }

 private:
  friend class NsisSolidSink;

  void NoteSurroundings(bool certain) {
    if (container_.start > 0) {
      remarks_.Note(
          RemarkKind::kLeadingData, {0, container_.start},
          fmt::format("{} bytes before the first header", container_.start));
    }
    // Quirk: signers fill a program up to a multiple of 8 before they add to
    // it.
    const Bytes rest = bytes_.subspan(container_.end);
    const uint64_t behind = rest.size();
    if (behind >= 8 || std::ranges::any_of(rest, std::identity())) {
      remarks_.Note(RemarkKind::kTrailingData, {container_.end, behind},
                    fmt::format("{} bytes behind the installer", behind));
    }
    if (!certain) {
      remarks_.Note(RemarkKind::kOddity, container_.stored_header,
                    "several numberings of the opcodes fit; names of some "
                    "operations may be wrong");
    }
  }

  // Adds who takes what is at `offset`, or what follows it. Two operations that
  // write the same data to the same place make one member.
  void AddOnce(uint64_t offset, std::vector<std::string>& names,
               std::string name) {
    if (seen_.emplace(offset, name).second) {
      names.push_back(std::move(name));
    }
  }

  void AddTaker(const NsisDataUse& use) {
    NsisTakers& takers = takers_[use.offset];
    if (use.kind == NsisDataUse::Kind::kPatch) {
      AddOnce(use.offset, takers.names, use.name + "/patch");
      AddOnce(use.offset, takers.patches, use.name + "/data");
    } else {
      AddOnce(use.offset, takers.names, use.name);
    }
  }

  // True for the zeros that fill up a small installer.
  [[nodiscard]] bool IsPadding(uint64_t from, uint64_t to) const {
    const Bytes bytes = bytes_.subspan(data_.offset + from, to - from);
    return to == data_.size && bytes.size() < kNsisPadding &&
           std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
  }

  void NoteHidden(ByteRange range, std::string what) {
    remarks_.Note(RemarkKind::kHiddenData, range, std::move(what));
  }

  // ---- Not solid -----------------------------------------------------------

  Result<void> Walk() {
    uint64_t position = 0;
    // Takers of data behind a patch are added on the way.
    for (auto at = takers_.begin(); at != takers_.end(); ++at) {
      const uint64_t offset = at->first;
      if (offset < position && offset < data_.size) {
        remarks_.Note(
            RemarkKind::kOverlap, {data_.offset + offset, 0},
            fmt::format("data at {} begin inside the data before", offset));
      }
      if (offset > position) {
        CS_TRY_VOID(HandOverHidden(position, std::min(offset, data_.size)));
      }
      const uint64_t end = CS_TRY(HandOver(offset, at->second));
      position = std::max(position, end);
    }
    return HandOverHidden(position, data_.size);
  }

  // Data that nothing names, from offset to offset.
  Result<void> HandOverHidden(uint64_t from, uint64_t to) {
    while (from < to && !IsPadding(from, to)) {
      base::Reader reader(At(from, to - from));
      const uint64_t size = reader.U32("data size") & ~kPackedBit;
      if (reader.Failed() || size == 0 || size > reader.Remaining()) {
        NoteHidden({data_.offset + from, to - from},
                   fmt::format("{} bytes between data", to - from));
        return {};
      }
      NoteHidden({data_.offset + from, 4 + size},
                 fmt::format("no operation names the data at {}", from));
      from = CS_TRY(HandOver(from, {}));
    }
    return {};
  }

  [[nodiscard]] Input At(uint64_t offset, uint64_t size) const {
    return {bytes_.subspan(data_.offset + offset, size), data_.offset + offset};
  }

  // Hands over the data at `offset`; yields the offset behind them.
  Result<uint64_t> HandOver(uint64_t offset, const NsisTakers& takers) {
    CS_TRY_VOID(budget_.ChargeSteps(1 + takers.names.size(), data_.offset));
    if (offset >= data_.size || data_.size - offset < 4) {
      return Missing(offset, takers);
    }
    base::Reader reader(At(offset, data_.size - offset));
    const uint32_t field = reader.U32("data size");
    const bool packed = (field & kPackedBit) != 0;
    const uint64_t size = field & ~kPackedBit;
    const uint64_t there = std::min(size, reader.Remaining());
    const uint64_t end = offset + 4 + there;
    for (const std::string& name : takers.patches) {
      AddOnce(end, takers_[end].names, name);
    }
    const ByteRange stored = {data_.offset + offset, 4 + there};
    const Input content{reader.Take(there, "data"), stored.offset + 4};
    if (packed) {
      CS_TRY_VOID(Unpack(content, takers.names, stored));
    } else {
      CS_TRY_VOID(PlaceAll(content, size, takers.names, stored));
    }
    return end;
  }

  // Data that are not there at all.
  Result<uint64_t> Missing(uint64_t offset, const NsisTakers& takers) {
    const uint64_t end = data_.offset + data_.size;
    const Error error = {container_.cut ? Fault::kTruncated : Fault::kMalformed,
                         end, "data offset"};
    CS_TRY_VOID(datum_.Begin(takers.names, {}, {end, 0}));
    CS_TRY_VOID(datum_.End(error));
    return std::min(offset, data_.size);
  }

  Result<void> Unpack(Input content, const std::vector<std::string>& names,
                      ByteRange stored) {
    CS_TRY_VOID(datum_.Begin(names, {}, stored));
    const NsisCompressor compressor =
        container_.compressor == NsisCompressor::kNone
            ? GuessNsisCompressor(content.bytes)
            : container_.compressor;
    const Result<uint64_t> taken =
        DecompressNsis(compressor, content, datum_, form_);
    if (taken && *taken < content.bytes.size()) {
      const uint64_t left = content.bytes.size() - *taken;
      NoteHidden({content.offset + *taken, left},
                 fmt::format("{} bytes behind the end of packed data", left));
    }
    return datum_.End(taken ? std::optional<Error>()
                            : std::optional(taken.error()));
  }

  Result<void> PlaceAll(Input content, uint64_t size,
                        std::vector<std::string> names, ByteRange stored) {
    if (names.empty()) {
      names.emplace_back();
    }
    for (std::string& name : names) {
      const Member member = {std::move(name), MemberKind::kFile, size, "",
                             stored};
      if (size == content.bytes.size()) {
        CS_TRY_VOID(sink_.Place(member, content.Range()));
        continue;
      }
      CS_TRY_VOID(sink_.Begin(member));
      Result<void> written;
      if (!content.bytes.empty()) {
        written = sink_.Write(content.bytes);
      }
      CS_TRY_VOID(sink_.End(
          written ? Error{Fault::kTruncated,
                          content.offset + content.bytes.size(), "data size"}
                  : written.error()));
    }
    return {};
  }

  // ---- Solid ---------------------------------------------------------------

  Result<void> Stream();
  Result<void> EndStream(const std::optional<Error>& error);

  Bytes bytes_;
  const NsisContainer& container_;
  ByteRange data_;
  NsisStoredForm form_;
  base::Budget& budget_;
  MemberSink& sink_;
  NsisDatum datum_;
  BoundedRemarks remarks_;
  std::map<uint64_t, NsisTakers> takers_;            // by offset of the data
  std::set<std::pair<uint64_t, std::string>> seen_;  // of what is in takers_
};

// Cuts the one stream of a solid installer into data.
class NsisSolidSink : public ByteSink {
 public:
  NsisSolidSink(NsisMembers& members, uint64_t header_bytes)
      : members_(members), skip_(header_bytes) {}

  Result<void> Write(Bytes bytes) override {
    const size_t skipped = std::min<uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes = bytes.subspan(skipped);
    while (!bytes.empty()) {
      if (!open_) {
        CS_TRY_VOID(TakeSize(bytes));
        continue;
      }
      const Bytes part = bytes.first(std::min<uint64_t>(left_, bytes.size()));
      bytes = bytes.subspan(part.size());
      left_ -= part.size();
      position_ += part.size();
      CS_TRY_VOID(members_.datum_.Write(part));
      if (left_ == 0) {
        open_ = false;
        CS_TRY_VOID(members_.datum_.End({}));
      }
    }
    return {};
  }

  // True between data, where the stream may end.
  [[nodiscard]] bool IsBetween() const {
    return skip_ == 0 && !open_ && size_bytes_ == 0;
  }
  [[nodiscard]] bool IsOpen() const { return open_; }
  // Who waits for data that did not come.
  [[nodiscard]] const std::vector<std::string>& Pending() const {
    return pending_;
  }

 private:
  Result<void> TakeSize(Bytes& bytes) {
    left_ |= uint64_t{bytes[0]} << (8 * size_bytes_);
    bytes = bytes.subspan(1);
    ++position_;
    if (++size_bytes_ < 4) {
      return {};
    }
    size_bytes_ = 0;
    return BeginDatum();
  }

  Result<void> BeginDatum() {
    const uint64_t offset = position_ - 4;
    NsisTakers takers;
    if (const auto found = members_.takers_.find(offset);
        found != members_.takers_.end()) {
      takers = std::move(found->second);
      members_.takers_.erase(found);
    }
    for (std::string& name : pending_) {
      members_.AddOnce(offset, takers.names, std::move(name));
    }
    pending_ = std::move(takers.patches);
    CS_TRY_VOID(members_.budget_.ChargeSteps(1 + takers.names.size(),
                                             members_.data_.offset));
    if (takers.names.empty()) {
      // Nothing of nobody.
      if (left_ == 0) {
        return {};
      }
      members_.NoteHidden(
          members_.data_,
          fmt::format("no operation names the data at {}", offset));
    }
    CS_TRY_VOID(
        members_.datum_.Begin(std::move(takers.names), left_, members_.data_));
    if (left_ == 0) {
      return members_.datum_.End({});
    }
    open_ = true;
    return {};
  }

  NsisMembers& members_;
  uint64_t skip_;                     // of the header, yet to come
  uint64_t position_ = 0;             // in the data
  size_t size_bytes_ = 0;             // of the size, read
  uint64_t left_ = 0;                 // of the datum; or its size, growing
  bool open_ = false;                 // inside a datum
  std::vector<std::string> pending_;  // who takes the next datum
};

Result<void> NsisMembers::Stream() {
  const Input input = At(0, data_.size);
  NsisSolidSink sink(*this, container_.header_size + 4);
  const Result<uint64_t> taken =
      DecompressNsis(container_.compressor, input, sink, form_);
  std::optional<Error> error;
  if (!taken) {
    error = taken.error();
  } else if (!sink.IsBetween()) {
    error = Error{Fault::kTruncated, input.offset + *taken, "data size"};
  } else if (!IsPadding(*taken, data_.size)) {
    NoteHidden({input.offset + *taken, data_.size - *taken},
               fmt::format("{} bytes behind the end of packed data",
                           data_.size - *taken));
  }
  if (error && sink.IsOpen()) {
    CS_TRY_VOID(datum_.End(error));
  }
  for (const std::string& name : sink.Pending()) {
    takers_[data_.size].names.push_back(name);
  }
  return EndStream(error);
}

// What was to be found at an offset where no data begin.
Result<void> NsisMembers::EndStream(const std::optional<Error>& error) {
  if (error) {
    return std::unexpected(*error);
  }
  for (const auto& [offset, takers] : takers_) {
    CS_TRY_VOID(budget_.ChargeSteps(takers.names.size(), data_.offset));
    CS_TRY_VOID(datum_.Begin(takers.names, {}, data_));
    CS_TRY_VOID(datum_.End(
        Error{Fault::kMalformed, data_.offset + data_.size, "data offset"}));
  }
  return {};
}

}  // namespace

Result<void> HandOverMembers(Bytes bytes, const NsisContainer& container,
                             const std::vector<NsisDataUse>& uses,
                             bool opcodes_certain, base::Budget& budget,
                             MemberSink& sink) {
  return NsisMembers(bytes, container, budget, sink).Run(uses, opcodes_certain);
}

}  // namespace countersign::formats
