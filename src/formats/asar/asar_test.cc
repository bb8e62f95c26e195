#include "formats/asar.h"

#include <gtest/gtest.h>

#include "formats/asar/sample/asar_writer.h"
#include "formats/json.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;

struct Opened {
  MemberRecorder recorder;
  base::Result<void> result;
};

Opened Open(const std::string& file, const base::Limits& limits = {}) {
  Opened opened;
  opened.result = opened.recorder.Run(UnpackAsar, AsBytes(file), limits);
  return opened;
}

// An archive of one file, "f".
std::string OneFile(const std::string& fields, const std::string& data) {
  return AsarOf(R"({"files":{"f":{)" + fields + "}}}", data);
}

TEST(Asar, HandsOverEveryKindOfEntry) {
  const std::string file = SampleAsar();
  EXPECT_TRUE(IsAsar(AsBytes(file)));
  const Opened opened = Open(file);
  ASSERT_TRUE(opened.result);
  std::vector<std::string> names;
  for (const auto& recorded : opened.recorder.members) {
    EXPECT_FALSE(recorded.damage);
    names.push_back(recorded.member.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"main.js", "lib", "lib/a",
                                             "lib/none", "lib/link"}));
  EXPECT_EQ(opened.recorder.ContentOf("main.js"), "12345");
  EXPECT_EQ(opened.recorder.ContentOf("lib/a"), "abcdefgh");
  EXPECT_EQ(opened.recorder.ContentOf("lib/none"), "");
  EXPECT_EQ(opened.recorder.members[1].member.kind, MemberKind::kDirectory);
  EXPECT_EQ(opened.recorder.members[4].member.kind, MemberKind::kLink);
  EXPECT_EQ(opened.recorder.members[4].member.link_target, "main.js");
  ASSERT_EQ(opened.recorder.remarks.size(), 1);
  EXPECT_EQ(opened.recorder.remarks[0].what,
            "1 file of the archive lies beside it, in the directory that ends "
            "in '.unpacked'");
}

TEST(Asar, ChecksIntegrity) {
  const std::string good = R"("size":6,"offset":"0","integrity":)";
  EXPECT_TRUE(Open(OneFile(good + AsarIntegrity("abcdef"), "abcdef"))
                  .recorder.remarks.empty());
  // The content is another.
  EXPECT_EQ(Open(OneFile(good + AsarIntegrity("abcdef"), "abcdeF"))
                .recorder.CountOf(RemarkKind::kChecksum),
            2);
  // One block is, or is missing, or is too many.
  std::string integrity = AsarIntegrity("abcdef");
  const size_t last = integrity.rfind('"') - 1;
  integrity[last] = integrity[last] == '0' ? '1' : '0';
  EXPECT_EQ(Open(OneFile(good + integrity, "abcdef"))
                .recorder.CountOf(RemarkKind::kChecksum),
            1);
  integrity = AsarIntegrity("abcdef");
  integrity.replace(integrity.rfind(",\""), 67, "");
  EXPECT_EQ(Open(OneFile(good + integrity, "abcdef"))
                .recorder.CountOf(RemarkKind::kChecksum),
            1);
  integrity = AsarIntegrity("abcdef");
  integrity.insert(integrity.rfind(']'), ",\"00\",\"00\"");
  EXPECT_EQ(Open(OneFile(good + integrity, "abcdef"))
                .recorder.CountOf(RemarkKind::kChecksum),
            1);
  EXPECT_EQ(Open(OneFile(good + R"({"algorithm":"MD5","hash":""})", "abcdef"))
                .recorder.CountOf(RemarkKind::kUnsupported),
            1);
}

TEST(Asar, EntriesThatAreWrongAreDamaged) {
  const struct {
    std::string fields;
    Fault fault;
    const char* field;
  } rows[] = {
      {R"("offset":"0")", Fault::kMalformed, "size"},
      {R"("size":-1,"offset":"0")", Fault::kMalformed, "size"},
      {R"("size":1.5,"offset":"0")", Fault::kMalformed, "size"},
      {R"("size":1)", Fault::kMalformed, "offset"},
      {R"("size":1,"offset":"")", Fault::kMalformed, "offset"},
      {R"("size":1,"offset":"0x1")", Fault::kMalformed, "offset"},
      {R"("size":1,"offset":"-1")", Fault::kMalformed, "offset"},
      {R"("size":1,"offset":"99999999999999999999")", Fault::kMalformed,
       "offset"},
      {R"("size":4,"offset":"0")", Fault::kTruncated, "content"},
      {R"("size":1,"offset":"3")", Fault::kTruncated, "content"},
      {R"("size":18446744073709551615,"offset":"2")", Fault::kTruncated,
       "content"},
      {R"("size":1,"offset":"18446744073709551615")", Fault::kTruncated,
       "content"},
      {R"("files":[])", Fault::kMalformed, "files"},
  };
  for (const auto& row : rows) {
    const Opened opened = Open(OneFile(row.fields, "abc"));
    ASSERT_TRUE(opened.result);
    const auto* found = opened.recorder.Find("f");
    ASSERT_NE(found, nullptr);
    ASSERT_TRUE(found->damage) << row.fields;
    EXPECT_EQ(found->damage->fault, row.fault) << row.fields;
    EXPECT_STREQ(found->damage->field, row.field) << row.fields;
  }
  const Opened opened = Open(AsarOf(R"({"files":{"f":1}})", "abc"));
  EXPECT_STREQ(opened.recorder.Find("f")->damage->field, "entry");
}

