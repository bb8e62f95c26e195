// Spec: APPNOTE 6.3.10, 4.4.4 (flags), 4.4.5 (methods), 5 (their streams), 5.8
// (LZMA), 7 (encryption).
#include "formats/zip/content.h"

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/codec/pkzip.h"
#include "formats/codec/ppmd.h"
#include "formats/zip/record.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

// Takes content that comes in one piece of the size that is expected, and
// refuses any other.
class WholeSink : public ByteSink {
 public:
  WholeSink(ByteSink& next, uint64_t size) : next_(next), size_(size) {}

  Result<void> Write(Bytes bytes) override {
    if (has_written_ || bytes.size() != size_) {
      return Fail(Fault::kMalformed, 0, "uncompressed size");
    }
    has_written_ = true;
    return next_.Write(bytes);
  }
  [[nodiscard]] bool HasWritten() const { return has_written_; }

 private:
  ByteSink& next_;
  uint64_t size_;
  bool has_written_ = false;
};

// Remembers whether no more was wanted.
class NotedSink : public ByteSink {
 public:
  explicit NotedSink(ByteSink& next) : next_(next) {}

  Result<void> Write(Bytes bytes) override {
    auto written = next_.Write(bytes);
    has_refused_ |= !written;
    return written;
  }
  [[nodiscard]] bool HasRefused() const { return has_refused_; }

 private:
  ByteSink& next_;
  bool has_refused_ = false;
};

// Why two ways: told the size, the decompressor is twice as fast, but gives
// nothing more than that size. Other readers do, and a size that lies must not
// hide content from us.
Result<uint64_t> Inflate(const ZipCoding& coding, Input data,
                         ByteSink& content) {
  // Limit: the decompressor's own for one call.
  constexpr uint64_t kMostBytes = uint64_t{64} << 20;
  if (coding.size && *coding.size > 0 && *coding.size <= kMostBytes) {
    WholeSink whole(content, *coding.size);
    CodecOptions options;
    options.size = coding.size;
    const auto taken = Decompress(Codec::kDeflate, data, whole, options);
    if (whole.HasWritten()) {
      return taken;
    }
  }
  return Decompress(Codec::kDeflate, data, content);
}

// Streams that may follow each other.
// Quirk: parallel compressors of bzip2 and Zstandard write several.
Result<uint64_t> DecodeStreams(Codec codec, Input data,
                               std::optional<uint64_t> size,
                               ByteSink& content) {
  CheckedSink counted(content);
  uint64_t taken = 0;
  do {
    const uint64_t more = CS_TRY(Decompress(
        codec, {data.bytes.subspan(taken), data.offset + taken}, counted));
    if (more == 0) {
      break;
    }
    taken += more;
  } while (size && counted.Size() < *size && taken < data.bytes.size());
  return taken;
}

// Version u16, size of the properties u16, properties, then the stream.
Result<uint64_t> DecodeLzma(const ZipCoding& coding, Input data,
                            ByteSink& content) {
  constexpr uint16_t kFlagEndMark = 1U << 1;
  base::Reader reader(data);
  reader.Skip(2, "LZMA version information");
  const uint16_t size = reader.U16("LZMA properties size");
  CodecOptions options;
  options.properties = reader.Take(size, "LZMA properties data");
  const Bytes stream = reader.Take(reader.Remaining(), "LZMA compressed data");
  CS_TRY(reader.Finish(0));
  const bool has_end = (coding.flags & kFlagEndMark) != 0;
  if (!has_end && !coding.size) {
    return Fail(Fault::kUnsupported, data.offset, "general purpose bit flag");
  }
  if (!has_end) {
    options.size = coding.size;
  }
  const uint64_t head = data.bytes.size() - stream.size();
  const uint64_t taken = CS_TRY(Decompress(
      Codec::kLzmaRaw, {stream, data.offset + head}, content, options));
  // Quirk: the decoder stops at the last byte of content. The range coder's
  // last bytes, and an end mark that no flag tells of, are not read then.
  constexpr uint64_t kMostTail = 16;
  const uint64_t left = stream.size() - taken;
  return head + taken + (!has_end && left <= kMostTail ? left : 0);
}

// The methods that are of no use without the size.
Result<uint64_t> DecodeOld(const ZipCoding& coding, Input data,
                           ByteSink& content) {
  if (!coding.size) {
    return Fail(Fault::kUnsupported, data.offset, "compression method");
  }
  switch (static_cast<ZipMethod>(coding.method)) {
    case ZipMethod::kShrunk:
      return Unshrink(data, content, *coding.size);
    case ZipMethod::kImploded:
      return Explode(data, content, *coding.size, (coding.flags & 2) != 0,
                     (coding.flags & 4) != 0);
    default:
      return Unreduce(data, content, *coding.size, coding.method - 1U);
  }
}

}  // namespace

