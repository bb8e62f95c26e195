// A single-file application of .NET: the host, then the files of the
// application, then a manifest. The host holds a variable of 40 bytes that the
// bundler fills in: where the manifest is, and a mark to find the variable by.
//
//   host      ... i64 offset of the manifest, the SHA-256 of ".net core bundle"
//   files     content, aligned; some of it deflate
//   manifest  u32 major version, u32 minor version, i32 count, text: id
//             since 2: i64 offset and i64 size of NAME.deps.json, the same of
//               NAME.runtimeconfig.json, u64 flags
//             files: i64 offset, i64 size, since 6 i64 compressed size (0: as
//               it is), u8 type, text: path
//   text      size in groups of 7 bits, the lowest first, then UTF-8
//
// Spec: dotnet/runtime docs/design/features/single-file/bundler.md and
// src/native/corehost/bundle/{header,manifest,file_entry,file_type}.h.
#include "formats/dotnet_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/reader.h"
#include "formats/carried/claimed.h"
#include "formats/codec/decompress.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;
using namespace std::string_view_literals;

constexpr std::string_view kBundleMark =
    "\x8B\x12\x02\xB9\x6A\x61\x20\x38\x72\x7B\x93\x02\x14\xD7\xA0\x32"
    "\x13\xF5\xB9\xE6\xEF\xAE\x33\x18\xEE\x3B\x2D\xCE\x24\xB3\x6A\xAE"sv;
constexpr uint64_t kBundlePointerBytes = 8;
// Limit: marks that are tried. The host has one; a file with more of them that
// lead somewhere is made to be read in different ways.
constexpr size_t kMostBundleMarks = 8;
constexpr uint32_t kNewestBundleVersion = 6;

enum class BundledType : uint8_t {
  kUnknown,
  kAssembly,
  kNativeBinary,
  kDepsJson,
  kRuntimeConfigJson,
  kSymbols,
};

struct BundledFile {
  std::string path;
  uint8_t type = 0;
  uint64_t size = 0;
  bool is_compressed = false;
  ByteRange stored;
  ByteRange row;  // in the manifest
};

struct BundleManifest {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t count = 0;
  ByteRange deps;
  ByteRange runtime_config;
  ByteRange header;
};

std::string_view ReadBundleText(Reader& reader, const char* field) {
  uint64_t size = 0;
  // Spec: Write7BitEncodedInt of .NET; the host takes no more than two bytes.
  for (unsigned shift = 0; shift < 14; shift += 7) {
    const uint8_t byte = reader.U8(field);
    size |= uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80) == 0) {
      return base::AsText(reader.Take(size, field));
    }
  }
  reader.Fail(Fault::kMalformed, field);
  return {};
}

ByteRange ReadBundleRange(Reader& reader, const char* field) {
  ByteRange range;
  range.offset = reader.U64(field);
  range.size = reader.U64(field);
  return range;
}

Result<BundleManifest> ReadBundleHeader(Reader& reader) {
  BundleManifest manifest;
  manifest.header.offset = reader.Offset();
  manifest.major = reader.U32("major version");
  manifest.minor = reader.U32("minor version");
  if (!reader.Failed() &&
      (manifest.major == 0 || manifest.major > kNewestBundleVersion)) {
    reader.Fail(Fault::kUnsupported, "major version");
  }
  manifest.count = reader.U32("number of files");
  if (manifest.count == 0 || manifest.count > 0x7FFFFFFF) {
    reader.Fail(Fault::kMalformed, "number of files");
  }
  (void)ReadBundleText(reader, "bundle id");
  if (manifest.major >= 2) {
    manifest.deps = ReadBundleRange(reader, "deps.json");
    manifest.runtime_config = ReadBundleRange(reader, "runtimeconfig.json");
    (void)reader.U64("flags");
  }
  manifest.header.size = reader.Offset() - manifest.header.offset;
  return reader.Finish(manifest);
}

class BundleMembers {
 public:
  BundleMembers(const base::Blob& program, Budget& budget, MemberSink& sink)
      : file_(program.View()), budget_(budget), sink_(sink), remarks_(sink) {}

