// Spec: APPNOTE 6.3.10, 4.3.7, 4.3.9, 4.3.12, 4.4.4. Names that make an archive
// more than an archive: MSIX package format ("AppxManifest.xml",
// "AppxBlockMap.xml"), bundles ("AppxMetadata/AppxBundleManifest.xml"); VSIX
// 2.0 ("extension.vsixmanifest"); NuGet (".nuspec", ".signature.p7s"); JAR File
// Specification ("META-INF/MANIFEST.MF"); Android ("AndroidManifest.xml").
#include "formats/zip/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/text.h"
#include "formats/zip/name.h"

namespace countersign::formats {
namespace {

using base::Bytes;

// Bits of the flags that say how the content is to be read.
uint16_t MeaningfulFlags(uint16_t flags, uint16_t method) {
  constexpr uint16_t kDeflateEffort = 3U << 1;
  return method == static_cast<uint16_t>(ZipMethod::kDeflated)
             ? static_cast<uint16_t>(flags & ~kDeflateEffort)
             : flags;
}

class HeaderComparison {
 public:
  HeaderComparison(const ZipEntry& entry, const ZipLocalHeader& local,
                   BoundedRemarks& notes)
      : entry_(entry), local_(local), notes_(notes) {}

  // True when they are the same. A streaming reader takes a zero for "later"
  // where a data descriptor follows.
  bool Check(const char* field, uint64_t local, uint64_t central,
             bool is_deferred = false) {
    if (local == central || (is_deferred && local == 0)) {
      return true;
    }
    notes_.Note(RemarkKind::kDisagreement, local_.range, [&] {
      return fmt::format(
          "{} of entry {}: the local header says {}, the central directory "
          "says {}",
          field, QuotedName(entry_.name), local, central);
    });
    return false;
  }

 private:
  const ZipEntry& entry_;
  const ZipLocalHeader& local_;
  BoundedRemarks& notes_;
};

void CompareNames(const ZipEntry& entry, const ZipLocalHeader& local,
                  Bytes archive, BoundedRemarks& notes) {
  const Bytes central =
      archive.subspan(entry.central_header.offset, entry.central_header.size);
  const auto header =
      ReadZipCentralHeader(archive, entry.central_header.offset,
                           entry.central_header.offset + central.size());
  if (!header) {
    return;
  }
  const bool is_same = base::Equal(local.name, header->name);
  if (is_same && !FindZipExtra(local.extra, kZipExtraUnicodePath)) {
    return;
  }
  const ZipName name = ReadZipName(local.name, local.flags, local.extra);
  if (!is_same || name.text != entry.name) {
    notes.Note(RemarkKind::kDisagreement, local.range, [&] {
      return fmt::format(
          "name: the local header says {}, the central directory says {}",
          QuotedName(name.text), QuotedName(entry.name));
    });
  }
}

void CompareDescriptor(const ZipEntry& entry, const ZipLocalHeader& local,
                       Bytes archive, BoundedRemarks& notes) {
  if ((local.flags & kZipFlagDescriptor) == 0) {
    return;
  }
  const ZipSums expected{entry.crc32, entry.compressed_size, entry.size};
  const auto descriptor =
      ReadZipDescriptor(archive, entry.data.offset + entry.data.size, expected);
  if (!descriptor) {
    notes.Note(RemarkKind::kDisagreement, local.range, [&] {
      return fmt::format(
          "entry {} has no data descriptor, which its local header promises",
          QuotedName(entry.name));
    });
  } else if (!(descriptor->sums == expected)) {
    notes.Note(RemarkKind::kDisagreement, descriptor->range, [&] {
      return fmt::format(
          "entry {}: the data descriptor says checksum {:08x}, sizes {} and "
          "{}, the central directory says {:08x}, {} and {}",
          QuotedName(entry.name), descriptor->sums.crc32,
          descriptor->sums.compressed_size, descriptor->sums.size,
          expected.crc32, expected.compressed_size, expected.size);
    });
  }
}

bool IsRootNuspec(std::string_view name) {
  constexpr std::string_view kEnding = ".nuspec";
  return name.size() > kEnding.size() &&
         name.find_first_of("/\\") == std::string_view::npos &&
         base::EqualIgnoringAsciiCase(name.substr(name.size() - kEnding.size()),
                                      kEnding);
}

}  // namespace

bool CompareZipHeaders(const ZipEntry& entry, Bytes archive,
                       BoundedRemarks& notes) {
  if (entry.local_header.size == 0 || (entry.flags & kZipFlagMasked) != 0) {
    return false;
  }
  const auto local = ReadZipLocalHeader(archive, entry.local_header.offset);
  if (!local) {
    return false;
  }
  CompareNames(entry, *local, archive, notes);
  HeaderComparison fields(entry, *local, notes);
  const bool is_deferred = (local->flags & kZipFlagDescriptor) != 0;
  bool is_same =
      fields.Check("compression method", local->method, entry.method);
  (void)fields.Check("general purpose bit flag",
                     MeaningfulFlags(local->flags, local->method),
                     MeaningfulFlags(entry.flags, entry.method));
  (void)fields.Check("crc-32", local->crc32, entry.crc32, is_deferred);
  is_same &= fields.Check("compressed size", local->compressed_size,
                          entry.compressed_size, is_deferred) ||
             local->compressed_size == 0;
  (void)fields.Check("uncompressed size", local->size, entry.size, is_deferred);
  CompareDescriptor(entry, *local, archive, notes);
  if (!IsZipExtraWhole(local->extra)) {
    notes.Note(RemarkKind::kOddity, local->range, [&] {
      return fmt::format(
          "the local header of entry {} has an extra field that "
          "is cut off",
          QuotedName(entry.name));
    });
  }
  if (const auto large = FindLargeZipExtra(local->extra)) {
    const uint64_t extra =
        local->range.offset + local->range.size - local->extra.size();
    notes.Note(RemarkKind::kHiddenData, {extra + large->offset, large->size},
               [&] {
                 return fmt::format(
                     "{} bytes in an extra field of the local header of entry "
                     "{}",
                     large->size, QuotedName(entry.name));
               });
  }
  return !is_same;
}

void NoteDuplicateZipNames(const std::vector<ZipEntry>& entries,
                           BoundedRemarks& notes) {
  std::vector<uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    const int compared = entries[a].name.compare(entries[b].name);
    return compared < 0 || (compared == 0 && a < b);
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const ZipEntry& entry = entries[order[i]];
    if (entry.name == entries[order[i - 1]].name) {
      notes.Note(RemarkKind::kDuplicateName, entry.central_header, [&] {
        return fmt::format("there is another entry {}, at offset {}",
                           QuotedName(entry.name),
                           entries[order[i - 1]].central_header.offset);
      });
    }
  }
}