bool IsZipMethodRead(uint16_t method) {
  switch (static_cast<ZipMethod>(method)) {
    case ZipMethod::kStored:
    case ZipMethod::kShrunk:
    case ZipMethod::kImploded:
    case ZipMethod::kDeflated:
    case ZipMethod::kDeflated64:
    case ZipMethod::kBzip2:
    case ZipMethod::kLzma:
    case ZipMethod::kOldZstandard:
    case ZipMethod::kZstandard:
    case ZipMethod::kXz:
    case ZipMethod::kPpmd:
      return true;
    default:
      return method >= static_cast<uint16_t>(ZipMethod::kReduced1) &&
             method <= static_cast<uint16_t>(ZipMethod::kReduced4);
  }
}

bool IsZipEncrypted(const ZipEntry& entry, Bytes archive) {
  if (entry.method == static_cast<uint16_t>(ZipMethod::kAes) ||
      (entry.flags & kZipFlagMasked) != 0) {
    return true;
  }
  // Quirk: Android ignores the flag, and programs are hidden from scanners by
  // setting it in the central directory alone; so both have to say it.
  const auto local = ReadZipLocalHeader(archive, entry.local_header.offset);
  return (entry.flags & kZipFlagEncrypted) != 0 &&
         (!local || (local->flags & kZipFlagEncrypted) != 0);
}

Result<uint64_t> DecodeZip(const ZipCoding& coding, Input data,
                           ByteSink& content) {
  switch (static_cast<ZipMethod>(coding.method)) {
    case ZipMethod::kStored:
      if (!data.bytes.empty()) {
        CS_TRY_VOID(content.Write(data.bytes));
      }
      return data.bytes.size();
    case ZipMethod::kDeflated:
      return Inflate(coding, data, content);
    case ZipMethod::kDeflated64:
      return InflateDeflate64(data, content);
    case ZipMethod::kBzip2:
      return DecodeStreams(Codec::kBzip2, data, coding.size, content);
    case ZipMethod::kZstandard:
    case ZipMethod::kOldZstandard:
      return DecodeStreams(Codec::kZstandard, data, coding.size, content);
    case ZipMethod::kXz:
      return Decompress(Codec::kXz, data, content);
    case ZipMethod::kLzma:
      return DecodeLzma(coding, data, content);
    case ZipMethod::kPpmd:
      return DecodePpmdOfZip(data, content);
    default:
      if (IsZipMethodRead(coding.method)) {
        return DecodeOld(coding, data, content);
      }
      return Fail(Fault::kUnsupported, data.offset, "compression method");
  }
}

Result<uint64_t> ReadZipContent(const ZipEntry& entry, Bytes archive,
                                ByteSink& content) {
  if (entry.damage && entry.local_header.size == 0) {
    return std::unexpected(*entry.damage);
  }
  if (IsZipEncrypted(entry, archive)) {
    return Fail(Fault::kUnsupported, entry.local_header.offset + 6,
                "general purpose bit flag");
  }
  if (!IsZipMethodRead(entry.method)) {
    return Fail(Fault::kUnsupported, entry.local_header.offset + 8,
                "compression method");
  }
  NotedSink noted(content);
  CheckedSink checked(noted);
  auto taken = DecodeZip(
      {entry.method, entry.flags, entry.size},
      {archive.subspan(entry.data.offset, entry.data.size), entry.data.offset},
      checked);
  const bool is_whole =
      checked.Size() == entry.size && checked.Crc() == entry.crc32;
  if (!taken && !noted.HasRefused() && is_whole &&
      taken.error().fault == Fault::kTruncated) {
    // Quirk: packers of MSIX flush the stream and never end it.
    taken = entry.data.size;
  }
  if (!taken) {
    return taken;
  }
  if (entry.damage) {
    return std::unexpected(*entry.damage);
  }
  if (is_whole) {
    return taken;
  }
  if (checked.Size() != entry.size) {
    return Fail(Fault::kMalformed, entry.data.offset + *taken,
                "uncompressed size");
  }
  return Fail(Fault::kMalformed, entry.data.offset, kZipChecksumField);
}

Result<void> ReadZipEntry(const ZipEntry& entry, Bytes archive,
                          ByteSink& content) {
  CS_TRY(ReadZipContent(entry, archive, content));
  return {};
}

}  // namespace countersign::formats
