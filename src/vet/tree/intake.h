// Takes the members of one container, as its reader hands them over.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/unpack.h"
#include "vet/tree/allowance.h"
#include "vet/tree/content.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// A member that was taken in whole or in part.
struct TakenMember {
  formats::Member member;
  Content::Finished content;
  // Why the content is not what it should be; then it is not looked at.
  std::optional<base::Error> damage;
  // The remark on it, where no structure of the container names it.
  std::optional<formats::RemarkKind> unaccounted = {};
};

class Intake : public formats::MemberSink {
 public:
  // What to do with each member. Valid as long as the intake.
  using Take = std::function<void(const TakenMember& taken)>;

  // For container number `container` with the bytes of `blob` and the volumes
  // `beside` it, which must outlive the intake.
  Intake(uint32_t container, std::shared_ptr<const base::Blob> blob,
         const formats::Volumes& beside, Record& record, Allowance& allowance,
         Content& content, uint64_t memory_bytes, Take take)
      : container_(container),
        blob_(std::move(blob)),
        beside_(beside),
        record_(record),
        allowance_(allowance),
        content_(content),
        memory_bytes_(memory_bytes),
        take_(std::move(take)) {}

  void Identify(model::Format format, std::string detail) override;
  base::Result<void> Begin(const formats::Member& member) override;
  base::Result<void> Write(base::Bytes bytes) override;
  base::Result<void> End(const std::optional<base::Error>& damage) override;
  base::Result<void> Place(const formats::Member& member,
                           base::ByteRange content) override;
  void Note(formats::Remark remark) override;
  [[nodiscard]] const formats::Volumes& Beside() const override {
    return beside_;
  }

  // Hands over what no structure accounts for, as the reader's remarks say,
  // where it begins as a file does that is more than plain data, or ends as a
  // ZIP archive does if those are to be looked `for_zip`. To be called when the
  // reader is done. Fails when a limit is reached.
  base::Result<void> TakeUnaccounted(bool for_zip);

 private:
  base::Result<void> TakeRange(const formats::Member& member,
                               base::ByteRange content,
                               std::optional<formats::RemarkKind> unaccounted);
  base::Result<void> Admit(const formats::Member& member);
  void CheckName(const formats::Member& member);
  void CheckReserved(const formats::Member& member);
  [[nodiscard]] bool HasMemberIn(base::ByteRange range) const;
  [[nodiscard]] base::ByteRange FileIn(base::ByteRange range) const;
  [[nodiscard]] base::ByteRange Clamped(base::ByteRange range) const;

  uint32_t container_;
  std::shared_ptr<const base::Blob> blob_;
  const formats::Volumes& beside_;
  Record& record_;
  Allowance& allowance_;
  Content& content_;
  uint64_t memory_bytes_;
  Take take_;
  formats::Member member_;
  uint64_t given_bytes_ = 0;
  uint64_t placed_bytes_ = 0;
  struct Unaccounted {
    formats::RemarkKind kind = formats::RemarkKind::kHiddenData;
    base::ByteRange range;
  };
  std::vector<Unaccounted> unaccounted_;
  std::vector<base::ByteRange> stored_;  // of all members
  std::optional<base::Error> refusal_;   // of Write, for the member begun
  std::unordered_map<std::string, base::ByteRange> names_;  // by collision key
};

}  // namespace countersign::vet
