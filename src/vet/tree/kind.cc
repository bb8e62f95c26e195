#include "vet/tree/kind.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/entropy.h"
#include "formats/script.h"
#include "formats/zip.h"

namespace countersign::vet {

using formats::FormatRow;
using model::Format;

bool HasNoScheme(Format format) {
  switch (format) {
    case Format::kZip:
    case Format::kGzip:
    case Format::kBzip2:
    case Format::kXz:
    case Format::kLzma:
    case Format::kZstd:
    case Format::k7z:
    case Format::kRar:
    case Format::kTar:
    case Format::kCpio:
    case Format::kIso:
    case Format::kNsis:
    case Format::kInno:
    case Format::kBurn:
    case Format::kInstallshield:
    case Format::kSzdd:
    case Format::kAr:
    case Format::kArj:
    case Format::kChm:
    case Format::kUdf:
    case Format::kAsar:
    case Format::kPyinstaller:
    case Format::kDotnetBundle:
    case Format::kSquirrel:
    case Format::kOle:
    case Format::kScript:
      return true;
    default:
      return false;
  }
}

bool IsOnlyCompressed(Format format) {
  switch (format) {
    case Format::kGzip:
    case Format::kBzip2:
    case Format::kXz:
    case Format::kLzma:
    case Format::kZstd:
    case Format::kSzdd:
      return true;
    default:
      return false;
  }
}

bool IsPlainData(Format format) {
  return format == Format::kUnknown || format == Format::kText ||
         format == Format::kEmpty || format == Format::kPdf ||
         format == Format::kScript;
}

bool IsUnsignedText(const FormatRow& row, const base::Blob* bytes) {
  if (row.format != Format::kScript || bytes == nullptr) {
    return row.format == Format::kText;
  }
  const base::Bytes view = bytes->View();
  const size_t size = std::min(view.size(), formats::kSniffedBytes);
  return !formats::HasScriptBlock(view.first(size), row.format) &&
         !formats::HasScriptBlock(view.last(size), row.format);
}

bool HasZipAtEnd(const FormatRow& row, base::Bytes file) {
  return row.unpack == nullptr && formats::EndsLikeZip(file.last(std::min(
                                      file.size(), formats::kZipTailBytes)));
}

bool IsUnderItsSignature(Format format, formats::RemarkKind kind) {
  return format == Format::kPe ||
         (format == Format::kCab && kind != formats::RemarkKind::kTrailingData);
}

const FormatRow& RowOfZip() {
  return *std::ranges::find(formats::Formats(), Format::kZip,
                            &FormatRow::format);
}

std::string WhyNotRead(const FormatRow& row) {
  switch (row.format) {
    case Format::kUnknown:
      return "its format is not known";
    case Format::kEmpty:
      return "it is empty";
    default:
      return fmt::format(
          "it is recognised as {}, which this version does not read", row.name);
  }
}

bool IsPacked(base::Bytes data) {
  constexpr size_t kSampleBytes = size_t{1} << 20;
  constexpr size_t kSmallestBytes = size_t{64} << 10;
  constexpr double kPackedBits = 7.5;
  return data.size() >= kSmallestBytes &&
         base::EntropyBits(data.first(std::min(data.size(), kSampleBytes))) >=
             kPackedBits;
}

}  // namespace countersign::vet