  // Of the manifest at `offset`, which is inside.
  Result<CarriedPackage> HandOver(uint64_t offset) {
    Reader reader(base::Input{file_.subspan(offset), offset});
    CarriedPackage package;
    package.description = ".NET single-file application";
    const auto manifest = ReadBundleHeader(reader);
    if (!manifest) {
      package.damage = manifest.error();
      return package;
    }
    package.description +=
        fmt::format(", bundle version {}.{}", manifest->major, manifest->minor);
    claimed_.Claim(manifest->header);
    auto result = HandOverFiles(reader, *manifest);
    NoteLayout(*manifest);
    remarks_.Finish();
    CS_TRY_VOID(std::move(result));
    package.claimed = claimed_.Ranges();
    package.damage = damage_;
    return package;
  }

 private:
  Result<void> HandOverFiles(Reader& reader, const BundleManifest& manifest) {
    for (uint64_t i = 0; i < manifest.count; ++i) {
      CS_TRY_VOID(budget_.ChargeSteps(1, reader.Offset()));
      const auto file = ReadFile(reader, manifest.major);
      if (!file) {
        damage_ = file.error();
        return {};
      }
      claimed_.Claim(file->row);
      if (!paths_.insert(file->path).second) {
        remarks_.Note(RemarkKind::kDuplicateName, file->row, [&] {
          return fmt::format("several files have the path {}",
                             QuotedName(file->path));
        });
      }
      CS_TRY_VOID(HandOverFile(*file));
    }
    return {};
  }

  static Result<BundledFile> ReadFile(Reader& reader, uint32_t major) {
    BundledFile file;
    const uint64_t at = reader.Offset();
    file.stored.offset = reader.U64("offset of a file");
    file.size = reader.U64("size of a file");
    file.stored.size = file.size;
    if (major >= 6) {
      const uint64_t compressed = reader.U64("compressed size of a file");
      file.is_compressed = compressed != 0;
      file.stored.size = file.is_compressed ? compressed : file.size;
    }
    file.type = reader.U8("type of a file");
    file.path = ReadBundleText(reader, "path of a file");
    file.row = {at, reader.Offset() - at};
    return reader.Finish(std::move(file));
  }

  Result<void> HandOverFile(const BundledFile& file) {
    Member member;
    member.name = "[bundle]/" + file.path;
    member.size = file.size;
    member.stored = file.row;
    if (!file.stored.Inside(file_.size())) {
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(
          Error{Fault::kTruncated, file.row.offset, "offset of a file"});
    }
    member.stored = file.stored;
    claimed_.Claim(file.stored);
    if (file.type == static_cast<uint8_t>(BundledType::kDepsJson)) {
      deps_ = file.stored;
    } else if (file.type ==
               static_cast<uint8_t>(BundledType::kRuntimeConfigJson)) {
      runtime_config_ = file.stored;
    } else if (file.type > static_cast<uint8_t>(BundledType::kSymbols)) {
      remarks_.Note(RemarkKind::kOddity, file.row, [&] {
        return fmt::format("{} is of the unknown type {}",
                           QuotedName(file.path), file.type);
      });
    }
    return file.is_compressed ? HandOverCompressed(file, member)
                              : sink_.Place(member, file.stored);
  }

  Result<void> HandOverCompressed(const BundledFile& file,
                                  const Member& member) {
    CS_TRY_VOID(sink_.Begin(member));
    CheckedSink checked(sink_);
    const auto taken =
        Decompress(Codec::kDeflate,
                   {file_.subspan(file.stored.offset, file.stored.size),
                    file.stored.offset},
                   checked, {.properties = {}, .size = file.size});
    if (!taken) {
      return sink_.End(taken.error());
    }
    if (*taken < file.stored.size) {
      const ByteRange rest{file.stored.offset + *taken,
                           file.stored.size - *taken};
      remarks_.Note(RemarkKind::kHiddenData, rest, [&] {
        return fmt::format("{} bytes behind the compressed data of {}",
                           rest.size, QuotedName(file.path));
      });
    }
    if (checked.Size() != file.size) {
      return sink_.End(
          Error{Fault::kMalformed, file.row.offset + 8, "size of a file"});
    }
    return sink_.End({});
  }

