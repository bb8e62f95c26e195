#include "app/trust_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "app/file/scratch_directory.h"
#include "app/vetting/trust_selection.h"

namespace countersign::app {
namespace {

model::TrustStore Store(const std::string& name, model::Purpose purpose) {
  model::TrustStore store;
  store.name = name;
  store.source = "https://example.com/" + name;
  store.sha256 = std::string(64, 'a');
  store.purposes = {purpose};
  model::TrustEntry entry;
  entry.name = "A root";
  entry.certificate = {0x30, 0x00};
  entry.disallowed_after = base::FromUnixSeconds(1'600'000'000);
  store.entries = {entry};
  return store;
}

TEST(TrustDirectory, NamesAreNarrow) {
  for (const char* good : {"a", "public-2026.1", "0_x"}) {
    EXPECT_TRUE(IsStoreName(good)) << good;
  }
  for (const char* bad : {"", "A", ".a", "-a", "a/b", "..", "a b", "default",
                          "none", "system", "\u00e4"}) {
    EXPECT_FALSE(IsStoreName(bad)) << bad;
  }
  EXPECT_FALSE(IsStoreName(std::string(65, 'a')));
}

TEST(TrustDirectory, SavesAndLoads) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path("deep/er/trust/"), {});
  const auto path = directory.Save(Store("mine", model::Purpose::kCodeSigning));
  ASSERT_TRUE(path) << path.error();
  EXPECT_EQ(*path, scratch.Path("deep/er/trust/mine.store"));
  const auto all = directory.LoadAll();
  ASSERT_TRUE(all) << all.error();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(EncodeStore(all->at(0)),
            EncodeStore(Store("mine", model::Purpose::kCodeSigning)));
  EXPECT_TRUE(directory.Remove("mine"));
  EXPECT_FALSE(directory.Remove("mine"));
  EXPECT_TRUE(directory.LoadAll()->empty());
}

TEST(TrustDirectory, UserStoreHidesSystemStore) {
  const ScratchDirectory scratch;
  const TrustDirectory system(scratch.Path("system"), {});
  ASSERT_TRUE(system.Save(Store("a", model::Purpose::kKernel)));
  ASSERT_TRUE(system.Save(Store("b", model::Purpose::kKernel)));
  const TrustDirectory both(scratch.Path("user"), {scratch.Path("system")});
  ASSERT_TRUE(both.Save(Store("a", model::Purpose::kCodeSigning)));
  const auto all = both.LoadAll();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).purposes[0], model::Purpose::kCodeSigning);
  const auto removed = both.Remove("b");
  ASSERT_FALSE(removed);
  EXPECT_NE(removed.error().find("belongs to the system"), std::string::npos);
}

TEST(TrustDirectory, DamageIsAnErrorAndNeverAnEmptyStore) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path(), {});
  const auto bytes = EncodeStore(Store("x", model::Purpose::kCodeSigning));
  for (size_t size = 0; size < bytes.size(); ++size) {
    scratch.Write("x.store", base::AsText({bytes.data(), size}));
    const auto all = directory.LoadAll();
    ASSERT_FALSE(all) << size;
    EXPECT_NE(all.error().find("x.store"), std::string::npos);
  }
  scratch.Write("x.store", std::string(base::AsText(bytes)) + "more");
  EXPECT_FALSE(directory.LoadAll());
}

TEST(TrustDirectory, RefusesWhatEverybodyMayWrite) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path(), {});
  const auto path = directory.Save(Store("x", model::Purpose::kCodeSigning));
  ASSERT_TRUE(path);
  ASSERT_EQ(::chmod(path->c_str(), 0666), 0);
  EXPECT_FALSE(directory.LoadAll());
}

TEST(TrustDirectory, RefusesADirectoryThatEverybodyMayWrite) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path(), {});
  ASSERT_TRUE(directory.Save(Store("x", model::Purpose::kCodeSigning)));
  ASSERT_EQ(::chmod(scratch.Path().c_str(), 0777), 0);
  const auto all = directory.LoadAll();
  ASSERT_FALSE(all);
  EXPECT_NE(all.error().find("chmod o-w"), std::string::npos) << all.error();
  ASSERT_EQ(::chmod(scratch.Path().c_str(), 01777), 0);
  EXPECT_TRUE(directory.LoadAll());
}

TEST(TrustDirectory, RefusesAStoreOfAnotherUser) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path(), {});
  const auto path = directory.Save(Store("x", model::Purpose::kCodeSigning));
  ASSERT_TRUE(path);
  ASSERT_EQ(::chown(path->c_str(), 12345, 12345), 0);
  const auto all = directory.LoadAll();
  ASSERT_FALSE(all);
  EXPECT_NE(all.error().find("12345"), std::string::npos) << all.error();
}

