// Four libraries with one shape: a state, a window of input, a window of
// output, and a call that moves both. `Pump` is that loop; each `...Stream`
// below is one library. What no library has is in files of its own.
#include "formats/codec/decompress.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>

#include "formats/codec/pkzip.h"
#include "formats/codec/ppmd.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr size_t kPieceBytes = size_t{256} << 10;

// What one call of a library came to.
enum class Step : uint8_t { kMore, kEnd, kBad, kTooLarge };

// The two windows of a call.
struct Windows {
  Bytes in;
  std::span<uint8_t> out;
};

// zlib and bzip2 count in 32 bits.
constexpr size_t kMaxWindow = size_t{1} << 30;

Bytes FirstWindow(Bytes bytes) {
  return bytes.first(std::min(bytes.size(), kMaxWindow));
}

class ZlibStream {
 public:
  explicit ZlibStream(int window_bits)
      : ready_(inflateInit2(&state_, window_bits) == Z_OK) {}
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;
  ~ZlibStream() {
    if (ready_) {
      inflateEnd(&state_);
    }
  }

  Step Run(Windows& windows) {
    if (!ready_) {
      return Step::kTooLarge;
    }
    const Bytes in = FirstWindow(windows.in);
    state_.next_in = const_cast<Bytef*>(in.data());
    state_.avail_in = static_cast<uInt>(in.size());
    state_.next_out = windows.out.data();
    state_.avail_out = static_cast<uInt>(windows.out.size());
    const int code = inflate(&state_, Z_NO_FLUSH);
    windows.in = windows.in.subspan(in.size() - state_.avail_in);
    windows.out = windows.out.last(state_.avail_out);
    switch (code) {
      case Z_OK:
      case Z_BUF_ERROR:
        return Step::kMore;
      case Z_STREAM_END:
        return Step::kEnd;
      case Z_MEM_ERROR:
        return Step::kTooLarge;
      default:
        return Step::kBad;
    }
  }

 private:
  z_stream state_{};
  bool ready_;
};

class Bzip2Stream {
 public:
  Bzip2Stream() : ready_(BZ2_bzDecompressInit(&state_, 0, 0) == BZ_OK) {}
  Bzip2Stream(const Bzip2Stream&) = delete;
  Bzip2Stream& operator=(const Bzip2Stream&) = delete;
  ~Bzip2Stream() {
    if (ready_) {
      BZ2_bzDecompressEnd(&state_);
    }
  }

  Step Run(Windows& windows) {
    if (!ready_) {
      return Step::kTooLarge;
    }
    const Bytes in = FirstWindow(windows.in);
    // Why the casts: the library does not write to its input.
    state_.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(in.data()));
    state_.avail_in = static_cast<unsigned>(in.size());
    state_.next_out = reinterpret_cast<char*>(windows.out.data());
    state_.avail_out = static_cast<unsigned>(windows.out.size());
    const int code = BZ2_bzDecompress(&state_);
    windows.in = windows.in.subspan(in.size() - state_.avail_in);
    windows.out = windows.out.last(state_.avail_out);
    switch (code) {
      case BZ_OK:
        return Step::kMore;
      case BZ_STREAM_END:
        return Step::kEnd;
      case BZ_MEM_ERROR:
        return Step::kTooLarge;
      default:
        return Step::kBad;
    }
  }

 private:
  bz_stream state_{};
  bool ready_;
};

class LzmaStream {
 public:
  LzmaStream(Codec codec, const CodecOptions& options) {
    const uint64_t memory = options.max_dictionary_bytes + (uint64_t{1} << 20);
    switch (codec) {
      case Codec::kXz:
        code_ = lzma_stream_decoder(&state_, memory, 0);
        break;
      case Codec::kLzma:
        code_ = lzma_alone_decoder(&state_, memory);
        break;
      default:
        code_ = StartRaw(codec, options);
    }
  }
  LzmaStream(const LzmaStream&) = delete;
  LzmaStream& operator=(const LzmaStream&) = delete;
  ~LzmaStream() { lzma_end(&state_); }

  Step Run(Windows& windows) {
    if (code_ != LZMA_OK) {
      return StepOf(code_);
    }
    state_.next_in = windows.in.data();
    state_.avail_in = windows.in.size();
    state_.next_out = windows.out.data();
    state_.avail_out = windows.out.size();
    const lzma_ret code = lzma_code(&state_, LZMA_RUN);
    windows.in = windows.in.last(state_.avail_in);
    windows.out = windows.out.last(state_.avail_out);
    return StepOf(code);
  }

