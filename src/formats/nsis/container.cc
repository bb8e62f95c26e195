// The outermost layer of an NSIS installer.
//
//   (512-byte steps, up to 64 KiB of something else)
//   first header  u32 flags, u32 0xDEADBEEF, "NullsoftInst",
//                 u32 length_of_header, u32 length_of_all_following_data
//   not solid     u32 size | packed << 31, header
//                 ( u32 size | packed << 31, data )*
//   solid         packed( u32 length_of_header, header, ( u32 size, data )* )
//   u32 CRC-32, unless FH_FLAGS_NO_CRC
//
// Nothing says how it is packed: the runtime knows. Each way that the first
// bytes allow is tried, and the one that yields a header of the right length is
// taken.
//
// Spec: NSIS 3.08, Source/exehead/fileform.h, "firstheader"; fileform.c.
#include "formats/nsis/container.h"

#include <algorithm>

#include "base/reader.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;
using namespace std::string_view_literals;

constexpr uint64_t kAlignment = 512;
// Limit: what stands before the first header; an overlay is aligned, so that
// real ones have none.
constexpr uint64_t kMaxLeading = uint64_t{64} << 10;
// Limit: 16 MiB; large installers have 2. An instruction of 28 bytes becomes an
// operation of ten times that.
constexpr uint32_t kMaxNsisHeader = uint32_t{16} << 20;
constexpr uint32_t kFlagUninstall = 1;
constexpr uint32_t kFlagNoCrc = 4;
constexpr uint32_t kFlagForceCrc = 8;
constexpr uint32_t kFlagsMask = 15;
constexpr uint32_t kPacked = uint32_t{1} << 31;

struct FirstHeader {
  uint32_t flags = 0;
  bool has_mark = false;
  uint32_t header_length = 0;
  uint32_t total_length = 0;
};

FirstHeader ReadFirstHeader(Bytes bytes, uint64_t at) {
  base::Reader reader(base::Input{bytes.subspan(at), at});
  FirstHeader first;
  first.flags = reader.U32("flags");
  first.has_mark = base::AsText(reader.Take(16, "siginfo")) ==
                       "\xEF\xBE\xAD\xDENullsoftInst"sv &&
                   (first.flags & ~kFlagsMask) == 0;
  first.header_length = reader.U32("length_of_header");
  first.total_length = reader.U32("length_of_all_following_data");
  return first;
}

// Collects the header. Its last error says how that went.
class NsisHeaderSink : public ByteSink {
 public:
  // `prefixed`: a stream that goes on behind the header, and begins with the
  // header's length.
  NsisHeaderSink(uint32_t size, bool prefixed)
      : size_(size), prefix_(prefixed ? 4 : 0) {}

  Result<void> Write(Bytes bytes) override {
    const size_t wanted = size_t{size_} + prefix_ - header_.size();
    const size_t size = std::min(bytes.size(), wanted);
    header_.insert(header_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(size));
    if (prefix_ != 0 && header_.size() >= prefix_ &&
        base::Reader(base::Input{header_, 0}).U32("length") != size_) {
      return Fail(Fault::kMalformed, 0, "length_of_header");
    }
    if (size < bytes.size() && prefix_ == 0) {
      return Fail(Fault::kMalformed, 0, "length_of_header");
    }
    if (IsComplete() && prefix_ != 0) {
      return Fail(Fault::kLimit, 0, "header");  // enough
    }
    return {};
  }

  [[nodiscard]] bool IsComplete() const {
    return header_.size() == size_t{size_} + prefix_;
  }
  std::vector<uint8_t> TakeHeader() {
    header_.erase(header_.begin(),
                  header_.begin() + static_cast<std::ptrdiff_t>(prefix_));
    return std::move(header_);
  }

 private:
  std::vector<uint8_t> header_;
  uint32_t size_;
  size_t prefix_;
};

