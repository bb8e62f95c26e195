// For tests: what a reader of containers hands over, kept, with the rules of
// MemberSink checked on the way.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

class MemberRecorder : public MemberSink {
 public:
  struct Recorded {
    Member member;
    std::vector<uint8_t> content;
    std::optional<base::Error> damage;
    bool placed = false;
  };

  // `max_bytes` of content in all members together, and so many members: more
  // is refused with kLimit.
  explicit MemberRecorder(uint64_t max_bytes = uint64_t{64} << 20,
                          size_t max_members = 10'000)
      : left_(max_bytes), max_members_(max_members) {}

  void Identify(model::Format what, std::string words) override {
    format = what;
    detail = std::move(words);
  }

  base::Result<void> Begin(const Member& member) override {
    CS_CHECK(!open_ && !refused_);
    CS_CHECK(member.stored.Inside(container_size_));
    if (members.size() >= max_members_) {
      refused_ = true;
      return base::Fail(base::Fault::kLimit, 0, "members");
    }
    open_ = true;
    full_ = false;
    members.push_back({member, {}, {}, false});
    return {};
  }

  base::Result<void> Write(base::Bytes bytes) override {
    CS_CHECK(open_ && !full_ && !refused_);
    if (bytes.size() > left_) {
      full_ = true;
      return base::Fail(base::Fault::kLimit, 0, "bytes out");
    }
    left_ -= bytes.size();
    auto& content = members.back().content;
    content.insert(content.end(), bytes.begin(), bytes.end());
    return {};
  }

  base::Result<void> End(const std::optional<base::Error>& damage) override {
    CS_CHECK(open_ && !refused_);
    CS_CHECK(!full_ || damage);
    CS_CHECK(!damage || damage->offset <= container_size_);
    // Complete content is as long as it was said to be.
    const Recorded& last = members.back();
    CS_CHECK(damage || !last.member.size ||
             *last.member.size == last.content.size());
    open_ = false;
    members.back().damage = damage;
    return {};
  }

  base::Result<void> Place(const Member& member,
                           base::ByteRange content) override {
    CS_CHECK(content.Inside(container_size_));
    CS_TRY_VOID(Begin(member));
    members.back().placed = true;
    base::Result<void> written;
    if (content.size > 0) {
      written = Write(container_.subspan(content.offset, content.size));
    }
    return End(written ? std::optional<base::Error>()
                       : std::optional(written.error()));
  }

  void Note(Remark remark) override {
    CS_CHECK(remark.range.Inside(container_size_));
    CS_CHECK(!remark.what.empty());
    remarks.push_back(std::move(remark));
  }

  // Runs `unpack` over `bytes` with a fresh budget of `limits`.
  base::Result<void> Run(Unpack unpack, base::Bytes bytes,
                         const base::Limits& limits = {}) {
    const auto blob = base::Blob::Own({bytes.begin(), bytes.end()});
    container_ = blob->View();
    container_size_ = bytes.size();
    base::Budget budget(limits);
    auto result = unpack(*blob, budget, *this);
    CS_CHECK(!open_);
    CS_CHECK(result || (result.error().offset <= container_size_ &&
                        result.error().field[0] != '\0'));
    // Why: a reader that was refused says so.
    CS_CHECK(!refused_ || !result);
    container_ = {};
    return result;
  }

  // The member of that name, or null.
  [[nodiscard]] const Recorded* Find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(members, [name](const Recorded& recorded) {
          return recorded.member.name == name;
        });
    return found == members.end() ? nullptr : &*found;
  }
  // Its content as text; "(no such member)" when there is none.
  [[nodiscard]] std::string ContentOf(std::string_view name) const {
    const Recorded* found = Find(name);
    return found == nullptr
               ? "(no such member)"
               : std::string(found->content.begin(), found->content.end());
  }
  [[nodiscard]] size_t CountOf(RemarkKind kind) const {
    return static_cast<size_t>(
        std::ranges::count(remarks, kind, &Remark::kind));
  }

  std::vector<Recorded> members;
  std::vector<Remark> remarks;
  model::Format format = model::Format::kUnknown;
  std::string detail;

 private:
  base::Bytes container_;
  uint64_t container_size_ = 0;
  uint64_t left_;
  size_t max_members_;
  bool open_ = false;
  bool full_ = false;     // Write refused; nothing more may come but End
  bool refused_ = false;  // Begin refused; nothing more may come
};

// For fuzz targets: `unpack` keeps the rules over `bytes`, says the same twice,
// and stops where limits are reached.
inline void CheckUnpack(Unpack unpack, base::Bytes bytes) {
  const auto transcript = [&](uint64_t max_bytes, size_t max_members,
                              const base::Limits& limits) {
    MemberRecorder recorder(max_bytes, max_members);
    const auto result = recorder.Run(unpack, bytes, limits);
    std::string text = recorder.detail;
    for (const auto& recorded : recorder.members) {
      text += "|" + recorded.member.name + ":" +
              std::to_string(recorded.content.size()) +
              (recorded.damage ? recorded.damage->field : "");
      text.append(recorded.content.begin(), recorded.content.end());
    }
    for (const Remark& remark : recorder.remarks) {
      text += "|" + remark.what;
    }
    return text + (result ? "" : result.error().field);
  };
  constexpr uint64_t kBytes = uint64_t{16} << 20;
  base::Limits limits;
  limits.steps = 200'000;
  CS_CHECK(transcript(kBytes, 2000, limits) ==
           transcript(kBytes, 2000, limits));
  (void)transcript(100, 2000, limits);
  (void)transcript(kBytes, 1, limits);
  limits.steps = 10;
  (void)transcript(kBytes, 2000, limits);
}

}  // namespace countersign::formats