 private:
  lzma_ret StartRaw(Codec codec, const CodecOptions& options) {
    const bool first = codec == Codec::kLzmaRaw;
    std::array<lzma_filter, 2> filters{};
    filters[0].id = first ? LZMA_FILTER_LZMA1 : LZMA_FILTER_LZMA2;
    filters[1].id = LZMA_VLI_UNKNOWN;
    lzma_ret code = lzma_properties_decode(filters.data(), nullptr,
                                           options.properties.data(),
                                           options.properties.size());
    if (code != LZMA_OK) {
      return LZMA_DATA_ERROR;
    }
    auto* chosen = static_cast<lzma_options_lzma*>(filters[0].options);
    if (chosen->dict_size > options.max_dictionary_bytes) {
      code = LZMA_MEMLIMIT_ERROR;
    } else {
      code = lzma_raw_decoder(&state_, filters.data());
    }
    // The library took it from malloc.
    std::free(filters[0].options);  // NOLINT(cppcoreguidelines-no-malloc)
    return code;
  }

  static Step StepOf(lzma_ret code) {
    switch (code) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:
        return Step::kMore;
      case LZMA_STREAM_END:
        return Step::kEnd;
      case LZMA_MEMLIMIT_ERROR:
      case LZMA_MEM_ERROR:
        return Step::kTooLarge;
      default:
        return Step::kBad;
    }
  }

  lzma_stream state_ = LZMA_STREAM_INIT;
  lzma_ret code_ = LZMA_OK;
};

class ZstandardStream {
 public:
  explicit ZstandardStream(const CodecOptions& options)
      : state_(ZSTD_createDStream()) {
    // A window is a power of two.
    int bits = 10;
    while (bits < 31 &&
           (uint64_t{1} << (bits + 1)) <= options.max_dictionary_bytes) {
      ++bits;
    }
    if (state_ != nullptr) {
      ZSTD_DCtx_setParameter(state_, ZSTD_d_windowLogMax, bits);
    }
  }
  ZstandardStream(const ZstandardStream&) = delete;
  ZstandardStream& operator=(const ZstandardStream&) = delete;
  ~ZstandardStream() { ZSTD_freeDStream(state_); }

  Step Run(Windows& windows) {
    if (state_ == nullptr) {
      return Step::kTooLarge;
    }
    ZSTD_inBuffer in{windows.in.data(), windows.in.size(), 0};
    ZSTD_outBuffer out{windows.out.data(), windows.out.size(), 0};
    const size_t code = ZSTD_decompressStream(state_, &out, &in);
    windows.in = windows.in.subspan(in.pos);
    windows.out = windows.out.subspan(out.pos);
    if (ZSTD_isError(code) != 0) {
      switch (ZSTD_getErrorCode(code)) {
        case ZSTD_error_frameParameter_windowTooLarge:
        case ZSTD_error_memory_allocation:
          return Step::kTooLarge;
        default:
          return Step::kBad;
      }
    }
    return code == 0 ? Step::kEnd : Step::kMore;
  }

 private:
  ZSTD_DStream* state_;
};

// Runs `stream` over `input` until its end, or until `options.size` bytes came
// out. `has_end` is false for a stream that may lack a mark of its end.
template <typename Stream>
Result<uint64_t> Pump(Stream& stream, Input input, ByteSink& output,
                      const CodecOptions& options, bool has_end = true) {
  const auto piece = std::make_unique_for_overwrite<uint8_t[]>(kPieceBytes);
  Bytes rest = input.bytes;
  uint64_t left = options.size.value_or(std::numeric_limits<uint64_t>::max());
  const auto offset = [&] {
    return input.offset + (input.bytes.size() - rest.size());
  };
  // Why one more than is wanted: that byte tells a stream which is too long,
  // and lets one with an end mark come to it.
  const auto room = [&] {
    return left < kPieceBytes ? static_cast<size_t>(left) + (has_end ? 1 : 0)
                              : kPieceBytes;
  };
  for (;;) {
    Windows windows{rest, {piece.get(), room()}};
    const size_t offered = windows.out.size();
    const Step step = stream.Run(windows);
    const size_t produced = offered - windows.out.size();
    const bool moved = produced != 0 || windows.in.size() != rest.size();
    rest = windows.in;
    if (produced > left) {
      return Fail(Fault::kMalformed, offset(), "size of the content");
    }
    if (produced != 0) {
      CS_TRY_VOID(output.Write({piece.get(), produced}));
      left -= options.size ? produced : 0;
    }
    switch (step) {
      case Step::kEnd:
        return input.bytes.size() - rest.size();
      case Step::kBad:
        return Fail(Fault::kMalformed, offset(), "compressed data");
      case Step::kTooLarge:
        return Fail(Fault::kLimit, offset(), "memory of the decompressor");
      case Step::kMore:
        break;
    }
    if (options.size && left == 0 && (!moved || !has_end)) {
      return input.bytes.size() - rest.size();
    }
    if (!moved) {
      return Fail(Fault::kTruncated, offset(), "compressed data");
    }
  }
}