ZipIdentity IdentifyZip(const std::vector<ZipEntry>& entries) {
  bool is_manifest = false;
  bool is_block_map = false;
  bool is_bundle = false;
  bool is_vsix = false;
  bool is_nuspec = false;
  bool is_package = false;  // by the Open Packaging Conventions
  bool is_nuget_signed = false;
  bool is_jar = false;
  bool is_android = false;
  for (const ZipEntry& entry : entries) {
    const auto is = [&](std::string_view name) {
      return base::EqualIgnoringAsciiCase(entry.name, name);
    };
    is_manifest |= is("AppxManifest.xml");
    is_block_map |= is("AppxBlockMap.xml");
    is_bundle |= is("AppxMetadata/AppxBundleManifest.xml");
    is_vsix |= is("extension.vsixmanifest");
    is_nuspec |= IsRootNuspec(entry.name);
    is_package |= is("[Content_Types].xml");
    is_nuget_signed |= is(".signature.p7s");
    is_jar |= is("META-INF/MANIFEST.MF");
    is_android |= is("AndroidManifest.xml");
  }
  using model::Format;
  if (is_bundle) {
    return {Format::kMsix, "MSIX bundle"};
  }
  // Why either: a package whose block map or manifest was taken away is one
  // still, and a damaged one.
  if ((is_manifest || is_block_map) && (is_block_map || is_package)) {
    return {Format::kMsix, "MSIX package"};
  }
  if (is_vsix) {
    return {Format::kVsix, "Visual Studio extension"};
  }
  if ((is_nuspec && is_package) || is_nuget_signed) {
    return {Format::kNupkg, "NuGet package"};
  }
  return {is_jar ? Format::kJar : Format::kZip, is_android ? "Android package"
                                                : is_jar   ? "Java archive"
                                                           : "ZIP archive"};
}

}  // namespace countersign::formats
