// Packages with signatures of the Open Packaging Conventions, their truth known
// by construction.
#include "forge/vsix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "forge/recipes.h"
#include "signing/package/archive.h"
#include "signing/sample/examined.h"
#include "signing/vsix/parts.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Signed;
using model::Trust;
using Recipe = forge::VsixRecipe;

SigningFacts Examine(const forge::ByteVector& file) {
  return ExamineForged(file, model::Format::kVsix);
}

TEST(Vsix, HoldsInEveryForm) {
  for (const auto& form : std::vector<void (*)(Recipe&)>{
           [](Recipe&) {},
           [](Recipe& r) { r.certificate_part = true; },
           [](Recipe& r) { r.exclusive = true; },
           [](Recipe& r) { r.digest = forge::HashAlgorithm::kSha512; },
           [](Recipe& r) { r.digest = forge::HashAlgorithm::kSha384; },
       }) {
    Recipe recipe = forge::UsualVsix();
    form(recipe);
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    const SignatureFacts& signature = facts.signatures[0];
    EXPECT_EQ(signature.integrity, Integrity::kValid)
        << signature.integrity_reason;
    EXPECT_EQ(signature.trust, Trust::kTrusted) << signature.trust_reason;
    EXPECT_EQ(signature.scheme, model::Scheme::kVsix);
    EXPECT_EQ(signature.digest, signature.computed);
    EXPECT_EQ(signature.signing_time,
              base::FromUnixSeconds(forge::kSigningTime));
    EXPECT_EQ(facts.is_signed, Signed::kPresent);
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
    EXPECT_FALSE(facts.uncovered.has_value());
  }
}

TEST(Vsix, TimestampsCarryAnExpiredSigner) {
  for (const bool xades : {false, true}) {
    Recipe recipe = forge::UsualVsix();
    recipe.certificate = forge::TestAuthorities().old_publisher;
    recipe.timestamp = forge::StampAt(forge::kOldSigningTime);
    recipe.xades_timestamp = xades;
    const forge::ByteVector file = BuildVsix(recipe);
    SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.at(0).timestamps.size(), 1U);
    EXPECT_EQ(facts.signatures[0].timestamps[0].integrity, Integrity::kValid)
        << facts.signatures[0].timestamps[0].reason;
    EXPECT_EQ(facts.signatures[0].trust, Trust::kTrusted);
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
    recipe.timestamp->wrong_imprint = true;
    facts = Examine(BuildVsix(recipe));
    EXPECT_EQ(facts.signatures.at(0).trust, Trust::kExpired);
  }
}

TEST(Vsix, WhatIsChangedDoesNotHold) {
  const Ids mismatch = {"signing.digest_mismatch"};
  for (const size_t part : {size_t{0}, size_t{1}}) {
    Recipe recipe = forge::UsualVsix();
    recipe.change_archive = [part](forge::ZipRecipe& archive) {
      archive.parts[part].content[0] ^= 0x01;
    };
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
    EXPECT_TRUE(facts.signatures.at(0).content_mismatch);
    const Ids ids = FindingsOf(facts, file.size());
    EXPECT_EQ(std::ranges::count(ids, "signing.digest_mismatch"), 1);
    EXPECT_TRUE(CoveredNames(facts).empty());
  }
  // Another type of a part, another target of a relationship, a part less.
  for (const auto& change : std::vector<void (*)(forge::ZipRecipe&)>{
           [](forge::ZipRecipe& archive) {
             std::string text(archive.parts.back().content.begin(),
                              archive.parts.back().content.end());
             Replace(text, "TXT\" ContentType=\"text/plain",
                     "TXT\" ContentType=\"text/x-other");
             archive.parts.back().content = forge::BytesOf(text);
           },
           [](forge::ZipRecipe& archive) {
             auto& part = archive.parts[archive.parts.size() - 2];
             std::string text(part.content.begin(), part.content.end());
             Replace(text, "/extension.vsixmanifest",
                     "/extension.vsixmanifesT");
             part.content = forge::BytesOf(text);
           },
           [](forge::ZipRecipe& archive) {
             archive.parts.erase(archive.parts.begin() + 1);
           },
           [](forge::ZipRecipe& archive) {
             archive.parts.push_back(archive.parts[1]);
             archive.parts.back().name = "FOLDER/inert.txt";
           },
       }) {
    Recipe recipe = forge::UsualVsix();
    recipe.change_archive = change;
    EXPECT_EQ(Examine(BuildVsix(recipe)).signatures.at(0).integrity,
              Integrity::kInvalid);
  }
}

