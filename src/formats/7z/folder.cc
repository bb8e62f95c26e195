// The coders of a folder are a graph, but all that programs write is a chain
// from one packed stream to the result, with BCJ2 as the only coder that takes
// more: its first input goes on with the chain, the other three are streams of
// their own.
//
//   packed 0 --> LZMA --> BCJ2 --> result
//   packed 1 --> LZMA ----^ ^ ^
//   packed 2 --> LZMA ------+ |
//   packed 3 -----------------+
//
// Spec: LZMA SDK 23.01, "7zFormat.txt" and "Methods.txt".
#include "formats/7z/folder.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "formats/7z/bcj2.h"
#include "formats/codec/branch_filter.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

enum class CoderKind : uint8_t {
  kCopy,
  kCompressor,
  kFilter,
  kBcj2,
  kCipher,
  kUnknown,
};

struct SevenZipMethod {
  uint64_t id = 0;
  const char* name = "";
  CoderKind kind = CoderKind::kUnknown;
  Codec codec = Codec::kDeflate;
  BranchFilter filter = BranchFilter::kX86;
};

constexpr SevenZipMethod Packs(uint64_t id, const char* name, Codec codec) {
  return {id, name, CoderKind::kCompressor, codec, BranchFilter::kX86};
}
constexpr SevenZipMethod Filters(uint64_t id, const char* name,
                                 BranchFilter filter) {
  return {id, name, CoderKind::kFilter, Codec::kDeflate, filter};
}

constexpr std::array kSevenZipMethods = {
    SevenZipMethod{0x00, "Copy", CoderKind::kCopy},
    Filters(0x03, "Delta", BranchFilter::kDelta),
    Filters(0x04, "BCJ", BranchFilter::kX86),
    Filters(0x05, "PPC", BranchFilter::kPowerPc),
    Filters(0x06, "IA64", BranchFilter::kIa64),
    Filters(0x07, "ARM", BranchFilter::kArm),
    Filters(0x08, "ARMT", BranchFilter::kArmThumb),
    Filters(0x09, "SPARC", BranchFilter::kSparc),
    Filters(0x0A, "ARM64", BranchFilter::kArm64),
    Packs(0x21, "LZMA2", Codec::kLzma2Raw),
    Packs(0x030101, "LZMA", Codec::kLzmaRaw),
    Filters(0x03030103, "BCJ", BranchFilter::kX86),
    SevenZipMethod{0x0303011B, "BCJ2", CoderKind::kBcj2},
    Filters(0x03030205, "PPC", BranchFilter::kPowerPc),
    Filters(0x03030401, "IA64", BranchFilter::kIa64),
    Filters(0x03030501, "ARM", BranchFilter::kArm),
    Filters(0x03030701, "ARMT", BranchFilter::kArmThumb),
    Filters(0x03030805, "SPARC", BranchFilter::kSparc),
    Packs(0x030401, "PPMD", Codec::kPpmdOf7z),
    Packs(0x040108, "Deflate", Codec::kDeflate),
    Packs(0x040109, "Deflate64", Codec::kDeflate64),
    Packs(0x040202, "BZip2", Codec::kBzip2),
    Packs(0x04F71101, "ZSTD", Codec::kZstandard),
    SevenZipMethod{0x06F10701, "7zAES", CoderKind::kCipher},
};

const SevenZipMethod& MethodOf(const SevenZipCoder& coder) {
  static constexpr SevenZipMethod kNone = {0, "unknown method",
                                           CoderKind::kUnknown};
  const auto* found =
      std::ranges::find(kSevenZipMethods, coder.method, &SevenZipMethod::id);
  return found == kSevenZipMethods.end() ? kNone : *found;
}

// Limit: bytes of each of the three small streams of BCJ2, which are kept in
// memory. They are a few per cent of a program.
constexpr uint64_t kMostBcj2Bytes = uint64_t{64} << 20;

class SevenZipKeepingSink : public ByteSink {
 public:
  Result<void> Write(Bytes bytes) override {
    if (bytes.size() > kMostBcj2Bytes - kept_.size()) {
      return Fail(Fault::kLimit, 0, "BCJ2 stream");
    }
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::vector<uint8_t> Release() { return std::move(kept_); }

 private:
  std::vector<uint8_t> kept_;
};

// What turns the output of the coder before into the next.
struct SevenZipStage {
  std::unique_ptr<BranchFilterSink> branch;
  std::unique_ptr<Bcj2Sink> bcj2;

  [[nodiscard]] ByteSink& Sink() const {
    return bcj2 ? static_cast<ByteSink&>(*bcj2) : *branch;
  }
  [[nodiscard]] Result<void> Finish() const {
    return bcj2 ? bcj2->Finish() : branch->Finish();
  }
};

class SevenZipDecoder {
 public:
  SevenZipDecoder(const SevenZipFolder& folder, std::span<const Input> packed)
      : folder_(folder), packed_(packed) {}