// Why: libdeflate, which wants all input and output at once, takes half the
// time of zlib. It is used where the container tells the size and that size can
// be true. Limit: 1032:1 is the most that deflate can pack; 8 MiB, because the
// memory of larger content costs more than zlib, which needs 256 KiB for it.
bool IsFitForOneCall(Input input, const CodecOptions& options) {
  constexpr uint64_t kMostPacked = 1032;
  constexpr uint64_t kMostBytes = uint64_t{8} << 20;
  return options.size && *options.size <= kMostBytes &&
         *options.size / kMostPacked <= input.bytes.size();
}

Result<uint64_t> InflateInOneCall(Input input, ByteSink& output,
                                  uint64_t size) {
  const std::unique_ptr<libdeflate_decompressor,
                        decltype(&libdeflate_free_decompressor)>
      state(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  const std::unique_ptr<uint8_t[]> bytes(new (std::nothrow) uint8_t[size]);
  if (state == nullptr || bytes == nullptr) {
    return Fail(Fault::kLimit, input.offset, "memory of the decompressor");
  }
  size_t taken = 0;
  size_t given = 0;
  const libdeflate_result code = libdeflate_deflate_decompress_ex(
      state.get(), input.bytes.data(), input.bytes.size(), bytes.get(), size,
      &taken, &given);
  if (code == LIBDEFLATE_SUCCESS) {
    CS_TRY_VOID(output.Write({bytes.get(), given}));
    return taken;
  }
  // It does not say where, nor give what came out before: zlib does.
  ZlibStream stream(-MAX_WBITS);
  return Pump(stream, input, output, {{}, size});
}

// Refuses more than the container says.
class SizedSink : public ByteSink {
 public:
  SizedSink(ByteSink& next, std::optional<uint64_t> size, uint64_t offset)
      : next_(next), size_(size), offset_(offset) {}

  Result<void> Write(Bytes bytes) override {
    if (size_ && bytes.size() > *size_) {
      return Fail(Fault::kMalformed, offset_, "size of the content");
    }
    if (size_) {
      *size_ -= bytes.size();
    }
    return next_.Write(bytes);
  }

 private:
  ByteSink& next_;
  std::optional<uint64_t> size_;
  uint64_t offset_;
};

}  // namespace

Result<uint64_t> Decompress(Codec codec, Input input, ByteSink& output,
                            const CodecOptions& options) {
  switch (codec) {
    case Codec::kDeflate: {
      if (IsFitForOneCall(input, options)) {
        return InflateInOneCall(input, output, *options.size);
      }
      ZlibStream stream(-MAX_WBITS);
      return Pump(stream, input, output, options);
    }
    case Codec::kZlib: {
      ZlibStream stream(MAX_WBITS);
      return Pump(stream, input, output, options);
    }
    case Codec::kBzip2: {
      Bzip2Stream stream;
      return Pump(stream, input, output, options);
    }
    case Codec::kXz:
    case Codec::kLzma:
    case Codec::kLzmaRaw:
    case Codec::kLzma2Raw: {
      LzmaStream stream(codec, options);
      return Pump(stream, input, output, options, codec != Codec::kLzmaRaw);
    }
    case Codec::kZstandard: {
      ZstandardStream stream(options);
      return Pump(stream, input, output, options);
    }
    case Codec::kDeflate64: {
      SizedSink sized(output, options.size, input.offset);
      return InflateDeflate64(input, sized);
    }
    case Codec::kPpmdOf7z:
      if (options.size) {
        return DecodePpmdOf7z(input, options.properties, *options.size, output);
      }
      break;
  }
  return Fail(Fault::kUnsupported, input.offset, "compression method");
}

uint32_t Crc32(uint32_t crc, Bytes bytes) {
  return libdeflate_crc32(crc, bytes.data(), bytes.size());
}

}  // namespace countersign::formats
