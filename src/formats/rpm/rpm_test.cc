#include <gtest/gtest.h>

#include <vector>

#include "formats/archive.h"
#include "formats/archive/sample/damage.h"
#include "formats/stream/sample/packed.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

std::string Big(uint64_t value, size_t size) {
  std::string text = sample::Little(value, size);
  return {text.rbegin(), text.rend()};
}

struct Tag {
  uint32_t tag = 0;
  uint32_t type = 6;
  uint32_t count = 1;
  std::string value;  // as it stands in the store
};

std::string Header(const std::vector<Tag>& tags) {
  std::string index;
  std::string store;
  for (const Tag& tag : tags) {
    index += Big(tag.tag, 4) + Big(tag.type, 4) + Big(store.size(), 4) +
             Big(tag.count, 4);
    store += tag.value;
  }
  return "\x8E\xAD\xE8\x01\0\0\0\0"s + Big(tags.size(), 4) +
         Big(store.size(), 4) + index + store;
}

// What a package is made of; `size` is the signature's, if it has one.
std::string Package(const std::vector<Tag>& tags, const std::string& payload,
                    std::optional<uint64_t> size = std::nullopt) {
  const std::string header = Header(tags);
  std::string file = "\xED\xAB\xEE\xDB\x03\0\0\0\0\1"s + "name";
  file.resize(96);
  file += Header(
      {{1000, 4, 1, Big(size.value_or(header.size() + payload.size()), 4)},
       {1007, 7, 3, "odd"}});
  file.resize((file.size() + 7) / 8 * 8);
  return file + header + payload;
}

std::vector<Tag> Tags() {
  return {{1000, 6, 1, "pkg\0"s},
          {1001, 6, 1, "1.0\0"s},
          {1002, 6, 1, "2\0"s},
          {1022, 6, 1, "x86_64\0"s},
          {1125, 6, 1, "gzip\0"s},
          {1124, 6, 1, "cpio\0"s},
          {1023, 6, 1, "echo pre\0"s},
          {1085, 6, 1, "/bin/sh\0"s},
          {1086, 8, 1, "/sbin/ldconfig\0"s},
          {1065, 8, 2, "one\0two\0"s}};
}

const std::string& Payload() {
  static const std::string kPayload = sample::Gzip("an archive");
  return kPayload;
}

TEST(Rpm, YieldsScriptletsAndPayload) {
  const Outcome outcome = Read(UnpackRpm, Package(Tags(), Payload()));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.members.size(), 4);
  EXPECT_EQ(outcome.recorder.ContentOf("%pre"), "echo pre");
  EXPECT_EQ(outcome.recorder.ContentOf("%trigger[0]"), "one");
  EXPECT_EQ(outcome.recorder.ContentOf("%trigger[1]"), "two");
  EXPECT_EQ(outcome.recorder.ContentOf("payload.cpio.gz"), Payload());
  EXPECT_TRUE(outcome.recorder.members.back().placed);
  EXPECT_EQ(outcome.recorder.format, model::Format::kRpm);
  EXPECT_EQ(outcome.recorder.detail,
            "RPM package pkg-1.0-2.x86_64, %pre by /bin/sh, %post by "
            "/sbin/ldconfig, %trigger");
}

TEST(Rpm, NamesThePayloadByItsCompressor) {
  struct Kind {
    std::string compressor;
    std::string payload;
    std::string name;
  };
  for (const Kind& kind :
       {Kind{"xz", sample::Xz("x"), "payload.cpio.xz"},
        Kind{"bzip2", sample::Bzip2("x"), "payload.cpio.bz2"},
        Kind{"zstd", sample::Zstd("x"), "payload.cpio.zst"},
        Kind{"lzma", "\x5D\0\0\0\0"s, "payload.cpio.lzma"},
        Kind{"none", "070701", "payload.cpio"}}) {
    const Outcome outcome =
        Read(UnpackRpm,
             Package({{1125, 6, 1, kind.compressor + '\0'}}, kind.payload));
    EXPECT_TRUE(outcome.Clean()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf(kind.name), kind.payload);
  }
  // Old packages do not say.
  EXPECT_EQ(Read(UnpackRpm, Package({}, Payload()))
                .recorder.ContentOf("payload.cpio.gz"),
            Payload());
  const Outcome wrong =
      Read(UnpackRpm, Package({{1125, 6, 1, "xz\0"s}}, Payload()));
  EXPECT_EQ(wrong.recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(Rpm, NotesWhatFollowsOrIsMissing) {
  const size_t header = Header(Tags()).size();
  const Outcome more = Read(UnpackRpm, Package(Tags(), Payload() + "MORE",
                                               header + Payload().size()));
  EXPECT_EQ(more.recorder.ContentOf("payload.cpio.gz"), Payload());
  EXPECT_EQ(more.recorder.CountOf(RemarkKind::kTrailingData), 1);
  const Outcome less = Read(
      UnpackRpm, Package(Tags(), Payload(), header + Payload().size() + 1));
  ASSERT_EQ(less.recorder.members.size(), 4);
  EXPECT_EQ(less.recorder.members[3].damage->fault, Fault::kTruncated);
  const Outcome none = Read(UnpackRpm, Package(Tags(), Payload(), 1));
  EXPECT_FALSE(none.result);
  std::string gap = Package({}, Payload());
  const size_t signature_end = 96 + 16 + 32 + 7;
  gap[signature_end] = 'H';
  EXPECT_EQ(Read(UnpackRpm, gap).recorder.CountOf(RemarkKind::kHiddenData), 1);
}

TEST(Rpm, SaysWhichScriptletIsDamaged) {
  std::vector<Tag> tags = Tags();
  tags.push_back({1024, 6, 1, "no end"});
  const Outcome outcome = Read(UnpackRpm, Package(tags, Payload()));
  EXPECT_TRUE(outcome.result);
  ASSERT_NE(outcome.recorder.Find("%post"), nullptr);
  EXPECT_EQ(outcome.recorder.Find("%post")->damage->fault, Fault::kMalformed);
  EXPECT_EQ(outcome.recorder.ContentOf("payload.cpio.gz"), Payload());
}

TEST(Rpm, SeesDamage) {
  sample::ExpectDamageIsSeen(UnpackRpm, Package(Tags(), Payload()));
  std::string lead = Package({}, "");
  lead[0] = 'x';
  EXPECT_STREQ(Read(UnpackRpm, lead).result.error().field, "lead magic");
  std::string magic = Package({}, "");
  magic[96] = 'x';
  EXPECT_STREQ(Read(UnpackRpm, magic).result.error().field, "header magic");
  std::string many = Package({}, "");
  many.replace(96 + 8, 4, Big(70'000, 4));
  EXPECT_EQ(Read(UnpackRpm, many).result.error().fault, Fault::kLimit);
}

TEST(Rpm, ShowsNoControlCharacters) {
  const Outcome outcome =
      Read(UnpackRpm, Package({{1000, 6, 1, "\x1B[2J\0"s}}, Payload()));
  EXPECT_EQ(outcome.recorder.detail.find('\x1B'), std::string::npos);
}

}  // namespace
}  // namespace countersign::formats
