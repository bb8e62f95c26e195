#include "base/digest.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/blob.h"

namespace countersign::base {
namespace {

struct Vector {
  DigestAlgorithm algorithm;
  std::string_view name;
  std::string_view empty;
  std::string_view abc;
};

// RFC 1321 A.5; FIPS 180-4 examples (NIST CSRC).
constexpr Vector kVectors[] = {
    {DigestAlgorithm::kMd5, "md5", "d41d8cd98f00b204e9800998ecf8427e",
     "900150983cd24fb0d6963f7d28e17f72"},
    {DigestAlgorithm::kSha1, "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {DigestAlgorithm::kSha224, "sha224",
     "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
     "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {DigestAlgorithm::kSha256, "sha256",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {DigestAlgorithm::kSha384, "sha384",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {DigestAlgorithm::kSha512, "sha512",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

TEST(Digest, KnownVectors) {
  for (const Vector& row : kVectors) {
    EXPECT_EQ(Name(row.algorithm), row.name);
    EXPECT_EQ(Hash(row.algorithm, {}).Hex(), row.empty) << row.name;
    const Digest abc = Hash(row.algorithm, AsBytes("abc"));
    EXPECT_EQ(abc.Hex(), row.abc) << row.name;
    EXPECT_EQ(abc.size, DigestSize(row.algorithm)) << row.name;
  }
}

TEST(Digest, HasherTakesPieces) {
  Hasher hasher(DigestAlgorithm::kSha256);
  hasher.Update(AsBytes("a"));
  hasher.Update({});
  hasher.Update(AsBytes("bc"));
  EXPECT_EQ(hasher.Finish().Hex(), kVectors[3].abc);
}

TEST(Digest, ComparesBySizeAndBytes) {
  EXPECT_TRUE(Digest{}.Empty());
  const Digest a = Hash(DigestAlgorithm::kSha1, AsBytes("a"));
  EXPECT_EQ(a, Hash(DigestAlgorithm::kSha1, AsBytes("a")));
  EXPECT_NE(a, Hash(DigestAlgorithm::kSha1, AsBytes("b")));
  Digest longer = a;
  longer.size = 21;  // the bytes of `data` are still the same
  EXPECT_NE(a, longer);
}

std::vector<uint8_t> Pattern(size_t size) {
  std::vector<uint8_t> bytes(size);
  uint32_t state = 1;
  for (uint8_t& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return bytes;
}

Digest HashInOnePiece(Bytes all, const std::vector<ByteRange>& ranges,
                      DigestAlgorithm algorithm) {
  std::vector<uint8_t> joined;
  for (const ByteRange& range : ranges) {
    const Bytes part = all.subspan(range.offset, range.size);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  return Hash(algorithm, joined);
}

void ExpectSameAsOnePiece(const Blob& blob,
                          const std::vector<ByteRange>& ranges) {
  std::vector<Hasher> hashers;
  hashers.emplace_back(DigestAlgorithm::kSha1);
  hashers.emplace_back(DigestAlgorithm::kSha256);
  ASSERT_TRUE(HashRanges(blob, ranges, hashers).has_value());
  EXPECT_EQ(hashers[0].Finish(),
            HashInOnePiece(blob.View(), ranges, DigestAlgorithm::kSha1));
  EXPECT_EQ(hashers[1].Finish(),
            HashInOnePiece(blob.View(), ranges, DigestAlgorithm::kSha256));
}

// The chunk size inside is 64 KiB.
const std::vector<std::vector<ByteRange>>& OddRanges() {
  static const std::vector<std::vector<ByteRange>> kRanges = {
      {},
      {{0, 0}},
      {{0, 1}, {1, 0}, {2, 3}},
      {{0, (64U << 10) + 1}},
      {{1, (4U << 20)}, {(4U << 20) + 5, 7}},
      {{3, (4U << 20) + 1}, {100, 9}},  // out of order and overlapping
      {{0, 9U << 20}},
  };
  return kRanges;
}

TEST(Blob, HashRangesEqualsOnePiece) {
  const auto blob = Blob::Own(Pattern(9U << 20));
  for (const auto& ranges : OddRanges()) {
    ExpectSameAsOnePiece(*blob, ranges);
  }
}

TEST(Blob, HashRangesEqualsOnePieceWhenMapped) {
  const std::vector<uint8_t> bytes = Pattern(9U << 20);
  const int descriptor = memfd_create("blob", 0);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(write(descriptor, bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
  const auto blob = Blob::Open(descriptor);
  ASSERT_TRUE(blob.has_value());
  for (const auto& ranges : OddRanges()) {
    ExpectSameAsOnePiece(**blob, ranges);
  }
  // Forgetting, inside or out of bounds, changes no byte.
  (*blob)->Forget({0, bytes.size()});
  (*blob)->Forget({bytes.size(), 1});
  (*blob)->Forget({UINT64_MAX, UINT64_MAX});
  EXPECT_TRUE(Equal((*blob)->View(), bytes));
  close(descriptor);
}

TEST(Blob, AFileThatShrinksIsNotHashed) {
  const std::vector<uint8_t> bytes = Pattern(3'000'000);
  const int descriptor = memfd_create("blob", 0);
  ASSERT_EQ(write(descriptor, bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
  const auto blob = Blob::Open(descriptor);
  ASSERT_TRUE(blob.has_value());
  ASSERT_EQ(ftruncate(descriptor, 1'500'000), 0);
  std::vector<Hasher> hashers;
  hashers.emplace_back(DigestAlgorithm::kSha256);
  const std::vector<ByteRange> ranges = {{10, 50'000}, {1'490'000, 20'000}};
  const auto done = HashRanges(**blob, ranges, hashers);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().fault, Fault::kTruncated);
  EXPECT_EQ(done.error().offset, 1'500'000U);
  close(descriptor);
}

TEST(Blob, MapsAnEmptyFile) {
  const int descriptor = memfd_create("blob", 0);
  ASSERT_GE(descriptor, 0);
  const auto blob = Blob::Open(descriptor);
  close(descriptor);
  ASSERT_TRUE(blob.has_value());
  EXPECT_TRUE((*blob)->View().empty());
}

TEST(Blob, RefusesWhatIsNoRegularFile) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const auto blob = Blob::Open(ends[0]);
  close(ends[0]);
  close(ends[1]);
  ASSERT_FALSE(blob.has_value());
  EXPECT_EQ(blob.error().fault, Fault::kIo);
  EXPECT_FALSE(Blob::Open(-1).has_value());
}

}  // namespace
}  // namespace countersign::base
