// What programs carry in resources and sections, and what resources say.
#include <gtest/gtest.h>

#include <set>

#include "formats/pe.h"
#include "formats/pe/sample/pe_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;
using std::string_literals::operator""s;

const std::string kZip =
    ZipOf({StoredEntry("a", std::string(80, 'a'))}).Write();
const std::string kText(100, 't');

// Runs over a copy, so that nothing outside is read unseen.
base::Result<void> Unpacked(const std::string& file, MemberRecorder& recorder) {
  return recorder.Run(UnpackPe, AsBytes(file));
}

std::vector<std::string> NamesOf(const MemberRecorder& recorder) {
  std::vector<std::string> names;
  for (const auto& recorded : recorder.members) {
    names.push_back(recorded.member.name);
  }
  return names;
}

SampleProgram ProgramWith(std::vector<SampleResource> resources) {
  SampleProgram program;
  program.sections = {{".text", "code"}};
  program.resources = std::move(resources);
  return program;
}

size_t Find(const std::string& file, std::string_view text) {
  const size_t at = file.find(text);
  EXPECT_NE(at, std::string::npos);
  return at;
}

TEST(PeResources, ReadsEveryLevelOfTheTree) {
  const std::string file = ProgramWith({{"#3", "#1", "#1033", "icon"},
                                        {"#10", "#7", "#0", "data"},
                                        {"#10", "NAMED", "#1031", "other"},
                                        {"CUSTOM", "X", "#1033", ""}})
                               .Write();
  base::Budget budget;
  const PeImage image = ParsePe(AsBytes(file)).value();
  const auto resources = ReadPeResources(image, AsBytes(file), budget);
  ASSERT_TRUE(resources);
  EXPECT_FALSE(resources->damage);
  std::set<std::string> seen;
  for (const PeResource& resource : resources->entries) {
    EXPECT_FALSE(resource.damage);
    seen.insert(resource.type + "/" + resource.name + "/" + resource.language +
                "=" + file.substr(resource.data.offset, resource.data.size));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"ICON/1/1033=icon", "RCDATA/7/0=data",
                                         "RCDATA/NAMED/1031=other",
                                         "CUSTOM/X/1033="}));
}

TEST(PeResources, HandsOverWhatMayBeAFile) {
  MemberRecorder recorder;
  const std::string file =
      ProgramWith({{"#10", "#1", "#0", kText},
                   {"#10", "#2", "#0", std::string(63, 's')},
                   {"#3", "#1", "#0", kText + "icon"},
                   {"#2", "#1", "#0", kZip},
                   {"#16", "#1", "#0", kText + "version"},
                   {"#6", "#1", "#0", kText + "strings"},
                   {"#23", "INDEX", "#0", kText + "<script>"},
                   {"#300", "#1", "#0", kText + "300"},
                   {"DATA", "#131", "#1033", kZip + " "}})
          .Write();
  ASSERT_TRUE(Unpacked(file, recorder));
  EXPECT_EQ(
      std::set<std::string>({"[resources]/RCDATA/1/0", "[resources]/BITMAP/1/0",
                             "[resources]/HTML/INDEX/0", "[resources]/300/1/0",
                             "[resources]/DATA/131/1033"}),
      [&] {
        const auto names = NamesOf(recorder);
        return std::set<std::string>(names.begin(), names.end());
      }());
  EXPECT_EQ(recorder.ContentOf("[resources]/BITMAP/1/0"), kZip);
  EXPECT_EQ(recorder.ContentOf("[resources]/RCDATA/1/0"), kText);
  for (const auto& recorded : recorder.members) {
    EXPECT_TRUE(recorded.placed);
  }
  EXPECT_TRUE(recorder.remarks.empty());
}

TEST(PeResources, SharedBytesAreHandedOverOnce) {
  std::string file =
      ProgramWith({{"#10", "#1", "#0", kText}, {"#10", "#2", "#0", kText}})
          .Write();
  // Both data entries lead to the first data.
  const size_t first = Find(file, kText) - 16;
  file.replace(file.rfind(kText) - 16, 4, file.substr(first, 4));
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(file, recorder));
  EXPECT_EQ(NamesOf(recorder),
            std::vector<std::string>{"[resources]/RCDATA/1/0"});
}

TEST(PeResources, DataOutsideTheFileIsDamageOfThatResource) {
  std::string file =
      ProgramWith({{"#10", "#1", "#0", kText}, {"#10", "#2", "#0", kZip}})
          .Write();
  file.replace(Find(file, kText) - 12, 4, LittleEndian(0xFFFFFFF0, 4));
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(file, recorder));
  ASSERT_EQ(recorder.members.size(), 2);
  ASSERT_TRUE(recorder.members[0].damage);
  EXPECT_EQ(recorder.members[0].damage->fault, Fault::kTruncated);
  EXPECT_EQ(recorder.ContentOf("[resources]/RCDATA/2/0"), kZip);
}

