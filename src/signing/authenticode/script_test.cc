// Signed scripts, as their hosts hash them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/text.h"
#include "forge/recipes.h"
#include "forge/script.h"
#include "formats/sniff.h"
#include "signing/judge.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::ScriptForm;
using forge::ScriptRecipe;
using forge::TextForm;
using model::Integrity;
using model::Trust;

constexpr ScriptForm kForms[] = {
    ScriptForm::kPowershell, ScriptForm::kPowershellXml,
    ScriptForm::kMof,        ScriptForm::kVbscript,
    ScriptForm::kJscript,    ScriptForm::kWindowsScript};

bool IsPowershell(ScriptForm form) { return form <= ScriptForm::kMof; }

ScriptRecipe Recipe(ScriptForm form, TextForm stored,
                    std::u16string text = u"one\r\ntwo\r\n") {
  return {form, stored, std::move(text),
          form == ScriptForm::kWindowsScript ? u"</job>\r\n" : u""};
}

SigningFacts Look(base::Bytes file) {
  const forge::Authorities& cast = forge::TestAuthorities();
  Verifier verifier({ForgedStore({cast.root, cast.time_root})}, {});
  const auto blob = base::Blob::Own({file.begin(), file.end()});
  const model::Format format = formats::Sniff(file).format;
  EXPECT_TRUE(Verifier::Knows(format)) << model::Name(format);
  return verifier.Verify(*blob, format,
                         {base::FromUnixSeconds(forge::kEvaluationTime), {}});
}

std::vector<std::string> Findings(const SigningFacts& facts, size_t size) {
  std::vector<std::string> ids;
  for (const model::Finding& finding :
       Judge(facts, 0, size, base::FromUnixSeconds(forge::kEvaluationTime))) {
    ids.push_back(finding.id);
  }
  return ids;
}

