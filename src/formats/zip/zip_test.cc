// Archives that are as they should be, and what is read in them.
#include "formats/zip.h"

#include <gtest/gtest.h>

#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "formats/codec/sample/pkzip_writer.h"
#include "formats/codec/sample/ppmd_writer.h"
#include "formats/sample/member_recorder.h"
#include "formats/sample/zip_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using model::Format;
using std::string_literals::operator""s;

constexpr uint16_t kMadeOnUnix = 3 << 8 | 20;

std::string LongText() {
  std::string text;
  for (int i = 0; text.size() < 400'000; ++i) {
    text += "line " + std::to_string(i * 7919 % 10007) + "\n";
  }
  return text;
}

MemberRecorder UnpackOf(const std::string& archive) {
  MemberRecorder recorder;
  const auto result = recorder.Run(UnpackZip, base::AsBytes(archive));
  EXPECT_TRUE(result.has_value())
      << result.error().field << " at " << result.error().offset;
  return recorder;
}

// Every member complete, and nothing to remark.
void ExpectClean(const std::string& archive, size_t members,
                 const std::string& what) {
  const MemberRecorder recorder = UnpackOf(archive);
  EXPECT_EQ(recorder.members.size(), members) << what;
  for (const auto& recorded : recorder.members) {
    EXPECT_FALSE(recorded.damage)
        << what << ": " << recorded.member.name << ": "
        << recorded.damage->field << " at " << recorded.damage->offset;
  }
  for (const Remark& remark : recorder.remarks) {
    ADD_FAILURE() << what << ": " << remark.what;
  }
}

std::vector<SampleZipEntry> ThreeEntries() {
  return {StoredEntry("dir/", ""), StoredEntry("dir/a.txt", "some content"),
          DeflatedEntry("b.txt", LongText())};
}

TEST(Zip, RoundTripsStoredAndDeflatedEntries) {
  SampleZip zip = ZipOf(ThreeEntries());
  zip.comment = "a comment";
  const MemberRecorder recorder = UnpackOf(zip.Write());
  ASSERT_EQ(recorder.members.size(), 3U);
  EXPECT_EQ(recorder.format, Format::kZip);
  EXPECT_EQ(recorder.members[0].member.kind, MemberKind::kDirectory);
  EXPECT_EQ(recorder.members[1].member.kind, MemberKind::kFile);
  EXPECT_TRUE(recorder.members[1].placed);
  EXPECT_FALSE(recorder.members[2].placed);
  EXPECT_EQ(recorder.ContentOf("dir/a.txt"), "some content");
  EXPECT_TRUE(recorder.ContentOf("b.txt") == LongText());
  EXPECT_EQ(recorder.members[2].member.size, LongText().size());
  ExpectClean(zip.Write(), 3, "plain");
}

TEST(Zip, ReadsEveryShapeOfCleanArchive) {
  ExpectClean(SampleZip{}.Write(), 0, "empty");
  SampleZip zip = ZipOf(ThreeEntries());
  zip.is_zip64 = true;
  ExpectClean(zip.Write(), 3, "zip64");
  zip.is_zip64 = false;
  zip.comment = std::string(65'535, 'c');
  ExpectClean(zip.Write(), 3, "longest comment");
  zip.comment = "";
  zip.behind_directory = "PK\x05\x05\x03\0abc"s;
  zip.size_error = 9;
  ExpectClean(zip.Write(), 3, "digital signature");
  zip.behind_directory = "";
  zip.size_error = 0;
  const std::string block = "some pairs";
  const std::string size = LittleEndian(block.size() + 24, 8);
  zip.before_directory = size + block + size + "APK Sig Block 42";
  ExpectClean(zip.Write(), 3, "APK signing block");
  zip.before_directory = "";
  zip.entries[0].before = "PK00";
  ExpectClean(zip.Write(), 3, "split marker");
  zip.entries[0].before = "PK\x07\x08";
  ExpectClean(zip.Write(), 3, "split marker, older");
}

TEST(Zip, ReadsDataDescriptorsInAllTheirForms) {
  for (const bool is_wide : {false, true}) {
    for (const bool has_signature : {false, true}) {
      SampleZip zip;
      for (const SampleZipEntry& entry : ThreeEntries()) {
        zip.entries.push_back(Streamed(entry, has_signature, is_wide));
      }
      ExpectClean(zip.Write(), 3, "streamed");
      zip.is_zip64 = is_wide;
      ExpectClean(zip.Write(), 3, "streamed, zip64");
    }
  }
}

std::string Bzip2(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  auto size = static_cast<unsigned>(out.size());
  BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                           static_cast<unsigned>(text.size()), 9, 0, 0);
  return out.substr(0, size);
}

