// The digest runs over the package with the signature's entry and header taken
// out and everything that they moved put back:
//
//   1. the bytes before the directory, but those of the signature's entry: from
//      its local header to the next one, or to the directory
//   2. the headers of the directory, in order, but the signature's; the offset
//      of each entry (at 42) is where it would be
//   3. the end record, 2 counts (at 8) less by one, size (12) and offset (16)
//   of
//      the directory less by what was taken out
//   4. the rest of the file
//
// Spec: NuGet "Package Signatures Technical Specification", section on the
// package's content hash; archives with zip64 records cannot be signed.
#include "signing/nuget/content.h"

#include <algorithm>
#include <map>

#include "base/base64.h"
#include "base/text.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Result;
using formats::ZipEntry;

struct NugetDigest {
  std::string_view name;
  base::DigestAlgorithm algorithm;
};

constexpr NugetDigest kNugetDigests[] = {
    {"2.16.840.1.101.3.4.2.1-Hash", base::DigestAlgorithm::kSha256},
    {"2.16.840.1.101.3.4.2.2-Hash", base::DigestAlgorithm::kSha384},
    {"2.16.840.1.101.3.4.2.3-Hash", base::DigestAlgorithm::kSha512},
};

using NugetSection = std::map<std::string_view, std::string_view>;

// The next line, which is taken off; it ends with CR, LF or both.
std::string_view TakeNugetLine(std::string_view& text) {
  const size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  const size_t mark = text.substr(end).starts_with("\r\n") ? 2 : 1;
  text.remove_prefix(std::min(end + mark, text.size()));
  return line;
}

