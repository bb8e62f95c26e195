// Signed scripts: text with a signature in comments, one line of base64 a
// comment.
//
//   [byte order mark]
//   text                              } signed, as UTF-16
//   CR LF
//   # SIG # Begin signature block     }
//   # MIIT...                         } the block: PKCS #7 in base64
//   # SIG # End signature block CR LF }
//   [text]                            } a Windows Script File goes on here
//
// Spec: none is published. The forms are those of the signers in Windows:
// pwrshsip.dll (PowerShell, MOF) and wshext.dll (VBScript, JScript, WSF); rules
// and how they were confirmed: docs/formats/powershell.md, script.md.
// Quirk: signers write CR LF around the block whatever the text has. Blocks
// whose line breaks were converted are read as well, so that it can be said
// that only they were changed.
#include "formats/script.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/script/block_style.h"
#include "formats/sniff.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;

const BlockStyle& StyleOf(ScriptKind kind) {
  return *std::ranges::find(kBlockStyles, kind, &BlockStyle::kind);
}

// The value of a base64 character, or -1.
int Base64Value(uint32_t c) {
  if (c >= 'A' && c <= 'Z') {
    return static_cast<int>(c - 'A');
  }
  if (c >= 'a' && c <= 'z') {
    return static_cast<int>(c - 'a') + 26;
  }
  if (c >= '0' && c <= '9') {
    return static_cast<int>(c - '0') + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Puts base64 together that comes in pieces.
class Base64Joiner {
 public:
  // False when the character cannot stand here.
  bool Take(uint32_t c) {
    ++count_;
    if (c == '=') {
      ++padding_;
      return padding_ <= 2;
    }
    const int value = Base64Value(c);
    if (value < 0 || padding_ > 0) {
      return false;
    }
    bits_ = bits_ << 6 | static_cast<uint32_t>(value);
    held_ += 6;
    if (held_ >= 8) {
      held_ -= 8;
      bytes_.push_back(static_cast<uint8_t>(bits_ >> held_));
    }
    return true;
  }
  [[nodiscard]] bool IsWhole() const { return count_ != 0 && count_ % 4 == 0; }
  [[nodiscard]] std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
  uint32_t bits_ = 0;
  int held_ = 0;
  int padding_ = 0;
  uint64_t count_ = 0;
};

// The first block of that style: where its first line begins.
size_t FindBegin(const UnitView& text, const BlockStyle& style, size_t from) {
  size_t at = text.FindLine(style.begin, from);
  // Why: "<signature>" alone may be a line of any XML.
  while (at != UnitView::kNone && style.kind == ScriptKind::kWindowsScript &&
         !text.Has(text.NextLine(text.LineEnd(at)), style.open)) {
    at = text.FindLine(style.begin, at + text.Width());
  }
  return at;
}

struct FoundBlock {
  const BlockStyle* style = nullptr;
  TextUnit unit = TextUnit::kByte;
  size_t begin = UnitView::kNone;
};

// The first block of any style in `text`.
FoundBlock FirstBlock(const UnitView& text, TextUnit unit, size_t from) {
  FoundBlock first;
  first.unit = unit;
  for (const BlockStyle& style : kBlockStyles) {
    const size_t at = FindBegin(text, style, from);
    if (at < first.begin) {
      first.begin = at;
      first.style = &style;
    }
  }
  return first;
}

struct ByteOrderMark {
  std::string_view mark;
  TextUnit unit;
};

constexpr std::array kMarks = {
    ByteOrderMark{std::string_view("\xEF\xBB\xBF", 3), TextUnit::kByte},
    ByteOrderMark{std::string_view("\xFF\xFE", 2), TextUnit::kUtf16Little},
    ByteOrderMark{std::string_view("\xFE\xFF", 2), TextUnit::kUtf16Big}};

const ByteOrderMark* MarkOf(Bytes file) {
  const auto* mark = std::ranges::find_if(kMarks, [&](const auto& candidate) {
    return base::AsText(file).starts_with(candidate.mark);
  });
  return mark == kMarks.end() ? nullptr : mark;
}

// The block in the text behind the byte order mark, whose units are tried in
// turn where no mark tells them.
FoundBlock FindBlock(Bytes text, const ByteOrderMark* mark) {
  if (mark != nullptr) {
    return FirstBlock(UnitView(text, mark->unit), mark->unit, 0);
  }
  for (const TextUnit unit :
       {TextUnit::kByte, TextUnit::kUtf16Little, TextUnit::kUtf16Big}) {
    FoundBlock found = FirstBlock(UnitView(text, unit), unit, 0);
    if (found.style != nullptr) {
      return found;
    }
  }
  return {};
}

// Reads the lines between the first and the last one.
class BlockReader {
 public:
  BlockReader(const UnitView& text, const BlockStyle& style, uint64_t base)
      : text_(text), style_(style), base_(base) {}

  // From the line that begins at `begin`; yields the end of the last line,
  // its line break left out.
  size_t Read(size_t begin, SignedScript& script) {
    size_t line = text_.NextLine(text_.LineEnd(begin));
    script.signature_offset = base_ + line;
    while (line < text_.SizeBytes()) {
      const size_t end = text_.LineEnd(line);
      if (end - line == style_.end.size() * text_.Width() &&
          text_.Has(line, style_.end)) {
        if (!joiner_.IsWhole()) {
          Damaged(Fault::kTruncated, line, "base64 of the signature");
        }
        return Conclude(script, end);
      }
      ReadLine(line, end);
      line = text_.NextLine(end);
    }
    Damaged(Fault::kTruncated, text_.SizeBytes(), "End signature block");
    return Conclude(script, text_.SizeBytes());
  }

 private:
  size_t Conclude(SignedScript& script, size_t end) {
    script.signature = joiner_.Take();
    script.damage = damage_;
    return end;
  }

  void Damaged(Fault fault, size_t offset, const char* field) {
    if (!damage_) {
      damage_ = Error{fault, base_ + offset, field};
    }
  }

  void ReadLine(size_t line, size_t end) {
    const size_t open = style_.open.size() * text_.Width();
    const size_t close = style_.close.size() * text_.Width();
    if (damage_) {
      return;
    }
    if (end - line < open + close || !text_.Has(line, style_.open) ||
        !text_.Has(end - close, style_.close)) {
      Damaged(Fault::kMalformed, line, "line of the signature block");
      return;
    }
    for (size_t at = line + open; at < end - close; at += text_.Width()) {
      if (!joiner_.Take(text_.At(at))) {
        Damaged(Fault::kMalformed, at, "base64 of the signature");
        return;
      }
    }
  }

  const UnitView& text_;
  const BlockStyle& style_;
  uint64_t base_;
  Base64Joiner joiner_;
  std::optional<Error> damage_;
};

// False where no form of a block can be: every one has these letters.
// Why not only "SIG": programs say SIGSEGV, and to look for every line in them
// takes longer than to digest them.
bool MayHaveBlock(Bytes text) {
  using namespace std::string_view_literals;
  const std::string_view all = base::AsText(text);
  return all.find("SIG "sv) != std::string_view::npos ||
         all.find("S\0I\0G\0 "sv) != std::string_view::npos;
}

bool IsLineBreak(uint32_t unit) { return unit == '\r' || unit == '\n'; }

// The line break in front of the block belongs to it.
size_t WithoutLineBreak(const UnitView& text, size_t end) {
  const size_t width = text.Width();
  if (end >= width && text.At(end - width) == '\n') {
    end -= width;
    if (end >= width && text.At(end - width) == '\r') {
      end -= width;
    }
  }
  return end;
}

// Where what follows the last line begins.
// Quirk: PowerShell takes a block for one only when nothing but one or two
// line break characters follow it; the script host signs what follows.
size_t EndOfBlock(const UnitView& text, const BlockStyle& style, size_t end) {
  size_t breaks = 0;
  size_t at = end;
  while (at < text.SizeBytes() && breaks < 2 && IsLineBreak(text.At(at))) {
    at += text.Width();
    ++breaks;
  }
  const bool is_last = at == text.SizeBytes();
  return style.format == model::Format::kPowershell && is_last
             ? at
             : text.NextLine(end);
}

// Whether such a file is taken for a signed script, see sniff.h.
bool HasBlockAtAnEnd(Bytes file) {
  const size_t size = std::min(file.size(), kSniffedBytes);
  return std::ranges::any_of(
      std::array{file.first(size), file.last(size)}, [](Bytes part) {
        return HasScriptBlock(part, model::Format::kPowershell) ||
               HasScriptBlock(part, model::Format::kScript);
      });
}

}  // namespace

std::string_view NameOf(ScriptKind kind) { return StyleOf(kind).name; }

model::Format FormatOf(ScriptKind kind) { return StyleOf(kind).format; }

base::Result<std::optional<SignedScript>> FindScriptBlock(
    Bytes file, base::Budget& budget) {
  constexpr size_t kBytesOfAStep = 64;
  if (file.size() > kLargestScript) {
    return HasBlockAtAnEnd(file)
               ? base::Fail(Fault::kLimit, kLargestScript, "size of a script")
               : base::Result<std::optional<SignedScript>>(std::nullopt);
  }
  CS_TRY_VOID(budget.ChargeSteps(1 + file.size() / kBytesOfAStep, 0));
  if (!MayHaveBlock(file)) {
    return std::nullopt;
  }
  const ByteOrderMark* mark = MarkOf(file);
  const size_t base = mark == nullptr ? 0 : mark->mark.size();
  const Bytes rest = file.subspan(base);
  const FoundBlock found = FindBlock(rest, mark);
  if (found.style == nullptr) {
    if (HasBlockAtAnEnd(file)) {
      return base::Fail(Fault::kMalformed, 0, "Begin signature block");
    }
    return std::nullopt;
  }
  const UnitView text(rest, found.unit);
  SignedScript script;
  script.kind = found.style->kind;
  script.unit = found.unit;
  script.mark = {0, base};
  const size_t before = WithoutLineBreak(text, found.begin);
  BlockReader reader(text, *found.style, base);
  const size_t last_line = reader.Read(found.begin, script);
  const size_t end = EndOfBlock(text, *found.style, last_line);
  script.before = {base, before};
  script.block = {base + before, end - before};
  script.after = {base + end, rest.size() - end};
  const FoundBlock second = FirstBlock(text, found.unit, end);
  if (second.style != nullptr) {
    script.second_block = base + second.begin;
  }
  return script;
}

bool HasScriptBlock(Bytes part, model::Format format) {
  if (!MayHaveBlock(part)) {
    return false;
  }
  // A piece may begin between the bytes of a character.
  const auto has = [&](size_t skipped, TextUnit unit) {
    const UnitView text(part.subspan(std::min(part.size(), skipped)), unit);
    return std::ranges::any_of(kBlockStyles, [&](const BlockStyle& style) {
      return style.format == format &&
             (style.kind == ScriptKind::kWindowsScript
                  ? text.FindLineStart(style.open, 0) != UnitView::kNone
                  : text.FindLine(style.begin, 0) != UnitView::kNone ||
                        text.FindLine(style.end, 0) != UnitView::kNone);
    });
  };
  const ByteOrderMark* mark = MarkOf(part);
  const size_t base = mark == nullptr ? 0 : mark->mark.size();
  return has(base, TextUnit::kByte) || has(base, TextUnit::kUtf16Little) ||
         has(base, TextUnit::kUtf16Big) ||
         (mark == nullptr &&
          (has(1, TextUnit::kUtf16Little) || has(1, TextUnit::kUtf16Big)));
}

}  // namespace countersign::formats
