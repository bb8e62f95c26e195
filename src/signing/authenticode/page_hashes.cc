#include "signing/authenticode/page_hashes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/reader.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using model::PageHashes;

constexpr uint64_t kPage = 4096;
// Pages are forgotten after this many bytes, so few are resident.
constexpr uint64_t kForgetBytes = uint64_t{4} << 20;
constexpr std::array<uint8_t, kPage> kZeros{};

// Reads the signed list entry by entry and compares.
class PageComparer {
 public:
  PageComparer(base::DigestAlgorithm algorithm, Bytes signed_hashes)
      : algorithm_(algorithm), reader_(base::Input{signed_hashes, 0}) {}

  // False when the next entry is not (offset, digest).
  bool Matches(uint64_t offset, const base::Digest& digest) {
    const Entry entry = Next();
    return !reader_.Failed() && entry.offset == offset &&
           base::Equal(entry.digest, digest.View());
  }

  // The closing entry: the end of the last section and a zero digest. What
  // follows must be zero, too (signers round the list up).
  // Quirk: VirtualBox's signing tool writes the end of the last page instead.
  bool Ends(uint64_t section_end, uint64_t page_end) {
    base::Digest zero;
    zero.size = static_cast<uint8_t>(base::DigestSize(algorithm_));
    const Entry entry = Next();
    if (reader_.Failed() || !base::Equal(entry.digest, zero.View()) ||
        (entry.offset != section_end && entry.offset != page_end)) {
      return false;
    }
    const Bytes rest = reader_.Take(reader_.Remaining(), "padding");
    return std::ranges::all_of(rest, [](uint8_t b) { return b == 0; });
  }

 private:
  struct Entry {
    uint32_t offset = 0;
    Bytes digest;
  };

  Entry Next() {
    const uint32_t offset = reader_.U32("page offset");
    return {offset, reader_.Take(base::DigestSize(algorithm_), "page digest")};
  }

  base::DigestAlgorithm algorithm_;
  base::Reader reader_;
};

// The digest of the header page.
base::Digest HashHeader(Bytes file, const formats::PeImage& image,
                        base::DigestAlgorithm algorithm) {
  const uint64_t end = std::min<uint64_t>(image.size_of_headers, file.size());
  base::Hasher hasher(algorithm);
  for (const base::ByteRange& range : formats::DigestRanges(image)) {
    if (range.offset < end) {
      hasher.Update(
          file.subspan(range.offset, std::min(range.size, end - range.offset)));
    }
  }
  if (end < kPage) {
    hasher.Update(Bytes(kZeros).first(kPage - end));
  }
  return hasher.Finish();
}

base::Digest HashPage(Bytes page, base::DigestAlgorithm algorithm) {
  base::Hasher hasher(algorithm);
  hasher.Update(page);
  if (page.size() < kPage) {
    hasher.Update(Bytes(kZeros).first(kPage - page.size()));
  }
  return hasher.Finish();
}

}  // namespace

PageHashes CheckPageHashes(const base::Blob& blob,
                           const formats::PeImage& image,
                           base::DigestAlgorithm algorithm,
                           Bytes signed_hashes) {
  const Bytes file = blob.View();
  // No signer is known that writes the header of such an image.
  if (image.size_of_headers > kPage) {
    return PageHashes::kUnsupported;
  }
  // Why: sections that lie on each other could make one page cost a thousand.
  uint64_t covered = 0;
  for (const formats::PeSection& section : image.sections) {
    covered += section.raw.size;
  }
  if (covered > file.size()) {
    return PageHashes::kInvalid;
  }
  PageComparer comparer(algorithm, signed_hashes);
  if (!comparer.Matches(0, HashHeader(file, image, algorithm))) {
    return PageHashes::kInvalid;
  }
  uint64_t section_end = 0;
  uint64_t page_end = 0;
  for (const formats::PeSection& section : image.sections) {
    if (section.raw.size == 0) {
      continue;
    }
    if (!section.raw.Inside(file.size())) {
      return PageHashes::kInvalid;
    }
    for (uint64_t at = 0; at < section.raw.size; at += kPage) {
      const uint64_t offset = section.raw.offset + at;
      const Bytes page =
          file.subspan(offset, std::min(kPage, section.raw.size - at));
      if (!comparer.Matches(offset, HashPage(page, algorithm))) {
        return PageHashes::kInvalid;
      }
      page_end = offset + kPage;
      if (at % kForgetBytes == 0) {
        blob.Forget({section.raw.offset, at});
      }
    }
    section_end = section.raw.offset + section.raw.size;
  }
  return comparer.Ends(section_end, page_end) ? PageHashes::kValid
                                              : PageHashes::kInvalid;
}

}  // namespace countersign::signing
