// Reads ar archives, and says which of them are Debian packages.
//
// +----------+ +----------------------------------------+---------+--------+
// | !<arch>, | | name 16, mtime 12, uid 6, gid 6,       | content | \n to  |
// ... | \n       | | mode 8, size 10: text; "`\n"           |         | even |
// +----------+ +----------------------------------------+---------+--------+
//
// Names: "name/" (System V, GNU), "name" (BSD, Debian); "/" and "/SYM64/" hold
// the symbol table, "//" long names, "/123" is the long name at 123; "#1/20"
// (BSD) has a name of 20 bytes in front of the content.
//
// Spec: FreeBSD ar(5); System V ABI, chapter 7, "Archive File"; deb(5).
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/reader.h"
#include "formats/archive.h"
#include "formats/archive/names.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;
using std::string_view_literals::operator""sv;

constexpr std::string_view kArMark = "!<arch>\n"sv;
constexpr uint64_t kArHeader = 60;

// Digits and spaces behind them; nothing when it is something else.
std::optional<uint64_t> ArNumber(std::string_view text) {
  text = text.substr(0, text.find(' '));
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

std::string_view ArTrimmed(std::string_view text) {
  const size_t last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

class ArWalk {
 public:
  ArWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    const auto result = ReadAll();
    if (debian_.IsPackage()) {
      sink_.Identify(model::Format::kDeb, "Debian package");
    }
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  // deb(5): the first member, then one of each of the others.
  struct Debian {
    bool first = false;
    bool control = false;
    bool data = false;

    [[nodiscard]] bool IsPackage() const { return first && control && data; }
  };

  // A member while it is read.
  struct Entry {
    Member member;
    uint64_t data = 0;
    uint64_t size = 0;
    std::string_view field;  // the name field, without spaces
  };

  Result<void> ReadAll() {
    if (!base::AsText(bytes_).starts_with(kArMark)) {
      return Fail(Fault::kMalformed, 0, "magic string");
    }
    at_ = kArMark.size();
    while (at_ < bytes_.size()) {
      CS_TRY_VOID(budget_.ChargeSteps(1, at_));
      Entry entry = CS_TRY(ReadHeader());
      CS_TRY_VOID(HandOver(entry));
    }
    return {};
  }

  Result<Entry> ReadHeader() {
    Reader reader({bytes_.subspan(at_), at_});
    Entry entry;
    entry.field = ArTrimmed(base::AsText(reader.Take(16, "ar_name")));
    reader.Skip(32, "ar_date");
    const std::string_view size = base::AsText(reader.Take(10, "ar_size"));
    const std::string_view mark = base::AsText(reader.Take(2, "ar_fmag"));
    CS_TRY(reader.Finish(true));
    if (mark != "`\n") {
      return Fail(Fault::kMalformed, at_ + 58, "ar_fmag");
    }
    const auto bytes = ArNumber(size);
    if (!bytes) {
      return Fail(Fault::kMalformed, at_ + 48, "ar_size");
    }
    entry.size = *bytes;
    entry.data = at_ + kArHeader;
    return entry;
  }

  Result<void> HandOver(Entry& entry) {
    const uint64_t left = bytes_.size() - entry.data;
    const uint64_t there = std::min(entry.size, left);
    const uint64_t end = entry.data + there;
    const bool cut_off = there < entry.size;
    entry.member.stored = {at_, end - at_};
    if (entry.field == "//") {
      long_names_ = {base::AsText(bytes_.subspan(entry.data, there))};
    }
    const auto named = TakeName(entry, there);
    names_.Add(entry.member);
    LookForDebian(entry.member.name);
    if (!named || cut_off) {
      return HandOverDamaged(
          entry, end,
          named ? Error{Fault::kTruncated, end, "content"} : named.error(),
          cut_off);
    }
    CS_TRY_VOID(sink_.Place(entry.member, {entry.data, end - entry.data}));
    return SkipPadding(end);
  }

  // Fills in name and size; what a BSD name takes of the content is taken off.
  Result<void> TakeName(Entry& entry, uint64_t there) {
    const std::string_view field = entry.field;
    entry.member.name = field;
    if (field.starts_with("#1/")) {
      const auto size = ArNumber(field.substr(3));
      if (!size || *size > there) {
        return Fail(Fault::kMalformed, at_, "ar_name");
      }
      std::string_view name = base::AsText(bytes_.subspan(entry.data, *size));
      name = name.substr(0, name.find('\0'));
      entry.member.name = remarks_.Name(name, {entry.data, *size});
      entry.data += *size;
      entry.size -= *size;
    } else if (field.size() > 1 && field[0] == '/' && field[1] >= '0' &&
               field[1] <= '9') {
      const auto start = ArNumber(field.substr(1));
      if (!start || *start >= long_names_.size()) {
        return Fail(Fault::kMalformed, at_, "ar_name");
      }
      entry.member.name = LongName(*start);
    } else if (field.starts_with('/')) {
      NameTable(entry.member);
    } else if (field.size() > 1 && field.ends_with('/')) {
      entry.member.name.pop_back();
    }
    entry.member.size = entry.size;
    return {};
  }

  // Tables of the archive have names that would be absolute paths. Microsoft's
  // libraries have two of the first.
  void NameTable(Member& member) {
    const std::string_view field = member.name;
    if (field == "/" || field == "/SYM64/") {
      ++symbol_tables_;
      member.name = symbol_tables_ == 1
                        ? "[symbol table]"
                        : fmt::format("[symbol table {}]", symbol_tables_);
    } else if (field == "//") {
      member.name = "[long names]";
    } else if (field.starts_with("/<") && field.ends_with(">/")) {
      member.name = fmt::format("[{}]", field.substr(2, field.size() - 4));
    }
  }

  // GNU ends a long name with "/\n", System V with "\n", Microsoft with zero.
  std::string LongName(uint64_t start) {
    // Why the limit: names are found by a search, and one without end could be
    // asked for by every member.
    std::string_view name =
        long_names_.substr(start).substr(0, kMostNameBytes + 2);
    name = name.substr(0, name.find_first_of("\n\0"sv));
    name.remove_suffix(name.ends_with('/') ? 1 : 0);
    return remarks_.Name(name, {at_, kArHeader});
  }

  void LookForDebian(std::string_view name) {
    if (at_ == kArMark.size()) {
      debian_.first = name == "debian-binary";
    }
    debian_.control |= name.starts_with("control.tar");
    debian_.data |= name.starts_with("data.tar");
  }

  Result<void> HandOverDamaged(const Entry& entry, uint64_t end,
                               const Error& damage, bool cut_off) {
    CS_TRY_VOID(sink_.Begin(entry.member));
    const Bytes content = bytes_.subspan(entry.data, end - entry.data);
    const auto written =
        content.empty() ? Result<void>() : sink_.Write(content);
    CS_TRY_VOID(sink_.End(written ? damage : written.error()));
    return cut_off ? Result<void>(Fail(Fault::kTruncated, end, "content"))
                   : SkipPadding(end);
  }

  Result<void> SkipPadding(uint64_t end) {
    at_ = end;
    // Quirk: the last padding may be missing.
    if (end % 2 == 0 || end == bytes_.size()) {
      return {};
    }
    ++at_;
    if (bytes_[end] != '\n' && bytes_[end] != '\0') {
      remarks_.Note(RemarkKind::kHiddenData, {end, 1},
                    "the byte of padding is no line feed");
    }
    return {};
  }

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  std::string_view long_names_;
  int symbol_tables_ = 0;
  Debian debian_;
  uint64_t at_ = 0;  // of the next header
};

}  // namespace

Result<void> UnpackAr(const base::Blob& container, base::Budget& budget,
                      MemberSink& sink) {
  return ArWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
