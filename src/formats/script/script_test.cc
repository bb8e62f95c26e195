#include "formats/script.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "forge/script.h"

namespace countersign::formats {
namespace {

using base::Fault;
using forge::ByteVector;
using forge::ScriptForm;
using forge::TextForm;
using std::string_literals::operator""s;

constexpr ScriptForm kForms[] = {
    ScriptForm::kPowershell, ScriptForm::kPowershellXml,
    ScriptForm::kMof,        ScriptForm::kVbscript,
    ScriptForm::kJscript,    ScriptForm::kWindowsScript};
constexpr TextForm kTextForms[] = {
    TextForm::kUtf8,        TextForm::kUtf8Marked,     TextForm::kUtf16,
    TextForm::kUtf16Marked, TextForm::kUtf16BigMarked, TextForm::kWindows1252};

ByteVector SomeBytes(size_t size) {
  ByteVector bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(i * 37);
  }
  return bytes;
}

// A text with a block that holds `bytes`, and what follows it.
ByteVector Script(ScriptForm form, TextForm stored, const ByteVector& bytes,
                  const std::u16string& text = u"one\r\ntwo\r\n",
                  const std::u16string& behind = u"") {
  return forge::StoredText(text + forge::SignatureBlock(form, bytes) + behind,
                           stored);
}

std::optional<SignedScript> Found(base::Bytes file) {
  base::Budget budget;
  auto script = FindScriptBlock(file, budget);
  EXPECT_TRUE(script.has_value());
  return script ? *std::move(script) : std::nullopt;
}

std::optional<SignedScript> Found(const std::string& file) {
  return Found(base::AsBytes(file));
}

TEST(Script, BlocksOfEveryFormAndEncodingAreFound) {
  for (const ScriptForm form : kForms) {
    for (const TextForm stored : kTextForms) {
      for (const size_t size : {1U, 2U, 3U, 47U, 48U, 49U, 1000U}) {
        const ByteVector bytes = SomeBytes(size);
        const ByteVector file = Script(form, stored, bytes);
        const auto script = Found(file);
        ASSERT_TRUE(script.has_value());
        EXPECT_EQ(static_cast<int>(script->kind), static_cast<int>(form));
        EXPECT_FALSE(script->damage.has_value());
        EXPECT_EQ(script->signature, bytes);
        EXPECT_EQ(script->before.offset, 0U);
        EXPECT_EQ(script->before.size,
                  forge::StoredText(u"one\r\ntwo\r\n", stored).size());
        EXPECT_EQ(script->block.offset, script->before.size);
        EXPECT_EQ(script->after, (base::ByteRange{file.size(), 0}));
        EXPECT_FALSE(script->second_block.has_value());
        EXPECT_TRUE(HasScriptBlock(file, FormatOf(script->kind)));
      }
    }
  }
}

TEST(Script, TheByteOrderMarkIsSetApart) {
  for (const auto& [stored, size] :
       {std::pair(TextForm::kUtf8Marked, 3U),
        std::pair(TextForm::kUtf16Marked, 2U),
        std::pair(TextForm::kUtf16BigMarked, 2U)}) {
    const auto script = Found(Script(ScriptForm::kPowershell, stored,
                                     SomeBytes(9), u"\uFEFFtext\r\n"));
    ASSERT_TRUE(script.has_value());
    EXPECT_EQ(script->mark, (base::ByteRange{0, size}));
    EXPECT_EQ(script->before.offset, size);
  }
}

TEST(Script, WhatFollowsIsSetApart) {
  for (const ScriptForm form : kForms) {
    const auto script = Found(
        Script(form, TextForm::kUtf8, SomeBytes(9), u"a\r\n", u"more\r\n"));
    ASSERT_TRUE(script.has_value());
    EXPECT_EQ(script->after.size, 6U);
  }
}

// PowerShell takes one or two line break characters for part of the block;
// the script host takes the one line break.
TEST(Script, LineBreaksBehindTheBlock) {
  const std::string line = "# SIG # End signature block";
  const std::string block = "x\r\n# SIG # Begin signature block\r\n# AAAA\r\n";
  for (const char* end : {"", "\r", "\n", "\r\n", "\n\n", "\r\r", "\n\r"}) {
    EXPECT_EQ(Found(block + line + end)->after.size, 0U);
  }
  EXPECT_EQ(Found(block + line + "\r\n\r\n")->after.size, 2U);
  EXPECT_EQ(Found(block + line + "\r\n ")->after.size, 1U);
  const std::string js =
      "x\r\n// SIG // Begin signature block\r\n// SIG // AAAA\r\n"
      "// SIG // End signature block";
  EXPECT_EQ(Found(js)->after.size, 0U);
  EXPECT_EQ(Found(js + "\r\n")->after.size, 0U);
  EXPECT_EQ(Found(js + "\n\n")->after.size, 1U);
}

TEST(Script, ConvertedLineBreaksAreRead) {
  const auto script = Found(
      "x\n\n# SIG # Begin signature block\n# QUJD\n"
      "# SIG # End signature block\n"s);
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(base::AsText(script->signature), "ABC");
  EXPECT_EQ(script->before.size, 2U);
  EXPECT_FALSE(script->damage.has_value());
}

TEST(Script, ABlockMayBeAllThereIs) {
  const auto script = Found(
      "# SIG # Begin signature block\r\n# QUJD\r\n"
      "# SIG # End signature block"s);
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(script->before.size, 0U);
  EXPECT_EQ(script->block.offset, 0U);
}

TEST(Script, OnlyWholeLinesBeginABlock) {
  for (const std::string& text :
       {"if ($x -match '# SIG # Begin signature block') {}\r\n"s,
        " # SIG # Begin signature block\r\n"s,
        "# SIG # Begin signature blocks\r\n"s,
        "# SIG # Begin signature block '\r\n"s,
        "<xml>\r\n<signature>\r\nanything\r\n</signature>\r\n"s,
        "nothing at all"s, ""s}) {
    EXPECT_FALSE(Found(text).has_value()) << text;
    EXPECT_FALSE(HasScriptBlock(base::AsBytes(text), model::Format::kScript));
    EXPECT_FALSE(
        HasScriptBlock(base::AsBytes(text), model::Format::kPowershell));
  }
}

// Which one a host takes differs, so that neither may be overlooked.
TEST(Script, ASecondBlockIsNoted) {
  const ByteVector one =
      Script(ScriptForm::kPowershell, TextForm::kUtf8, SomeBytes(9), u"a\r\n",
             u"b" + forge::SignatureBlock(ScriptForm::kMof, SomeBytes(9)));
  const auto script = Found(one);
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(static_cast<int>(script->kind),
            static_cast<int>(ScriptKind::kPowershell));
  ASSERT_TRUE(script->second_block.has_value());
  EXPECT_EQ(base::AsText(one).substr(*script->second_block, 8), "/* SIG #");
}

void ExpectDamage(const std::string& file, Fault fault, size_t offset) {
  SCOPED_TRACE(file);
  const auto script = Found(file);
  ASSERT_TRUE(script.has_value());
  ASSERT_TRUE(script->damage.has_value());
  EXPECT_EQ(script->damage->fault, fault);
  EXPECT_EQ(script->damage->offset, offset);
}

TEST(Script, DamageIsNamedWithItsOffset) {
  const std::string begin = "x\r\n# SIG # Begin signature block\r\n";
  const std::string end = "# SIG # End signature block\r\n";
  const size_t at = begin.size();
  ExpectDamage(begin + "# AA*A\r\n" + end, Fault::kMalformed, at + 4);
  ExpectDamage(begin + "# AAAA \r\n" + end, Fault::kMalformed, at + 6);
  ExpectDamage(begin + "# AA==\r\n# AAAA\r\n" + end, Fault::kMalformed,
               at + 10);
  ExpectDamage(begin + "# A===\r\n" + end, Fault::kMalformed, at + 5);
  ExpectDamage(begin + "AAAA\r\n" + end, Fault::kMalformed, at);
  ExpectDamage(begin + "\r\n# AAAA\r\n" + end, Fault::kMalformed, at);
  ExpectDamage(begin + "# AAA\r\n" + end, Fault::kTruncated, at + 7);
  ExpectDamage(begin + end, Fault::kTruncated, at);
  ExpectDamage(begin + "# AAAA\r\n", Fault::kTruncated, at + 8);
  ExpectDamage(begin, Fault::kTruncated, at);
  ExpectDamage("x\r\n<!-- SIG # Begin signature block -->\r\n<!-- AAAA\r\n",
               Fault::kMalformed, 41);
}

TEST(Script, AnEndWithoutABeginIsDamage) {
  const std::string text = "x\r\n# AAAA\r\n# SIG # End signature block\r\n";
  base::Budget budget;
  const auto script = FindScriptBlock(base::AsBytes(text), budget);
  ASSERT_FALSE(script.has_value());
  EXPECT_EQ(script.error().fault, Fault::kMalformed);
}

TEST(Script, TruncatedAnywhereItIsNeverWhole) {
  for (const ScriptForm form : kForms) {
    for (const TextForm stored : {TextForm::kUtf8, TextForm::kUtf16Marked}) {
      const ByteVector file =
          Script(form, stored, SomeBytes(60),
                 stored == TextForm::kUtf8 ? u"x\r\n" : u"\uFEFFx\r\n");
      const size_t last_line_break = stored == TextForm::kUtf8 ? 2 : 4;
      for (size_t size = 0; size < file.size() - last_line_break; ++size) {
        base::Budget budget;
        const auto script =
            FindScriptBlock(base::Bytes(file).first(size), budget);
        EXPECT_TRUE(!script || !*script || (*script)->damage) << size;
      }
    }
  }
}

TEST(Script, LimitsAreKept) {
  std::string large(kLargestScript + 1, 'x');
  base::Budget budget({.steps = 1'000'000});
  EXPECT_TRUE(FindScriptBlock(base::AsBytes(large), budget).has_value());
  large += "\r\n# SIG # Begin signature block\r\n";
  const auto script = FindScriptBlock(base::AsBytes(large), budget);
  ASSERT_FALSE(script.has_value());
  EXPECT_EQ(script.error().fault, Fault::kLimit);
  base::Budget none({.steps = 0});
  EXPECT_FALSE(FindScriptBlock(base::AsBytes("x"), none).has_value());
}

}  // namespace
}  // namespace countersign::formats