TEST(Vsix, WhatIsAddedIsCoveredByNobody) {
  Recipe recipe = forge::UsualVsix();
  recipe.unsigned_parts = {forge::TextPart("added.txt", "INERT")};
  const forge::ByteVector file = BuildVsix(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  ASSERT_TRUE(facts.uncovered.has_value());
  EXPECT_EQ(facts.uncovered->names, std::vector<std::string>{"\"added.txt\""});
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.uncovered_member"});
  const auto names = CoveredNames(facts);
  EXPECT_EQ(std::ranges::count(names, "added.txt"), 0);

  // Relationships that nobody signed lead somewhere else.
  recipe = forge::UsualVsix();
  recipe.sign_relationships = false;
  facts = Examine(BuildVsix(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(facts.uncovered.value_or(UncoveredMembers()).names,
            std::vector<std::string>{"\"_rels/.rels\""});
}

struct Altered {
  void (*change)(Recipe&);
  Integrity integrity;
  const char* finding;
};

TEST(Vsix, TheSignatureIsReadAsItSays) {
  for (const Altered& row : {
           // Changed after signing.
           Altered{[](Recipe& r) {
                     r.change_document = [](std::string& xml) {
                       Replace(xml, "2025-06-01", "2024-06-01");
                     };
                   },
                   Integrity::kInvalid, "signing.signature_invalid"},
           Altered{[](Recipe& r) {
                     r.change_document = [](std::string& xml) {
                       Replace(xml, "</SignedInfo>", " </SignedInfo>");
                     };
                   },
                   Integrity::kInvalid, "signing.signature_invalid"},
           // Another object of the same identifier.
           Altered{[](Recipe& r) {
                     r.extra_object =
                         "<Object Id='idPackageObject'><Manifest/></Object>";
                   },
                   Integrity::kMalformed, "signing.malformed"},
           // Signed, and no manifest.
           Altered{[](Recipe& r) {
                     r.change_object = [](std::string& xml) { xml = "x"; };
                   },
                   Integrity::kMalformed, "signing.malformed"},
           Altered{[](Recipe& r) {
                     r.change_signed_info = [](std::string& xml) {
                       xml = xml.substr(0, xml.find("<Reference"));
                     };
                   },
                   Integrity::kMalformed, "signing.malformed"},
           // A reference outwards, a transform, a digest that are not known.
           Altered{[](Recipe& r) {
                     r.change_signed_info = [](std::string& xml) {
                       Replace(xml, "#idPackageObject", "http://x.test/");
                     };
                   },
                   Integrity::kUnsupported, "signing.unsupported"},
           Altered{[](Recipe& r) {
                     r.change_object = [](std::string& xml) {
                       Replace(xml, "REC-xml-c14n", "REC-other");
                     };
                   },
                   Integrity::kUnsupported, "signing.unsupported"},
           Altered{[](Recipe& r) {
                     r.change_object = [](std::string& xml) {
                       Replace(xml, "xmlenc#sha256", "xmlenc#ripemd160");
                     };
                   },
                   Integrity::kUnsupported, "signing.unsupported"},
           Altered{[](Recipe& r) {
                     r.change_signed_info = [](std::string& xml) {
                       Replace(xml, "rsa-sha256", "hmac-sha256");
                     };
                   },
                   Integrity::kUnsupported, "signing.unsupported"},
           // No signature.
           Altered{[](Recipe& r) {
                     r.change_document = [](std::string& xml) {
                       xml.resize(xml.size() / 2);
                     };
                   },
                   Integrity::kMalformed, "signing.malformed"},
           Altered{[](Recipe& r) {
                     r.change_document = [](std::string& xml) {
                       xml = "<!DOCTYPE x>" + xml.substr(xml.find("<Sig"));
                     };
                   },
                   Integrity::kMalformed, "signing.malformed"},
       }) {
    Recipe recipe = forge::UsualVsix();
    row.change(recipe);
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(model::Name(facts.signatures[0].integrity),
              model::Name(row.integrity))
        << facts.signatures[0].integrity_reason;
    const Ids ids = FindingsOf(facts, file.size());
    EXPECT_TRUE(std::ranges::count(ids, row.finding) > 0) << row.finding;
    EXPECT_TRUE(CoveredNames(facts).empty());
  }
}

TEST(Vsix, WhatNobodySignsInASignatureIsFound) {
  const Ids unsigned_data = {"signing.unsigned_data_in_signature"};
  for (const auto& change : std::vector<void (*)(Recipe&)>{
           [](Recipe& r) { r.extra_object = "<Object>INERT</Object>"; },
           [](Recipe& r) { r.extra_object = "<x:y xmlns:x='urn:x'/>"; },
           [](Recipe& r) {
             r.change_document = [](std::string& xml) {
               Replace(xml, "<SignedInfo>", "<SignedInfo><!--INERT-->");
             };
           },
           [](Recipe& r) {
             r.change_document = [](std::string& xml) {
               Replace(xml, "<KeyInfo>", "<KeyInfo>INERT");
             };
           },
           [](Recipe& r) {
             r.change_document = [](std::string& xml) {
               Replace(xml, "<KeyInfo>", "<KeyInfo x='INERT'>");
             };
           },
           [](Recipe& r) {
             r.change_document = [](std::string& xml) {
               Replace(xml, "<KeyInfo>",
                       "<KeyInfo><KeyName>" + std::string(9999, 'x') +
                           "</KeyName>");
             };
           },
           [](Recipe& r) {
             r.change_document = [](std::string& xml) { xml += "<?INERT x?>"; };
           },
           [](Recipe& r) {
             r.extra_object =
                 "<Object><QualifyingProperties xmlns='http://uri.etsi.org/"
                 "01903/v1.3.2#'><x>INERT</x></QualifyingProperties></Object>";
           },
       }) {
    Recipe recipe = forge::UsualVsix();
    change(recipe);
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid)
        << facts.signatures.at(0).integrity_reason;
    EXPECT_EQ(FindingsOf(facts, file.size()), unsigned_data);
  }
}

// The part `name` of the archive; its text.
void ChangePart(forge::ZipRecipe& archive, std::string_view name,
                const std::function<void(std::string&)>& change) {
  for (forge::ZipPart& part : archive.parts) {
    if (part.name == name) {
      std::string text(part.content.begin(), part.content.end());
      change(text);
      part.content = forge::BytesOf(text);
    }
  }
}

constexpr char kOriginRelations[] =
    "package/services/digital-signature/_rels/origin.psdor.rels";

// What belongs to a signature is not signed, and may hold nothing else.
TEST(Vsix, PartsOfASignatureAreNoHidingPlace) {
  struct Hidden {
    const char* part;
    std::function<void(std::string&)> change;
  };
  const auto insert = [](const char* before, const char* text) {
    return [=](std::string& xml) { xml.insert(xml.find(before), text); };
  };
  for (const Hidden& row : {
           Hidden{"[Content_Types].xml",
                  insert("<Default", "<!-- INERT BUT EVIL -->")},
           Hidden{"[Content_Types].xml", insert("<Default", "INERT BUT EVIL")},
           Hidden{"[Content_Types].xml",
                  insert("</Types>",
                         "<Default Extension=\"rels\" "
                         "ContentType=\"text/plain\"/>")},
           Hidden{"[Content_Types].xml",
                  insert("Extension", "x=\"INERT BUT EVIL\" ")},
           Hidden{"[Content_Types].xml",
                  insert("<Default", "<?INERT BUT EVIL?>")},
           Hidden{"_rels/.rels",
                  insert("<Relationship ", "<!-- INERT BUT EVIL -->")},
           Hidden{"_rels/.rels", insert("Id=", "x=\"INERT BUT EVIL\" ")},
           Hidden{"_rels/.rels",
                  insert("<Relationship ",
                         "<Relationship Id=\"x\" Target=\"/evil.txt\" "
                         "Type=\"urn:evil\"/>")},
           Hidden{kOriginRelations,
                  insert("<Relationship ",
                         "<Relationship Id=\"x\" Target=\"/evil.txt\" "
                         "Type=\"urn:evil\"/>")},
           Hidden{kOriginRelations,
                  insert("<Relationship ", "<!-- INERT BUT EVIL -->")},
           Hidden{"package/services/digital-signature/origin.psdor",
                  [](std::string& text) { text = "INERT BUT EVIL"; }},
       }) {
    SCOPED_TRACE(row.part);
    Recipe recipe = forge::UsualVsix();
    recipe.change_archive = [&](forge::ZipRecipe& archive) {
      ChangePart(archive, row.part, row.change);
    };
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid)
        << facts.signatures.at(0).integrity_reason;
    EXPECT_EQ(facts.uncovered.value_or(UncoveredMembers()).names,
              std::vector<std::string>{QuoteName(row.part)});
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.uncovered_member"});
  }
}

// A program in the place of what only signs.
TEST(Vsix, AnythingMayCallItselfAnOriginOrACertificate) {
  Recipe recipe = forge::UsualVsix();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    for (forge::ZipPart& part : archive.parts) {
      if (part.name.ends_with("origin.psdor") ||
          part.name.ends_with("origin.psdor.rels")) {
        part.name = part.name.ends_with(".rels")
                        ? "package/services/digital-signature/_rels/evil.exe."
                          "rels"
                        : "package/services/digital-signature/evil.exe";
        if (part.name.ends_with(".exe")) {
          part.content = forge::BytesOf("INERT BUT EVIL");
        }
      }
    }
    ChangePart(archive, "_rels/.rels", [](std::string& xml) {
      Replace(xml, "origin.psdor", "evil.exe");
    });
  };
  forge::ByteVector file = BuildVsix(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(CoveredNames(facts).size() + 1, 7U);
  EXPECT_EQ(facts.uncovered.value_or(UncoveredMembers()).count, 1U);
  Ids ids = FindingsOf(facts, file.size());
  EXPECT_EQ(std::ranges::count(ids, "signing.malformed"), 1);

  recipe = forge::UsualVsix();
  recipe.certificate_part = true;
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    for (forge::ZipPart& part : archive.parts) {
      if (part.name.ends_with("inert.psdsxs.rels")) {
        std::string xml(part.content.begin(), part.content.end());
        xml.insert(xml.find("<Relationship "),
                   "<Relationship Id=\"x\" Target=\"/evil.cer\" Type=\"" +
                       std::string(kOpcSignatureRelations) + "certificate\"/>");
        part.content = forge::BytesOf(xml);
      }
    }
    archive.parts.push_back(forge::TextPart("evil.cer", "INERT BUT EVIL"));
  };
  file = BuildVsix(recipe);
  facts = Examine(file);
  EXPECT_EQ(facts.uncovered.value_or(UncoveredMembers()).names,
            std::vector<std::string>{"\"evil.cer\""});
}

