#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "forge/ctl.h"
#include "forge/der.h"
#include "signing/trust_list.h"

namespace countersign::signing {
namespace {

using base::Fault;
using forge::FileTime;

// 2026-04-22T00:33:28Z, when the list says it was made.
constexpr int64_t kForgedUpdate = 1'776'818'008;

struct ForgedList {
  std::string usage = "1.3.6.1.4.1.311.10.3.9";
  std::string identifier;
  std::string subject_algorithm = "1.3.14.3.2.26";  // SHA-1
  int64_t this_update = kForgedUpdate;
  std::vector<forge::ByteVector> entries;
  bool critical_extension = false;
};

// TrustedSubject with certificate properties by number.
forge::ByteVector ForgedEntry(
    const forge::ByteVector& identifier,
    const std::vector<std::pair<uint32_t, forge::ByteVector>>& properties) {
  std::vector<forge::ByteVector> attributes;
  for (const auto& [number, value] : properties) {
    attributes.push_back(forge::Sequence(
        {forge::Oid("1.3.6.1.4.1.311.10.11." + std::to_string(number)),
         forge::Set({forge::OctetString(value)})}));
  }
  return forge::Sequence(
      {forge::OctetString(identifier), forge::Set(attributes)});
}

// The list, without a signature.
forge::ByteVector MakeForgedList(const ForgedList& recipe) {
  std::vector<forge::ByteVector> fields = {
      forge::Sequence({forge::Oid(recipe.usage)})};
  if (!recipe.identifier.empty()) {
    fields.push_back(
        forge::OctetString(forge::Utf16LittleEndian(recipe.identifier)));
  }
  fields.push_back(forge::UnsignedInteger(forge::ByteVector{0x14, 0x01, 0xDC}));
  fields.push_back(forge::UtcTime(recipe.this_update));
  fields.push_back(
      forge::Sequence({forge::Oid(recipe.subject_algorithm), forge::Null()}));
  fields.push_back(forge::Sequence(recipe.entries));
  if (recipe.critical_extension) {
    fields.push_back(forge::Explicit(
        0, forge::Sequence(
               {forge::Sequence({forge::Oid("1.2.3.4"), forge::Boolean(true),
                                 forge::OctetString(forge::Null())})})));
  }
  forge::SignedDataRecipe data;
  data.content_type = "1.3.6.1.4.1.311.10.1";
  data.content = forge::Sequence(fields);
  data.digests = {forge::HashAlgorithm::kSha256};
  return forge::EncodeSignedData(data);
}

base::Result<TrustList> Parse(const std::vector<uint8_t>& file) {
  base::Budget budget;
  return ParseTrustList({file, 0}, budget);
}

std::vector<uint8_t> ReadShared(const std::string& name) {
  std::ifstream stream("../shared/trust/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(CertificateTrustList, ReadsEveryCondition) {
  const std::vector<uint8_t> sha1(20, 0x11);
  ForgedList recipe;
  recipe.entries = {ForgedEntry(
      sha1, {{9, forge::Sequence({forge::Oid("1.3.6.1.5.5.7.3.3"),
                                  forge::Oid("1.3.6.1.5.5.7.3.8")})},
             {11, forge::Utf16LittleEndian(std::string("Root \0", 6))},
             {20, std::vector<uint8_t>(20, 1)},
             {98, std::vector<uint8_t>(32, 0x22)},
             {104, FileTime(1'533'081'600)},
             {122, forge::Sequence({forge::Oid("1.3.6.1.5.5.7.3.3")})},
             {126, FileTime(1'485'907'200)},
             {127, forge::Sequence({forge::Oid("1.3.6.1.5.5.7.3.8")})}})};
  const auto list = Parse(MakeForgedList(recipe));
  ASSERT_TRUE(list) << list.error().field;
  EXPECT_EQ(list->kind, TrustListKind::kRoots);
  EXPECT_EQ(list->sequence, "1401dc");
  EXPECT_EQ(base::ToRfc3339(list->this_update), "2026-04-22T00:33:28Z");
  ASSERT_EQ(list->entries.size(), 1U);
  const model::TrustEntry& entry = list->entries[0].entry;
  EXPECT_EQ(entry.sha1, base::ToHex(sha1));
  EXPECT_EQ(entry.sha256, std::string(64, '2'));
  EXPECT_EQ(entry.name, "Root");
  EXPECT_TRUE(entry.anchor);
  EXPECT_EQ(entry.usages, (std::vector<std::string>{"1.3.6.1.5.5.7.3.3",
                                                    "1.3.6.1.5.5.7.3.8"}));
  EXPECT_EQ(base::ToRfc3339(entry.disallowed_after.value()),
            "2018-08-01T00:00:00Z");
  EXPECT_EQ(entry.disallowed_usages.at(0), "1.3.6.1.5.5.7.3.3");
  EXPECT_EQ(base::ToRfc3339(entry.not_before.value()), "2017-02-01T00:00:00Z");
  EXPECT_EQ(entry.not_before_usages.at(0), "1.3.6.1.5.5.7.3.8");
}

// A value of no bytes withdraws a condition; see the note on the VeriSign G5
// root in list_entry.cc.
TEST(CertificateTrustList, EmptyValueIsNoCondition) {
  ForgedList recipe;
  recipe.entries = {ForgedEntry(std::vector<uint8_t>(20, 1),
                                {{104, {}}, {126, {}}, {9, {}}})};
  const auto list = Parse(MakeForgedList(recipe));
  ASSERT_TRUE(list);
  const model::TrustEntry& entry = list->entries.at(0).entry;
  EXPECT_FALSE(entry.disallowed_after);
  EXPECT_FALSE(entry.not_before);
  EXPECT_TRUE(entry.usages.empty());
  EXPECT_TRUE(entry.anchor);
}

TEST(CertificateTrustList, UsageWithoutDateIsSinceEver) {
  ForgedList recipe;
  recipe.entries = {
      ForgedEntry(std::vector<uint8_t>(20, 1),
                  {{122, forge::Sequence({forge::Oid("1.3.6.1.5.5.7.3.9")})},
                   {127, forge::Sequence({forge::Oid("1.2.3.4")})}})};
  const auto list = Parse(MakeForgedList(recipe));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->entries.at(0).entry.disallowed_after, kSinceEver);
  EXPECT_EQ(list->entries.at(0).entry.not_before, kSinceEver);
}

TEST(CertificateTrustList, EntryWithUnknownConditionIsNoAnchor) {
  for (const uint32_t property : {84U, 128U}) {
    ForgedList recipe;
    recipe.entries = {
        ForgedEntry(std::vector<uint8_t>(20, 1), {{property, FileTime(0)}})};
    const auto list = Parse(MakeForgedList(recipe));
    ASSERT_TRUE(list);
    EXPECT_EQ(list->unusable_entries, 1U);
    EXPECT_FALSE(list->entries.at(0).entry.anchor);
  }
}

TEST(CertificateTrustList, NoUsageAtAllIsNoAnchor) {
  ForgedList recipe;
  recipe.entries = {
      ForgedEntry(std::vector<uint8_t>(20, 1), {{9, forge::Sequence({})}})};
  const auto list = Parse(MakeForgedList(recipe));
  ASSERT_TRUE(list);
  EXPECT_FALSE(list->entries.at(0).entry.anchor);
}

TEST(CertificateTrustList, DisallowedListDistrustsSinceEver) {
  ForgedList recipe;
  recipe.usage = "1.3.6.1.4.1.311.10.3.30";
  recipe.subject_algorithm = "1.3.6.1.4.1.311.10.11.15";
  recipe.identifier = "DisallowedCert_AutoUpdate_1";
  recipe.entries = {ForgedEntry(std::vector<uint8_t>(16, 0xAB), {}),
                    ForgedEntry(std::vector<uint8_t>(32, 0xCD), {})};
  const auto list = Parse(MakeForgedList(recipe));
  ASSERT_TRUE(list) << list.error().field;
  EXPECT_EQ(list->kind, TrustListKind::kDisallowed);
  EXPECT_EQ(list->identifier, "DisallowedCert_AutoUpdate_1");
  ASSERT_EQ(list->entries.size(), 2U);
  EXPECT_EQ(list->entries[0].disallowed_hash,
            "abababababababababababababababab");
  for (const ListedCertificate& listed : list->entries) {
    EXPECT_EQ(listed.entry.disallowed_after, kSinceEver);
    EXPECT_FALSE(listed.entry.anchor);
    EXPECT_TRUE(listed.entry.sha1.empty());
    EXPECT_TRUE(listed.entry.sha256.empty());
  }
}

TEST(CertificateTrustList, RefusesWhatIsAmbiguousOrWrong) {
  const auto fault_of = [](const ForgedList& recipe) {
    const auto list = Parse(MakeForgedList(recipe));
    return list ? std::nullopt : std::optional(list.error().fault);
  };
  const std::vector<uint8_t> sha1(20, 1);
  ForgedList recipe;
  recipe.entries = {ForgedEntry(sha1, {{104, {1, 2, 3}}})};
  EXPECT_EQ(fault_of(recipe), Fault::kMalformed);  // no FILETIME
  recipe.entries = {ForgedEntry(sha1, {{104, std::vector<uint8_t>(8, 0xFF)}})};
  EXPECT_EQ(fault_of(recipe), Fault::kMalformed);  // after the year 9999
  recipe.entries = {
      ForgedEntry(sha1, {{104, FileTime(0)}, {104, FileTime(1)}})};
  EXPECT_EQ(fault_of(recipe), Fault::kMalformed);  // which one?
  recipe.entries = {ForgedEntry(std::vector<uint8_t>(19, 1), {})};
  EXPECT_EQ(fault_of(recipe), Fault::kMalformed);  // no SHA-1
  recipe.entries = {ForgedEntry(sha1, {{98, {1}}})};
  EXPECT_EQ(fault_of(recipe), Fault::kMalformed);  // no SHA-256
  recipe.entries.clear();
  recipe.usage = "1.3.6.1.4.1.311.12.1.1";
  EXPECT_EQ(fault_of(recipe), Fault::kUnsupported);  // a catalog
  recipe = {};
  recipe.subject_algorithm = "1.2.840.113549.2.5";
  EXPECT_EQ(fault_of(recipe), Fault::kUnsupported);  // named by MD5
  recipe = {};
  recipe.critical_extension = true;
  EXPECT_EQ(fault_of(recipe), Fault::kUnsupported);
}

TEST(CertificateTrustList, EveryTruncationIsAnError) {
  ForgedList recipe;
  recipe.entries = {ForgedEntry(std::vector<uint8_t>(20, 1),
                                {{104, FileTime(0)}, {126, FileTime(1)}})};
  const std::vector<uint8_t> whole = MakeForgedList(recipe);
  ASSERT_TRUE(Parse(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> part(
        whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto list = Parse(part);
    ASSERT_FALSE(list) << size;
    EXPECT_LE(list.error().offset, size);
  }
}

TEST(CertificateTrustList, ReadsTheRealList) {
  const std::vector<uint8_t> file = ReadShared("authroot.stl");
  if (file.empty()) {
    GTEST_SKIP() << "needs ../shared/trust/authroot.stl";
  }
  const auto list = Parse(file);
  ASSERT_TRUE(list) << list.error().field << " at " << list.error().offset;
  EXPECT_EQ(list->entries.size(), 515U);
  EXPECT_EQ(list->unusable_entries, 0U);
  EXPECT_EQ(base::ToRfc3339(list->this_update), "2026-04-22T00:33:28Z");
  size_t code_signing = 0;
  size_t disallowed = 0;
  size_t not_before = 0;
  for (const ListedCertificate& listed : list->entries) {
    const model::TrustEntry& entry = listed.entry;
    EXPECT_EQ(entry.sha1.size(), 40U);
    EXPECT_EQ(entry.sha256.size(), 64U);
    EXPECT_FALSE(entry.name.empty());
    EXPECT_TRUE(listed.range.Inside(file.size()));
    code_signing +=
        entry.usages.empty() ||
                std::ranges::find(entry.usages, "1.3.6.1.5.5.7.3.3") !=
                    entry.usages.end()
            ? 1U
            : 0U;
    disallowed += entry.disallowed_after > kSinceEver ? 1U : 0U;
    not_before += entry.not_before.has_value() ? 1U : 0U;
  }
  EXPECT_EQ(code_signing, 306U);
  EXPECT_EQ(disallowed, 203U);
  EXPECT_EQ(not_before, 289U);
}

// VeriSign Class 3 Public Primary CA - G5: its disallow date was withdrawn.
TEST(CertificateTrustList, VeriSignG5IsNotDisallowed) {
  const std::vector<uint8_t> file = ReadShared("authroot.stl");
  if (file.empty()) {
    GTEST_SKIP() << "needs ../shared/trust/authroot.stl";
  }
  const auto list = Parse(file);
  ASSERT_TRUE(list);
  const auto found = std::ranges::find(
      list->entries, "4eb6d578499b1ccf5f581ead56be3d9b6744a5e5",
      [](const ListedCertificate& listed) { return listed.entry.sha1; });
  ASSERT_NE(found, list->entries.end());
  EXPECT_FALSE(found->entry.disallowed_after);
  EXPECT_EQ(base::ToRfc3339(found->entry.not_before.value()),
            "2021-02-01T00:00:00Z");
}

TEST(CertificateTrustList, RealListAndItsCertificatesAreReadQuickly) {
  const std::vector<uint8_t> file = ReadShared("authroot.stl");
  const std::vector<uint8_t> roots = ReadShared("microsoft-authroot-515.pem");
  if (file.empty() || roots.empty()) {
    GTEST_SKIP() << "needs ../shared/trust";
  }
  auto best = std::chrono::steady_clock::duration::max();
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    base::Budget budget;
    ASSERT_TRUE(ParseTrustList({file, 0}, budget));
    const auto contents = ReadTrustFile({roots, 0}, budget);
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->certificates.size(), 515U);
    EXPECT_EQ(contents->unreadable, 0U);
    best = std::min(best, std::chrono::steady_clock::now() - start);
  }
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(best).count();
  RecordProperty("microseconds", static_cast<int>(us));
  // Why so much more than the 10 ms that are the bar: sanitizers and debug
  // builds run this too. The figure itself is in the test's output.
  std::cout << "list and 515 certificates: " << us << " us\n";
  EXPECT_LT(us, 2'000'000);
}

}  // namespace
}  // namespace countersign::signing
