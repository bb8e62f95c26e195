// What RAR 2.9 to 4 compress: filters, and the PPMd method.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive.h"
#include "formats/codec/decompress.h"
#include "formats/codec/rar.h"
#include "formats/codec/rar3_filters.h"
#include "formats/codec/rar_filters.h"
#include "formats/rar/sample/rar3_stream.h"
#include "formats/rar/sample/rar_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::Fault;
using std::string_literals::operator""s;

struct Rar3Member {
  std::string packed;
  std::string content;
  bool is_solid = false;
};

// The members "0", "1", ... in an archive.
std::string Rar3Archive(const std::vector<Rar3Member>& members) {
  SampleRar rar{.is_five = false};
  rar.files.clear();
  for (const Rar3Member& member : members) {
    rar.files.push_back({.name = std::to_string(rar.files.size()),
                         .content = member.content,
                         .is_compressed = true,
                         .is_solid = member.is_solid,
                         .packed = member.packed});
  }
  return rar.Write();
}

MemberRecorder OpenRar3(const std::string& archive) {
  MemberRecorder recorder;
  const auto result = recorder.Run(UnpackRar, base::AsBytes(archive));
  EXPECT_TRUE(result);
  return recorder;
}

// Members that are read to their end as they were.
void ExpectRar3(const std::vector<Rar3Member>& members) {
  const MemberRecorder recorder = OpenRar3(Rar3Archive(members));
  ASSERT_EQ(recorder.members.size(), members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const auto& damage = recorder.members[i].damage;
    EXPECT_FALSE(damage) << i << ' ' << (damage ? damage->field : "");
    EXPECT_EQ(recorder.ContentOf(std::to_string(i)), members[i].content);
  }
  EXPECT_TRUE(recorder.remarks.empty());
}

// One member that is damaged in this way.
void ExpectRar3Damage(const std::string& packed, const std::string& content,
                      Fault fault, std::string_view field) {
  const MemberRecorder recorder = OpenRar3(Rar3Archive({{packed, content}}));
  ASSERT_EQ(recorder.members.size(), 1U);
  ASSERT_TRUE(recorder.members[0].damage) << field;
  EXPECT_EQ(recorder.members[0].damage->fault, fault) << field;
  EXPECT_EQ(recorder.members[0].damage->field, field);
}

std::string Rar3Lz(std::string_view bytes,
                   const std::vector<SampleRar3Filter>& filters) {
  Rar3StreamWriter writer;
  writer.Lz(bytes, filters);
  return writer.Finish();
}

SampleRar3Filter Rar3FilterOf(
    const std::string& program, size_t size,
    std::vector<std::pair<unsigned, uint32_t>> registers = {}) {
  return {.size = static_cast<uint32_t>(size),
          .registers = std::move(registers),
          .program = program};
}

// A call at 2 to 0x107, and what the filter makes of it.
const std::string kRar3Plain = "ab\xE8\x00\x01\x00\x00"s + std::string(20, 'x');
const std::string kRar3Made = "ab\xE8\x03\x01\x00\x00"s + std::string(20, 'x');

std::string Rar3Noise(size_t size) {
  std::string text;
  uint32_t state = 7;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text +=
        static_cast<char>(state >> 28 < 12 ? state >> 20 & 15 : state >> 16);
  }
  return text;
}