// The lines up to an empty one, or nothing when they are no section.
std::optional<NugetSection> TakeNugetSection(std::string_view& text) {
  NugetSection section;
  while (!text.empty()) {
    const std::string_view line = TakeNugetLine(text);
    if (line.empty()) {
      return section;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 ||
        colon + 1 == line.size() ||
        !section.emplace(line.substr(0, colon), line.substr(colon + 1))
             .second) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

uint32_t NugetField(Bytes bytes, size_t offset) {
  return static_cast<uint32_t>(bytes[offset]) |
         static_cast<uint32_t>(bytes[offset + 1]) << 8 |
         static_cast<uint32_t>(bytes[offset + 2]) << 16 |
         static_cast<uint32_t>(bytes[offset + 3]) << 24;
}

void PutNugetField(std::vector<uint8_t>& bytes, size_t offset, size_t size,
                   uint64_t value) {
  for (size_t i = 0; i < size; ++i) {
    bytes[offset + i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

// Entries by where they lie.
std::vector<const ZipEntry*> NugetEntriesByPlace(
    const PackageArchive& archive) {
  std::vector<const ZipEntry*> entries;
  for (const ZipEntry& entry : archive.Entries()) {
    if (entry.local_header.size > 0) {
      entries.push_back(&entry);
    }
  }
  std::ranges::stable_sort(
      entries, std::ranges::less{},
      [](const ZipEntry* entry) { return entry->local_header.offset; });
  return entries;
}

// Where the bytes of the signature end: at the next entry, or the directory.
uint64_t NugetSignatureEnd(const PackageArchive& archive,
                           const ZipEntry& signature) {
  uint64_t end = archive.Zip().central_directory.offset;
  for (const ZipEntry& entry : archive.Entries()) {
    if (entry.local_header.size > 0 &&
        entry.local_header.offset > signature.local_header.offset) {
      end = std::min(end, entry.local_header.offset);
    }
  }
  return std::max(end, signature.local_header.offset);
}

// How much earlier each entry was: NuGet computes it by putting one behind the
// other, the first at 0.
std::map<const ZipEntry*, uint64_t> NugetMoves(const PackageArchive& archive,
                                               const ZipEntry& signature) {
  std::map<const ZipEntry*, uint64_t> moves;
  const auto entries = NugetEntriesByPlace(archive);
  const uint64_t directory = archive.Zip().central_directory.offset;
  uint64_t place = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const uint64_t start = entries[i]->local_header.offset;
    const uint64_t next = i + 1 < entries.size()
                              ? entries[i + 1]->local_header.offset
                              : directory;
    if (entries[i] != &signature) {
      moves[entries[i]] = start - place;  // modulo 2^64, as it is used
      place += next - start;
    }
  }
  return moves;
}

// Parts 2 and 3.
std::vector<uint8_t> NugetDirectory(const PackageArchive& archive,
                                    const ZipEntry& signature) {
  const Bytes file = archive.File().View();
  const auto moves = NugetMoves(archive, signature);
  std::vector<uint8_t> out;
  const auto append = [&](ByteRange range) {
    const Bytes bytes = file.subspan(range.offset, range.size);
    const size_t start = out.size();
    out.insert(out.end(), bytes.begin(), bytes.end());
    return start;
  };
  for (const ZipEntry& entry : archive.Entries()) {
    if (&entry == &signature) {
      continue;
    }
    const size_t start = append(entry.central_header);
    const auto move = moves.find(&entry);
    if (move != moves.end()) {
      PutNugetField(out, start + 42, 4,
                    NugetField(out, start + 42) - move->second);
    }
  }
  const ByteRange end = archive.Zip().end;
  const size_t start = append({end.offset, 22});
  const uint64_t taken =
      NugetSignatureEnd(archive, signature) - signature.local_header.offset;
  PutNugetField(out, start + 8, 2,
                uint64_t{NugetField(out, start + 8) & 0xFFFF} - 1);
  PutNugetField(out, start + 10, 2,
                uint64_t{NugetField(out, start + 8) >> 16} - 1);
  PutNugetField(out, start + 12, 4,
                NugetField(out, start + 12) - signature.central_header.size);
  PutNugetField(out, start + 16, 4, NugetField(out, start + 16) - taken);
  return out;
}

}  // namespace

std::optional<NugetContent> ReadNugetContent(std::string_view document) {
  const auto header = TakeNugetSection(document);
  const auto section = header ? TakeNugetSection(document) : std::nullopt;
  if (!section || !header->contains("Version") ||
      header->at("Version") != "1") {
    return std::nullopt;
  }
  for (const NugetDigest& each : kNugetDigests) {
    const auto found = section->find(each.name);
    if (found == section->end()) {
      continue;
    }
    auto digest = base::DecodeBase64(found->second);
    if (digest && digest->size() == base::DigestSize(each.algorithm)) {
      return NugetContent{each.algorithm, *std::move(digest)};
    }
  }
  return std::nullopt;
}

Result<base::Digest> HashNuget(const PackageArchive& archive,
                               const ZipEntry& signature,
                               base::DigestAlgorithm algorithm) {
  const auto& zip = archive.Zip();
  const uint64_t size = archive.File().View().size();
  const uint64_t start = signature.local_header.offset;
  const uint64_t end = NugetSignatureEnd(archive, signature);
  const uint64_t behind = zip.end.offset + 22;
  if (end > zip.central_directory.offset) {
    return base::Fail(base::Fault::kMalformed, start, "place of an entry");
  }
  std::vector<base::Hasher> hashers;
  hashers.emplace_back(algorithm);
  const ByteRange before[] = {{0, start},
                              {end, zip.central_directory.offset - end}};
  CS_TRY_VOID(base::HashRanges(archive.File(), before, hashers));
  hashers[0].Update(NugetDirectory(archive, signature));
  const ByteRange rest{behind, size - behind};
  CS_TRY_VOID(base::HashRanges(archive.File(), {&rest, 1}, hashers));
  return hashers[0].Finish();
}

ByteRange GapBehind(const PackageArchive& archive, const ZipEntry& signature) {
  const ByteRange entry = EntryRange(signature);
  const uint64_t end = entry.offset + entry.size;
  const uint64_t next = NugetSignatureEnd(archive, signature);
  return {end, next > end ? next - end : 0};
}

}  // namespace countersign::signing
