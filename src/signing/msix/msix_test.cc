// MSIX packages, their truth known by construction. Real ones:
// tests/differential/signature_corpora.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "forge/authorities.h"
#include "forge/msix.h"
#include "forge/recipes.h"
#include "signing/msix/manifest.h"
#include "signing/sample/examined.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::Signed;
using model::Trust;

SigningFacts Examine(const forge::ByteVector& file) {
  return ExamineForged(file, model::Format::kMsix);
}

// A change of a recipe, and what has to be said then.
struct Changed {
  const char* name;
  void (*change)(forge::MsixRecipe&);
  Integrity integrity;
  Ids findings;
};

void ExpectChanged(const Changed& row) {
  SCOPED_TRACE(row.name);
  forge::MsixRecipe recipe = forge::UsualMsix();
  row.change(recipe);
  const forge::ByteVector file = BuildMsix(recipe);
  const SigningFacts facts = Examine(file);
  ASSERT_EQ(facts.signatures.size(), 1U);
  const model::SignatureFacts& signature = facts.signatures[0];
  EXPECT_EQ(model::Name(signature.integrity), model::Name(row.integrity))
      << signature.integrity_reason;
  EXPECT_EQ(signature.scheme, model::Scheme::kMsix);
  EXPECT_EQ(facts.is_signed, Signed::kPresent);
  EXPECT_EQ(FindingsOf(facts, file.size()), row.findings);
}

TEST(Msix, HoldsInEveryForm) {
  const std::vector<void (*)(forge::MsixRecipe&)> forms = {
      [](forge::MsixRecipe&) {},
      [](forge::MsixRecipe& r) { r.zip64 = true; },
      [](forge::MsixRecipe& r) { r.digest = forge::HashAlgorithm::kSha512; },
      [](forge::MsixRecipe& r) { r.digest = forge::HashAlgorithm::kSha384; },
      [](forge::MsixRecipe& r) { r.code_integrity = true; },
      [](forge::MsixRecipe& r) { r.signature_deflated = false; },
      [](forge::MsixRecipe& r) { r.comment = "a comment is signed"; },
      [](forge::MsixRecipe& r) {
        r.payload.push_back(forge::TextPart("empty.txt", "", false));
      },
      [](forge::MsixRecipe& r) {
        r.payload.push_back({"even.bin", forge::ByteVector(65536, 'y')});
      },
  };
  for (size_t i = 0; i < forms.size(); ++i) {
    SCOPED_TRACE(i);
    forge::MsixRecipe recipe = forge::UsualMsix();
    forms[i](recipe);
    const forge::ByteVector file = BuildMsix(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid)
        << facts.signatures[0].integrity_reason;
    EXPECT_EQ(facts.signatures[0].trust, Trust::kTrusted);
    EXPECT_EQ(facts.signatures[0].digest, facts.signatures[0].computed);
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
    EXPECT_FALSE(facts.covered_members.has_value());
  }
}

TEST(Msix, HoldsWithATimestampWhenExpired) {
  forge::MsixRecipe recipe = forge::UsualMsix();
  const forge::ImageSignature old =
      Stamped(forge::SignatureBy(forge::TestAuthorities().old_publisher),
              forge::StampAt(forge::kOldSigningTime));
  recipe.signers = old.signers;
  recipe.certificates = old.certificates;
  const SigningFacts facts = Examine(BuildMsix(recipe));
  ASSERT_EQ(facts.signatures.size(), 1U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures[0].trust, Trust::kTrusted);
  ASSERT_EQ(facts.signatures[0].timestamps.size(), 1U);
  EXPECT_TRUE(facts.signatures[0].timestamps[0].used);
}