TEST(PeResources, ADirectoryThatIsEnteredTwiceIsALoop) {
  std::string file =
      ProgramWith({{"#10", "#1", "#0", kText}, {"#11", "#1", "#0", kText}})
          .Write();
  const size_t root =
      Find(file, LittleEndian(10, 4) + LittleEndian(0x80000020, 4));
  // The second type leads back to the root.
  file.replace(root + 12, 4, LittleEndian(0x80000000, 4));
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(file, recorder));
  EXPECT_EQ(recorder.CountOf(RemarkKind::kLoop), 1);
  EXPECT_EQ(recorder.ContentOf("[resources]/RCDATA/1/0"), kText);
}

TEST(PeResources, LevelsTooManyOrTooFewAreOdd) {
  const std::string clean = ProgramWith({{"#10", "#1", "#0", kText}}).Write();
  const size_t root =
      Find(clean, LittleEndian(10, 4) + LittleEndian(0x80000018, 4));
  // Root, names and languages have 24 bytes each; the data entry follows.
  std::string flat = clean;
  flat.replace(root + 4, 4, LittleEndian(72, 4));
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(flat, recorder));
  EXPECT_EQ(recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(recorder.ContentOf("[resources]/RCDATA//"), kText);

  std::string deep = clean;
  deep.replace(root + 48 + 4, 4, LittleEndian(0x80000000, 4));
  MemberRecorder deeper;
  ASSERT_TRUE(Unpacked(deep, deeper));
  EXPECT_EQ(deeper.CountOf(RemarkKind::kOddity), 1);
  EXPECT_TRUE(deeper.members.empty());
}

TEST(PeResources, LongNamesAreCut) {
  const std::string name(300, 'n');
  MemberRecorder recorder;
  ASSERT_TRUE(
      Unpacked(ProgramWith({{name, "#1", "#0", kText}}).Write(), recorder));
  EXPECT_EQ(recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(recorder.ContentOf("[resources]/" + name.substr(0, 256) + "/1/0"),
            kText);
}

TEST(PeResources, BeyondTheLimitsNothingIsSilent) {
  std::vector<SampleResource> many;
  for (int i = 1; i <= 1003; ++i) {
    many.push_back({"#10", "#" + std::to_string(i), "#0", kText});
  }
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(ProgramWith(many).Write(), recorder));
  EXPECT_EQ(recorder.members.size(), 1000);
  ASSERT_EQ(recorder.CountOf(RemarkKind::kUnsupported), 1);
  EXPECT_EQ(recorder.remarks[0].what,
            "3 resources beyond the limit of 1000 are not looked at");

  many.assign(20'001, {"#3", "", "#0", ""});
  for (size_t i = 0; i < many.size(); ++i) {
    many[i].name = "#" + std::to_string(i + 1);
  }
  MemberRecorder over;
  const auto result = Unpacked(ProgramWith(many).Write(), over);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kLimit);
  EXPECT_STREQ(result.error().field, "resources");
}

TEST(PeResources, ADirectoryThatLiesNowhereIsDamage) {
  SampleProgram program = ProgramWith({{"#10", "#1", "#0", kText}});
  program.overlay = "overlay";
  std::string file = program.Write();
  file.replace(0x40 + 24 + 96 + 16, 4, LittleEndian(0x00F00000, 4));
  MemberRecorder recorder;
  const auto result = Unpacked(file, recorder);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kMalformed);
  EXPECT_STREQ(result.error().field, "resource directory");
  EXPECT_EQ(recorder.ContentOf("[overlay]"), "overlay");
}

// Cut anywhere, it is an error, damage of the member, or one member less with
// all others as before; never a member of other content.
TEST(PeResources, CutAnywhereTheyAreNeverSilentlyWhole) {
  const std::string file =
      ProgramWith({{"#10", "#1", "#0", kText}, {"DATA", "#2", "#0", kZip}})
          .Write();
  const size_t end = file.rfind(kZip) + kZip.size();
  ASSERT_GT(end, file.rfind(kText));
  for (size_t size = 0; size < end; ++size) {
    MemberRecorder recorder;
    const auto result = Unpacked(file.substr(0, size), recorder);
    bool is_whole = result.has_value() && recorder.members.size() == 2;
    for (const auto& recorded : recorder.members) {
      is_whole = is_whole && !recorded.damage;
      if (!recorded.damage) {
        const std::string content(recorded.content.begin(),
                                  recorded.content.end());
        EXPECT_TRUE(content == kText || content == kZip);
      }
    }
    EXPECT_FALSE(is_whole) << size;
  }
}

TEST(PeSections, ThatStartAsArchivesAreHandedOver) {
  SampleProgram program;
  program.sections = {{".text", "MZ, but no program"},
                      {"_winzip_", kZip},
                      {".data", "data " + kZip}};
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(program.Write(), recorder));
  EXPECT_EQ(NamesOf(recorder), std::vector<std::string>{"[sections]/_winzip_"});
  // Without the zeros that fill the section.
  EXPECT_EQ(recorder.ContentOf("[sections]/_winzip_"), kZip);
}

TEST(PeSections, BytesBehindWhatIsLoadedAreKeptUnlessZero) {
  SampleProgram program;
  program.sections = {{"_winzip_", kZip}};
  std::string file = program.Write();
  file.back() = 'x';
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(file, recorder));
  EXPECT_EQ(recorder.ContentOf("[sections]/_winzip_"),
            file.substr(SampleProgram::kHeaderBytes));
}