// The properties that every NSIS writes, and a dictionary of whole 64 KiB below
// 4 GiB; the first byte of LZMA itself is always 0.
bool StartsAsLzma(Bytes bytes) {
  return bytes.size() > 5 && bytes[0] == 0x5D && bytes[1] == 0 &&
         bytes[2] == 0 && bytes[5] == 0;
}

bool StartsAsBzip2(Bytes bytes) {
  constexpr uint8_t kMaxOrigin = 0x0E;  // highest byte of a place below 900,000
  return bytes.size() > 1 && bytes[0] == 0x31 && bytes[1] < kMaxOrigin;
}

// A way to unpack the header.
struct NsisCandidate {
  NsisCompressor compressor = NsisCompressor::kDeflate;
  bool solid = false;
  Input input;
};

void AddCandidates(Input input, bool solid,
                   std::vector<NsisCandidate>& candidates) {
  const Bytes bytes = input.bytes;
  if (StartsAsLzma(bytes)) {
    candidates.push_back({NsisCompressor::kLzma, solid, input});
  }
  if (!bytes.empty() && bytes[0] <= 1 && StartsAsLzma(bytes.subspan(1))) {
    candidates.push_back({NsisCompressor::kLzmaFiltered, solid, input});
  }
  if (StartsAsBzip2(bytes)) {
    candidates.push_back({NsisCompressor::kBzip2, solid, input});
  }
  candidates.push_back({NsisCompressor::kDeflate, solid, input});
}

// Takes the header from `candidate`, or fails.
Result<void> TryCandidate(const NsisCandidate& candidate, uint32_t size,
                          uint64_t data_end, NsisContainer& container) {
  NsisHeaderSink sink(size, candidate.solid);
  NsisStoredForm form = NsisStoredForm::kUnknown;
  const Result<uint64_t> taken =
      DecompressNsis(candidate.compressor, candidate.input, sink, form);
  if (!sink.IsComplete()) {
    return taken ? Fail(Fault::kMalformed, candidate.input.offset,
                        "length_of_header")
                 : Result<void>(std::unexpected(taken.error()));
  }
  if (!taken && !candidate.solid) {
    return std::unexpected(taken.error());
  }
  container.compressor = candidate.compressor;
  container.solid = candidate.solid;
  container.stored_form = form;
  container.header = sink.TakeHeader();
  container.stored_header = candidate.input.Range();
  const base::ByteRange& header = container.stored_header;
  const uint64_t start =
      candidate.solid ? header.offset : header.offset + header.size;
  container.data = {start, data_end - start};
  return {};
}

// What `error` of the decompressor says of the container.
Error InContainer(const Error& error, uint64_t offset) {
  return {error.fault, std::max(error.offset, offset), error.field};
}

Result<void> UnpackHeader(Input rest, uint32_t size, NsisContainer& container) {
  base::Reader reader(rest);
  const uint32_t length = reader.U32("length of header");
  if (reader.Failed()) {
    return Fail(Fault::kTruncated, rest.offset + rest.bytes.size(),
                "length of header");
  }
  const uint64_t data_end = rest.offset + rest.bytes.size();
  if (length == size) {
    const uint64_t at = reader.Offset();
    const Bytes header = reader.Take(size, "header");
    if (reader.Failed()) {
      return Fail(Fault::kTruncated, data_end, "header");
    }
    container.header.assign(header.begin(), header.end());
    container.stored_header = {at, size};
    container.data = {at + size, data_end - (at + size)};
    return {};
  }
  std::vector<NsisCandidate> candidates;
  if ((length & kPacked) != 0) {
    const uint64_t packed =
        std::min<uint64_t>(length & ~kPacked, reader.Remaining());
    AddCandidates({rest.bytes.subspan(4, packed), rest.offset + 4}, false,
                  candidates);
  }
  AddCandidates(rest, true, candidates);
  std::optional<Error> damage;
  for (const NsisCandidate& candidate : candidates) {
    const Result<void> result =
        TryCandidate(candidate, size, data_end, container);
    if (result) {
      return {};
    }
    // Why: the wrong way is malformed soon; what is cut off or too large was
    // more likely the right one.
    if (!damage || (damage->fault == Fault::kMalformed &&
                    result.error().fault != Fault::kMalformed)) {
      damage = InContainer(result.error(), candidate.input.offset);
    }
  }
  return std::unexpected(*damage);
}

}  // namespace