TEST(Msix, EachDigestIsCompared) {
  const Ids bad = {"signing.digest_mismatch"};
  for (const char* tag : {"AXPC", "AXCD", "AXCT", "AXBM", "AXCI"}) {
    SCOPED_TRACE(tag);
    forge::MsixRecipe recipe = forge::UsualMsix();
    recipe.code_integrity = true;
    recipe.change_digests = [&](std::vector<forge::MsixDigest>& digests) {
      for (auto& [name, digest] : digests) {
        digest[5] = static_cast<uint8_t>(digest[5] ^ (name == tag ? 1 : 0));
      }
    };
    const forge::ByteVector file = BuildMsix(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kInvalid);
    EXPECT_TRUE(facts.signatures[0].content_mismatch);
    EXPECT_NE(facts.signatures[0].digest, facts.signatures[0].computed);
    EXPECT_NE(facts.signatures[0].integrity_reason.find(tag),
              std::string::npos);
    EXPECT_EQ(FindingsOf(facts, file.size()), bad);
  }
}

TEST(Msix, EachDigestMustBeThereOnceAndKnown) {
  const Ids malformed = {"signing.malformed"};
  for (const char* tag : {"AXPC", "AXCD", "AXCT", "AXBM", "AXCI"}) {
    SCOPED_TRACE(tag);
    forge::MsixRecipe recipe = forge::UsualMsix();
    recipe.code_integrity = true;
    recipe.change_digests = [&](std::vector<forge::MsixDigest>& digests) {
      std::erase_if(digests,
                    [&](const auto& each) { return each.first == tag; });
    };
    SigningFacts facts = Examine(BuildMsix(recipe));
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kMalformed);
    recipe.change_digests = [&](std::vector<forge::MsixDigest>& digests) {
      digests.push_back(digests[1]);
    };
    facts = Examine(BuildMsix(recipe));
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kMalformed);
  }
  ExpectChanged({"unknown tag",
                 [](forge::MsixRecipe& r) {
                   r.change_digests =
                       [](std::vector<forge::MsixDigest>& digests) {
                         digests.emplace_back("AXZZ", digests[0].second);
                       };
                 },
                 Integrity::kUnsupported,
                 {"signing.unsupported"}});
  ExpectChanged({"a digest of no file",
                 [](forge::MsixRecipe& r) {
                   r.change_digests =
                       [](std::vector<forge::MsixDigest>& digests) {
                         digests.emplace_back("AXCI", digests[0].second);
                       };
                 },
                 Integrity::kInvalid,
                 {"signing.digest_mismatch"}});
  ExpectChanged({"not whole",
                 [](forge::MsixRecipe& r) {
                   r.change_digests =
                       [](std::vector<forge::MsixDigest>& digests) {
                         digests.back().second.pop_back();
                       };
                 },
                 Integrity::kMalformed, malformed});
}

TEST(Msix, TheBlockMapMustFit) {
  const Ids malformed = {"signing.malformed"};
  using Recipe = forge::MsixRecipe;
  for (const Changed& row : {
           Changed{"another block",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       const size_t at = xml.find("Hash=\"") + 6;
                       xml[at] = xml[at] == 'A' ? 'B' : 'A';
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"a block less",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       const size_t at = xml.find("<Block ");
                       xml.erase(at, xml.find("/>", at) + 2 - at);
                     };
                   },
                   Integrity::kValid,
                   {"signing.malformed", "signing.malformed"}},
           Changed{"another size",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "Size=\"131171\"", "Size=\"131172\"");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"another header",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "LfhSize=\"46\"", "LfhSize=\"47\"");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"another compressed size",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "Size=\"65536\"", "Size=\"65537\"");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"listed twice",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       const size_t at = xml.find("<File");
                       const size_t end = xml.find("</File>") + 7;
                       xml.insert(end, xml.substr(at, end - at));
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"a file of nothing",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "</BlockMap>",
                               "<File Name=\"n\" Size=\"0\" LfhSize=\"31\"/>"
                               "</BlockMap>");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"another name",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "small.txt", "SMALL.txt");
                     };
                   },
                   Integrity::kValid,
                   {"signing.malformed", "signing.malformed"}},
           Changed{"not listed",
                   [](Recipe& r) {
                     r.unlisted = {forge::TextPart("added.txt", "INERT")};
                   },
                   Integrity::kValid, malformed},
           Changed{"the footprint listed",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "</BlockMap>",
                               "<File Name=\"[Content_Types].xml\"/>"
                               "</BlockMap>");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"an unknown element",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "</BlockMap>", "<Other/></BlockMap>");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"an unknown digest",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "sha256", "sha1");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"no XML",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       xml.resize(xml.size() / 2);
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"an extension",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       Replace(xml, "</File>",
                               "<v:FileHash xmlns:v=\"urn:later\" Hash=\"\"/>"
                               "</File>");
                     };
                   },
                   Integrity::kValid,
                   {}},
       }) {
    ExpectChanged(row);
  }
}