bool Has(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

ByteVector Replaced(ByteVector file, const std::string& from,
                    const std::string& to) {
  std::string text(file.begin(), file.end());
  for (size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return {text.begin(), text.end()};
}

void ExpectTrusted(const ByteVector& file) {
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.is_signed, model::Signed::kPresent);
  ASSERT_EQ(facts.signatures.size(), 1U);
  const model::SignatureFacts& signature = facts.signatures[0];
  EXPECT_EQ(signature.integrity, Integrity::kValid)
      << signature.integrity_reason;
  EXPECT_EQ(signature.trust, Trust::kTrusted) << signature.trust_reason;
  EXPECT_EQ(signature.timestamps.size(), 1U);
  EXPECT_EQ(signature.content_type, "1.3.6.1.4.1.311.2.1.30");
  EXPECT_TRUE(Findings(facts, file.size()).empty());
  EXPECT_TRUE(facts.detail.ends_with(", signed block")) << facts.detail;
}

// Only the digest is wrong, and `what` of the encoding is why; "" for nothing.
void ExpectMismatch(const ByteVector& file, const std::string& what) {
  const SigningFacts facts = Look(file);
  ASSERT_EQ(facts.signatures.size(), 1U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kInvalid);
  EXPECT_TRUE(facts.signatures[0].content_mismatch);
  EXPECT_FALSE(facts.signatures[0].signature_mismatch);
  const auto ids = Findings(facts, file.size());
  EXPECT_TRUE(Has(ids, "signing.digest_mismatch"));
  EXPECT_EQ(Has(ids, "signing.only_encoding_differs"), !what.empty());
  EXPECT_EQ(
      facts.encoding_changes.empty() ? "" : facts.encoding_changes[0].what,
      what);
}

TEST(SignedScript, EveryFormHolds) {
  for (const ScriptForm form : kForms) {
    for (const TextForm stored :
         {TextForm::kUtf8, TextForm::kUtf8Marked, TextForm::kUtf16Marked,
          TextForm::kUtf16BigMarked, TextForm::kUtf16,
          TextForm::kWindows1252}) {
      SCOPED_TRACE(static_cast<int>(form) * 10 + static_cast<int>(stored));
      ExpectTrusted(forge::SignedScript(Recipe(form, stored)));
    }
  }
}

TEST(SignedScript, CharactersAreHashedAsTheHostReadsThem) {
  for (const ScriptForm form : kForms) {
    SCOPED_TRACE(static_cast<int>(form));
    for (const TextForm stored :
         {TextForm::kUtf8Marked, TextForm::kUtf16Marked,
          TextForm::kUtf16BigMarked, TextForm::kUtf16}) {
      ExpectTrusted(forge::SignedScript(
          Recipe(form, stored, u"\u00FC \u20AC \u65E5\r\n")));
    }
    ExpectTrusted(forge::SignedScript(
        Recipe(form, TextForm::kWindows1252, u"gr\u00FC\u00DFe\r\n")));
  }
}

// Without a byte order mark PowerShell looks at 32 bytes; the script host
// always takes the machine's code page.
TEST(SignedScript, Utf8WithoutMarkIsTakenForItByItsStartOnly) {
  const std::u16string early = u"# \u00FC\r\n";
  const std::u16string late = std::u16string(40, u'#') + u" \u00FC\r\n";
  for (const ScriptForm form : kForms) {
    SCOPED_TRACE(static_cast<int>(form));
    const ByteVector file =
        forge::SignedScript(Recipe(form, TextForm::kUtf8, early));
    if (IsPowershell(form)) {
      ExpectTrusted(file);
    } else {
      ExpectMismatch(file,
                     "the character encoding (it holds when read as UTF-8)");
    }
    ExpectMismatch(forge::SignedScript(Recipe(form, TextForm::kUtf8, late)),
                   "the character encoding (it holds when read as UTF-8)");
  }
}

TEST(SignedScript, EveryByteOfTheTextCounts) {
  for (const ScriptForm form : kForms) {
    for (const TextForm stored : {TextForm::kUtf8, TextForm::kUtf16Marked}) {
      const ScriptRecipe recipe = Recipe(form, stored);
      const ByteVector good = forge::SignedScript(recipe);
      const size_t begin = stored == TextForm::kUtf8 ? 0 : 2;
      const size_t size = forge::StoredText(recipe.text, stored).size();
      for (size_t at = begin; at < begin + size; ++at) {
        ByteVector bad = good;
        bad[at] ^= 0x04;
        const SigningFacts facts = Look(bad);
        ASSERT_EQ(facts.signatures.size(), 1U) << at;
        EXPECT_NE(facts.signatures[0].integrity, Integrity::kValid) << at;
      }
    }
  }
}

TEST(SignedScript, WhatTheDigestCoversBehindTheBlockCounts) {
  const ByteVector good =
      forge::SignedScript(Recipe(ScriptForm::kWindowsScript, TextForm::kUtf8));
  ExpectMismatch(Replaced(good, "</job>\r\n", "</jobs>\r\n"), "");
  ExpectMismatch(Replaced(good, "</job>\r\n", ""), "");
}

// The number of characters in front is hashed, too: moving the block is not
// unnoticed, although the text stays the same.
TEST(SignedScript, ABlockCannotBeMoved) {
  ScriptRecipe recipe = Recipe(ScriptForm::kWindowsScript, TextForm::kUtf8);
  const ByteVector signature = forge::SignScript(
      recipe, forge::SignatureBy(forge::TestAuthorities().publisher));
  const auto file = [&](const std::u16string& text,
                        const std::u16string& behind) {
    return forge::StoredText(
        text + forge::SignatureBlock(recipe.form, signature) + behind,
        TextForm::kUtf8);
  };
  EXPECT_EQ(Look(file(recipe.text, recipe.behind)).signatures.at(0).integrity,
            Integrity::kValid);
  ExpectMismatch(file(u"one\r\n", u"two\r\n" + recipe.behind), "");
}

TEST(SignedScript, TextBehindAPowershellBlockIsNotCovered) {
  for (const ScriptForm form : {ScriptForm::kPowershell,
                                ScriptForm::kPowershellXml, ScriptForm::kMof}) {
    ByteVector file = forge::SignedScript(Recipe(form, TextForm::kUtf8));
    forge::Append(file, forge::BytesOf("Remove-Item x\r\n"));
    ExpectMismatch(file, "");
    const SigningFacts facts = Look(file);
    const auto ids = Findings(facts, file.size());
    EXPECT_TRUE(Has(ids, "signing.data_after_signature"));
    EXPECT_EQ(facts.unsigned_data.at(0).range.size, 15U);
  }
  // A line break more is no text.
  ByteVector file =
      forge::SignedScript(Recipe(ScriptForm::kPowershell, TextForm::kUtf8));
  file.pop_back();
  ExpectTrusted(file);
  file.pop_back();
  ExpectTrusted(file);
}

TEST(SignedScript, TextAddedBehindABlockOfTheScriptHostCounts) {
  for (const ScriptForm form : {ScriptForm::kVbscript, ScriptForm::kJscript}) {
    ByteVector file = forge::SignedScript(Recipe(form, TextForm::kUtf8));
    forge::Append(file, forge::BytesOf("evil()\r\n"));
    ExpectMismatch(file, "");
  }
}

TEST(SignedScript, ASecondBlockIsNeverOverlooked) {
  for (const ScriptForm form : kForms) {
    const ByteVector one = forge::SignedScript(Recipe(form, TextForm::kUtf8));
    ByteVector two = one;
    forge::Append(two, one);
    const SigningFacts facts = Look(two);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
    EXPECT_TRUE(Has(Findings(facts, two.size()), "signing.malformed"));
  }
}

TEST(SignedScript, ABlockInAStringIsNoSignature) {
  ScriptRecipe recipe = Recipe(ScriptForm::kPowershell, TextForm::kUtf8,
                               u"@'\r\n# SIG # Begin signature block\r\n"
                               u"'@\r\nGet-Date\r\n");
  const ByteVector file = forge::SignedScript(recipe);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.is_signed, model::Signed::kMalformed);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kMalformed);
  EXPECT_TRUE(Has(Findings(facts, file.size()), "signing.malformed"));
}

