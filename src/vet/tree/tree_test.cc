// What is found in containers, in what order, and where it ends.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/cab/sample/cab_builder.h"
#include "formats/sample/zip_writer.h"
#include "model/wire.h"
#include "signing/sample/forged_stores.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using formats::DeflatedEntry;
using formats::SampleZip;
using formats::StoredEntry;
using formats::ZipOf;
using model::Contents;
using model::Decision;
using model::Format;
using model::Inspection;

InspectOptions Options() {
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  return options;
}

Inspection Look(const std::string& file,
                const InspectOptions& options = Options()) {
  signing::Verifier verifier(
      {signing::ForgedStore({forge::TestAuthorities().root})}, {});
  Inspection inspection =
      Inspect(base::Blob::Own({file.begin(), file.end()}), verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

std::string Case(const char* name) {
  const auto bytes = forge::FindCase(name)->build();
  return {bytes.begin(), bytes.end()};
}

size_t Count(const Inspection& inspection, std::string_view id) {
  return static_cast<size_t>(
      std::ranges::count(inspection.findings, id, &model::Finding::id));
}

std::string LimitOf(const Inspection& inspection) {
  return inspection.limits.empty() ? "" : inspection.limits[0].limit;
}

std::vector<std::string> Paths(const Inspection& inspection) {
  std::vector<std::string> paths;
  for (const model::Artifact& artifact : inspection.artifacts) {
    paths.push_back(artifact.path);
  }
  return paths;
}

TEST(Tree, MembersFollowTheirContainersDepthFirst) {
  const std::string inner =
      ZipOf({StoredEntry("x", "xx"), DeflatedEntry("y", "yy")}).Write();
  const std::string outer =
      ZipOf({StoredEntry("a", "aa"), DeflatedEntry("b.zip", inner),
             StoredEntry("c.zip", ZipOf({StoredEntry("z", "zz")}).Write()),
             StoredEntry("d", "dd")})
          .Write();
  const Inspection inspection = Look(outer);
  EXPECT_EQ(Paths(inspection),
            (std::vector<std::string>{"", "!a", "!b.zip", "!b.zip!x",
                                      "!b.zip!y", "!c.zip", "!c.zip!z", "!d"}));
  EXPECT_TRUE(inspection.complete);
  for (size_t i = 0; i < inspection.artifacts.size(); ++i) {
    EXPECT_EQ(inspection.artifacts[i].id, i);
  }
  EXPECT_EQ(inspection.artifacts[3].parent, 2U);
  EXPECT_EQ(inspection.artifacts[2].contents, Contents::kComplete);
  EXPECT_EQ(
      inspection.artifacts[4].sha256,
      base::Hash(base::DigestAlgorithm::kSha256, base::AsBytes("yy")).Hex());
  EXPECT_EQ(inspection.artifacts[4].size, 2U);
}

TEST(Tree, EverySignatureInEveryDepthIsVerified) {
  const std::string inner =
      ZipOf({DeflatedEntry("good.exe", Case("valid")),
             StoredEntry("bad.exe", Case("flip_section"))})
          .Write();
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("inner.zip", inner)}).Write());
  ASSERT_EQ(inspection.artifacts.size(), 4U);
  const auto& good = inspection.artifacts[2];
  const auto& bad = inspection.artifacts[3];
  EXPECT_EQ(good.signatures.at(0).integrity, model::Integrity::kValid);
  EXPECT_EQ(good.signatures.at(0).trust, model::Trust::kTrusted);
  EXPECT_EQ(bad.signatures.at(0).integrity, model::Integrity::kInvalid);
  EXPECT_EQ(Decide(inspection).decision, Decision::kBlock);
  EXPECT_TRUE(inspection.complete);
}

TEST(Tree, AnArchiveOfSignedProgramsPasses) {
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("setup.exe", Case("valid"))}).Write());
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
}

TEST(Tree, TheSameBytesAreLookedAtOnce) {
  const std::string program = Case("flip_section");
  const Inspection inspection = Look(
      ZipOf({DeflatedEntry("a.exe", program), StoredEntry("b.exe", program),
             StoredEntry("c.exe", Case("valid"))})
          .Write());
  ASSERT_EQ(inspection.artifacts.size(), 4U);
  EXPECT_EQ(inspection.artifacts[2].same_as, 1U);
  EXPECT_EQ(inspection.artifacts[2].signatures.size(), 1U);
  EXPECT_EQ(inspection.artifacts[2].is_signed, model::Signed::kPresent);
  EXPECT_FALSE(inspection.artifacts[3].same_as);
  EXPECT_EQ(Count(inspection, "signing.digest_mismatch"), 1U);
}