TEST(Msix, TheBlockMapOfAnUnsignedPackageMustFit) {
  forge::MsixRecipe recipe = forge::UsualMsix();
  recipe.signers.clear();
  forge::ByteVector file = BuildMsix(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kAbsent);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.unsigned"});
  recipe.unlisted = {forge::TextPart("added.txt", "INERT")};
  file = BuildMsix(recipe);
  facts = Examine(file);
  EXPECT_EQ(FindingsOf(facts, file.size()),
            (Ids{"signing.malformed", "signing.unsigned"}));
}

TEST(Msix, ThePublisherIsTheSigner) {
  ExpectChanged({"another publisher",
                 [](forge::MsixRecipe& r) {
                   r.publisher = "CN=Somebody Else, O=Inert Example Ltd, C=XX";
                 },
                 Integrity::kValid,
                 {"signing.publisher_mismatch"}});
  ExpectChanged({"the certificate's order",
                 [](forge::MsixRecipe& r) {
                   r.publisher =
                       "C=XX, O=Inert Example Ltd, CN=Inert Example Ltd";
                 },
                 Integrity::kValid,
                 {"signing.publisher_mismatch"}});
  ExpectChanged({"the same in other words",
                 [](forge::MsixRecipe& r) {
                   r.publisher =
                       "OID.2.5.4.3=&quot;Inert Example Ltd&quot;,"
                       "O = Inert Example Ltd , C=XX";
                 },
                 Integrity::kValid,
                 {}});
  ExpectChanged({"no publisher",
                 [](forge::MsixRecipe& r) {
                   r.change_manifest = [](std::string& xml) {
                     Replace(xml, "Publisher=", "Name2=");
                   };
                 },
                 Integrity::kValid,
                 {"signing.malformed", "signing.publisher_mismatch"}});
}

