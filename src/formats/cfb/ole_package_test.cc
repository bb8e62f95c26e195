// What Office packs into streams: OLE packages and objects of presentations.
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "forge/cfb.h"
#include "forge/little_endian.h"
#include "formats/cfb.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::Fault;
using forge::Append16;
using forge::Append32;
using forge::ByteVector;
using forge::Storage;
using forge::Stream;
using std::string_literals::operator""s;

void AppendText(ByteVector& bytes, const std::string& text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

ByteVector Package(const std::string& label, const std::string& content,
                   uint32_t size) {
  ByteVector body;
  Append16(body, 2);
  AppendText(body, label + "\0C:\\a\\"s + label + "\0"s);
  Append16(body, 0);
  Append16(body, 3);
  const std::string temporary = "C:\\t\\" + label + "\0"s;
  Append32(body, static_cast<uint32_t>(temporary.size()));
  AppendText(body, temporary);
  Append32(body, size);
  AppendText(body, content);
  ByteVector bytes;
  Append32(bytes, static_cast<uint32_t>(body.size()));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

MemberRecorder UnpackStream(std::u16string name, ByteVector content,
                            bool fragmented = false) {
  std::vector<forge::CompoundNode> children;
  children.push_back(Stream(std::move(name), std::move(content)));
  children.push_back(Stream(u"other", ByteVector(20000, 1)));
  const auto image = WriteCompoundFile(Storage(u"", std::move(children)),
                                       {false, fragmented, 0});
  MemberRecorder got;
  EXPECT_TRUE(got.Run(UnpackCfb, image.bytes));
  return got;
}

TEST(OlePackage, TheFileFollowsItsStream) {
  const std::string content(9000, 'x');
  for (const bool fragmented : {false, true}) {
    const MemberRecorder got = UnpackStream(
        u"\1Ole10Native", Package("a.exe", content, 9000), fragmented);
    ASSERT_EQ(got.members.size(), 3U);
    EXPECT_EQ(got.members[1].member.name, "\1Ole10Native/a.exe");
    EXPECT_EQ(got.ContentOf("\1Ole10Native/a.exe"), content);
    EXPECT_EQ(got.members[1].placed, !fragmented);
    EXPECT_FALSE(got.members[1].damage);
  }
}

TEST(OlePackage, AFileThatIsCutOffIsDamaged) {
  const MemberRecorder got =
      UnpackStream(u"\1Ole10Native", Package("a.exe", "abc", 4000));
  ASSERT_EQ(got.members.size(), 3U);
  ASSERT_TRUE(got.members[1].damage);
  EXPECT_EQ(got.members[1].damage->fault, Fault::kTruncated);
  EXPECT_EQ(got.ContentOf("\1Ole10Native/a.exe"), "abc");
}

TEST(OlePackage, OtherNativeDataIsOnlyAStream) {
  ByteVector link = Package("a.exe", "abc", 3);
  link[4 + 2 + 6 + 11 + 2] = 1;  // not embedded
  const ByteVector none = Package("a.exe", "abc", 3);
  for (const ByteVector& bytes :
       {ByteVector{1, 0, 0, 0, 9}, ByteVector{},
        ByteVector(none.begin(), none.begin() + 20), link}) {
    EXPECT_EQ(UnpackStream(u"\1Ole10Native", bytes).members.size(), 2U);
  }
  EXPECT_EQ(UnpackStream(u"Native", none).members.size(), 2U);
}

void AppendRecord(ByteVector& bytes, uint16_t instance, uint16_t type,
                  const ByteVector& body) {
  Append16(bytes, static_cast<uint16_t>(instance << 4));
  Append16(bytes, type);
  Append32(bytes, static_cast<uint32_t>(body.size()));
  bytes.insert(bytes.end(), body.begin(), body.end());
}

ByteVector Compressed(const std::string& content, uint32_t size) {
  uLongf length = compressBound(content.size());
  ByteVector packed(length);
  compress(packed.data(), &length,
           reinterpret_cast<const Bytef*>(content.data()), content.size());
  packed.resize(length);
  ByteVector body;
  Append32(body, size);
  body.insert(body.end(), packed.begin(), packed.end());
  return body;
}

TEST(OlePackage, ObjectsOfAPresentationFollowIt) {
  const std::string content(50000, 'y');
  ByteVector records;
  AppendRecord(records, 1, 0x03E9, ByteVector(40));
  AppendRecord(records, 1, 0x1011, Compressed(content, 50000));
  AppendRecord(records, 0, 0x1011, {'r', 'a', 'w'});
  AppendRecord(records, 1, 0x1011, Compressed("abc", 4));   // says one more
  AppendRecord(records, 1, 0x1011, {4, 0, 0, 0, 1, 2, 3});  // no zlib
  AppendRecord(records, 2, 0x1011, {1});                    // of no known form
  for (const bool fragmented : {false, true}) {
    const MemberRecorder got =
        UnpackStream(u"PowerPoint Document", records, fragmented);
    ASSERT_EQ(got.members.size(), 6U);
    EXPECT_EQ(got.ContentOf("PowerPoint Document/ExOleObjStg1"), content);
    EXPECT_FALSE(got.members[1].damage);
    EXPECT_EQ(got.ContentOf("PowerPoint Document/ExOleObjStg2"), "raw");
    EXPECT_TRUE(got.members[2].placed);
    ASSERT_TRUE(got.members[3].damage);
    EXPECT_EQ(got.members[3].damage->fault, Fault::kMalformed);
    ASSERT_TRUE(got.members[4].damage);
  }
}

TEST(OlePackage, ARecordThatIsCutOffIsDamaged) {
  ByteVector records;
  AppendRecord(records, 0, 0x1011, ByteVector(100, 1));
  records.resize(50);
  const MemberRecorder got = UnpackStream(u"PowerPoint Document", records);
  ASSERT_EQ(got.members.size(), 3U);
  ASSERT_TRUE(got.members[1].damage);
  EXPECT_STREQ(got.members[1].damage->field, "recLen");
  EXPECT_EQ(got.members[1].content, ByteVector(42, 1));
}

}  // namespace
}  // namespace countersign::formats