TEST(PeOverlay, OfSelfExtractorsOf7zHasTwoParts) {
  const std::string archive = "7z\xBC\xAF\x27\x1C and so on";
  for (const std::string config :
       {";!@Install@!UTF-8!\r\nRunProgram=\"a.exe\"\r\n;!@InstallEnd@!",
        ";!@Install@!UTF-8!\n;!@InstallEnd@!\r\n",
        "\xEF\xBB\xBF;!@Install@!UTF-8!\n;!@InstallEnd@!"}) {
    SampleProgram program;
    program.sections = {{".text", "code"}};
    program.overlay = config + archive;
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(program.Write(), recorder));
    EXPECT_EQ(NamesOf(recorder),
              (std::vector<std::string>{"[overlay]/config.txt",
                                        "[overlay]/archive"}));
    EXPECT_EQ(recorder.ContentOf("[overlay]/config.txt"), config);
    EXPECT_EQ(recorder.ContentOf("[overlay]/archive"), archive);
  }
}

TEST(PeOverlay, IsOneMemberOtherwise) {
  for (const std::string overlay :
       {"7z\xBC\xAF\x27\x1C and so on", ";!@Install@!UTF-8! without an end",
        ";!@Install@!UTF-8!\n;!@InstallEnd@! without an archive", "x"}) {
    SampleProgram program;
    program.sections = {{".text", "code"}};
    program.overlay = overlay;
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(program.Write(), recorder));
    EXPECT_EQ(NamesOf(recorder), std::vector<std::string>{"[overlay]"});
    EXPECT_EQ(recorder.ContentOf("[overlay]"), overlay);
  }
}

// A node of version information.
std::string Node(const std::string& key, uint16_t type,
                 const std::string& value, const std::string& children = "") {
  const auto aligned = [](std::string text) {
    text.resize((text.size() + 3) / 4 * 4);
    return text;
  };
  std::string text = aligned(std::string(6, '\0') + Utf16(key) + "\0\0"s);
  text += value;
  if (!children.empty()) {
    text = aligned(std::move(text)) + children;
  }
  const size_t length = type == 1 ? value.size() / 2 : value.size();
  text.replace(0, 6,
               LittleEndian(text.size(), 2) + LittleEndian(length, 2) +
                   LittleEndian(type, 2));
  return text;
}

std::string AlignedNode(std::string node) {
  node.resize((node.size() + 3) / 4 * 4);
  return node;
}

std::string SampleVersion() {
  const std::string fixed =
      LittleEndian(0xFEEF04BD, 4) + LittleEndian(0x10000, 4) +
      LittleEndian(0x00010002, 4) + LittleEndian(0x00030004, 4) +
      LittleEndian(0x00050006, 4) + LittleEndian(0x00070008, 4) +
      std::string(28, '\0');
  const std::string strings =
      AlignedNode(Node("CompanyName", 1, Utf16("Contoso") + "\0\0"s)) +
      AlignedNode(Node("Empty", 1, "")) +
      Node("FileVersion", 1, Utf16("1.2") + "\0\0"s);
  const std::string table = Node("040904B0", 1, "", strings);
  return Node("VS_VERSION_INFO", 0, fixed,
              AlignedNode(Node("StringFileInfo", 1, "", table)) +
                  Node("VarFileInfo", 1, "",
                       Node("Translation", 0, LittleEndian(0x04B00409, 4))));
}

TEST(PeVersion, ReadsNumbersAndTexts) {
  const std::string text = SampleVersion();
  base::Budget budget;
  const auto version = ParsePeVersion({AsBytes(text), 1000}, budget);
  ASSERT_TRUE(version) << version.error().field;
  EXPECT_EQ(version->file_version, 0x0001000200030004);
  EXPECT_EQ(version->product_version, 0x0005000600070008);
  ASSERT_EQ(version->strings.size(), 3);
  EXPECT_EQ(version->strings[0].language, "040904B0");
  EXPECT_EQ(version->strings[0].key, "CompanyName");
  EXPECT_EQ(version->strings[0].value, "Contoso");
  EXPECT_EQ(version->strings[1].value, "");
  EXPECT_EQ(version->strings[2].value, "1.2");
  EXPECT_EQ(version->strings[0].range.offset,
            1000 + text.find(Utf16("CompanyName")) - 6);
}

TEST(PeVersion, CutAnywhereItIsAnErrorInside) {
  const std::string text = SampleVersion();
  for (size_t size = 0; size < text.size(); ++size) {
    base::Budget budget;
    const auto version = ParsePeVersion({AsBytes(text).first(size), 0}, budget);
    ASSERT_FALSE(version) << size;
    EXPECT_LE(version.error().offset, size);
  }
}

TEST(PeVersion, EndsWhateverItIs) {
  std::string text = SampleVersion();
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string changed = text;
      changed[i] = c;
      base::Budget budget({.steps = 1000});
      (void)ParsePeVersion({AsBytes(changed), 0}, budget);
    }
  }
}

}  // namespace
}  // namespace countersign::formats
