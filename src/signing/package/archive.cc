#include "signing/package/archive.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "base/reader.h"
#include "base/text.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Fault;
using base::Result;
using formats::ZipEntry;

// Passes on up to as many bytes as were declared.
class DeclaredSink : public formats::ByteSink {
 public:
  DeclaredSink(const ZipEntry& entry, formats::ByteSink& next)
      : entry_(entry), next_(next), left_(entry.size) {}

  Result<void> Write(Bytes bytes) override {
    if (bytes.size() > left_) {
      return base::Fail(Fault::kMalformed, entry_.data.offset,
                        "uncompressed size");
    }
    left_ -= bytes.size();
    return next_.Write(bytes);
  }

 private:
  const ZipEntry& entry_;
  formats::ByteSink& next_;
  uint64_t left_;
};

class BufferSink : public formats::ByteSink {
 public:
  Result<void> Write(Bytes bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

class HashSink : public formats::ByteSink {
 public:
  explicit HashSink(std::span<const base::DigestAlgorithm> algorithms) {
    for (const base::DigestAlgorithm algorithm : algorithms) {
      hashers_.emplace_back(algorithm);
    }
  }

  Result<void> Write(Bytes bytes) override {
    for (base::Hasher& hasher : hashers_) {
      hasher.Update(bytes);
    }
    return {};
  }
  base::Digest Finish(size_t index) { return hashers_[index].Finish(); }

 private:
  std::vector<base::Hasher> hashers_;
};

// The extra fields of `extra` but zip64's, which the reader accounts for. What
// is no field is left over, too.
void AddExtraSurplus(ByteRange extra, Bytes file,
                     std::vector<ByteRange>& surplus) {
  constexpr uint16_t kZip64 = 0x0001;
  constexpr uint64_t kMostZip64Bytes = 28;
  base::Reader reader(
      base::Input{file.subspan(extra.offset, extra.size), extra.offset});
  while (reader.Remaining() >= 4) {
    const uint64_t start = reader.Offset();
    const uint16_t id = reader.U16("header id");
    const uint16_t size = reader.U16("data size");
    const uint64_t taken = std::min<uint64_t>(size, reader.Remaining());
    reader.Skip(taken, "extra field");
    if (id != kZip64 || size > kMostZip64Bytes) {
      surplus.push_back({start, 4 + taken});
    }
  }
  if (reader.Remaining() > 0) {
    surplus.push_back({reader.Offset(), reader.Remaining()});
  }
}

}  // namespace

PackageArchive::PackageArchive(const base::Blob& file, formats::ZipArchive zip)
    : file_(&file), zip_(std::move(zip)) {
  for (const ZipEntry& entry : zip_.entries) {
    by_name_.push_back(&entry);
  }
  std::ranges::stable_sort(
      by_name_, std::ranges::less{},
      [](const ZipEntry* entry) -> std::string_view { return entry->name; });
}

Result<PackageArchive> PackageArchive::Open(const base::Blob& file,
                                            base::Budget& budget) {
  return PackageArchive(file, CS_TRY(formats::ParseZip(file.View(), budget)));
}

std::span<const ZipEntry* const> PackageArchive::Find(
    std::string_view name) const {
  const auto found = std::ranges::equal_range(
      by_name_, name, std::ranges::less{},
      [](const ZipEntry* entry) -> std::string_view { return entry->name; });
  return {found.begin(), found.end()};
}

const ZipEntry* PackageArchive::Single(std::string_view name) const {
  const auto found = Find(name);
  return found.size() == 1 ? found[0] : nullptr;
}

Result<void> PackageArchive::Read(const ZipEntry& entry,
                                  formats::ByteSink& sink,
                                  base::Budget& budget) const {
  // Limit: 2,000,000 steps, the default, are 8 GB then.
  constexpr uint64_t kBytesOfAStep = 4096;
  CS_TRY_VOID(budget.ChargeSteps(
      1 + entry.size / kBytesOfAStep + entry.data.size / kBytesOfAStep,
      entry.data.offset));
  DeclaredSink declared(entry, sink);
  return formats::ReadZipEntry(entry, file_->View(), declared);
}

Result<std::vector<uint8_t>> PackageArchive::Load(const ZipEntry& entry,
                                                  uint64_t most,
                                                  base::Budget& budget) const {
  if (entry.size > most) {
    return base::Fail(Fault::kLimit, entry.data.offset, "size of a part");
  }
  BufferSink buffer;
  CS_TRY_VOID(Read(entry, buffer, budget));
  return buffer.Take();
}

Result<EntryDigests> PackageArchive::Hash(
    const ZipEntry& entry, std::span<const base::DigestAlgorithm> algorithms,
    base::Budget& budget) const {
  HashSink sink(algorithms);
  CS_TRY_VOID(Read(entry, sink, budget));
  EntryDigests digests;
  for (size_t i = 0; i < algorithms.size(); ++i) {
    digests[algorithms[i]] = sink.Finish(i);
  }
  return digests;
}

ByteRange EntryRange(const ZipEntry& entry) {
  if (entry.local_header.size == 0) {
    return entry.central_header;
  }
  const ByteRange last =
      entry.descriptor.size > 0 ? entry.descriptor : entry.data;
  return {entry.local_header.offset,
          last.offset + last.size - entry.local_header.offset};
}

std::vector<ByteRange> HeaderSurplus(const ZipEntry& entry, Bytes file) {
  std::vector<ByteRange> surplus;
  const auto number = [&](uint64_t offset) -> uint64_t {
    return file[offset] | static_cast<uint64_t>(file[offset + 1]) << 8;
  };
  if (entry.local_header.size >= 30) {
    const ByteRange header = entry.local_header;
    const uint64_t extra = number(header.offset + 28);
    AddExtraSurplus({header.offset + header.size - extra, extra}, file,
                    surplus);
  }
  const ByteRange header = entry.central_header;
  const uint64_t extra = number(header.offset + 30);
  const uint64_t comment = number(header.offset + 32);
  const uint64_t end = header.offset + header.size;
  AddExtraSurplus({end - comment - extra, extra}, file, surplus);
  if (comment > 0) {
    surplus.push_back({end - comment, comment});
  }
  return surplus;
}

std::string QuoteName(std::string_view name) {
  // Limit: 80 bytes, so that a sentence stays one.
  constexpr size_t kMostBytes = 80;
  const bool is_long = name.size() > kMostBytes;
  return "\"" + base::DisplaySafe(name.substr(0, kMostBytes)) +
         (is_long ? "...\"" : "\"");
}

}  // namespace countersign::signing
