// liblzma has these filters in front of LZMA2 only. An LZMA2 stream may consist
// of stored chunks, so that any bytes are one behind three bytes for each
// chunk:
//
//   +-------------------------+------------------+-------+ ... +----+
//   | 01 (first), 02 (others) | size less 1, u16 | bytes |     | 00 |
//   |                         | big-endian       |       |     |    |
//   +-------------------------+------------------+-------+ ... +----+
//
// Spec: The .xz File Format 1.2.1, section 5.3.
#include "formats/codec/branch_filter.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Result;

lzma_vli FilterId(BranchFilter filter) {
  switch (filter) {
    case BranchFilter::kDelta:
      return LZMA_FILTER_DELTA;
    case BranchFilter::kX86:
      return LZMA_FILTER_X86;
    case BranchFilter::kPowerPc:
      return LZMA_FILTER_POWERPC;
    case BranchFilter::kIa64:
      return LZMA_FILTER_IA64;
    case BranchFilter::kArm:
      return LZMA_FILTER_ARM;
    case BranchFilter::kArmThumb:
      return LZMA_FILTER_ARMTHUMB;
    case BranchFilter::kSparc:
      return LZMA_FILTER_SPARC;
    case BranchFilter::kArm64:
      return LZMA_FILTER_ARM64;
  }
  return LZMA_VLI_UNKNOWN;
}

}  // namespace

struct BranchFilterSink::State {
  State(uint64_t offset_of_filter, ByteSink& next_sink)
      : offset(offset_of_filter), next(next_sink) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { lzma_end(&stream); }

  void Start(BranchFilter filter, Bytes properties) {
    lzma_options_lzma lzma2{};
    lzma2.dict_size = LZMA_DICT_SIZE_MIN;
    std::array<lzma_filter, 3> filters{};
    filters[0].id = FilterId(filter);
    filters[1] = {LZMA_FILTER_LZMA2, &lzma2};
    filters[2].id = LZMA_VLI_UNKNOWN;
    code = lzma_properties_decode(filters.data(), nullptr, properties.data(),
                                  properties.size());
    if (code == LZMA_OK) {
      code = lzma_raw_decoder(&stream, filters.data());
    }
    // The library took it from malloc.
    std::free(filters[0].options);  // NOLINT(cppcoreguidelines-no-malloc)
  }

  // Feeds `bytes` of the LZMA2 stream.
  Result<void> Run(Bytes bytes) {
    stream.next_in = bytes.data();
    stream.avail_in = bytes.size();
    bool full = true;
    while (code == LZMA_OK && (stream.avail_in > 0 || full)) {
      stream.next_out = piece.data();
      stream.avail_out = piece.size();
      code = lzma_code(&stream, LZMA_RUN);
      full = stream.avail_out == 0;
      const size_t size = piece.size() - stream.avail_out;
      if (size > 0) {
        CS_TRY_VOID(next.Write({piece.data(), size}));
      }
      // Nothing was left to do.
      code = code == LZMA_BUF_ERROR ? LZMA_OK : code;
    }
    if (code == LZMA_OK || code == LZMA_STREAM_END) {
      return {};
    }
    return Fail(code == LZMA_MEM_ERROR ? Fault::kLimit : Fault::kMalformed,
                offset, "filter");
  }

  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_ret code = LZMA_OK;
  bool first = true;
  uint64_t offset;
  ByteSink& next;
  std::vector<uint8_t> piece = std::vector<uint8_t>(size_t{64} << 10);
};

BranchFilterSink::BranchFilterSink(BranchFilter filter, Bytes properties,
                                   uint64_t offset, ByteSink& next)
    : state_(std::make_unique<State>(offset, next)) {
  state_->Start(filter, properties);
}

BranchFilterSink::~BranchFilterSink() = default;

Result<void> BranchFilterSink::Write(Bytes bytes) {
  constexpr size_t kMostInChunk = size_t{1} << 16;
  while (!bytes.empty()) {
    const Bytes chunk = bytes.first(std::min(bytes.size(), kMostInChunk));
    bytes = bytes.subspan(chunk.size());
    const size_t size = chunk.size() - 1;
    const std::array<uint8_t, 3> header = {
        static_cast<uint8_t>(state_->first ? 1 : 2),
        static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
    state_->first = false;
    CS_TRY_VOID(state_->Run(header));
    CS_TRY_VOID(state_->Run(chunk));
  }
  return {};
}

Result<void> BranchFilterSink::Finish() {
  constexpr std::array<uint8_t, 1> kEnd = {0};
  return state_->Run(kEnd);
}

}  // namespace countersign::formats