// Eats itself: an archive that is found again in itself is not opened again.
TEST(Tree, RepeatedContainersEnd) {
  const std::string inner = ZipOf({StoredEntry("x", "xx")}).Write();
  const Inspection inspection =
      Look(ZipOf({StoredEntry("1", inner), StoredEntry("2", inner)}).Write());
  EXPECT_EQ(Paths(inspection),
            (std::vector<std::string>{"", "!1", "!1!x", "!2"}));
  EXPECT_EQ(inspection.artifacts[3].same_as, 1U);
}

// An archive in an archive in an archive: what is in front of the innermost
// content, and what is behind it, each written once.
std::string Nested(int depth) {
  std::string behind;
  std::vector<std::string> fronts;  // from the innermost on
  uint64_t inner_size = 7;
  uint32_t inner_crc = formats::SampleCrc("content");
  for (int i = 0; i < depth; ++i) {
    // Written around nothing, with what is true of the content.
    formats::SampleZipEntry entry = StoredEntry("n", "");
    entry.Set([&](formats::SampleHeader& header) {
      header.size = header.compressed_size = inner_size;
      header.crc32 = inner_crc;
    });
    SampleZip zip = ZipOf({entry});
    zip.offset_error = static_cast<int64_t>(inner_size);
    const std::string all = zip.Write();
    constexpr size_t kFront = 30 + 1;  // local header and name
    const std::string back = all.substr(kFront);
    fronts.push_back(all.substr(0, kFront));
    behind += back;
    const auto join = [](uint32_t a, uint32_t b, uint64_t size_of_b) {
      return static_cast<uint32_t>(
          crc32_combine(a, b, static_cast<z_off_t>(size_of_b)));
    };
    inner_crc =
        join(join(formats::SampleCrc(fronts.back()), inner_crc, inner_size),
             formats::SampleCrc(back), back.size());
    inner_size += kFront + back.size();
  }
  std::string file;
  for (auto front = fronts.rbegin(); front != fronts.rend(); ++front) {
    file += *front;
  }
  return file + "content" + behind;
}

TEST(Tree, DepthIsLimited) {
  EXPECT_TRUE(Look(Nested(13)).complete);
  const Inspection inspection = Look(Nested(14));
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "depth");
  EXPECT_EQ(inspection.limits[0].value, 12U);
  EXPECT_EQ(inspection.artifacts.size(), 14U);
  EXPECT_EQ(inspection.artifacts.back().contents, Contents::kPartial);
  EXPECT_EQ(Count(inspection, "vet.incomplete"), 1U);
}