  // Follows the chain from the result back to a packed stream, putting a filter
  // in front of `output` for each that it passes; then runs the compressor.
  Result<uint64_t> Run(ByteSink& output) {
    const auto main = folder_.MainOutput();
    if (!main) {
      return Fail(Fault::kMalformed, Offset(), "BindPairs");
    }
    size_t at = *main;
    std::vector<SevenZipStage> stages;
    ByteSink* next = &output;
    // No chain is longer than there are coders.
    for (size_t passed = 0; passed < folder_.coders.size(); ++passed) {
      const SevenZipCoder& coder = folder_.coders[at];
      const SevenZipBond* bond = folder_.BondOfInput(coder.first_input);
      const CoderKind kind = MethodOf(coder).kind;
      if (kind == CoderKind::kFilter || kind == CoderKind::kBcj2) {
        stages.push_back(CS_TRY(MakeStage(coder, *next)));
        next = &stages.back().Sink();
      } else if (kind == CoderKind::kCompressor || kind == CoderKind::kCopy) {
        CS_TRY_VOID(Expect(coder, 1));
      } else {
        return Fail(Fault::kUnsupported, Offset(), MethodOf(coder).name);
      }
      if (kind == CoderKind::kCompressor || bond == nullptr) {
        CS_TRY_VOID(Decode(at, *next));
        return FinishAll(stages);
      }
      if (bond->output >= folder_.coders.size()) {
        break;
      }
      at = bond->output;
    }
    return Fail(Fault::kMalformed, Offset(), "BindPairs");
  }

 private:
  // Of the folder, for errors that no byte is to blame for.
  [[nodiscard]] uint64_t Offset() const {
    return packed_.empty() ? 0 : packed_[0].offset;
  }

  [[nodiscard]] Result<void> Expect(const SevenZipCoder& coder,
                                    uint32_t inputs) const {
    return coder.inputs == inputs
               ? Result<void>()
               : Fail(Fault::kMalformed, Offset(), "NumInStreams");
  }

  Result<uint64_t> FinishAll(const std::vector<SevenZipStage>& stages) {
    for (size_t i = stages.size(); i > 0; --i) {
      CS_TRY_VOID(stages[i - 1].Finish());
    }
    return unused_;
  }

  Result<SevenZipStage> MakeStage(const SevenZipCoder& coder, ByteSink& next) {
    SevenZipStage stage;
    const SevenZipMethod& method = MethodOf(coder);
    if (method.kind == CoderKind::kFilter) {
      CS_TRY_VOID(Expect(coder, 1));
      stage.branch = std::make_unique<BranchFilterSink>(
          method.filter, coder.properties, Offset(), next);
      return stage;
    }
    CS_TRY_VOID(Expect(coder, 4));
    Bcj2Streams streams;
    streams.calls = CS_TRY(Side(coder.first_input + 1));
    streams.jumps = CS_TRY(Side(coder.first_input + 2));
    streams.choices = CS_TRY(Side(coder.first_input + 3));
    streams.offset = Offset();
    stage.bcj2 = std::make_unique<Bcj2Sink>(std::move(streams), next);
    return stage;
  }

  // One of the small streams of BCJ2: packed, by a compressor or not at all.
  Result<std::vector<uint8_t>> Side(uint64_t input) {
    SevenZipKeepingSink kept;
    const SevenZipBond* bond = folder_.BondOfInput(input);
    if (bond == nullptr) {
      const Input stream = CS_TRY(Packed(input));
      CS_TRY_VOID(kept.Write(stream.bytes));
      return kept.Release();
    }
    if (bond->output >= folder_.coders.size()) {
      return Fail(Fault::kMalformed, Offset(), "BindPairs");
    }
    const SevenZipCoder& coder = folder_.coders[bond->output];
    if (MethodOf(coder).kind != CoderKind::kCompressor) {
      return Fail(Fault::kUnsupported, Offset(), "inputs of BCJ2");
    }
    CS_TRY_VOID(Decode(bond->output, kept));
    return kept.Release();
  }

  Result<Input> Packed(uint64_t input) {
    const auto found = std::ranges::find(folder_.packed, input);
    const auto index = static_cast<size_t>(found - folder_.packed.begin());
    if (index >= packed_.size()) {
      return Fail(Fault::kMalformed, Offset(), "PackedStreams");
    }
    return packed_[index];
  }

  // Runs the coder `at`, whose input is a packed stream.
  Result<void> Decode(size_t at, ByteSink& output) {
    const SevenZipCoder& coder = folder_.coders[at];
    const Input input = CS_TRY(Packed(coder.first_input));
    const SevenZipMethod& method = MethodOf(coder);
    if (method.kind != CoderKind::kCompressor) {
      return input.bytes.empty() ? Result<void>() : output.Write(input.bytes);
    }
    CodecOptions options;
    options.properties = coder.properties;
    options.size = folder_.sizes[at];
    const uint64_t taken =
        CS_TRY(Decompress(method.codec, input, output, options));
    unused_ += input.bytes.size() - taken;
    return {};
  }

  const SevenZipFolder& folder_;
  std::span<const Input> packed_;
  uint64_t unused_ = 0;
};

bool HasKind(const SevenZipFolder& folder, CoderKind kind) {
  return std::ranges::any_of(folder.coders, [&](const SevenZipCoder& coder) {
    return MethodOf(coder).kind == kind;
  });
}

}  // namespace

std::string SevenZipMethods(const SevenZipFolder& folder) {
  std::string text;
  for (const SevenZipCoder& coder : folder.coders) {
    text += (text.empty() ? "" : ", ") + std::string(MethodOf(coder).name);
  }
  return text;
}

bool IsEncrypted(const SevenZipFolder& folder) {
  return HasKind(folder, CoderKind::kCipher);
}

bool IsStored(const SevenZipFolder& folder) {
  return folder.coders.size() == 1 && HasKind(folder, CoderKind::kCopy);
}

Result<uint64_t> DecodeFolder(const SevenZipFolder& folder,
                              std::span<const Input> packed, ByteSink& output) {
  return SevenZipDecoder(folder, packed).Run(output);
}

}  // namespace countersign::formats