NsisCompressor GuessNsisCompressor(Bytes packed) {
  return StartsAsLzma(packed)    ? NsisCompressor::kLzma
         : StartsAsBzip2(packed) ? NsisCompressor::kBzip2
                                 : NsisCompressor::kDeflate;
}

Result<uint64_t> DecompressNsis(NsisCompressor compressor, Input input,
                                ByteSink& output, NsisStoredForm& form) {
  switch (compressor) {
    case NsisCompressor::kNone:
      break;
    case NsisCompressor::kDeflate:
      return InflateNsis(input, output, form);
    case NsisCompressor::kBzip2:
      return DecompressNsisBzip2(input, output);
    case NsisCompressor::kLzma:
      return DecompressNsisLzma(input, false, output);
    case NsisCompressor::kLzmaFiltered: {
      base::Reader reader(input);
      const uint8_t filter = reader.U8("filter");
      if (reader.Failed() || filter > 1) {
        return Fail(reader.Failed() ? Fault::kTruncated : Fault::kUnsupported,
                    input.offset, "filter");
      }
      const uint64_t taken = CS_TRY(DecompressNsisLzma(
          {input.bytes.subspan(1), input.offset + 1}, filter == 1, output));
      return taken + 1;
    }
  }
  return Fail(Fault::kUnsupported, input.offset, "compressor");
}

Result<NsisContainer> OpenNsis(Bytes bytes, base::Budget& budget) {
  if (bytes.size() < kNsisFirstHeaderBytes) {
    return Fail(Fault::kTruncated, bytes.size(), "firstheader");
  }
  NsisContainer container;
  FirstHeader first;
  for (uint64_t at = 0; !first.has_mark && at <= kMaxLeading &&
                        at + kNsisFirstHeaderBytes <= bytes.size();
       at += kAlignment) {
    CS_TRY_VOID(budget.ChargeSteps(1, at));
    first = ReadFirstHeader(bytes, at);
    container.start = at;
  }
  if (!first.has_mark) {
    return Fail(Fault::kMalformed, 4, "siginfo");
  }
  const uint64_t start = container.start;
  if (first.header_length == 0) {
    return Fail(Fault::kMalformed, start + 20, "length_of_header");
  }
  if (first.header_length > kMaxNsisHeader) {
    return Fail(Fault::kLimit, start + 20, "length_of_header");
  }
  const bool has_crc =
      (first.flags & kFlagNoCrc) == 0 || (first.flags & kFlagForceCrc) != 0;
  const uint64_t least = kNsisFirstHeaderBytes + (has_crc ? 4 : 0);
  if (first.total_length < least) {
    return Fail(Fault::kMalformed, start + 24, "length_of_all_following_data");
  }
  container.uninstaller = (first.flags & kFlagUninstall) != 0;
  container.end = std::min<uint64_t>(bytes.size(), start + first.total_length);
  if (start + first.total_length > bytes.size()) {
    container.cut =
        Error{Fault::kTruncated, bytes.size(), "length_of_all_following_data"};
  }
  uint64_t data_end = container.end;
  if (has_crc && !container.cut) {
    data_end -= 4;
    container.crc =
        base::Reader(Input{bytes.subspan(data_end), data_end}).U32("CRC");
  }
  const uint64_t rest = start + kNsisFirstHeaderBytes;
  CS_TRY_VOID(UnpackHeader({bytes.subspan(rest, data_end - rest), rest},
                           first.header_length, container));
  container.header_size = container.header.size();
  CS_TRY_VOID(budget.ChargeSteps(1 + container.header_size / 1024, rest));
  return container;
}

}  // namespace countersign::formats
