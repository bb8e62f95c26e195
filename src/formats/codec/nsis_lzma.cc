// LZMA as NSIS has it:
//
//   u8 lc + 9 * (lp + 5 * pb), u32 dictionary size, LZMA1 to its end mark
//
// Spec: LZMA specification (2015), "lzma" properties; the .lzma header without
// its size field.
#include <lzma.h>

#include <array>
#include <memory>

#include "formats/codec/decompress.h"
#include "formats/codec/nsis_streams.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr size_t kPropertyBytes = 5;
constexpr size_t kFilteredPiece = size_t{256} << 10;
// Limit: as for every LZMA stream (decompress.h); NSIS writes 8 MiB.
constexpr uint32_t kMaxDictionary = uint32_t{256} << 20;

// LZMA1 behind the x86 branch filter: the one chain that codec/decompress.h
// does not have, because nothing else needs it.
class FilteredLzma {
 public:
  explicit FilteredLzma(base::Bytes properties) {
    lzma_options_lzma options{};
    const unsigned packed = properties[0];
    options.lc = packed % 9;
    options.lp = packed / 9 % 5;
    options.pb = packed / 45;
    for (size_t i = 4; i > 0; --i) {
      options.dict_size = options.dict_size << 8 | properties[i];
    }
    std::array<lzma_filter, 3> chain{};
    chain[0] = {LZMA_FILTER_X86, nullptr};
    chain[1] = {LZMA_FILTER_LZMA1, &options};
    chain[2] = {LZMA_VLI_UNKNOWN, nullptr};
    code_ = options.dict_size > kMaxDictionary
                ? LZMA_MEMLIMIT_ERROR
                : lzma_raw_decoder(&state_, chain.data());
  }
  FilteredLzma(const FilteredLzma&) = delete;
  FilteredLzma& operator=(const FilteredLzma&) = delete;
  ~FilteredLzma() { lzma_end(&state_); }

  Result<uint64_t> Run(Input input, ByteSink& output) {
    const auto piece =
        std::make_unique_for_overwrite<uint8_t[]>(kFilteredPiece);
    state_.next_in = input.bytes.data();
    state_.avail_in = input.bytes.size();
    while (code_ == LZMA_OK) {
      state_.next_out = piece.get();
      state_.avail_out = kFilteredPiece;
      code_ = lzma_code(&state_, LZMA_RUN);
      const size_t produced = kFilteredPiece - state_.avail_out;
      if (produced != 0) {
        CS_TRY_VOID(output.Write({piece.get(), produced}));
      }
      if (code_ == LZMA_OK && produced == 0 && state_.avail_in == 0) {
        code_ = LZMA_BUF_ERROR;
      }
    }
    const uint64_t taken = input.bytes.size() - state_.avail_in;
    switch (code_) {
      case LZMA_STREAM_END:
        return taken;
      case LZMA_BUF_ERROR:
        return Fail(Fault::kTruncated, input.offset + taken, "compressed data");
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR:
        return Fail(Fault::kLimit, input.offset, "memory of the decompressor");
      default:
        return Fail(Fault::kMalformed, input.offset + taken, "compressed data");
    }
  }

 private:
  lzma_stream state_ = LZMA_STREAM_INIT;
  lzma_ret code_ = LZMA_OK;
};

}  // namespace

Result<uint64_t> DecompressNsisLzma(Input input, bool x86, ByteSink& output) {
  if (input.bytes.size() < kPropertyBytes) {
    return Fail(Fault::kTruncated, input.offset + input.bytes.size(),
                "LZMA properties");
  }
  const base::Bytes properties = input.bytes.first(kPropertyBytes);
  const Input rest{input.bytes.subspan(kPropertyBytes),
                   input.offset + kPropertyBytes};
  uint64_t taken = 0;
  if (x86) {
    taken = CS_TRY(FilteredLzma(properties).Run(rest, output));
  } else {
    CodecOptions options;
    options.properties = properties;
    options.max_dictionary_bytes = kMaxDictionary;
    taken = CS_TRY(Decompress(Codec::kLzmaRaw, rest, output, options));
  }
  return taken + kPropertyBytes;
}

}  // namespace countersign::formats
