#include "vet/tree/content.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <string>

#include "formats/script.h"

namespace countersign::vet {
namespace {

using model::Format;

const std::string kBlock =
    "\r\n# SIG # Begin signature block\r\n# AAAA\r\n"
    "# SIG # End signature block\r\n";

// A file without a name.
class ScratchFile {
 public:
  ScratchFile() : file_(std::tmpfile()) {}
  ~ScratchFile() { std::fclose(file_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] int Descriptor() const { return fileno(file_); }

 private:
  std::FILE* file_;
};

bool IsScript(const formats::FormatRow& row) {
  return row.format == Format::kPowershell || row.format == Format::kPe;
}

Content::Finished Take(Scratch& scratch, const std::string& text, size_t piece,
                       uint64_t memory = uint64_t{32} << 20) {
  Content content(scratch, IsScript);
  content.Begin(0, memory);
  for (size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(content
                    .Append(base::AsBytes(text).subspan(
                        at, std::min(piece, text.size() - at)))
                    .has_value());
  }
  auto finished = content.Finish();
  EXPECT_TRUE(finished.has_value());
  return std::move(finished).value_or(Content::Finished{});
}

TEST(Content, TheEndTellsAScript) {
  Scratch none(-1, 0);
  for (const size_t size :
       {10U, 65'000U, 65'536U, 65'537U, 131'072U, 400'000U}) {
    const std::string text = std::string(size, 'x') + kBlock;
    for (const size_t piece : {size_t{1000}, size_t{65'536}, text.size()}) {
      const auto finished = Take(none, text, piece);
      EXPECT_EQ(finished.row->format, Format::kPowershell) << size;
      ASSERT_NE(finished.bytes, nullptr);
      EXPECT_EQ(base::AsText(finished.bytes->View()), text);
      EXPECT_EQ(finished.size_bytes, text.size());
    }
    EXPECT_EQ(Take(none, text + std::string(70'000, 'y'), 5000).row->format,
              size <= 65'000 ? Format::kPowershell : Format::kText);
  }
}

TEST(Content, TextIsNotKept) {
  Scratch none(-1, 0);
  for (const size_t size : {0U, 10U, 65'536U, 400'000U}) {
    EXPECT_EQ(Take(none, std::string(size, 'x'), 1000).bytes, nullptr);
  }
}

TEST(Content, WhatTheStartTellsIsKeptFromThere) {
  Scratch none(-1, 0);
  const std::string program = "MZ" + std::string(300'000, '\1');
  const auto finished = Take(none, program + kBlock, 4096);
  EXPECT_EQ(finished.row->format, Format::kPe);
  ASSERT_NE(finished.bytes, nullptr);
  EXPECT_EQ(base::AsText(finished.bytes->View()), program + kBlock);
}

// Beyond the largest script nothing is kept, and what it is is still told.
TEST(Content, TextLargerThanScriptsIsGivenUp) {
  Scratch none(-1, 0);
  const std::string large(formats::kLargestScript, 'x');
  const auto finished = Take(none, large + kBlock, 100'000);
  EXPECT_EQ(finished.row->format, Format::kPowershell);
  EXPECT_EQ(finished.bytes, nullptr);
  EXPECT_EQ(Take(none, large + "y", 100'000).row->format, Format::kText);
}

TEST(Content, WhatIsLargerThanTheMemoryGoesToTheScratchFile) {
  const ScratchFile file;
  Scratch scratch(file.Descriptor(), uint64_t{64} << 20);
  const std::string text = std::string(300'000, 'x') + kBlock;
  for (const size_t piece : {size_t{1000}, size_t{100'000}, text.size()}) {
    // Text is written and given up; its place is used again.
    EXPECT_EQ(Take(scratch, std::string(500'000, 'x'), piece, 65'536).bytes,
              nullptr);
    const auto finished = Take(scratch, text, piece, 65'536);
    EXPECT_EQ(finished.row->format, Format::kPowershell);
    ASSERT_NE(finished.bytes, nullptr);
    EXPECT_EQ(base::AsText(finished.bytes->View()), text);
  }
  EXPECT_LT(lseek(file.Descriptor(), 0, SEEK_END), 2'000'000);
}

}  // namespace
}  // namespace countersign::vet
