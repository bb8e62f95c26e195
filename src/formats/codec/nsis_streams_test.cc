#include "formats/codec/nsis_streams.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "formats/nsis/sample/nsis_packers.h"

namespace countersign::formats {
namespace {

using base::Fault;
using base::Input;
using base::Result;

class NsisText : public ByteSink {
 public:
  explicit NsisText(size_t most = SIZE_MAX) : most_(most) {}
  Result<void> Write(base::Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    if (text.size() + bytes.size() > most_) {
      return base::Fail(Fault::kLimit, 7, "enough");
    }
    text += base::AsText(bytes);
    return {};
  }
  std::string text;

 private:
  size_t most_;
};

using NsisDecoder = std::function<Result<uint64_t>(Input, ByteSink&)>;

Result<uint64_t> Inflate(Input input, ByteSink& sink) {
  NsisStoredForm form = NsisStoredForm::kUnknown;
  return InflateNsis(input, sink, form);
}
Result<uint64_t> Lzma(Input input, ByteSink& sink) {
  return DecompressNsisLzma(input, false, sink);
}
Result<uint64_t> LzmaX86(Input input, ByteSink& sink) {
  return DecompressNsisLzma(input, true, sink);
}

struct NsisStreamCase {
  const char* name;
  NsisDecoder decode;
  std::function<std::string(std::string_view)> pack;
};

const std::vector<NsisStreamCase>& Cases() {
  using namespace std::placeholders;
  static const std::vector<NsisStreamCase> kCases = {
      {"deflate", Inflate, [](auto t) { return sample::Deflated(t); }},
      {"fixed", Inflate, [](auto t) { return sample::Deflated(t, 1); }},
      {"bare", Inflate, [](auto t) { return sample::Stored(t, false); }},
      {"complement", Inflate, [](auto t) { return sample::Stored(t, true); }},
      {"bzip2", DecompressNsisBzip2,
       [](auto t) { return sample::NsisBzip2(t); }},
      {"lzma", Lzma, [](auto t) { return sample::Lzma(t); }},
      {"x86", LzmaX86, [](auto t) { return sample::Lzma(t, true); }},
  };
  return kCases;
}

std::vector<std::string> Texts() {
  std::vector<std::string> texts = {"", "a", "aaaa", "aaaaa",
                                    std::string(700, 'x')};
  for (const size_t size : {100U, 5'000U, 70'000U, 300'000U}) {
    texts.push_back(sample::Prose(size, static_cast<uint32_t>(size)));
  }
  texts.push_back(sample::Noise(20'000) + sample::Prose(400'000));
  std::string calls;
  for (int i = 0; i < 3000; ++i) {
    calls += "\xE8\x10\x20" + std::string(1, static_cast<char>(i)) +
             std::string("\0code", 5);
  }
  texts.push_back(calls);
  return texts;
}

TEST(NsisStreams, RoundTrip) {
  for (const NsisStreamCase& row : Cases()) {
    for (const std::string& text : Texts()) {
      // bzip2 of nothing is an end mark alone.
      const std::string packed = row.pack(text) + "behind";
      NsisText sink;
      const auto taken = row.decode({base::AsBytes(packed), 100}, sink);
      ASSERT_TRUE(taken) << row.name << text.size() << taken.error().field;
      ASSERT_TRUE(sink.text == text) << row.name << text.size();
      ASSERT_EQ(*taken, packed.size() - 6) << row.name << text.size();
    }
  }
}

// More blocks than are read at a time, of every size of the last batch.
TEST(NsisStreams, ManyBzip2Blocks) {
  for (const size_t size : {1'700'000U, 4'400'000U}) {
    std::string text = sample::Noise(size);
    for (char& c : text) {
      c = static_cast<char>('a' + (c & 15));
    }
    const std::string packed = sample::NsisBzip2(text);
    NsisText sink;
    ASSERT_TRUE(DecompressNsisBzip2({base::AsBytes(packed), 0}, sink));
    ASSERT_TRUE(sink.text == text);
    // What is before damage comes out.
    NsisText cut;
    const auto taken = DecompressNsisBzip2(
        {base::AsBytes(packed).first(packed.size() - 10), 0}, cut);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().fault, Fault::kTruncated);
    EXPECT_GT(cut.text.size(), 800'000U);
    EXPECT_TRUE(text.starts_with(cut.text));
  }
}

TEST(NsisStreams, CutAnywhereIsTruncated) {
  for (const NsisStreamCase& row : Cases()) {
    const std::string text = sample::Prose(3000);
    const std::string packed = row.pack(text);
    for (size_t size = 0; size < packed.size(); ++size) {
      NsisText sink;
      const auto taken =
          row.decode({base::AsBytes(packed).first(size), 50}, sink);
      ASSERT_FALSE(taken) << row.name << size;
      EXPECT_EQ(taken.error().fault, Fault::kTruncated) << row.name << size;
      EXPECT_LE(taken.error().offset, 50 + size);
      EXPECT_TRUE(text.starts_with(sink.text)) << row.name << size;
    }
  }
}

TEST(NsisStreams, ChangedBytesNeverCrash) {
  for (const NsisStreamCase& row : Cases()) {
    const std::string packed = row.pack(sample::Prose(1500));
    for (size_t i = 0; i < packed.size() * 3; ++i) {
      std::string changed = packed;
      changed[i / 3] =
          static_cast<char>(changed[i / 3] ^ (i % 3 == 0   ? 1
                                              : i % 3 == 1 ? 0x80
                                                           : 0xFF));
      NsisText sink(10'000'000);
      const auto taken = row.decode({base::AsBytes(changed), 0}, sink);
      if (!taken) {
        EXPECT_STRNE(taken.error().field, "");
        EXPECT_TRUE(taken.error().offset <= changed.size());
      }
    }
  }
}

TEST(NsisStreams, TheSinksErrorIsPassedOn) {
  for (const NsisStreamCase& row : Cases()) {
    const std::string packed = row.pack(sample::Prose(100'000));
    NsisText sink(10);
    const auto taken = row.decode({base::AsBytes(packed), 0}, sink);
    ASSERT_FALSE(taken);
    EXPECT_STREQ(taken.error().field, "enough") << row.name;
  }
}

TEST(InflateNsis, TheFirstStoredBlockDecidesForAll) {
  NsisStoredForm form = NsisStoredForm::kUnknown;
  NsisText sink;
  const std::string plain = sample::Deflated("no stored block in this");
  ASSERT_TRUE(InflateNsis({base::AsBytes(plain), 0}, sink, form));
  EXPECT_EQ(form, NsisStoredForm::kUnknown);
  const std::string bare = sample::Stored("text", false);
  ASSERT_TRUE(InflateNsis({base::AsBytes(bare), 0}, sink, form));
  EXPECT_EQ(form, NsisStoredForm::kBare);
  // Now these are two bytes of content.
  const std::string alike("\x01\x02\0\xFD\xFF", 5);
  NsisText two;
  ASSERT_TRUE(InflateNsis({base::AsBytes(alike), 0}, two, form));
  EXPECT_EQ(two.text, "\xFD\xFF");

  form = NsisStoredForm::kUnknown;
  const std::string whole = sample::Stored("text", true);
  ASSERT_TRUE(InflateNsis({base::AsBytes(whole), 0}, sink, form));
  EXPECT_EQ(form, NsisStoredForm::kComplement);
  const auto taken = InflateNsis({base::AsBytes(bare), 0}, sink, form);
  ASSERT_FALSE(taken);
  EXPECT_STREQ(taken.error().field, "NLEN");
}

TEST(InflateNsis, NamesTheDamage) {
  const struct {
    std::string bytes;
    const char* field;
  } rows[] = {
      {std::string("\x07\0\0\0", 4), "block type"},
      {std::string("\xFD\xFF\xFF\xFF\0\0\0\0", 8), "code lengths"},
      // A fixed block that begins with a match.
      {std::string("\x03\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                   42),
       "distance"},
  };
  for (const auto& row : rows) {
    NsisText sink;
    const auto taken = Inflate({base::AsBytes(row.bytes), 0}, sink);
    ASSERT_FALSE(taken) << row.field;
    EXPECT_EQ(taken.error().fault, Fault::kMalformed);
    EXPECT_STREQ(taken.error().field, row.field);
  }
}

TEST(DecompressNsisBzip2, NamesTheDamage) {
  const std::string packed = sample::NsisBzip2(sample::Prose(3000));
  const struct {
    size_t at;
    char value;
    const char* field;
  } rows[] = {
      {0, 0x32, "block mark"},
      {1, 0x7F, "origPtr"},
      {3, static_cast<char>(0xFF), "symbols"},
  };
  for (const auto& row : rows) {
    std::string changed = packed;
    changed[row.at] = row.value;
    changed[2] = row.at == 3 ? static_cast<char>(0xFF) : changed[2];
    NsisText sink;
    const auto taken = DecompressNsisBzip2({base::AsBytes(changed), 0}, sink);
    ASSERT_FALSE(taken) << row.field;
    EXPECT_EQ(taken.error().fault, Fault::kMalformed);
    EXPECT_STREQ(taken.error().field, row.field);
  }
}

// A permutation of two cycles: what comes out is what goes forwards.
TEST(DecompressNsisBzip2, SeveralCyclesGoForwards) {
  // "abab" sorts to "bbaa"; from its row 0 the way is 0 -> 2 -> 0.
  const std::string packed = sample::NsisBzip2("ababab");
  NsisText sink;
  ASSERT_TRUE(DecompressNsisBzip2({base::AsBytes(packed), 0}, sink));
  EXPECT_EQ(sink.text, "ababab");
}

TEST(DecompressNsisLzma, TooLargeADictionaryIsALimit) {
  for (const bool x86 : {false, true}) {
    std::string packed = sample::Lzma("text", x86);
    packed[4] = 0x7F;
    NsisText sink;
    const auto taken =
        DecompressNsisLzma({base::AsBytes(packed), 0}, x86, sink);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().fault, Fault::kLimit);
  }
}

}  // namespace
}  // namespace countersign::formats