// The object that is signed, moved aside; another in its place.
TEST(Vsix, WrappedSignaturesDoNotHold) {
  const auto object = [](const std::string& xml) {
    const size_t at = xml.find("<Object");
    return xml.substr(at, xml.find("</Object>", at) + 9 - at);
  };
  for (const auto& change : std::vector<std::function<void(std::string&)>>{
           // Inside another object, the manifest gone or another one.
           [&](std::string& xml) {
             const std::string old = object(xml);
             Replace(xml, old, "<Object>" + old + "</Object>");
           },
           [&](std::string& xml) {
             const std::string old = object(xml);
             Replace(xml, old,
                     "<Object Id=\"x\"><Manifest/></Object><Object>" + old +
                         "</Object>");
           },
           // In a namespace that only looks the same.
           [&](std::string& xml) {
             Replace(xml, "<Manifest", "<Manifest xmlns=\"urn:x\"");
           },
           // The same identifier on something else.
           [&](std::string& xml) {
             Replace(xml, "<KeyInfo", "<KeyInfo Id=\"idPackageObject\"");
           },
           // A second SignedInfo, in front or behind.
           [&](std::string& xml) {
             const size_t at = xml.find("<SignedInfo");
             const size_t end = xml.find("</SignedInfo>") + 13;
             std::string copy = xml.substr(at, end - at);
             Replace(copy, "#idPackageObject", "#other");
             xml.insert(at, copy);
           },
           // An entity that nobody declares, a declaration of one.
           [&](std::string& xml) {
             Replace(xml, "<KeyInfo>", "<KeyInfo>&evil;");
           },
           [&](std::string& xml) {
             xml = "<!DOCTYPE x [<!ENTITY evil \"x\">]>" +
                   xml.substr(xml.find("<Sig"));
           },
       }) {
    Recipe recipe = forge::UsualVsix();
    recipe.change_document = change;
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_NE(facts.signatures[0].integrity, Integrity::kValid);
    EXPECT_TRUE(CoveredNames(facts).empty());
    EXPECT_FALSE(FindingsOf(facts, file.size()).empty());
  }
}