TEST(SignedScript, AZeroByteHidesNothing) {
  for (const ScriptForm form : kForms) {
    ByteVector file = forge::SignedScript(Recipe(form, TextForm::kUtf8));
    file.insert(file.begin() + 2, 0);
    ExpectMismatch(file, "");
  }
}

TEST(SignedScript, OnlyLineEndingsWereChanged) {
  for (const ScriptForm form : kForms) {
    SCOPED_TRACE(static_cast<int>(form));
    const ByteVector windows =
        forge::SignedScript(Recipe(form, TextForm::kUtf8));
    ExpectMismatch(Replaced(windows, "\r\n", "\n"),
                   "the line endings (signed with CR LF)");
    ScriptRecipe recipe = Recipe(form, TextForm::kUtf8, u"one\ntwo\n");
    if (!recipe.behind.empty()) {
      recipe.behind = u"</job>\n";
    }
    const ByteVector unix = forge::SignedScript(recipe);
    ExpectTrusted(unix);
    ExpectMismatch(Replaced(Replaced(unix, "\r\n", "\n"), "\n", "\r\n"),
                   "the line endings (signed with LF)");
  }
}

TEST(SignedScript, OnlyTheByteOrderMarkWasChanged) {
  const std::string mark = "\xEF\xBB\xBF";
  for (const ScriptForm form : kForms) {
    SCOPED_TRACE(static_cast<int>(form));
    const ByteVector without =
        forge::SignedScript(Recipe(form, TextForm::kUtf8));
    ByteVector with(mark.begin(), mark.end());
    forge::Append(with, without);
    const ByteVector marked =
        forge::SignedScript(Recipe(form, TextForm::kUtf8Marked));
    const ByteVector unmarked(marked.begin() + 3, marked.end());
    if (IsPowershell(form)) {
      ExpectMismatch(with, "the byte order mark (signed without one)");
      ExpectMismatch(unmarked, "the byte order mark (signed with one)");
    } else {
      ExpectTrusted(with);
      ExpectTrusted(unmarked);
    }
  }
}

TEST(SignedScript, OnlyTheCharacterEncodingWasChanged) {
  const std::u16string text = u"gr\u00FC\u00DFe\r\n";
  const ScriptRecipe ansi =
      Recipe(ScriptForm::kJscript, TextForm::kWindows1252, text);
  const ByteVector signature = forge::SignScript(
      ansi, forge::SignatureBy(forge::TestAuthorities().publisher));
  const auto block = forge::SignatureBlock(ansi.form, signature);
  ExpectMismatch(forge::StoredText(text + block, TextForm::kUtf8),
                 "the character encoding (it holds when read as UTF-8)");
  // With a mark the host knows the encoding again, and leaves the mark out.
  ByteVector marked =
      forge::StoredText(u"\uFEFF" + text + block, TextForm::kUtf8Marked);
  EXPECT_EQ(Look(marked).signatures.at(0).integrity, Integrity::kValid);
}

