#include "vet/tree/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "formats/pe.h"
#include "formats/remarks.h"
#include "install/actions.h"
#include "vet/findings.h"
#include "vet/tree/kind.h"
#include "vet/tree/member_name.h"
#include "vet/tree/remark.h"

namespace countersign::vet {
namespace {

using formats::Member;
using formats::MemberKind;
using formats::RemarkKind;

// What a member is called that stands inside a container and is none of its.
constexpr std::string_view kUnaccountedName = "[unaccounted]";

// Limit: 4,096 bytes, the longest path of common systems.
constexpr size_t kLongestName = 4096;

// Up to `most` bytes, whole characters.
std::string Shortened(const std::string& name, size_t most) {
  size_t size = std::min(name.size(), most);
  while (size > 0 && size < name.size() && (name[size] & 0xC0) == 0x80) {
    --size;
  }
  return name.substr(0, size);
}

// Bytes that a name takes in a report, where what cannot be shown is spelt out.
uint64_t ShownBytes(std::string_view name) {
  const std::string shown = base::DisplaySafe(name);
  return shown.size() + static_cast<uint64_t>(std::ranges::count(shown, '\\'));
}

// The name for a sentence.
std::string Quoted(const std::string& name) {
  // Limit: 200 bytes, so that a sentence stays one.
  constexpr size_t kMostBytes = 200;
  std::string shown = base::DisplaySafe(Shortened(name, kMostBytes));
  return name.size() > kMostBytes ? shown + "..." : shown;
}

}  // namespace

base::ByteRange Intake::Clamped(base::ByteRange range) const {
  const uint64_t size = blob_->View().size();
  const uint64_t offset = std::min(range.offset, size);
  return {offset, std::min(range.size, size - offset)};
}

void Intake::Identify(model::Format format, std::string detail) {
  model::Artifact& artifact = record_.At(container_);
  artifact.format = format;
  if (!detail.empty()) {
    artifact.detail = base::DisplaySafe(detail);
  }
}

base::Result<void> Intake::Admit(const Member& member) {
  CS_TRY_VOID(allowance_.TakeMember(member.stored.offset));
  member_ = member;
  given_bytes_ = 0;
  refusal_.reset();
  stored_.push_back(member.stored);
  CheckName(member);
  return allowance_.TakePath(
      ShownBytes(record_.At(container_).path) + 1 + ShownBytes(member_.name),
      Clamped(member.stored).offset);
}

void Intake::CheckName(const Member& member) {
  const std::string shown = Quoted(member.name);
  const base::ByteRange evidence = Clamped(member.stored);
  if (member.name.size() > kLongestName) {
    member_.name = Shortened(member.name, kLongestName);
    record_.Give(MakeFinding(
        "vet.member_name_deceptive", container_,
        fmt::format("The name of a member has {} bytes and is shortened here.",
                    member.name.size()),
        evidence));
    return;
  }
  if (const auto problem = FindNameProblem(member.name)) {
    record_.Give(MakeFinding(
        problem->finding, container_,
        fmt::format("The member name \"{}\" {}.", shown, problem->what),
        evidence, {{"name", shown}}));
  }
  if (member.kind == MemberKind::kDirectory) {
    return;
  }
  if (member.kind == MemberKind::kLink) {
    if (const auto problem = FindNameProblem(member.link_target);
        problem && problem->finding == "vet.member_escapes") {
      record_.Give(MakeFinding(
          problem->finding, container_,
          fmt::format("The link \"{}\" leads to \"{}\", which {}.", shown,
                      Quoted(member.link_target), problem->what),
          evidence, {{"name", shown}}));
    }
  }
  const auto [other, is_new] =
      names_.emplace(CollisionKey(member.name), evidence);
  if (!is_new && !member.name.empty()) {
    record_.Give(MakeFinding(
        "vet.member_name_collision", container_,
        fmt::format("Several members have the name \"{}\" where letter case "
                    "does not count.",
                    shown),
        evidence, {{"name", shown}}));
  }
}

base::Result<void> Intake::Begin(const Member& member) {
  CheckReserved(member);
  CS_TRY_VOID(Admit(member));
  const install::Place place{model::Format::kUnknown,
                             record_.At(container_).format, member.name};
  content_.Begin(member.size.value_or(0), memory_bytes_,
                 install::MayTell(place));
  return {};
}

base::Result<void> Intake::Write(base::Bytes bytes) {
  const uint64_t packed =
      member_.packed_size != 0 ? member_.packed_size : blob_->View().size();
  auto taken = allowance_.TakeOutput(bytes.size(), given_bytes_, packed,
                                     Clamped(member_.stored).offset);
  given_bytes_ += bytes.size();
  if (taken) {
    taken = content_.Append(bytes);
  }
  if (!taken) {
    refusal_ = taken.error();
  }
  return taken;
}

base::Result<void> Intake::End(const std::optional<base::Error>& damage) {
  std::optional<base::Error> why = refusal_ ? refusal_ : damage;
  auto content = content_.Finish();
  if (!content) {
    why = why ? why : content.error();
    content = Content::Finished{};
  }
  take_({std::move(member_), *std::move(content), why});
  member_ = {};
  return allowance_.IsSpent() && refusal_
             ? base::Result<void>(std::unexpected(*refusal_))
             : base::Result<void>();
}

base::Result<void> Intake::Place(const Member& member,
                                 base::ByteRange content) {
  CheckReserved(member);
  return TakeRange(member, content, std::nullopt);
}

base::Result<void> Intake::TakeRange(const Member& member,
                                     base::ByteRange content,
                                     std::optional<RemarkKind> unaccounted) {
  CS_TRY_VOID(Admit(member));
  // Why: what lies in a container as it is costs no memory, only the time to
  // hash it, and once over is free. Members that share bytes are output.
  placed_bytes_ += content.size;
  if (placed_bytes_ > blob_->View().size()) {
    if (auto taken = allowance_.TakeOutput(content.size, 0, content.size,
                                           Clamped(member.stored).offset);
        !taken) {
      return taken;
    }
  }
  TakenMember taken{std::move(member_), {}, {}, unaccounted};
  taken.content.bytes = base::Blob::Slice(blob_, content);
  taken.content.row = &formats::Sniff(taken.content.bytes->View());
  taken.content.size_bytes = content.size;
  taken.content.ends_like_zip =
      HasZipAtEnd(*taken.content.row, taken.content.bytes->View());
  std::vector<base::Hasher> hashers = content_.NewHashers();
  if (const auto hashed =
          taken.content.bytes->Hash({0, content.size}, hashers)) {
    Content::TakeDigests(hashers, taken.content);
  } else {
    taken.damage = hashed.error();
  }
  take_(taken);
  member_ = {};
  return {};
}

// A remark may be on the place of members that it is about.
bool Intake::HasMemberIn(base::ByteRange range) const {
  return std::ranges::any_of(stored_, [&](const base::ByteRange& stored) {
    return stored.size > 0 && stored.offset >= range.offset &&
           stored.offset + stored.size <= range.offset + range.size;
  });
}

// Without the zeros in front, and those behind a signed program, whose end is
// known: it would seem to be changed.
base::ByteRange Intake::FileIn(base::ByteRange range) const {
  const base::Bytes all = blob_->View();
  const uint64_t begin =
      formats::SkipZeros(all.first(range.offset + range.size), range.offset);
  range = {begin, range.offset + range.size - begin};
  if (const auto image =
          formats::ParsePe(all.subspan(range.offset, range.size))) {
    const base::ByteRange behind = formats::BehindCertificateTable(*image);
    const uint64_t zeros_begin = range.offset + behind.offset;
    if (behind.size > 0 &&
        formats::SkipZeros(all.first(range.offset + range.size), zeros_begin) ==
            range.offset + range.size) {
      range.size = behind.offset;
    }
  }
  return range;
}

base::Result<void> Intake::TakeUnaccounted(bool for_zip) {
  const base::Bytes all = blob_->View();
  const std::vector<Unaccounted> unaccounted = std::exchange(unaccounted_, {});
  for (const auto& [kind, remarked] : unaccounted) {
    if (HasMemberIn(remarked)) {
      continue;
    }
    const base::ByteRange range = FileIn(remarked);
    const base::Bytes bytes = all.subspan(range.offset, range.size);
    const formats::FormatRow& row = formats::Sniff(bytes);
    if (range.size == all.size() ||
        (IsPlainData(row.format) && !(for_zip && HasZipAtEnd(row, bytes)))) {
      continue;
    }
    Member member;
    member.name = remarked.offset + remarked.size == all.size()
                      ? std::string(formats::kAppendedName)
                      : fmt::format("{}/{}", kUnaccountedName, range.offset);
    member.size = range.size;
    member.stored = range;
    CS_TRY_VOID(TakeRange(member, range, kind));
  }
  return {};
}

// What the tree and the reader of programs call what has no name.
void Intake::CheckReserved(const Member& member) {
  const std::string_view name = member.name;
  if (record_.At(container_).format != model::Format::kPe &&
      (name == formats::kAppendedName || name.starts_with(kUnaccountedName))) {
    record_.Give(MakeFinding(
        "vet.member_name_deceptive", container_,
        fmt::format("The member name \"{}\" is one that reports give to what "
                    "no structure of a container names.",
                    Quoted(member.name)),
        Clamped(member.stored), {{"name", Quoted(member.name)}}));
  }
}

void Intake::Note(formats::Remark remark) {
  remark.range = Clamped(remark.range);
  if (remark.kind == RemarkKind::kLeadingData ||
      remark.kind == RemarkKind::kHiddenData ||
      remark.kind == RemarkKind::kTrailingData) {
    unaccounted_.push_back({remark.kind, remark.range});
  }
  if (MeansIncomplete(remark.kind)) {
    record_.SetIncomplete();
  }
  record_.Give(FindingOn(remark, container_));
}

}  // namespace countersign::vet
