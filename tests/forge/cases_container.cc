#include <algorithm>

#include "forge/cases.h"
#include "forge/image_digest.h"
#include "forge/little_endian.h"
#include "forge/recipes.h"

namespace countersign::forge::cases {
namespace {

// Inside .rdata of the plain image, far from its edges.
constexpr size_t kInsideSection = 2048;
constexpr size_t kInsideDosStub = 0x55;

TableEntry GoodEntry() {
  return SignatureEntry(
      SignImage(PlainImage(), SignatureBy(TestAuthorities().publisher)));
}

// The plain image with its good entry, after a change to entry or table.
ByteVector WithTable(void (*change)(TableRecipe&)) {
  TableRecipe table;
  table.entries.push_back(GoodEntry());
  change(table);
  return AttachTable(PlainImage(), table);
}

ByteVector MarkerBytes(size_t size) {
  ByteVector out;
  while (out.size() < size) {
    Append(out, BytesOf("INERT-TEST-FILE "));
  }
  out.resize(size);
  return out;
}

}  // namespace

ByteVector BadCheckSum() {
  ByteVector file = Valid();
  Write32(file, ReadLayout(file).checksum_offset, 0x12345678);
  return file;
}

ByteVector FlipSection() {
  ByteVector file = Valid();
  FlipBit(file, kInsideSection);
  return file;
}

ByteVector FlipDosStub() {
  ByteVector file = Valid();
  FlipBit(file, kInsideDosStub);
  return file;
}

// Without a time stamp the signature value ends the PKCS#7.
ByteVector FlipSignatureValue() {
  return WithTable([](TableRecipe& table) {
    ByteVector& content = table.entries.front().content;
    FlipBit(content, content.size() - 20);
  });
}

ByteVector TrailingInEntry() {
  return WithTable([](TableRecipe& table) {
    table.entries.front().trailing = ByteVector(256, 0x41);
  });
}

ByteVector DirectoryBeyondEntry() {
  return WithTable([](TableRecipe& table) {
    table.after_table = ByteVector(64, 0);
    table.directory_size_change = 64;
  });
}

ByteVector DirectoryBelowTable() {
  return WithTable(
      [](TableRecipe& table) { table.directory_size_change = -16; });
}

ByteVector TrailingAfterTable() {
  return WithTable(
      [](TableRecipe& table) { table.after_table = ByteVector(64, 0x41); });
}

ByteVector LengthZero() {
  return WithTable(
      [](TableRecipe& table) { table.entries.front().length = 0; });
}

ByteVector LengthMaximal() {
  return WithTable(
      [](TableRecipe& table) { table.entries.front().length = 0xFFFFFFFF; });
}

ByteVector DirectoryBeyondFile() {
  return WithTable(
      [](TableRecipe& table) { table.directory_offset = 0x7FFFFFFF; });
}

ByteVector EfiGuidEntry() {
  return WithTable(
      [](TableRecipe& table) { table.entries.front().type = kTypeEfiGuid; });
}

ByteVector DuplicateEntry() {
  return WithTable([](TableRecipe& table) {
    table.entries.push_back(table.entries.front());
  });
}

ByteVector GarbageFirstEntry() {
  return WithTable([](TableRecipe& table) {
    table.entries.insert(table.entries.begin(),
                         SignatureEntry(MarkerBytes(64)));
  });
}

ByteVector Transplanted() {
  TableRecipe table;
  table.entries.push_back(GoodEntry());
  return AttachTable(PlainImage(7), table);
}

ByteVector Truncated() {
  return WithTable([](TableRecipe& table) { table.truncated_bytes = 100; });
}

ByteVector UnauthenticatedBlob() {
  ImageSignature signature = SignatureBy(TestAuthorities().publisher);
  signature.signers.front().unsigned_attributes.push_back(
      {"1.3.6.1.4.1.42921.1.2.1", {OctetString(MarkerBytes(256))}});
  return SignedFile(signature);
}

ByteVector Padded() {
  return WithTable([](TableRecipe& table) {
    table.entries.front().trailing = MarkerBytes(4096);
  });
}

ByteVector Tampered() {
  ByteVector file = ValidTimestamped();
  const ByteVector mark = BytesOf("TAMPERED");
  std::copy(mark.begin(), mark.end(), file.begin() + kInsideSection);
  StoreCheckSum(file);
  return file;
}

ByteVector Stolen() {
  const ByteVector victim = ValidTimestamped();
  const ImageLayout layout = ReadLayout(victim);
  const auto table = ByteSpan(victim).subspan(layout.table_offset);
  ByteVector content(table.begin() + 8, table.end());
  TableRecipe recipe;
  recipe.entries.push_back(SignatureEntry(content));
  return AttachTable(PlainImage(9), recipe);
}

ByteVector Unsigned() { return PlainImage(); }

ByteVector FewDirectories() {
  ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(kBuildTime);
  recipe.directories = 4;
  return BuildImage(recipe);
}

// An installer keeps its payload behind the last section, where the signature
// covers it; its odd size makes the padding to 8 bytes count.
ByteVector WithOverlay() {
  ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(kBuildTime);
  recipe.overlay = MarkerBytes(1234);
  return SignedFile(BuildImage(recipe),
                    SignatureBy(TestAuthorities().publisher));
}

// As EFI images carry them: two entries, each a signature of its own.
ByteVector TwoEntries() {
  return WithTable([](TableRecipe& table) {
    table.entries.push_back(SignatureEntry(SignImage(
        PlainImage(), Stamped(SignatureBy(TestAuthorities().publisher),
                              StampAt(kSigningTime)))));
  });
}

}  // namespace countersign::forge::cases