  void NoteLayout(const BundleManifest& manifest) {
    for (const ByteRange& shared : claimed_.Overlaps()) {
      remarks_.Note(RemarkKind::kOverlap, shared, [&] {
        return fmt::format("{} bytes of the bundle belong to several files",
                           shared.size);
      });
    }
    NoteOther("deps.json", manifest.deps, deps_, manifest);
    NoteOther("runtimeconfig.json", manifest.runtime_config, runtime_config_,
              manifest);
  }

  // Which files configure the host is said twice; the host believes the header.
  void NoteOther(std::string_view what, ByteRange in_header, ByteRange listed,
                 const BundleManifest& manifest) {
    if (in_header.offset == 0 || in_header == listed) {
      return;
    }
    remarks_.Note(RemarkKind::kDisagreement, manifest.header, [&] {
      return fmt::format(
          "the header of the bundle says that the {} has {} bytes at offset "
          "{}, the list of files says {} bytes at offset {}",
          what, in_header.size, in_header.offset, listed.size, listed.offset);
    });
  }

  Bytes file_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  ClaimedBytes claimed_;
  std::set<std::string> paths_;
  ByteRange deps_;
  ByteRange runtime_config_;
  std::optional<Error> damage_;
};

// Where the variables of hosts say that manifests are, each place once.
std::vector<ByteRange> FindBundlePointers(Bytes host) {
  std::vector<ByteRange> pointers;
  const std::string_view text = base::AsText(host);
  size_t at = text.find(kBundleMark);
  while (at != std::string_view::npos && pointers.size() < kMostBundleMarks) {
    if (at >= kBundlePointerBytes) {
      pointers.push_back({at - kBundlePointerBytes, kBundlePointerBytes});
    }
    at = text.find(kBundleMark, at + kBundleMark.size());
  }
  return pointers;
}

}  // namespace

Result<std::optional<CarriedPackage>> ReadDotnetBundleBehind(
    const base::Blob& program, uint64_t host_size, Budget& budget,
    MemberSink& sink) {
  const Bytes file = program.View();
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  std::optional<CarriedPackage> found;
  std::set<uint64_t> manifests;
  for (const ByteRange& pointer :
       FindBundlePointers(file.first(std::min(host_size, file.size())))) {
    Reader reader(base::Input{file.subspan(pointer.offset, pointer.size),
                              pointer.offset});
    const uint64_t offset = reader.U64("offset of the manifest");
    // A host without a bundle has a zero.
    if (offset == 0 || !manifests.insert(offset).second) {
      continue;
    }
    CarriedPackage package{".NET single-file application", {}, {}};
    if (offset >= file.size()) {
      package.damage =
          Error{Fault::kTruncated, pointer.offset, "offset of the manifest"};
    } else {
      package = CS_TRY(BundleMembers(program, budget, sink).HandOver(offset));
    }
    if (!found) {
      found = std::move(package);
      continue;
    }
    sink.Note({RemarkKind::kDisagreement, pointer,
               fmt::format("the program also points to a bundle at offset {}",
                           offset)});
    found->claimed.insert(found->claimed.end(), package.claimed.begin(),
                          package.claimed.end());
    found->damage = found->damage ? found->damage : package.damage;
  }
  return found;
}

Result<std::optional<CarriedPackage>> ReadDotnetBundle(
    const PeImage& image, const base::Blob& program, Budget& budget,
    MemberSink& sink) {
  const ByteRange overlay = Overlay(image);
  return ReadDotnetBundleBehind(
      program, overlay.size > 0 ? overlay.offset : program.View().size(),
      budget, sink);
}

Result<void> UnpackDotnetBundle(const base::Blob& container, Budget& budget,
                                MemberSink& sink) {
  const auto package = CS_TRY(
      ReadDotnetBundleBehind(container, container.View().size(), budget, sink));
  if (!package) {
    return base::Fail(Fault::kMalformed, container.View().size(),
                      "mark of a bundle");
  }
  sink.Identify(model::Format::kDotnetBundle, package->description);
  if (package->damage) {
    return std::unexpected(*package->damage);
  }
  return {};
}

}  // namespace countersign::formats
