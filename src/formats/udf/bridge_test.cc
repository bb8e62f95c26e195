// Discs that have the trees of ISO 9660 and of UDF.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "formats/iso/sample/iso_builder.h"
#include "formats/sample/unpacked.h"
#include "formats/udf.h"
#include "formats/udf/sample/udf_builder.h"

namespace countersign::formats {
namespace {

using sample::IsoBuilder;
using sample::UdfBuilder;
using Image = std::vector<uint8_t>;
using Names = std::vector<std::string>;

Unpacked UnpackedDisc(const Image& image) { return {UnpackUdf, image}; }

struct Disc {
  IsoBuilder iso;
  UdfBuilder udf;

  // `in_udf` are names of `iso` that UDF has as well.
  Image Build(const std::vector<std::string>& in_udf) {
    iso.udf = true;
    udf.base = iso.Build();
    for (const std::string& name : in_udf) {
      const auto file =
          std::ranges::find(iso.files, name + ";1", &sample::IsoFile::name);
      udf.files.push_back({.name = name,
                           .content = file->content,
                           .content_at = iso.content_at.at(name + ";1")});
    }
    return udf.Build();
  }
};

TEST(UdfBridge, FilesOfBothTreesAreHandedOverOnce) {
  Disc disc;
  disc.iso.joliet = true;
  disc.iso.files = {{"A.TXT;1", "", "a.txt", "shared"},
                    {"B.TXT;1", "", "b.txt", "as well"}};
  const Unpacked outcome = UnpackedDisc(disc.Build({"A.TXT", "B.TXT"}));
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers(), (Names{"A.TXT", "B.TXT"}));
  EXPECT_EQ(outcome.recorder.detail,
            "volume \"VOLUME\", UDF 1.02, ISO 9660, Joliet");
}

TEST(UdfBridge, FilesOfOneTreeAreHidden) {
  Disc disc;
  disc.iso.files = {{"A.TXT;1", "", "", "shared"},
                    {"B.EXE;1", "", "", "only for old systems"}};
  disc.udf.files = {{.name = "c.exe", .content = "only for new ones"}};
  const Unpacked outcome = UnpackedDisc(disc.Build({"A.TXT"}));
  ASSERT_TRUE(outcome.result);
  EXPECT_EQ(outcome.NamesOfMembers(), (Names{"c.exe", "A.TXT", "[iso]/B.EXE"}));
  EXPECT_EQ(outcome.recorder.ContentOf("[iso]/B.EXE"), "only for old systems");
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenMember), 2);
  EXPECT_EQ(outcome.recorder.remarks[0].what, "\"c.exe\" is not in ISO 9660");
  EXPECT_EQ(outcome.recorder.remarks[1].what, "\"B.EXE\" is only in ISO 9660");
}

TEST(UdfBridge, FilesOfTwoSizesAreRemarked) {
  Disc disc;
  disc.iso.files = {{"A.TXT;1", "", "", "shared"}};
  Image image = disc.Build({"A.TXT"});
  const size_t entry = disc.udf.entry_at["A.TXT"];
  UdfBuilder::Little(image, entry + 56, 3, 8);
  UdfBuilder::Little(image, entry + 176, 3, 4);
  disc.udf.Seal(image, entry);
  const Unpacked outcome = UnpackedDisc(image);
  EXPECT_EQ(outcome.recorder.ContentOf("A.TXT"), "sha");
  EXPECT_EQ(outcome.recorder.ContentOf("[iso]/A.TXT"), "shared");
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kOverlap), 1);
}

TEST(UdfBridge, TheNoteForOldSystemsIsNoHiddenMember) {
  Disc disc;
  disc.iso.files = {{"README.TXT;1", "", "",
                     "This disc contains a \"UDF\" file system.\r\n"}};
  disc.udf.files = {{.name = "setup.exe", .content = "MZ"}};
  const Unpacked outcome = UnpackedDisc(disc.Build({}));
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers(), (Names{"setup.exe", "[iso]/README.TXT"}));
  // What is no text is no note.
  disc.iso.files[0].content = "MZ\x90";
  disc.udf.files = {{.name = "setup.exe", .content = "MZ"}};
  EXPECT_EQ(
      UnpackedDisc(disc.Build({})).recorder.CountOf(RemarkKind::kHiddenMember),
      2);
}

TEST(UdfBridge, BootImagesAreHandedOver) {
  Disc disc;
  disc.iso.files = {{"A.TXT;1", "", "", "shared"}};
  disc.iso.boot = std::string(2048, 'B');
  const Unpacked outcome = UnpackedDisc(disc.Build({"A.TXT"}));
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.recorder.ContentOf("[boot]/1"), std::string(2048, 'B'));
  EXPECT_TRUE(outcome.recorder.detail.ends_with(", bootable"));
}

TEST(UdfBridge, IsoIsReadWhereUdfCannotBe) {
  Disc disc;
  disc.iso.files = {{"A.TXT;1", "", "", "shared"}};
  Image image = disc.Build({"A.TXT"});
  image[disc.udf.file_set_at + 1] = 0;
  const Unpacked outcome = UnpackedDisc(image);
  ASSERT_FALSE(outcome.result);
  EXPECT_STREQ(outcome.result.error().field, "File Set Descriptor");
  EXPECT_EQ(outcome.recorder.ContentOf("A.TXT"), "shared");
  EXPECT_EQ(outcome.recorder.format, model::Format::kIso);
}

}  // namespace
}  // namespace countersign::formats
