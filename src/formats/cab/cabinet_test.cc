#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/text.h"
#include "formats/cabinet.h"

namespace countersign::formats {
namespace {

using base::Fault;

std::vector<uint8_t> ReadFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void Put(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

// A cabinet with one stored member; `claimed_size` is what CFFILE says.
std::vector<uint8_t> StoredCabinet(const std::string& content,
                                   uint64_t claimed_size) {
  const std::string name = "a.stl";
  const size_t files_at = 36 + 8;
  const size_t data_at = files_at + 16 + name.size() + 1;
  std::vector<uint8_t> cab = {'M', 'S', 'C', 'F', 0, 0, 0, 0};
  Put(cab, data_at + 8 + content.size(), 4);
  Put(cab, 0, 4);
  Put(cab, files_at, 4);
  Put(cab, 0, 4);
  Put(cab, 0x0103, 2);  // version 1.3
  Put(cab, 1, 2);       // folders
  Put(cab, 1, 2);       // files
  Put(cab, 0, 6);       // flags, set, index
  Put(cab, data_at, 4);
  Put(cab, 1, 2);  // CFDATA blocks
  Put(cab, 0, 2);  // not compressed
  Put(cab, claimed_size, 4);
  Put(cab, 0, 4);  // offset in the folder
  Put(cab, 0, 2);  // folder
  Put(cab, 0, 6);  // date, time, attributes
  cab.insert(cab.end(), name.begin(), name.end());
  Put(cab, 0, 1);
  Put(cab, 0, 4);  // no checksum
  Put(cab, content.size(), 2);
  Put(cab, content.size(), 2);
  cab.insert(cab.end(), content.begin(), content.end());
  return cab;
}

TEST(Cabinet, UnpacksAStoredMember) {
  const std::vector<uint8_t> cab = StoredCabinet("content", 7);
  EXPECT_TRUE(IsCabinet(cab));
  const auto members = UnpackCabinet({cab, 0}, 1000);
  ASSERT_TRUE(members) << members.error().field;
  ASSERT_EQ(members->size(), 1U);
  EXPECT_EQ((*members)[0].name, "a.stl");
  EXPECT_EQ(base::AsText((*members)[0].bytes), "content");
}

TEST(Cabinet, OutputIsBounded) {
  const std::vector<uint8_t> cab = StoredCabinet("content", 7);
  EXPECT_TRUE(UnpackCabinet({cab, 0}, 7));
  const auto members = UnpackCabinet({cab, 0}, 6);
  ASSERT_FALSE(members);
  EXPECT_EQ(members.error().fault, Fault::kLimit);
}

TEST(Cabinet, SizeThatIsNotThereIsAnError) {
  const std::vector<uint8_t> cab = StoredCabinet("content", 4000);
  EXPECT_FALSE(UnpackCabinet({cab, 0}, 10'000));
}

TEST(Cabinet, EveryTruncationIsAnErrorOrShorter) {
  const std::vector<uint8_t> cab = StoredCabinet("content", 7);
  for (size_t size = 0; size < cab.size(); ++size) {
    EXPECT_FALSE(UnpackCabinet({base::Bytes(cab).first(size), 0}, 1000))
        << size;
  }
  EXPECT_FALSE(IsCabinet({}));
}

// MSZIP as a real tool writes it.
TEST(Cabinet, UnpacksCompressedMembers) {
  if (std::system("command -v gcab >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs gcab";
  }
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      ("cabinet_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::string content;
  for (int i = 0; i < 20'000; ++i) {
    content += std::to_string(i * 7919) + "\n";
  }
  std::ofstream(folder / "one.txt", std::ios::binary) << content;
  std::ofstream(folder / "two.txt", std::ios::binary) << "two";
  const std::string command =
      "cd '" + folder.string() + "' && gcab -c -z -q x.cab one.txt two.txt";
  const std::string plain = "cd '" + folder.string() +
                            "' && gcab -c -z x.cab one.txt two.txt"
                            " >/dev/null";
  ASSERT_TRUE(std::system((command + " 2>/dev/null").c_str()) == 0 ||
              std::system(plain.c_str()) == 0);
  const std::vector<uint8_t> cab = ReadFile(folder / "x.cab");
  std::filesystem::remove_all(folder);
  const auto members = UnpackCabinet({cab, 0}, 1 << 20);
  ASSERT_TRUE(members) << members.error().field;
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ(base::AsText((*members)[0].bytes), content);
  EXPECT_EQ(base::AsText((*members)[1].bytes), "two");
  // A wrong bit is noticed by the checksum, or by the decompressor.
  std::vector<uint8_t> changed = cab;
  changed[changed.size() / 2] ^= 0x10;
  EXPECT_FALSE(UnpackCabinet({changed, 0}, 1 << 20));
}

}  // namespace
}  // namespace countersign::formats
