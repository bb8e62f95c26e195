// Before it was signed, the package was
//
//   entries | central directory | zip64 records (optional) | end record
//
// and the signature is put between the entries and the directory, as one more
// entry. So what is signed is
//
//   AXPC  the bytes before the local header of AppxSignature.p7x
//   AXCD  the directory and the records behind it, as they were: without the
//         header of the signature, counts, size and offset set back. Fields
//         that leave their value to the zip64 record (all bits set) stay.
//   AXCT  [Content_Types].xml, its content
//   AXBM  AppxBlockMap.xml, its content
//   AXCI  AppxMetadata/CodeIntegrity.cat, its content, if there is one
//
// Spec: none is published; found with packages signed by Windows' SDK.
#include "signing/msix/digests.h"

#include <array>
#include <utility>

#include "signing/msix/part.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::DigestAlgorithm;
using base::Result;
using formats::ZipArchive;
using formats::ZipEntry;

uint64_t MsixField(const std::vector<uint8_t>& bytes, size_t offset,
                   size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i > 0; --i) {
    value = value << 8 | bytes[offset + i - 1];
  }
  return value;
}

void PutMsixField(std::vector<uint8_t>& bytes, size_t offset, size_t size,
                  uint64_t value) {
  for (size_t i = 0; i < size; ++i) {
    bytes[offset + i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

// Sets the field unless it leaves its value to the zip64 record.
void PutMsixFieldUnlessLeft(std::vector<uint8_t>& bytes, size_t offset,
                            size_t size, uint64_t value) {
  const uint64_t all = ~uint64_t{0} >> (64 - 8 * size);
  if (MsixField(bytes, offset, size) != all) {
    PutMsixField(bytes, offset, size, value);
  }
}

std::vector<uint8_t> CopyOfRange(Bytes file, ByteRange range) {
  const Bytes bytes = file.subspan(range.offset, range.size);
  return {bytes.begin(), bytes.end()};
}

void AppendTo(std::vector<uint8_t>& out, const std::vector<uint8_t>& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::vector<uint8_t> DirectoryWithout(const ZipArchive& zip,
                                      const ZipEntry& signature, Bytes file) {
  std::vector<uint8_t> out;
  for (const ZipEntry& entry : zip.entries) {
    if (&entry != &signature) {
      AppendTo(out, CopyOfRange(file, entry.central_header));
    }
  }
  const uint64_t count = zip.entries.size() - 1;
  const uint64_t size = out.size();
  const uint64_t offset = signature.local_header.offset - zip.base;
  // Spec: APPNOTE 4.3.14 to 4.3.16, offsets of the fields.
  if (zip.zip64_end.size > 0) {
    std::vector<uint8_t> record = CopyOfRange(file, zip.zip64_end);
    PutMsixField(record, 24, 8, count);
    PutMsixField(record, 32, 8, count);
    PutMsixField(record, 40, 8, size);
    PutMsixField(record, 48, 8, offset);
    AppendTo(out, record);
    std::vector<uint8_t> locator = CopyOfRange(file, zip.zip64_locator);
    PutMsixField(locator, 8, 8, offset + size);
    AppendTo(out, locator);
  }
  std::vector<uint8_t> end = CopyOfRange(file, zip.end);
  PutMsixFieldUnlessLeft(end, 8, 2, count);
  PutMsixFieldUnlessLeft(end, 10, 2, count);
  PutMsixFieldUnlessLeft(end, 12, 4, size);
  PutMsixFieldUnlessLeft(end, 16, 4, offset);
  AppendTo(out, end);
  return out;
}

Result<std::map<DigestAlgorithm, MsixDigests>> HashMsix(
    const PackageArchive& archive, const ZipEntry& signature,
    std::span<const DigestAlgorithm> algorithms, base::Budget& budget) {
  struct Part {
    const char* tag;
    std::string_view name;
  };
  constexpr std::array kParts = {Part{"AXCT", kMsixContentTypes},
                                 Part{"AXBM", kMsixBlockMap},
                                 Part{"AXCI", kMsixCodeIntegrity}};
  std::map<DigestAlgorithm, MsixDigests> digests;
  for (const Part& part : kParts) {
    const ZipEntry* entry = archive.Single(part.name);
    if (entry == nullptr) {
      continue;
    }
    const auto hashed = CS_TRY(archive.Hash(*entry, algorithms, budget));
    for (const auto& [algorithm, digest] : hashed) {
      digests[algorithm][part.tag] = digest;
    }
  }
  std::vector<base::Hasher> hashers;
  for (const DigestAlgorithm algorithm : algorithms) {
    hashers.emplace_back(algorithm);
  }
  const ByteRange entries{0, signature.local_header.offset};
  CS_TRY_VOID(base::HashRanges(archive.File(), {&entries, 1}, hashers));
  const std::vector<uint8_t> directory =
      DirectoryWithout(archive.Zip(), signature, archive.File().View());
  for (size_t i = 0; i < algorithms.size(); ++i) {
    digests[algorithms[i]]["AXPC"] = hashers[i].Finish();
    digests[algorithms[i]]["AXCD"] = base::Hash(algorithms[i], directory);
  }
  return digests;
}

std::optional<std::vector<MsixSignedDigest>> ReadMsixDigests(
    Bytes stated, size_t digest_bytes) {
  constexpr std::string_view kMark = "APPX";
  constexpr size_t kTagBytes = 4;
  const size_t record = kTagBytes + digest_bytes;
  if (!base::AsText(stated).starts_with(kMark) ||
      (stated.size() - kMark.size()) % record != 0) {
    return std::nullopt;
  }
  std::vector<MsixSignedDigest> digests;
  for (stated = stated.subspan(kMark.size()); !stated.empty();
       stated = stated.subspan(record)) {
    digests.push_back({std::string(base::AsText(stated.first(kTagBytes))),
                       stated.subspan(kTagBytes, digest_bytes)});
  }
  return digests;
}

}  // namespace countersign::signing
