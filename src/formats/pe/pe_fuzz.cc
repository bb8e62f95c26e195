// Every file that starts as a Windows program.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "base/text.h"
#include "formats/pe.h"

namespace countersign::formats {
namespace {

void CheckTable(const PeImage& image, base::Bytes file, std::string& text) {
  uint64_t end = 0;
  const auto entries = ReadCertificateTable(image, file);
  for (const CertificateEntry& entry : entries) {
    CS_CHECK(entry.whole.Inside(file.size()));
    CS_CHECK(entry.damage || entry.content.Inside(file.size()));
    CS_CHECK(!entry.damage || entry.damage->offset <= file.size());
    // An unknown revision is skipped; any other damage ends the walk.
    CS_CHECK(!entry.damage || &entry == &entries.back() ||
             entry.damage->fault == base::Fault::kUnsupported);
    CS_CHECK(entry.damage || entry.whole.offset >= end);
    end = entry.whole.offset + entry.whole.size;
    text += std::to_string(entry.whole.offset) + ",";
  }
  CS_CHECK(entries.size() <= 65);
  CS_CHECK(entries.empty() == (image.certificate_table.size == 0));
}

void CheckRanges(const PeImage& image, base::Bytes file, std::string& text) {
  uint64_t end = 0;
  uint64_t covered = 0;
  for (const base::ByteRange& range : DigestRanges(image)) {
    CS_CHECK(range.Inside(file.size()) && range.size > 0);
    CS_CHECK(range.offset >= end);
    end = range.offset + range.size;
    covered += range.size;
  }
  // A table in the headers is damage, and no digest is taken then.
  const base::ByteRange table = image.certificate_table;
  const bool behind_headers =
      table.offset >= image.security_directory_offset.value_or(0) + 8;
  if (behind_headers && table.Inside(file.size()) &&
      !TableOverlapsSection(image)) {
    const uint64_t directory = image.security_directory_offset ? 8 : 0;
    CS_CHECK(covered == file.size() - 4 - directory - table.size);
  }
  const base::ByteRange overlay = Overlay(image);
  CS_CHECK(overlay.Inside(file.size()));
  text += std::to_string(covered) + "," + std::to_string(overlay.size);
}

std::string Transcript(base::Bytes file) {
  const auto image = ParsePe(file);
  if (!image) {
    CS_CHECK(image.error().offset <= file.size());
    CS_CHECK(image.error().field != nullptr && image.error().field[0] != '\0');
    return image.error().field + std::to_string(image.error().offset);
  }
  CS_CHECK(image->file_size == file.size());
  CS_CHECK((base::ByteRange{image->checksum_offset, 4}).Inside(file.size()));
  if (image->security_directory_offset) {
    CS_CHECK((base::ByteRange{*image->security_directory_offset, 8})
                 .Inside(file.size()));
  } else {
    CS_CHECK(image->certificate_table == base::ByteRange{});
  }
  CS_CHECK(image->sections.size() * 40 <= file.size());
  std::string text = DescribePe(*image);
  CS_CHECK(base::DisplaySafe(text) == text);
  CheckTable(*image, file, text);
  CheckRanges(*image, file, text);
  return text;
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using countersign::formats::Transcript;
  CS_CHECK(Transcript({data, size}) == Transcript({data, size}));
  return 0;
}