// Written otherwise, and the same document: CDATA, references, a prefix.
TEST(Vsix, TheSameDocumentHolds) {
  for (const auto& change : std::vector<std::function<void(std::string&)>>{
           [](std::string& xml) {
             Replace(xml, "<Value>2025", "<Value><![CDATA[2025]]>");
           },
           [](std::string& xml) {
             Replace(xml, "<Value>2025", "<Value>&#x32;025");
           },
           [](std::string& xml) {
             xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" +
                   xml.substr(xml.find("<Sig"));
           },
       }) {
    Recipe recipe = forge::UsualVsix();
    recipe.change_document = change;
    const forge::ByteVector file = BuildVsix(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid)
        << facts.signatures.at(0).integrity_reason;
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
  }
}

TEST(Vsix, PartsOfASignatureAreNone) {
  Recipe recipe = forge::UsualVsix();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    std::erase_if(archive.parts, [](const forge::ZipPart& part) {
      return part.name.ends_with(".psdsxs");
    });
  };
  const forge::ByteVector file = BuildVsix(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kMalformed);
  const Ids ids = FindingsOf(facts, file.size());
  EXPECT_TRUE(std::ranges::count(ids, "signing.malformed") > 0);
}

TEST(Vsix, UnsignedIsUnsigned) {
  Recipe recipe = forge::UsualVsix();
  recipe.is_signed = false;
  const forge::ByteVector file = BuildVsix(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kAbsent);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.unsigned"});
}

TEST(Vsix, CutAnywhereIsNeverWhole) {
  const forge::ByteVector file = BuildVsix(forge::UsualVsix());
  for (size_t size = 0; size < file.size(); size += 7) {
    const forge::ByteVector cut(file.begin(),
                                file.begin() + static_cast<ptrdiff_t>(size));
    const SigningFacts facts = Examine(cut);
    EXPECT_NE(facts.is_signed, Signed::kPresent) << size;
    EXPECT_FALSE(FindingsOf(facts, cut.size()).empty()) << size;
  }
}

}  // namespace
}  // namespace countersign::signing