TEST(TrustDirectory, OneAtATimeHoldsTheLock) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path("made"), {});
  auto lock = directory.Lock();
  ASSERT_TRUE(lock) << lock.error();
  std::optional<Descriptor> first(*std::move(lock));
  std::atomic<bool> taken = false;
  std::thread other([&] {
    const auto second = directory.Lock();
    taken = second.has_value();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(taken);
  first.reset();
  other.join();
  EXPECT_TRUE(taken);
}

TEST(TrustDirectory, WithoutHomeSaysWhatToSet) {
  const auto saved =
      TrustDirectory("", {}).Save(Store("x", model::Purpose::kCodeSigning));
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().find("COUNTERSIGN_TRUST_DIR"), std::string::npos);
}

// A file that begins with "L" is a trust list, an empty one an error.
std::expected<ImportedTrust, std::string> FakeImport(
    std::vector<vet::TrustFile> files, const std::string& name,
    std::vector<model::Purpose> purposes, base::Instant /*now*/) {
  ImportedTrust imported;
  imported.stores.push_back(Store(name.empty() ? "all" : name, purposes[0]));
  imported.notes = {"a note"};
  for (const vet::TrustFile& file : files) {
    if (file.bytes.empty()) {
      return std::unexpected(std::string("Nothing in it."));
    }
    if (file.bytes[0] == 'L') {
      imported.stores[0].list = model::TrustListFacts{};
    }
  }
  return imported;
}

std::vector<std::string> Selected(const std::vector<std::string>& words,
                                  const TrustDirectory& directory) {
  const auto chosen = SelectTrust(words, directory, FakeImport, {});
  std::vector<std::string> names;
  if (!chosen) {
    return {chosen.error()};
  }
  for (const model::TrustStore& store : chosen->stores) {
    names.push_back(store.name);
  }
  return names;
}

TEST(SelectTrust, DefaultIsWhatServesProgramsAndNeverTls) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path("trust"), {});
  ASSERT_TRUE(directory.Save(Store("code", model::Purpose::kCodeSigning)));
  ASSERT_TRUE(directory.Save(Store("time", model::Purpose::kTimeStamping)));
  ASSERT_TRUE(directory.Save(Store("web", model::Purpose::kTls)));
  const std::string file = scratch.Write("ca.pem", "x");
  using Names = std::vector<std::string>;
  EXPECT_EQ(Selected({}, directory), (Names{"code", "time"}));
  EXPECT_EQ(Selected({"none"}, directory), Names{});
  EXPECT_EQ(Selected({"web"}, directory), Names{"web"});
  EXPECT_EQ(Selected({"code", "default"}, directory), (Names{"code", "time"}));
  EXPECT_EQ(Selected({file}, directory), Names{file});
  const Names missing = Selected({"nobody"}, directory);
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_NE(missing[0].find("trust list"), std::string::npos);
}

// A list is of use only with the certificates it names, and of a signer that
// can be verified.
TEST(SelectTrust, ATrustListIsJoinedToTheOtherFiles) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path("trust"), {});
  ASSERT_TRUE(directory.Save(Store("code", model::Purpose::kCodeSigning)));
  const std::string list = scratch.Write("the.stl", "L");
  const std::string one = scratch.Write("one.pem", "x");
  const std::string two = scratch.Write("two.pem", "y");
  const std::string same = scratch.Write("same.pem", "x");
  using Names = std::vector<std::string>;
  EXPECT_EQ(Selected({one, two}, directory), (Names{one, two}));
  EXPECT_EQ(Selected({one, same}, directory), Names{one});
  EXPECT_EQ(Selected({list}, directory), Names{list});
  EXPECT_EQ(Selected({list, list, one}, directory), Names{"given-all"});
  EXPECT_EQ(Selected({one, "code", list}, directory),
            (Names{"code", "given-all"}));
}

TEST(SelectTrust, TakesAStoreFileAsItIs) {
  const ScratchDirectory scratch;
  const TrustDirectory directory(scratch.Path("trust"), {});
  const auto bytes = EncodeStore(Store("x", model::Purpose::kTls));
  const std::string file = scratch.Write("y", base::AsText(bytes));
  const auto chosen = SelectTrust({file}, directory, FakeImport, {});
  ASSERT_TRUE(chosen);
  ASSERT_EQ(chosen->stores.size(), 1U);
  EXPECT_EQ(chosen->stores[0].name, "x");
  EXPECT_TRUE(chosen->notes.empty());
}

}  // namespace
}  // namespace countersign::app
