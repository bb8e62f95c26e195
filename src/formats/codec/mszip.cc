// +------+-------------------------+
// | "CK" | deflate, RFC 1951, whose| a block: up to 32 KiB; refers back into
// |      | distances reach back    | the 32 KiB that came out before it
// +------+-------------------------+
//
// Spec: [MS-MCI] Microsoft ZIP (MSZIP) Compression and Decompression.
//
// Why not zlib with a dictionary: libdeflate takes half the time, and though it
// knows no dictionary it can be given one as what it is, output. In front of
// the block goes a stored deflate block that holds the history:
//
//   input_   | 00 len ~len | history, 32 KiB | deflate of the block |
//   output_  | history, 32 KiB | the block |
//
// Three copies of 32 KiB that stay in the cache cost a tenth of what is won.
#include "formats/codec/mszip.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "formats/codec/cab_block.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr size_t kHistoryBytes = 32768;
constexpr size_t kStoredHeaderBytes = 5;
constexpr size_t kInputStart = kStoredHeaderBytes + kHistoryBytes;
constexpr size_t kMarkBytes = 2;

}  // namespace

class MszipDecoder::State {
 public:
  State() : library_(libdeflate_alloc_decompressor()) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { libdeflate_free_decompressor(library_); }

  Result<uint64_t> Next(Input packed, size_t size, ByteSink& output) {
    CS_CHECK(size <= kMaxCabBlock &&
             packed.bytes.size() <= std::numeric_limits<uint16_t>::max());
    if (!base::AsText(packed.bytes).starts_with("CK")) {
      return Fail(Fault::kMalformed, packed.offset, "MSZIP signature");
    }
    if (library_ == nullptr) {
      return Fail(Fault::kLimit, packed.offset, "memory of the decompressor");
    }
    const Input deflated{packed.bytes.subspan(kMarkBytes),
                         packed.offset + kMarkBytes};
    size_t taken = 0;
    size_t given = 0;
    if (!Inflate(deflated.bytes, size, taken, given)) {
      return InflateSlowly(deflated, size, output);
    }
    const Bytes block{output_.get() + history_, given};
    CS_TRY_VOID(output.Write(block));
    if (given != size) {
      return Fail(Fault::kMalformed, packed.offset, "CFDATA.cbUncomp");
    }
    Remember(block);
    return kMarkBytes + taken;
  }

 private:
  // The history, which ends where the packed block begins.
  uint8_t* History() { return input_.get() + kInputStart - history_; }

  // False when that cannot be inflated to `size` bytes at most.
  bool Inflate(Bytes deflated, size_t size, size_t& taken, size_t& given) {
    Bytes in = deflated;
    if (history_ > 0) {
      uint8_t* start = History() - kStoredHeaderBytes;
      start[0] = 0;  // not the last block; stored
      start[1] = static_cast<uint8_t>(history_);
      start[2] = static_cast<uint8_t>(history_ >> 8);
      start[3] = static_cast<uint8_t>(~history_);
      start[4] = static_cast<uint8_t>(~history_ >> 8);
      std::memcpy(input_.get() + kInputStart, deflated.data(), deflated.size());
      in = {start, kStoredHeaderBytes + history_ + deflated.size()};
    }
    if (libdeflate_deflate_decompress_ex(library_, in.data(), in.size(),
                                         output_.get(), history_ + size, &taken,
                                         &given) != LIBDEFLATE_SUCCESS) {
      return false;
    }
    taken -= in.size() - deflated.size();
    given -= history_;
    return true;
  }

  // Why: libdeflate neither says where a block is damaged nor gives what came
  // out before.
  Result<uint64_t> InflateSlowly(Input deflated, size_t size,
                                 ByteSink& output) {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
      return Fail(Fault::kLimit, deflated.offset, "memory of the decompressor");
    }
    inflateSetDictionary(&stream, History(), static_cast<uInt>(history_));
    stream.next_in = const_cast<Bytef*>(deflated.bytes.data());
    stream.avail_in = static_cast<uInt>(deflated.bytes.size());
    stream.next_out = output_.get();
    stream.avail_out = static_cast<uInt>(size);
    const int code = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    CS_TRY_VOID(output.Write({output_.get(), size - stream.avail_out}));
    const uint64_t offset =
        deflated.offset + deflated.bytes.size() - stream.avail_in;
    if (code == Z_BUF_ERROR && stream.avail_out == 0) {
      return Fail(Fault::kMalformed, offset, "CFDATA.cbUncomp");
    }
    return Fail(code == Z_BUF_ERROR ? Fault::kTruncated : Fault::kMalformed,
                offset, "compressed data");
  }

  // Keeps the last 32 KiB of everything that came out.
  void Remember(Bytes block) {
    const size_t kept = std::min(
        history_, kHistoryBytes - std::min(block.size(), kHistoryBytes));
    uint8_t* end = input_.get() + kInputStart;
    if (kept > 0) {
      std::memmove(end - block.size() - kept, end - kept, kept);
    }
    if (!block.empty()) {
      std::memcpy(end - block.size(), block.data(), block.size());
    }
    history_ = kept + block.size();
  }

  libdeflate_decompressor* library_;
  size_t history_ = 0;  // bytes
  std::unique_ptr<uint8_t[]> input_ = std::make_unique_for_overwrite<uint8_t[]>(
      kInputStart + std::numeric_limits<uint16_t>::max());
  std::unique_ptr<uint8_t[]> output_ =
      std::make_unique_for_overwrite<uint8_t[]>(kHistoryBytes + kMaxCabBlock);
};

MszipDecoder::MszipDecoder() : state_(std::make_unique<State>()) {}
MszipDecoder::~MszipDecoder() = default;

Result<uint64_t> MszipDecoder::Next(Input packed, size_t size,
                                    ByteSink& output) {
  return state_->Next(packed, size, output);
}

}  // namespace countersign::formats