std::string Undone(const RarFilter& filter, std::string_view text) {
  std::vector<uint8_t> bytes(text.begin(), text.end());
  UndoRarFilter(filter, filter.start, bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(Rar3Filter, CallsAreMadeRelative) {
  for (const std::string& program : {Rar3Calls(), Rar3Jumps()}) {
    ExpectRar3({{Rar3Lz(kRar3Made, {Rar3FilterOf(program, kRar3Made.size())}),
                 kRar3Plain}});
  }
  std::string jump = kRar3Made;
  std::string plain_jump = kRar3Plain;
  jump[2] = plain_jump[2] = '\xE9';
  ExpectRar3(
      {{Rar3Lz(jump, {Rar3FilterOf(Rar3Jumps(), jump.size())}), plain_jump}});
  ExpectRar3({{Rar3Lz(jump, {Rar3FilterOf(Rar3Calls(), jump.size())}), jump}});
}

TEST(Rar3Filter, PlacesGoOnBehind16MiB) {
  const uint64_t start = (uint64_t{1} << 24) + 7;
  const std::string made = "\xE8\x00\x00\x00\x00"s;
  const RarFilter linear{.type = RarFilterType::kCalls,
                         .start = start,
                         .size = 5,
                         .is_linear = true};
  EXPECT_EQ(Undone(linear, made), "\xE8\xF8\xFF\xFF\xFE"s);
  RarFilter round = linear;
  round.is_linear = false;
  EXPECT_EQ(Undone(round, made), "\xE8\xF8\xFF\xFF\xFF"s);
}

TEST(Rar3Filter, DifferencesAreAdded) {
  const std::string made = "\xFF\xFE\xFD\xFB\xFE\xFE"s;
  ExpectRar3({{Rar3Lz(made, {Rar3FilterOf(Rar3Delta(), 6, {{0, 2}})}),
               "\1\5\3\7\6\11"s}});
}

// The branch of slot 2 of a bundle MIB goes 3 bundles on; it is the second one
// of the member.
TEST(Rar3Filter, BranchesOfItaniumAreMadeRelative) {
  const auto bundle = [](uint32_t target) {
    std::string bytes(16, '\0');
    bytes[0] = 0x10;
    // Slot 2 has bits 87 to 127: operation at 37, target at 13 of it.
    bytes[12] = static_cast<char>(target << 4);
    bytes[13] = static_cast<char>(target >> 4);
    bytes[14] = static_cast<char>(target >> 12);
    bytes[15] = static_cast<char>(5 << 4);
    return bytes;
  };
  const std::string first(16, '\0');
  const std::string rest(32, '\0');
  const std::string made = first + bundle(4) + rest;
  ExpectRar3({{Rar3Lz(made, {Rar3FilterOf(Rar3Itanium(), made.size())}),
               first + bundle(3) + rest}});
}

// Checksums of what libarchive 3.6.2 makes of the same archives.
TEST(Rar3Filter, PicturesAndSoundAreForetold) {
  const std::string made = Rar3Noise(3000);
  struct Kind {
    std::string program;
    RarFilter filter;
    std::vector<std::pair<unsigned, uint32_t>> registers;
    uint32_t crc;
  };
  for (const Kind& kind :
       {Kind{Rar3Picture(),
             {.type = RarFilterType::kPicture, .size = 3000, .row = 96},
             {{0, 96}},
             0xCD0428A7},
        Kind{Rar3Picture(),
             {.type = RarFilterType::kPicture,
              .size = 3000,
              .row = 31,
              .red = 2},
             {{0, 31}, {1, 2}},
             0x37C93521},
        Kind{Rar3Sound(),
             {.type = RarFilterType::kSound, .size = 3000, .channels = 1},
             {{0, 1}},
             0xB78C7A38},
        Kind{Rar3Sound(),
             {.type = RarFilterType::kSound, .size = 3000, .channels = 4},
             {{0, 4}},
             0x9964E8CF}}) {
    const std::string content = Undone(kind.filter, made);
    EXPECT_EQ(Crc32(0, base::AsBytes(content)), kind.crc);
    ExpectRar3(
        {{Rar3Lz(made, {Rar3FilterOf(kind.program, 3000, kind.registers)}),
          content}});
  }
}

TEST(Rar3Filter, FieldsMayBeLeftOut) {
  // Both programs are new; then each again, by its number or as the last, with
  // the size it had.
  const std::string deltas = "\xFF\xFE\xFD\xFB\xFE\xFE"s;
  const auto size = static_cast<uint32_t>(kRar3Made.size());
  const std::vector<SampleRar3Filter> filters = {
      {.number = 0, .size = size, .program = Rar3Calls(), .global = "for none"},
      {.number = 2,
       .start = size,
       .size = 6,
       .registers = {{0, 2}, {3, 0xFFFFFFF0}, {5, 0x12345}},
       .program = Rar3Delta()},
      {.number = {}, .start = size + 6, .registers = {{0, 2}}},
      {.number = 1, .start = size + 12}};
  std::string last = kRar3Plain;
  last[3] = static_cast<char>(3 - (3 + size + 12));
  last[4] = '\0';
  ExpectRar3({{Rar3Lz(kRar3Made + deltas + deltas + kRar3Made, filters),
               kRar3Plain + "\1\5\3\7\6\11\1\5\3\7\6\11"s + last}});
}

TEST(Rar3Filter, ABlockMayStartLater) {
  const std::string before(258 + 5, '.');
  SampleRar3Filter filter = Rar3FilterOf(Rar3Calls(), kRar3Made.size());
  filter.is_later = true;
  filter.start = 5;
  // 103h - (3 + 263).
  const std::string content = "ab\xE8\xF9\xFF\xFF\xFF"s + std::string(20, 'x');
  ExpectRar3({{Rar3Lz(before + kRar3Made, {filter}), before + content}});
}

TEST(Rar3Filter, SeveralOfOneBlockAreUndoneInTheirOrder) {
  // Differences of one channel of what calls were made absolute in.
  std::string made;
  uint8_t last = 0;
  for (const char c : kRar3Made) {
    made += static_cast<char>(last - static_cast<uint8_t>(c));
    last = static_cast<uint8_t>(c);
  }
  const auto size = static_cast<uint32_t>(made.size());
  ExpectRar3(
      {{Rar3Lz(made, {Rar3FilterOf(Rar3Delta(), size, {{0, 1}}),
                      {.number = 2, .size = size, .program = Rar3Calls()}}),
        kRar3Plain}});
  std::vector<SampleRar3Filter> many = {Rar3FilterOf(Rar3Calls(), size)};
  for (unsigned i = 1; i < RarFilters::kMostOnOneBlock; ++i) {
    many.push_back({.number = {}});
  }
  const std::string plain(size, 'x');
  ExpectRar3({{Rar3Lz(plain, many), plain}});
  many.push_back({.number = {}});
  ExpectRar3Damage(Rar3Lz(plain, many), plain, Fault::kMalformed, "RAR filter");
}

TEST(Rar3Filter, ProgramsStayForSolidMembers) {
  ExpectRar3({{Rar3Lz(kRar3Made, {Rar3FilterOf(Rar3Calls(), kRar3Made.size())}),
               kRar3Plain},
              {Rar3Lz(kRar3Made, {{.number = {}}}), kRar3Plain, true},
              {Rar3Lz(kRar3Made, {{.number = 1}}), kRar3Plain, true}});
  const MemberRecorder recorder = OpenRar3(Rar3Archive(
      {{Rar3Lz(kRar3Made, {Rar3FilterOf(Rar3Calls(), kRar3Made.size())}),
        kRar3Plain},
       {Rar3Lz(kRar3Made, {{.number = 1}}), kRar3Plain, false}}));
  ASSERT_TRUE(recorder.members.at(1).damage);
  EXPECT_STREQ(recorder.members[1].damage->field, "RAR filter program");
}

TEST(Rar3Filter, AnotherProgramIsNamed) {
  const std::string program = SampleRar3Program(60, 0x12345678);
  const std::string packed = Rar3Lz("text", {Rar3FilterOf(program, 4)});
  ExpectRar3Damage(packed, "text", Fault::kUnsupported, "RAR filter program");
  const MemberRecorder recorder = OpenRar3(Rar3Archive({{packed, "text"}}));
  ASSERT_EQ(recorder.remarks.size(), 1U);
  EXPECT_EQ(recorder.remarks[0].kind, RemarkKind::kUnsupported);
  EXPECT_NE(recorder.remarks[0].what.find("60 bytes with CRC-32 12345678"),
            std::string::npos)
      << recorder.remarks[0].what;
}

TEST(Rar3Filter, WhatCannotBeIsMalformed) {
  const auto bad = [](const SampleRar3Filter& filter, std::string_view field,
                      Fault fault = Fault::kMalformed) {
    ExpectRar3Damage(Rar3Lz("text", {filter}), "text", fault, field);
  };
  std::string sum = Rar3Calls();
  sum[0] = static_cast<char>(sum[0] ^ 1);
  bad(Rar3FilterOf(sum, 4), "RAR filter program");
  SampleRar3Filter filter = Rar3FilterOf(Rar3Calls(), 4);
  filter.number = 2;
  bad(filter, "RAR filter number");
  filter = Rar3FilterOf(Rar3Calls(), 4);
  filter.size.reset();
  bad(filter, "RAR filter");
  bad(Rar3FilterOf(Rar3Calls(), 0), "RAR filter");
  bad(Rar3FilterOf(Rar3Calls(), 4, {{4, 5}}), "RAR filter");
  bad(Rar3FilterOf(Rar3Calls(), Rar3Filters::kMostBytes + 1), "RAR filter");
  bad(Rar3FilterOf(Rar3Delta(), Rar3Filters::kMostBytes, {{0, 1}}),
      "RAR filter");
  bad(Rar3FilterOf(Rar3Delta(), 4), "RAR filter");
  bad(Rar3FilterOf(Rar3Delta(), 4, {{0, 1025}}), "RAR filter");
  bad(Rar3FilterOf(Rar3Sound(), 4, {{0, 129}}), "RAR filter");
  bad(Rar3FilterOf(Rar3Picture(), 4, {{0, 3}}), "RAR filter");
  bad(Rar3FilterOf(Rar3Picture(), 4, {{0, 8}}), "RAR filter");
  bad(Rar3FilterOf(Rar3Picture(), 4, {{0, 4}, {1, 3}}), "RAR filter");
  filter = Rar3FilterOf(Rar3Calls(), 4);
  filter.global = std::string(0x2000, 'g');
  bad(filter, "RAR filter global data");
  filter = Rar3FilterOf(Rar3Calls(), 4);
  filter.start = 64 << 10;
  bad(filter, "RAR filter");
  // Bytes that do not come.
  filter.start = 1;
  bad(filter, "RAR filter");
}

TEST(Rar3Filter, NothingThatWaitsIsForgotten) {
  ExpectRar3Damage(Rar3Lz("text", {Rar3FilterOf(Rar3Calls(), 4),
                                   Rar3FilterOf(Rar3Calls(), 4)}),
                   "text", Fault::kMalformed, "RAR filter number");
}

TEST(Rar3Filter, ProgramsAreBounded) {
  std::vector<SampleRar3Filter> filters;
  for (uint32_t i = 0; i <= Rar3Filters::kMostPrograms; ++i) {
    filters.push_back({.number = i == 0 ? 0 : i + 1,
                       .start = i,
                       .size = 1,
                       .registers = {{0, 1}},
                       .program = Rar3Delta()});
  }
  const std::string content(2000, 'x');
  ExpectRar3Damage(Rar3Lz(content, filters), content, Fault::kLimit,
                   "RAR filter number");
}

std::string Rar3Text(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) {
    text += std::to_string(i * i % 977) + " words that come again; ";
  }
  text.resize(size);
  return text;
}

TEST(Rar3Ppmd, ReadsEveryOrder) {
  const std::string content = Rar3Text(5000) + std::string("\2\2\1", 3);
  for (const unsigned order : {2U, 6U, 16U, 19U, 64U}) {
    Rar3StreamWriter writer;
    writer.Ppmd(order);
    writer.Put(content);
    ExpectRar3({{writer.Finish(), content}});
  }
}

TEST(Rar3Ppmd, CopiesMatchesAndRepeatsBytes) {
  const std::string text = Rar3Text(100);
  Rar3StreamWriter writer;
  writer.Ppmd(6, 1, 'w');
  writer.Put(text + "ww");
  writer.Match(102, 50);
  writer.Repeat(259);
  ExpectRar3({{writer.Finish(),
               text + "ww" + text.substr(0, 50) + std::string(259, text[49])}});
}

TEST(Rar3Ppmd, BlocksMayFollowEachOther) {
  const std::string text = Rar3Text(300);
  Rar3StreamWriter writer;
  writer.Lz("first, ");
  writer.Ppmd(6);
  writer.Put(text);
  writer.Lz("between, ");
  writer.Ppmd();
  writer.Put(text);
  writer.Ppmd(4, 2);
  writer.Put(text);
  writer.Lz("last");
  ExpectRar3({{writer.Finish(),
               "first, " + text + "between, " + text + text + "last"}});
}

TEST(Rar3Ppmd, SolidMembersGoOnWithTheModel) {
  const std::string text = Rar3Text(1000);
  Rar3StreamWriter writer;
  writer.Ppmd(8, 1, '\7');
  writer.Put(text);
  std::vector<Rar3Member> members = {{writer.Finish(), text}};
  for (int i = 0; i < 3; ++i) {
    // The escape stays, too.
    writer.Ppmd();
    writer.Put(text + "\7");
    writer.Match(1500, 40);
    const std::string all = text + text + "\7" + text + "\7" + text + "\7";
    members.push_back({writer.Finish(), text + "\7", true});
    std::string before;
    for (const Rar3Member& member : members) {
      before += member.content;
    }
    members.back().content += before.substr(before.size() - 1500, 40);
  }
  ExpectRar3(members);
}

TEST(Rar3Ppmd, DeclaresFilters) {
  Rar3StreamWriter writer;
  writer.Ppmd(6);
  writer.Put("before");
  SampleRar3Filter filter = Rar3FilterOf(Rar3Calls(), kRar3Made.size());
  filter.start = 2;
  writer.Filter(filter);
  writer.Put("!!" + kRar3Made);
  std::string content = kRar3Plain;
  content[3] = static_cast<char>(3 - (3 + 8));
  content[4] = '\0';
  ExpectRar3({{writer.Finish(), "before!!" + content}});
}

TEST(Rar3Ppmd, WhatCannotBeIsMalformed) {
  const auto packed = [](auto make) {
    Rar3StreamWriter writer;
    writer.Ppmd(6);
    make(writer);
    return writer.Finish();
  };
  ExpectRar3Damage("\x80????", "text", Fault::kMalformed, "PPMd model");
  ExpectRar3Damage("\xA0\0????"s, "text", Fault::kMalformed, "PPMd order");
  ExpectRar3Damage("\xA5\0\xFF\xFF\xFF\xFF"s, "text", Fault::kMalformed,
                   "PPMd data");
  ExpectRar3Damage(packed([](auto& writer) {
                     writer.Put("x");
                     writer.Match(2, 40);
                   }),
                   std::string(41, 'x'), Fault::kMalformed, "RAR distance");
  ExpectRar3Damage(packed([](auto& writer) {
                     writer.Put("x");
                     writer.Repeat(4);
                   }),
                   "xxx", Fault::kMalformed, "RAR length");
  ExpectRar3Damage(packed([](auto& writer) { writer.Put("tex"); }), "text",
                   Fault::kTruncated, "RAR data");
}

TEST(Rar3Ppmd, AModelWithoutItsEndIsNotGoneOnWith) {
  Rar3StreamWriter writer;
  writer.Ppmd(6);
  writer.Put("text and more");
  const std::string first = writer.Finish();
  writer.Ppmd();
  writer.Put("text");
  const MemberRecorder recorder =
      OpenRar3(Rar3Archive({{first, "text"}, {writer.Finish(), "text", true}}));
  EXPECT_EQ(recorder.ContentOf("0"), "text");
  ASSERT_TRUE(recorder.members.at(1).damage);
  EXPECT_STREQ(recorder.members[1].damage->field, "PPMd model");
}

TEST(Rar3Ppmd, CutAnywhereItIsNeverWhole) {
  const std::string text = Rar3Text(200);
  Rar3StreamWriter writer;
  writer.Ppmd(6);
  writer.Put(text);
  const std::string packed = writer.Finish();
  for (size_t size = 0; size + 8 < packed.size(); ++size) {
    const MemberRecorder recorder =
        OpenRar3(Rar3Archive({{packed.substr(0, size), text}}));
    ASSERT_TRUE(recorder.members.at(0).damage) << size;
    EXPECT_EQ(recorder.members[0].damage->fault, Fault::kTruncated) << size;
  }
}

TEST(Rar3Ppmd, ChangedAnywhereItIsSeen) {
  const std::string text = Rar3Text(200);
  Rar3StreamWriter writer;
  writer.Ppmd(6);
  writer.Put(text);
  const std::string packed = writer.Finish();
  for (size_t at = 0; at < packed.size(); ++at) {
    for (const char change : {'\x01', '\x20', '\x80'}) {
      std::string changed = packed;
      changed[at] = static_cast<char>(changed[at] ^ change);
      const MemberRecorder recorder = OpenRar3(Rar3Archive({{changed, text}}));
      ASSERT_TRUE(recorder.members.at(0).damage ||
                  recorder.ContentOf("0") == text)
          << at;
    }
  }
}

}  // namespace
}  // namespace countersign::formats
