#include "base/blake2sp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace countersign::base {
namespace {

std::string HashInPieces(const std::vector<uint8_t>& bytes, size_t piece) {
  Blake2spHasher hasher;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    hasher.Update(Bytes(bytes).subspan(at, std::min(piece, bytes.size() - at)));
  }
  std::string text;
  for (const uint8_t byte : hasher.Finish()) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// The first three are of the known answers of BLAKE2's authors; all are what
// 7-Zip 26.02 gives.
TEST(Blake2sp, GivesTheKnownAnswers) {
  struct Known {
    size_t size;
    const char* digest;
  };
  for (const Known& known :
       {Known{
            0,
            "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f"},
        Known{
            1,
            "a6b9eecc25227ad788c99d3f236debc8da408849e9a5178978727a81457f7239"},
        Known{
            2,
            "dacadece7a8e6bf3abfe324ca695436984b8195d29f6bbd896e41e18e21c9145"},
        Known{
            63,
            "e05b22cb4ade1cbbdff4c6d7eecc2d74918b8c91213a68a76397a9ebd06aef25"},
        Known{
            64,
            "abf2e6824141efa3084fdd6ce35bc4b15a9f95ef5682db6af90d13d2ae325999"},
        Known{
            65,
            "92003f8da19edfc4104dd0816149d24b9a31d8947cfeade1ecd194db9a53a11f"},
        Known{
            511,
            "d59934286cb173d05ea2c49e240e15fc275e6dcba03aef330b0399cfbc5b320e"},
        Known{
            512,
            "c32ac442faff0839e3b3af097f32402369128bb1e7fd4693e70ba005a47f2671"},
        Known{
            513,
            "1d3db904a49b65b152d8fd3cd3b79630be08e602afbdf52c21ef37fd0a4fc760"},
        Known{100'000,
              "01416c55a96c4a38a78d58a966fbc2a4106667e7fc8407bc174aedcbd384e69"
              "9"}}) {
    std::vector<uint8_t> bytes(known.size);
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<uint8_t>(known.size > 2 ? i * 7 % 251 : i);
    }
    for (const size_t piece :
         {size_t{1}, size_t{64}, size_t{100}, size_t{513}, size_t{1} << 20}) {
      EXPECT_EQ(HashInPieces(bytes, piece), known.digest) << known.size;
    }
  }
}

}  // namespace
}  // namespace countersign::base