std::string Zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  return out.substr(
      0, ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
}

std::string Xz(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  size_t size = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr,
                          reinterpret_cast<const uint8_t*>(text.data()),
                          text.size(), reinterpret_cast<uint8_t*>(out.data()),
                          &size, out.size());
  return out.substr(0, size);
}

// With an end mark, as the encoder of .lzma files writes it.
std::string ZipLzma(const std::string& text) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 1);
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_alone_encoder(&stream, &options), LZMA_OK);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<const uint8_t*>(text.data());
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return "\x09\x14\x05\0"s + out.substr(0, 5) + out.substr(13);
}

TEST(Zip, ReadsEveryMethod) {
  const std::string text = LongText();
  const std::string part = text.substr(0, 20'000);
  Deflate64Writer deflate64;
  for (const char c : part) {
    deflate64.Literal(static_cast<uint8_t>(c));
  }
  SampleZip zip;
  zip.entries = {
      PackedEntry("shrink", part, 1, ShrinkWriter().Write(part)),
      PackedEntry("reduce1", part, 2, Reduce(part, 1)),
      PackedEntry("reduce2", part, 3, Reduce(part, 2)),
      PackedEntry("reduce3", part, 4, Reduce(part, 3)),
      PackedEntry("reduce4", part, 5, Reduce(part, 4)),
      PackedEntry("implode", part, 6, Implode(part, true, false), 2),
      PackedEntry("implode literals", part, 6, Implode(part, false, true), 4),
      PackedEntry("deflate64", part, 9, deflate64.Finish()),
      PackedEntry("bzip2", text, 12, Bzip2(text)),
      PackedEntry("bzip2 twice", text + part, 12, Bzip2(text) + Bzip2(part)),
      PackedEntry("lzma, end marked", text, 14, ZipLzma(text), 2),
      PackedEntry("lzma", text, 14, ZipLzma(text)),
      PackedEntry("zstd, old number", text, 20, Zstandard(text)),
      PackedEntry("zstd", text, 93, Zstandard(text)),
      PackedEntry("zstd twice", text + part, 93,
                  Zstandard(text) + Zstandard(part)),
      PackedEntry("xz", text, 95, Xz(text)),
      PackedEntry("ppmd", part, 98,
                  WritePpmdOfZip(part, 6, 1, Ppmd8Restore::kRestart)),
      PackedEntry("ppmd, cut off", part, 98,
                  WritePpmdOfZip(part, 16, 2, Ppmd8Restore::kCutOff))};
  ExpectClean(zip.Write(), zip.entries.size(), "methods");
  for (SampleZipEntry& entry : zip.entries) {
    entry = Streamed(entry);
  }
  ExpectClean(zip.Write(), zip.entries.size(), "methods, streamed");
}

// Packers of MSIX write such streams: flushed, never ended.
TEST(Zip, AStreamWithoutEndIsCompleteWhenItsContentIs) {
  for (const std::string& text : {LongText(), "short"s}) {
    std::string packed;
    for (size_t at = 0; at < text.size(); at += 60'000) {
      const std::string part = text.substr(at, 60'000);
      packed += '\0' + LittleEndian(part.size(), 2) +
                LittleEndian(~part.size(), 2) + part;
    }
    SampleZip zip = ZipOf({PackedEntry("a", text, 8, packed)});
    ExpectClean(zip.Write(), 1, "without end");
    zip.entries[0].Set([](SampleHeader& header) { header.crc32 ^= 1; });
    const MemberRecorder recorder = UnpackOf(zip.Write());
    EXPECT_TRUE(recorder.members.at(0).damage);
  }
}

TEST(Zip, DecodesNames) {
  SampleZip zip;
  zip.entries = {StoredEntry("caf\x82", "1"), StoredEntry("t\xC3\xA4", "2"),
                 StoredEntry("back\\slash", "3")};
  zip.entries[1].Set([](SampleHeader& header) { header.flags |= 1 << 11; });
  SampleZipEntry path = StoredEntry("????.txt", "4");
  const std::string unicode = "\xD0\x94\xD0\xB0.txt";
  path.Set([&](SampleHeader& header) {
    header.extra = LittleEndian(0x7075, 2) +
                   LittleEndian(5 + unicode.size(), 2) + "\x01" +
                   LittleEndian(SampleCrc(header.name), 4) + unicode;
  });
  zip.entries.push_back(path);
  ExpectClean(zip.Write(), 4, "names");
  const MemberRecorder recorder = UnpackOf(zip.Write());
  EXPECT_EQ(recorder.ContentOf("caf\xC3\xA9"), "1");
  EXPECT_EQ(recorder.ContentOf("t\xC3\xA4"), "2");
  EXPECT_EQ(recorder.ContentOf("back\\slash"), "3");
  EXPECT_EQ(recorder.ContentOf(unicode), "4");
}

TEST(Zip, TellsKindsByTheModeOfUnixHosts) {
  SampleZip zip;
  const auto add = [&](const std::string& name, uint32_t mode,
                       uint16_t made_by) {
    SampleZipEntry entry = StoredEntry(name, "target/of");
    entry.made_by = made_by;
    entry.attributes = mode << 16;
    zip.entries.push_back(entry);
  };
  add("link", 0120777, kMadeOnUnix);
  add("deflated link", 0120777, kMadeOnUnix);
  zip.entries[1] = DeflatedEntry("deflated link", "target/of");
  zip.entries[1].made_by = kMadeOnUnix;
  zip.entries[1].attributes = 0120777U << 16;
  add("no link", 0120777, 20);
  add("device", 0020666, kMadeOnUnix);
  add("pipe", 0010666, kMadeOnUnix);
  add("file", 0100644, kMadeOnUnix);
  add("p7zip", 0120777, 20);
  zip.entries.back().attributes |= 0x8000;
  const MemberRecorder recorder = UnpackOf(zip.Write());
  EXPECT_TRUE(recorder.remarks.empty());
  using enum MemberKind;
  const std::vector<MemberKind> kinds = {kLink,   kLink, kFile, kDevice,
                                         kDevice, kFile, kLink};
  for (size_t i = 0; i < kinds.size(); ++i) {
    const Member& member = recorder.members.at(i).member;
    EXPECT_EQ(member.kind, kinds[i]) << member.name;
    EXPECT_EQ(member.link_target, kinds[i] == kLink ? "target/of" : "");
    EXPECT_EQ(recorder.ContentOf(member.name), "target/of");
  }
}

TEST(Zip, SaysWhatIsBuiltOnTheArchive) {
  const auto identity = [](const std::vector<std::string>& names) {
    SampleZip zip;
    for (const std::string& name : names) {
      zip.entries.push_back(StoredEntry(name, "x"));
    }
    const MemberRecorder recorder = UnpackOf(zip.Write());
    return std::string(model::Name(recorder.format)) + ": " + recorder.detail;
  };
  EXPECT_EQ(identity({"AppxManifest.xml", "AppxBlockMap.xml"}),
            "msix: MSIX package");
  EXPECT_EQ(identity({"AppxManifest.xml"}), "zip: ZIP archive");
  EXPECT_EQ(identity({"AppxMetadata/AppxBundleManifest.xml"}),
            "msix: MSIX bundle");
  EXPECT_EQ(identity({"a.nuspec", "[Content_Types].xml"}),
            "nupkg: NuGet package");
  EXPECT_EQ(identity({"a.nuspec", ".signature.p7s"}), "nupkg: NuGet package");
  EXPECT_EQ(identity({"dir/a.nuspec", ".signature.p7s"}),
            "nupkg: NuGet package");
  EXPECT_EQ(identity({"AppxManifest.xml", "[Content_Types].xml"}),
            "msix: MSIX package");
  EXPECT_EQ(identity({"AppxManifest.xml"}), "zip: ZIP archive");
  EXPECT_EQ(identity({"extension.vsixmanifest", "[Content_Types].xml"}),
            "vsix: Visual Studio extension");
  EXPECT_EQ(identity({"META-INF/MANIFEST.MF"}), "jar: Java archive");
  EXPECT_EQ(identity({"META-INF/MANIFEST.MF", "AndroidManifest.xml"}),
            "jar: Android package");
  EXPECT_EQ(identity({"AndroidManifest.xml"}), "zip: Android package");
}

TEST(ParseZip, SaysWhereEverythingIs) {
  SampleZip zip =
      ZipOf({StoredEntry("a", "abc"), Streamed(DeflatedEntry("b", "content"))});
  zip.comment = "hello";
  zip.is_zip64 = true;
  const std::string archive = zip.Write();
  base::Budget budget;
  const auto parsed = ParseZip(base::AsBytes(archive), budget);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_FALSE(parsed->damage);
  const auto text = [&](base::ByteRange range) {
    return archive.substr(range.offset, range.size);
  };
  ASSERT_EQ(parsed->entries.size(), 2U);
  const ZipEntry& first = parsed->entries[0];
  EXPECT_EQ(first.local_header, (base::ByteRange{0, 31}));
  EXPECT_EQ(text(first.data), "abc");
  EXPECT_EQ(first.descriptor.size, 0U);
  const ZipEntry& second = parsed->entries[1];
  EXPECT_EQ(second.name, "b");
  EXPECT_EQ(second.method, 8);
  EXPECT_EQ(second.flags, 8);
  EXPECT_EQ(second.size, 7U);
  EXPECT_EQ(second.crc32, SampleCrc("content"));
  EXPECT_EQ(text(second.descriptor), zip.entries[1].descriptor);
  EXPECT_TRUE(text(second.central_header).starts_with("PK\x01\x02"));
  EXPECT_EQ(parsed->central_directory.offset, first.central_header.offset);
  EXPECT_EQ(parsed->central_directory.size,
            first.central_header.size + second.central_header.size);
  EXPECT_TRUE(text(parsed->zip64_end).starts_with("PK\x06\x06"));
  EXPECT_EQ(parsed->zip64_end.size, 56U);
  EXPECT_TRUE(text(parsed->zip64_locator).starts_with("PK\x06\x07"));
  EXPECT_TRUE(text(parsed->end).starts_with("PK\x05\x06"));
  EXPECT_EQ(text(parsed->comment), "hello");
  EXPECT_EQ(parsed->end.offset + parsed->end.size, archive.size());

  // Charges for headers, and stops where the budget does.
  base::Limits limits;
  limits.steps = 3;
  base::Budget small(limits);
  const auto stopped = ParseZip(base::AsBytes(archive), small);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().fault, Fault::kLimit);
}

// Of packages that other projects test their verifiers with, each member has
// the checksum that is stored for it, and nothing is left over.
TEST(Zip, ReadsRealPackages) {
  const std::string folder =
      "../shared/corpora/signature/microsoft__msix-packaging/src/test/testData/"
      "unpack/";
  size_t read = 0;
  for (const auto& [name, members] :
       {std::pair("HelloWorld.appx", 124), std::pair("IntlPackage.appx", 13)}) {
    std::ifstream file(folder + name, std::ios::binary);
    if (!file) {
      continue;
    }
    ++read;
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    ExpectClean(bytes, static_cast<size_t>(members), name);
    EXPECT_EQ(UnpackOf(bytes).format, Format::kMsix);
  }
  if (read == 0) {
    GTEST_SKIP() << "no corpora here";
  }
}

}  // namespace
}  // namespace countersign::formats