TEST(Asar, HeadersThatAreWrongAreErrors) {
  for (const std::string json :
       {"{", "[]", "{}", R"({"files":1})", R"({"files":{}} x)", "{\"\xFF\":1}",
        R"({"files":{"a":}})", ""}) {
    const Opened opened = Open(AsarOf(json, ""));
    ASSERT_FALSE(opened.result) << json;
    EXPECT_EQ(opened.result.error().fault, Fault::kMalformed) << json;
    EXPECT_GE(opened.result.error().offset, 16);
  }
  std::string file = SampleAsar();
  file[0] = 5;
  EXPECT_STREQ(Open(file).result.error().field, "size of the first pickle");
  file = SampleAsar();
  file.replace(4, 4, LittleEndian(12, 4));
  EXPECT_STREQ(Open(file).result.error().field, "size of the header pickle");
}

TEST(Asar, NestingAndNumberOfValuesAreLimited) {
  const std::string deep = std::string(257, '[') + std::string(257, ']');
  EXPECT_STREQ(Open(AsarOf(deep, "")).result.error().field, "JSON depth");
  std::string many = "[0";
  for (int i = 0; i < 1'000'000; ++i) {
    many += ",0";
  }
  EXPECT_STREQ(Open(AsarOf(many + "]", "")).result.error().field,
               "JSON values");
  EXPECT_STREQ(Open(SampleAsar(), {.steps = 5}).result.error().field, "steps");
}

TEST(Asar, SaysWhichBytesAreNoFilesOrSeveral) {
  const Opened gap = Open(OneFile(R"("size":2,"offset":"2")", "hid?!+"));
  EXPECT_EQ(gap.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(gap.recorder.CountOf(RemarkKind::kTrailingData), 1);
  const auto two = [](const std::string& a, const std::string& b) {
    return Open(
        AsarOf(R"({"files":{"a":{)" + a + R"(},"b":{)" + b + "}}}", "abcd"));
  };
  EXPECT_EQ(two(R"("size":3,"offset":"0")", R"("size":2,"offset":"2")")
                .recorder.CountOf(RemarkKind::kOverlap),
            1);
  EXPECT_TRUE(two(R"("size":4,"offset":"0")", R"("size":4,"offset":"0")")
                  .recorder.remarks.empty());
}

TEST(Asar, TheSameNameTwiceIsSaid) {
  const Opened opened = Open(AsarOf(R"({"files":{"a":{"size":1,"offset":"0"},)"
                                    R"("a":{"size":1,"offset":"1"}}})",
                                    "xy"));
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kDuplicateName), 1);
  ASSERT_EQ(opened.recorder.members.size(), 2);
}

TEST(Asar, BytesOfTheHeaderThatAreNotJsonAreSaid) {
  std::string file = OneFile(R"("size":1,"offset":"0")", "x");
  ASSERT_NE((file.size() - 1) % 16, 0);
  file[file.size() - 2] = 'h';
  const Opened padded = Open(file);
  EXPECT_EQ(padded.recorder.CountOf(RemarkKind::kHiddenData), 1);
  file = SampleAsar();
  file.replace(8, 4, LittleEndian(20, 4));
  EXPECT_EQ(Open(file).recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(Asar, RemarksAreCountedOnceTheyAreMany) {
  std::string files;
  for (int i = 0; i < 40; ++i) {
    files += (i == 0 ? "" : ",") + std::string("\"") + std::to_string(i) +
             R"(":{"size":1,"offset":")" + std::to_string(2 * i + 1) + "\"}";
  }
  const Opened opened =
      Open(AsarOf("{\"files\":{" + files + "}}", std::string(80, 'x')));
  EXPECT_EQ(opened.recorder.members.size(), 40);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 33);
  EXPECT_EQ(opened.recorder.remarks.back().what,
            "and 8 more of this kind, the first of them here");
}

TEST(Asar, CutAnywhereItIsNeverSilentlyWhole) {
  const std::string file = SampleAsar();
  for (size_t size = 0; size < file.size(); ++size) {
    const Opened opened = Open(file.substr(0, size));
    bool is_damaged = !opened.result;
    for (const auto& recorded : opened.recorder.members) {
      is_damaged = is_damaged || recorded.damage;
    }
    EXPECT_TRUE(is_damaged) << size;
  }
}

TEST(Json, ReadsEveryKindOfValue) {
  const std::string text =
      R"( {"a":[null,true,false,1,-1,1.5,"\u00e9"],"b":{},"a":7} )";
  base::Budget budget;
  const auto document = ParseJson({AsBytes(text), 0}, budget);
  ASSERT_TRUE(document);
  const JsonValue root = document->Root();
  EXPECT_EQ(root.Member("a")->Unsigned(), 7);
  EXPECT_TRUE(root.Member("b")->IsObject());
  EXPECT_FALSE(root.Member("b")->First());
  EXPECT_FALSE(root.Member("c"));
  std::vector<JsonKind> kinds;
  std::string last;
  for (auto value = root.First()->First(); value; value = value->Next()) {
    kinds.push_back(value->Kind());
    last = value->Text().value_or("");
  }
  EXPECT_EQ(kinds, (std::vector<JsonKind>{
                       JsonKind::kNull, JsonKind::kBoolean, JsonKind::kBoolean,
                       JsonKind::kUnsigned, JsonKind::kNumber,
                       JsonKind::kNumber, JsonKind::kString}));
  EXPECT_EQ(last, "\xC3\xA9");
}

}  // namespace
}  // namespace countersign::formats
