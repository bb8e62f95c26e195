// In ZIP: u16: order - 1 in bits 0 to 3, MiB of memory - 1 in bits 4 to 11,
// what becomes of a full model in bits 12 to 15 (0 starts again, 1 is made
// smaller, 2 is frozen).
//
// Spec: LZMA SDK 23.01, "7zFormat.txt" and "Methods.txt"; APPNOTE 6.3.10, 5.10;
// PPMd var.H (2001) and var.I (2002) by D. Shkarin for the models.
#include "formats/codec/ppmd.h"

#include <limits>
#include <vector>

#include "base/reader.h"
#include "formats/codec/ppmd7.h"
#include "formats/codec/ppmd8.h"
#include "formats/codec/ppmd_coding.h"
#include "formats/codec/ppmd_range.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr size_t kPpmdPiece = size_t{64} << 10;

// Writes `size` symbols of `model` to `output`, or those up to the mark of the
// end. True if that was reached.
template <typename Model, typename Coder>
Result<bool> WritePpmd(Model& model, Coder& coder, const PpmdBytes& bytes,
                       uint64_t size, ByteSink& output) {
  std::vector<uint8_t> piece;
  piece.reserve(kPpmdPiece);
  const auto flush = [&]() -> Result<void> {
    if (!piece.empty()) {
      CS_TRY_VOID(output.Write(piece));
      piece.clear();
    }
    return {};
  };
  for (uint64_t i = 0; i < size; ++i) {
    const int symbol = model.Code(coder);
    if (symbol < 0 || bytes.IsPastEnd()) {
      CS_TRY_VOID(flush());
      if (bytes.IsPastEnd()) {
        return Fail(Fault::kTruncated, bytes.Offset(), "PPMd data");
      }
      if (symbol == Model::kEnd) {
        return true;
      }
      return Fail(Fault::kMalformed, bytes.Offset(), "PPMd data");
    }
    piece.push_back(static_cast<uint8_t>(symbol));
    if (piece.size() == kPpmdPiece) {
      CS_TRY_VOID(flush());
    }
  }
  CS_TRY_VOID(flush());
  return false;
}

}  // namespace

Result<uint64_t> DecodePpmdOf7z(Input input, base::Bytes properties,
                                uint64_t size, ByteSink& output) {
  Reader reader({properties, 0});
  const uint8_t order = reader.U8("order");
  const uint32_t memory = reader.U32("memory");
  if (!reader.Finish(true) || reader.Remaining() > 0 ||
      order < Ppmd7Model::kLeastOrder || order > Ppmd7Model::kMostOrder ||
      memory < kLeastPpmdMemory) {
    return Fail(Fault::kMalformed, input.offset, "PPMd properties");
  }
  Ppmd7Model model;
  if (memory > kMostPpmdMemory || !model.Start(order, memory)) {
    return Fail(Fault::kLimit, input.offset, "memory of the decompressor");
  }
  PpmdBytes bytes(input);
  PpmdRangeOf7z range(bytes);
  if (!range.Begin()) {
    return Fail(bytes.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                bytes.Offset(), "PPMd data");
  }
  if (CS_TRY(WritePpmd(model, range, bytes, size, output))) {
    return Fail(Fault::kMalformed, bytes.Offset(), "PPMd data");
  }
  // Quirk: a mark of the end may follow; 7-Zip writes none, and reads it.
  if (!range.IsAtEnd() &&
      (model.Code(range) != Ppmd7Model::kEnd || !range.IsAtEnd())) {
    return Fail(Fault::kMalformed, bytes.Offset(), "PPMd end");
  }
  return bytes.Taken();
}

Result<uint64_t> DecodePpmdOfZip(Input input, ByteSink& output) {
  Reader reader(input);
  const uint16_t parameters = reader.U16("PPMd parameters");
  CS_TRY(reader.Finish(true));
  const unsigned order = (parameters & 0xFU) + 1;
  const uint32_t memory = ((parameters >> 4 & 0xFFU) + 1) << 20;
  const unsigned restore = parameters >> 12;
  if (order < Ppmd8Model::kLeastOrder || restore > 2) {
    return Fail(Fault::kMalformed, input.offset, "PPMd parameters");
  }
  if (restore == 2) {
    return Fail(Fault::kUnsupported, input.offset, "PPMd restoration method");
  }
  Ppmd8Model model;
  static_assert(kMostPpmdMemory >= uint32_t{256} << 20);
  if (!model.Start(
          order, memory,
          restore == 0 ? Ppmd8Restore::kRestart : Ppmd8Restore::kCutOff)) {
    return Fail(Fault::kLimit, input.offset, "memory of the decompressor");
  }
  PpmdBytes bytes({input.bytes.subspan(sizeof(parameters)),
                   input.offset + sizeof(parameters)});
  PpmdRangeWithoutCarry<PpmdBytes> range(bytes);
  range.Begin();
  CS_TRY(WritePpmd(model, range, bytes, std::numeric_limits<uint64_t>::max(),
                   output));
  if (!range.IsAtEnd()) {
    return Fail(Fault::kMalformed, bytes.Offset(), "PPMd end");
  }
  return sizeof(parameters) + bytes.Taken();
}

}  // namespace countersign::formats
