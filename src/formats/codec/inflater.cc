#include "formats/codec/inflater.h"

#include <zlib.h>

#include <array>
#include <limits>

namespace countersign::formats {

using base::Fault;
using base::Result;

struct Inflater::State {
  z_stream stream{};
  bool ready = false;
  bool done = false;
  std::array<uint8_t, size_t{64} << 10> output;
};

Inflater::Inflater() : state_(std::make_unique_for_overwrite<State>()) {
  state_->stream = {};
  state_->ready = inflateInit(&state_->stream) == Z_OK;
}

Inflater::~Inflater() {
  if (state_->ready) {
    inflateEnd(&state_->stream);
  }
}

bool Inflater::IsDone() const { return state_->done; }

Result<void> Inflater::Feed(base::Input piece, ByteSink& output) {
  CS_CHECK(piece.bytes.size() <= std::numeric_limits<uInt>::max());
  if (!state_->ready) {
    return base::Fail(Fault::kLimit, piece.offset,
                      "memory of the decompressor");
  }
  z_stream& stream = state_->stream;
  stream.next_in = const_cast<Bytef*>(piece.bytes.data());
  stream.avail_in = static_cast<uInt>(piece.bytes.size());
  bool is_full = false;
  while (!state_->done && (stream.avail_in > 0 || is_full)) {
    stream.next_out = state_->output.data();
    stream.avail_out = static_cast<uInt>(state_->output.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    const size_t given = state_->output.size() - stream.avail_out;
    if (given > 0) {
      CS_TRY_VOID(output.Write({state_->output.data(), given}));
    }
    is_full = stream.avail_out == 0;
    state_->done = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return base::Fail(Fault::kMalformed,
                        piece.offset + piece.bytes.size() - stream.avail_in,
                        "compressed data");
    }
    if (code == Z_BUF_ERROR) {
      break;
    }
  }
  return {};
}

}  // namespace countersign::formats