// Signed, but written so that readers may take it for different things.
TEST(Msix, XmlThatReadersTakeDifferentlyIsRefused) {
  const Ids malformed = {"signing.malformed"};
  using Recipe = forge::MsixRecipe;
  for (const Changed& row : {
           Changed{"two identities",
                   [](Recipe& r) {
                     r.change_manifest = [](std::string& xml) {
                       const size_t at = xml.find("<Identity");
                       xml.insert(at, "<Identity Publisher=\"CN=Evil\"/>");
                     };
                   },
                   Integrity::kValid,
                   {"signing.malformed", "signing.publisher_mismatch"}},
           Changed{"two identities, the other behind",
                   [](Recipe& r) {
                     r.change_manifest = [](std::string& xml) {
                       const size_t at = xml.find("</Package>");
                       xml.insert(at, "<Identity Publisher=\"CN=Evil\"/>");
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"an entity",
                   [](Recipe& r) {
                     r.change_manifest = [](std::string& xml) {
                       xml = "<!DOCTYPE p [<!ENTITY e 'x'>]>" +
                             xml.substr(xml.find("<Package"));
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"an entity in the block map",
                   [](Recipe& r) {
                     r.change_block_map = [](std::string& xml) {
                       xml = "<!DOCTYPE p [<!ENTITY e 'x'>]>" +
                             xml.substr(xml.find("<BlockMap"));
                     };
                   },
                   Integrity::kValid, malformed},
           Changed{"the identity of another namespace",
                   [](Recipe& r) {
                     r.change_manifest = [](std::string& xml) {
                       Replace(xml, "<Identity", "<Identity xmlns=\"urn:x\"");
                     };
                   },
                   Integrity::kValid,
                   {"signing.malformed", "signing.publisher_mismatch"}},
           Changed{"a name in other letters",
                   [](Recipe& r) {
                     r.payload.push_back(r.payload[0]);
                     r.payload.back().name[0] ^= 0x20;
                   },
                   Integrity::kValid, malformed},
       }) {
    ExpectChanged(row);
  }
}

TEST(Msix, NamesAreComparedPartByPart) {
  constexpr uint8_t kCommonName[] = {0x55, 0x04, 0x03};
  constexpr uint8_t kCountry[] = {0x55, 0x04, 0x06};
  const NameAttributes name = {{kCountry, "DE", true},
                               {kCommonName, "A, \"B\" & Co", true}};
  EXPECT_TRUE(IsPublisher("CN=\"A, \"\"B\"\" & Co\", C=DE", name));
  EXPECT_TRUE(IsPublisher("cn=\"A, \"\"B\"\" & Co\",c=DE", name));
  for (const char* other :
       {"", "CN", "CN=", "C=DE", "CN=\"A, \"\"B\"\" & Co\"",
        "CN=\"A, \"\"B\"\" & Co\", C=DE, C=DE",
        "C=DE, CN=\"A, \"\"B\"\" & Co\"", "CN=A, C=DE",
        "CN=\"a, \"\"B\"\" & Co\", C=DE", "CN=\"A, \"\"B\"\" & Co, C=DE",
        "XX=\"A, \"\"B\"\" & Co\", C=DE", "CN=\"A, \"\"B\"\" & Co\" C=DE",
        "CN=\"A, \"\"B\"\" & Co\"+C=DE"}) {
    EXPECT_FALSE(IsPublisher(other, name)) << other;
  }
  NameAttributes joined = name;
  joined[1].starts_rdn = false;
  EXPECT_FALSE(IsPublisher("CN=\"A, \"\"B\"\" & Co\", C=DE", joined));
}

TEST(Msix, NothingStandsBehindTheSignature) {
  using Recipe = forge::MsixRecipe;
  ExpectChanged(
      {"a part",
       [](Recipe& r) {
         r.change_archive = [](forge::ZipRecipe& archive) {
           archive.parts.push_back(forge::TextPart("added.txt", "INERT"));
         };
       },
       Integrity::kInvalid,
       {"signing.digest_mismatch", "signing.malformed", "signing.malformed",
        "signing.unsigned_data_in_signature"}});
  ExpectChanged({"bytes",
                 [](Recipe& r) {
                   r.change_archive = [](forge::ZipRecipe& archive) {
                     archive.before_directory = forge::BytesOf("INERT");
                   };
                 },
                 Integrity::kValid,
                 {"signing.unsigned_data_in_signature"}});
  ExpectChanged({"bytes in the signature",
                 [](Recipe& r) {
                   r.change_signature = [](forge::ByteVector& signature) {
                     forge::Append(signature, forge::BytesOf("INERT BYTES"));
                   };
                 },
                 Integrity::kValid,
                 {"signing.unsigned_data_in_signature"}});
}

TEST(Msix, TheSignatureMustBeOne) {
  for (const auto& change : std::vector<void (*)(forge::ZipRecipe&)>{
           [](forge::ZipRecipe& archive) {
             archive.parts.back().name = "APPXSIGNATURE.P7X";
           },
           [](forge::ZipRecipe& archive) {
             archive.parts.push_back(archive.parts.back());
           },
           [](forge::ZipRecipe& archive) {
             archive.parts.back().content[0] = 'X';
           },
           [](forge::ZipRecipe& archive) {
             archive.parts.back().content.clear();
           },
       }) {
    forge::MsixRecipe recipe = forge::UsualMsix();
    recipe.change_archive = change;
    const forge::ByteVector file = BuildMsix(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.is_signed, Signed::kMalformed);
    const Ids ids = FindingsOf(facts, file.size());
    EXPECT_TRUE(std::ranges::count(ids, "signing.malformed") > 0);
  }
}

TEST(Msix, BundlesListTheirPackages) {
  using Recipe = forge::MsixRecipe;
  const auto bundle = [](Recipe& r) {
    forge::MsixRecipe inner = forge::UsualMsix();
    r.is_bundle = true;
    r.payload = {{"x86.msix", BuildMsix(inner), false},
                 {"x64.appx", BuildMsix(inner), false}};
  };
  Recipe recipe = forge::UsualMsix();
  bundle(recipe);
  forge::ByteVector file = BuildMsix(recipe);
  SigningFacts facts = Examine(file);
  ASSERT_EQ(facts.signatures.size(), 1U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});

  for (const auto& change : std::vector<void (*)(std::string&)>{
           [](std::string& xml) { Replace(xml, "x86.msix", "x86.txt"); },
           [](std::string& xml) { Replace(xml, "x86.msix", "x64.appx"); },
           [](std::string& xml) {
             Replace(xml, "Offset=\"38\"", "Offset=\"39\"");
           },
           [](std::string& xml) { Replace(xml, "<Package ", "<Other "); },
           [](std::string& xml) {
             xml = xml.substr(0, xml.find("<Packages>")) + "</Bundle>";
           },
           [](std::string& xml) {
             Replace(xml, "application", "resource");
             Replace(xml, "application", "resource");
           },
       }) {
    recipe.change_manifest = change;
    file = BuildMsix(recipe);
    const Ids ids = FindingsOf(Examine(file), file.size());
    EXPECT_TRUE(std::ranges::count(ids, "signing.malformed") > 0);
  }
}

// Whatever byte is changed, the package is not what it was: an alarm, or a
// part of the signature that nobody signs.
TEST(Msix, EveryBitCounts) {
  forge::MsixRecipe recipe = forge::UsualMsix();
  recipe.payload = {forge::TextPart("a.txt", "INERT")};
  const forge::ByteVector file = BuildMsix(recipe);
  forge::ZipRecipe payload;
  payload.parts = recipe.payload;
  const forge::ByteVector before = forge::PartsOf(payload);
  for (size_t i = 0; i < before.size(); ++i) {
    forge::ByteVector changed = file;
    changed[i] ^= 0x01;
    const SigningFacts facts = Examine(changed);
    for (const model::SignatureFacts& signature : facts.signatures) {
      EXPECT_NE(signature.integrity, Integrity::kValid) << i;
    }
  }
}

TEST(Msix, CutAnywhereIsNeverWhole) {
  forge::MsixRecipe recipe = forge::UsualMsix();
  recipe.payload = {forge::TextPart("a.txt", "INERT")};
  const forge::ByteVector file = BuildMsix(recipe);
  for (size_t size = 0; size < file.size(); size += 7) {
    const forge::ByteVector cut(file.begin(),
                                file.begin() + static_cast<ptrdiff_t>(size));
    const SigningFacts facts = Examine(cut);
    const Ids ids = FindingsOf(facts, cut.size());
    EXPECT_NE(facts.is_signed, Signed::kPresent) << size;
    EXPECT_FALSE(ids.empty()) << size;
  }
}

TEST(Msix, LimitsAreNotFaults) {
  forge::MsixRecipe recipe = forge::UsualMsix();
  const forge::ByteVector file = BuildMsix(recipe);
  for (uint64_t steps = 0; steps < 400; steps += 5) {
    const SigningFacts facts =
        ExamineForged(file, model::Format::kMsix, {.steps = steps});
    const bool is_whole = !facts.limit && facts.signatures.size() == 1 &&
                          facts.signatures[0].integrity == Integrity::kValid;
    EXPECT_TRUE(is_whole || facts.limit.has_value()) << steps;
  }
}

}  // namespace
}  // namespace countersign::signing