// Hosts replace what is no UTF-8 by one and the same character: the digest
// would not tell a change.
TEST(SignedScript, ADigestThatDoesNotTellTheBytesProvesNothing) {
  ByteVector file = forge::SignedScript(
      Recipe(ScriptForm::kPowershell, TextForm::kUtf8Marked, u"x\uFFFDy\r\n"));
  ExpectTrusted(file);
  const std::string replacement = "\xEF\xBF\xBD";
  for (const char* other : {"\xFF", "\x80", "\xC0"}) {
    const ByteVector changed = Replaced(file, replacement, other);
    const SigningFacts facts = Look(changed);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kMalformed);
    EXPECT_TRUE(Has(Findings(facts, changed.size()), "signing.malformed"));
  }
}

TEST(SignedScript, TruncatedAnywhereItDoesNotHold) {
  for (const ScriptForm form : kForms) {
    const ByteVector file = forge::SignedScript(Recipe(form, TextForm::kUtf8));
    const size_t rest = form == ScriptForm::kWindowsScript ? 8 : 2;
    for (size_t size = 1; size < file.size() - rest; size += 7) {
      const base::Bytes part = base::Bytes(file).first(size);
      if (!Verifier::Knows(formats::Sniff(part).format)) {
        continue;
      }
      for (const auto& signature : Look(part).signatures) {
        EXPECT_NE(signature.integrity, Integrity::kValid) << size;
      }
    }
  }
}

TEST(SignedScript, TheSignatureItselfIsVerified) {
  forge::ImageSignature bad =
      forge::SignatureBy(forge::TestAuthorities().publisher);
  bad.signers.front().recipe.corrupt_signature = true;
  const ByteVector file = forge::SignedScript(
      Recipe(ScriptForm::kPowershell, TextForm::kUtf8), bad);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
  EXPECT_TRUE(facts.signatures[0].signature_mismatch);
  EXPECT_TRUE(Has(Findings(facts, file.size()), "signing.signature_invalid"));
}

TEST(SignedScript, AnotherKindOfContentIsNamed) {
  // A signature of a program, pasted into a script.
  const ByteVector image_signature =
      forge::SignImage(forge::PlainImage(),
                       forge::SignatureBy(forge::TestAuthorities().publisher));
  const ByteVector file = forge::StoredText(
      u"x\r\n" +
          forge::SignatureBlock(ScriptForm::kPowershell, image_signature),
      TextForm::kUtf8);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
  EXPECT_TRUE(
      Has(Findings(facts, file.size()), "signing.unexpected_content_type"));
}

TEST(SignedScript, BytesBehindTheSignatureInTheBlockAreNoted) {
  const ScriptRecipe recipe = Recipe(ScriptForm::kPowershell, TextForm::kUtf8);
  ByteVector signature = forge::SignScript(
      recipe, forge::SignatureBy(forge::TestAuthorities().publisher));
  forge::Append(signature, ByteVector(100, 0x41));
  const ByteVector file = forge::StoredText(
      recipe.text + forge::SignatureBlock(recipe.form, signature),
      TextForm::kUtf8);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_TRUE(
      Has(Findings(facts, file.size()), "signing.unsigned_data_in_signature"));
}

TEST(SignedScript, TextWithoutABlockIsUnsigned) {
  for (const char* text : {"Write-Host hello\r\n", "#!/bin/sh\n"}) {
    const SigningFacts facts = Look(base::AsBytes(text));
    EXPECT_EQ(facts.is_signed, model::Signed::kAbsent);
    EXPECT_TRUE(facts.signatures.empty());
  }
}

TEST(SignedScript, RealFilesHold) {
  const std::string folder =
      "../shared/corpora/signature/jborean93__PowerShell-OpenAuthenticode/"
      "tests/data/";
  for (const char* name :
       {"authenticode-timestamp.ps1", "expired-timestamp.ps1",
        "expired-no-timestamp.ps1"}) {
    std::ifstream file(folder + name, std::ios::binary);
    if (!file) {
      GTEST_SKIP() << "the corpus is not here";
    }
    const ByteVector bytes((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const SigningFacts facts = Look(bytes);
    ASSERT_EQ(facts.signatures.size(), 1U) << name;
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid) << name;
    EXPECT_EQ(facts.detail, "PowerShell script, signed block");
  }
}

}  // namespace
}  // namespace countersign::signing