TEST(Tree, TenThousandDeepAndWideEnd) {
  const Inspection deep = Look(Nested(10'000));
  EXPECT_EQ(LimitOf(deep), "depth");
  EXPECT_EQ(deep.artifacts.size(), 14U);
  SampleZip wide;
  for (int i = 0; i < 10'000; ++i) {
    wide.entries.push_back(
        StoredEntry("m" + std::to_string(i), std::to_string(i)));
  }
  const Inspection inspection = Look(wide.Write());
  EXPECT_EQ(inspection.artifacts.size(), 10'001U);
  EXPECT_TRUE(inspection.complete);
}

// Whatever a statement says, all else that is known stays known.
TEST(Tree, LongTextsHideNothing) {
  const auto task = [](size_t argument_bytes) {
    return "<Task xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/"
           "task\"><Actions><Exec><Command>a.exe</Command><Arguments>" +
           std::string(argument_bytes, 'x') +
           "</Arguments></Exec></Actions></Task>";
  };
  const Inspection one =
      Look(ZipOf({StoredEntry("t.xml", task(100'000))}).Write());
  ASSERT_EQ(one.actions.size(), 1U);
  EXPECT_TRUE(one.complete);
  EXPECT_EQ(one.actions[0].arguments.size(), 32U << 10);
  EXPECT_EQ(one.actions[0].parameters.back().name, "shortened");
  SampleZip many;
  for (int i = 0; i < 1000; ++i) {
    many.entries.push_back(StoredEntry("t" + std::to_string(i) + ".xml",
                                       task(40'000 + static_cast<size_t>(i))));
  }
  const Inspection crowd = Look(many.Write());
  EXPECT_EQ(LimitOf(crowd), "action_bytes");
  EXPECT_FALSE(crowd.complete);
  EXPECT_EQ(crowd.artifacts.size(), 1001U);
  EXPECT_GT(crowd.actions.size(), 300U);
}

TEST(Tree, LongNamesAreQuotedShort) {
  std::string invisible;
  for (int i = 0; i < 300; ++i) {
    invisible += "\u202E";
  }
  SampleZip zip;
  for (int i = 0; i < 5000; ++i) {
    zip.entries.push_back(
        StoredEntry("../" + std::to_string(i) + invisible, "x"));
  }
  const Inspection inspection = Look(zip.Write());
  EXPECT_EQ(inspection.artifacts.size(), 5001U);
  EXPECT_GT(inspection.findings.size(), 5000U);
  for (const model::Finding& finding : inspection.findings) {
    EXPECT_LT(finding.message.size(), 2000U);
  }
  EXPECT_LT(model::EncodeWire(inspection).size(), size_t{128} << 20);
}

// Names count as they are shown: 32 MiB of them fit into an answer.
TEST(Tree, NamesThatAreSpeltOutAreCountedSo) {
  SampleZip zip;
  for (int i = 0; i < 2000; ++i) {
    zip.entries.push_back(
        StoredEntry(std::to_string(i) + std::string(4000, '\x01'), "x"));
  }
  const Inspection inspection = Look(zip.Write());
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "path_bytes");
  EXPECT_LT(inspection.artifacts.size(), 1000U);
}

// Some unpackers make a file of it.
TEST(Tree, ADirectoryWithContentIsLookedAt) {
  for (const char* name : {"a.exe", "a.exe/"}) {
    formats::SampleZipEntry entry =
        StoredEntry(name, "MZ" + std::string(100, '\0'));
    entry.made_by = 3 << 8;  // Unix
    entry.attributes = uint32_t{0040777} << 16;
    const Inspection inspection = Look(ZipOf({entry}).Write());
    ASSERT_EQ(inspection.artifacts.size(), 2U) << name;
    EXPECT_EQ(inspection.artifacts[1].size, 102U);
    EXPECT_NE(inspection.artifacts[1].format, model::Format::kUnknown);
  }
}

// Unpackers look for the end of an archive, whatever a file starts with.
TEST(Tree, AnArchiveBehindTextIsOpened) {
  const std::string archive = ZipOf({StoredEntry("a.txt", "text")}).Write();
  const std::string script = "#!/bin/sh\nexit 0\n";
  for (const std::string& front :
       {script, std::string("%PDF-1.4\n"), std::string("\x01\x02\x03 data"),
        script + std::string(100'000, ' ')}) {
    const Inspection alone = Look(front + archive);
    EXPECT_EQ(alone.artifacts[0].format, model::Format::kZip);
    EXPECT_EQ(alone.artifacts.size(), 2U);
    // In a container, stored and not.
    EXPECT_EQ(Look(ZipOf({StoredEntry("p", front + archive)}).Write())
                  .artifacts.size(),
              3U);
    const Inspection packed =
        Look(ZipOf({formats::DeflatedEntry("p", front + archive)}).Write());
    EXPECT_TRUE(packed.artifacts.size() == 3U || !packed.complete);
  }
  // The mark alone is none.
  const Inspection mark = Look(script + "PK\x05\x06" + std::string(18, '\0'));
  EXPECT_EQ(mark.artifacts[0].format, model::Format::kScript);
}

// Equal files repeat what is known of one, as long as an answer can hold it.
TEST(Tree, SignaturesThatDoNotFitAreSaidToBeMissing) {
  const auto signed_program = forge::FindCase("valid")->build();
  const std::string program(signed_program.begin(), signed_program.end());
  const uint64_t size = model::EncodeWire(Look(program).artifacts.at(0)).size();
  const size_t copies = (size_t{33} << 20) / size;
  SampleZip zip;
  for (size_t i = 0; i < copies; ++i) {
    zip.entries.push_back(
        formats::DeflatedEntry(std::to_string(i) + ".exe", program));
  }
  const Inspection inspection = Look(zip.Write());
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "signature_bytes");
  ASSERT_EQ(inspection.artifacts.size(), copies + 1);
  EXPECT_EQ(inspection.artifacts[2].signatures.size(),
            inspection.artifacts[1].signatures.size());
  EXPECT_FALSE(inspection.artifacts[2].signatures.empty());
  const model::Artifact& last = inspection.artifacts.back();
  EXPECT_TRUE(last.signatures.empty());
  EXPECT_EQ(last.is_signed, model::Signed::kUnknown);
  EXPECT_LT(model::EncodeWire(inspection).size(), size_t{64} << 20);
}

TEST(Tree, MembersAreLimited) {
  InspectOptions options = Options();
  options.unpack.members = 2;
  const Inspection inspection =
      Look(ZipOf({StoredEntry("a", "a"), StoredEntry("b", "b"),
                  StoredEntry("c", "c")})
               .Write(),
           options);
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "members");
  EXPECT_EQ(inspection.artifacts.size(), 3U);
  EXPECT_EQ(inspection.artifacts[0].contents, Contents::kPartial);
}

// What is known when the time is over is said.
TEST(Tree, TheTimeForAllIsLimited) {
  InspectOptions options = Options();
  options.unpack.total_time = std::chrono::milliseconds(0);
  const Inspection inspection = Look(
      ZipOf({StoredEntry("a", "a"), StoredEntry("b", "b")}).Write(), options);
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "time_ms");
  EXPECT_EQ(inspection.limits[0].value, 0U);
  EXPECT_EQ(inspection.artifacts[0].format, model::Format::kZip);
  EXPECT_EQ(inspection.artifacts[0].contents, Contents::kPartial);
  EXPECT_EQ(Count(inspection, "vet.incomplete"), 1U);
}

TEST(Tree, OneMemberBeyondItsLimitDoesNotHideTheOthers) {
  InspectOptions options = Options();
  options.unpack.member_bytes = 1000;
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("large", std::string(5000, 'x')),
                  StoredEntry("small", "s")})
               .Write(),
           options);
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "member_bytes");
  ASSERT_EQ(inspection.artifacts.size(), 3U);
  EXPECT_EQ(inspection.artifacts[2].path, "!small");
}

TEST(Tree, ABombIsStopped) {
  InspectOptions options = Options();
  options.unpack.ratio_from_bytes = 100'000;
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("bomb", std::string(5'000'000, '\0'))}).Write(),
           options);
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(LimitOf(inspection), "ratio");
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
}

TEST(Tree, ARatioIsOfWhatIsPackedAndNotOfItsRecord) {
  formats::sample::CabBuilder cabinet;
  cabinet.folders = {{.files = {{"large.bin", std::string(10'000, 'x')}}}};
  const auto packed = cabinet.Build();
  InspectOptions options = Options();
  options.unpack.ratio_from_bytes = 1000;
  options.unpack.ratio = 2;
  const Inspection inspection = Look({packed.begin(), packed.end()}, options);
  EXPECT_EQ(LimitOf(inspection), "");
  ASSERT_EQ(inspection.artifacts.size(), 2U);
  EXPECT_EQ(inspection.artifacts[1].size, 10'000U);
  // One member of a ZIP archive that is packed more than that.
  const std::string zip =
      ZipOf({StoredEntry("a", std::string(20'000, 'y')),
             DeflatedEntry("bomb", std::string(10'000, 'x'))})
          .Write();
  EXPECT_EQ(LimitOf(Look(zip, options)), "ratio");
}

TEST(Tree, DamageIsSaidWhereItIs) {
  formats::SampleZipEntry wrong = StoredEntry("wrong", "content");
  wrong.Set([](formats::SampleHeader& header) { header.crc32 ^= 1; });
  const std::string archive =
      ZipOf({wrong, DeflatedEntry("good.exe", Case("valid"))}).Write();
  const Inspection inspection = Look(archive);
  EXPECT_EQ(Count(inspection, "vet.member_damaged"), 1U);
  EXPECT_EQ(Count(inspection, "vet.checksum_mismatch"), 1U);
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(inspection.artifacts[0].contents, Contents::kPartial);
  EXPECT_EQ(inspection.artifacts[2].signatures.size(), 1U);

  const Inspection cut = Look(archive.substr(0, archive.size() - 30));
  EXPECT_EQ(Count(cut, "vet.container_damaged"), 1U);
  EXPECT_FALSE(cut.complete);
  EXPECT_GE(cut.artifacts.size(), 3U);
}

TEST(Tree, NamesAreDataAndTheirTricksFindings) {
  const auto in_utf8 = [](formats::SampleZipEntry entry) {
    return entry.Set(
        [](formats::SampleHeader& header) { header.flags |= 0x800; });
  };
  const Inspection inspection =
      Look(ZipOf({StoredEntry("../../etc/cron.d/x", "1"),
                  in_utf8(StoredEntry("a\xE2\x80\xAE"
                                      "fdp.exe",
                                      "2")),
                  StoredEntry("Readme", "3"), StoredEntry("README", "4")})
               .Write());
  EXPECT_EQ(Count(inspection, "vet.member_escapes"), 1U);
  EXPECT_EQ(Count(inspection, "vet.member_name_deceptive"), 1U);
  EXPECT_EQ(Count(inspection, "vet.member_name_collision"), 1U);
  EXPECT_EQ(inspection.artifacts.at(1).path, "!../../etc/cron.d/x");
}

TEST(Tree, LargeMembersGoThroughTheScratchFile) {
  std::string path = "/tmp/countersign-tree-XXXXXX";
  const int scratch = mkstemp(path.data());
  ASSERT_GE(scratch, 0);
  unlink(path.c_str());
  InspectOptions options = Options();
  options.scratch_descriptor = scratch;
  // Larger than what is held in memory, compressed, and opened in turn.
  std::string filler(40'000'000, '\0');
  for (size_t i = 0; i < filler.size(); i += 97) {
    filler[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  const std::string inner = ZipOf({StoredEntry("filler", filler),
                                   StoredEntry("good.exe", Case("valid"))})
                                .Write();
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("inner.zip", inner)}).Write(), options);
  close(scratch);
  ASSERT_EQ(inspection.artifacts.size(), 4U);
  EXPECT_TRUE(inspection.complete);
  EXPECT_EQ(inspection.artifacts[3].signatures.at(0).integrity,
            model::Integrity::kValid);
  EXPECT_EQ(
      inspection.artifacts[2].sha256,
      base::Hash(base::DigestAlgorithm::kSha256, base::AsBytes(filler)).Hex());
}

// Only its members tell that an archive is a package, and which of them its
// signature covers.
TEST(Tree, PackagesAreVerifiedWhereTheyLie) {
  const Inspection inspection =
      Look(ZipOf({DeflatedEntry("a.jar", Case("jar_added")),
                  StoredEntry("b.msix", Case("msix_valid"))})
               .Write());
  const auto& jar = inspection.artifacts.at(1);
  EXPECT_EQ(jar.format, Format::kJar);
  EXPECT_EQ(jar.signatures.at(0).integrity, model::Integrity::kValid);
  size_t covered = 0;
  for (const model::Artifact& artifact : inspection.artifacts) {
    const bool is_added = artifact.path == "!a.jar!Added.txt";
    EXPECT_EQ(artifact.outside_signature, is_added) << artifact.path;
    covered += artifact.covered_by ? 1 : 0;
  }
  EXPECT_EQ(covered, inspection.artifacts.size() - 4);
  EXPECT_EQ(Count(inspection, "vet.not_vouched"), 1U);
  EXPECT_EQ(Count(inspection, "signing.uncovered_member"), 1U);
  EXPECT_TRUE(inspection.complete);
}

TEST(Tree, ATwinOfAPackageIsWhatThatIs) {
  const Inspection inspection =
      Look(ZipOf({StoredEntry("a.nupkg", Case("nuget_author")),
                  StoredEntry("b.nupkg", Case("nuget_author"))})
               .Write());
  const auto& last = inspection.artifacts.back();
  EXPECT_EQ(last.path, "!b.nupkg");
  EXPECT_EQ(last.same_as, 1U);
  EXPECT_EQ(last.format, Format::kNupkg);
  EXPECT_EQ(last.is_signed, model::Signed::kPresent);
  EXPECT_EQ(last.signatures.size(), 1U);
}

// A member that only some readers show may borrow a name, not the signature.
TEST(Tree, AHiddenMemberIsNotCoveredByItsName) {
  std::string jar = Case("jar_valid");
  const size_t directory = jar.find("PK\x01\x02");
  const std::string hidden =
      ZipOf({StoredEntry("com/example/Inert.class", "hidden")}).Write();
  const std::string entry = hidden.substr(0, hidden.find("PK\x01\x02"));
  jar.insert(directory, entry);
  const Inspection inspection = Look(jar);
  EXPECT_EQ(Count(inspection, "vet.hidden_member"), 1U);
  EXPECT_TRUE(std::ranges::any_of(
      inspection.artifacts, [](const model::Artifact& artifact) {
        return artifact.path == "!com/example/Inert.class" &&
               artifact.size == 6 && artifact.outside_signature &&
               !artifact.covered_by;
      }));
}

}  // namespace
}  // namespace countersign::vet
