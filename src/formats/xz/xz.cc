// Reads .xz files.
//
// +--------+-------+-------+-------------+-------+--------+---------+
// | FD 7zXZ| flags | CRC32 | blocks,     | index | footer | zeros,  | next
// | 00     | 2     |       | each: check |       | YZ     | 4 each  | stream
// +--------+-------+-------+-------------+-------+--------+---------+
//
// Spec: The .xz File Format 1.2.1 (2024), sections 2 to 4. Check, index and
// footer are compared by the decompressor.
#include <fmt/format.h>

#include "formats/codec/decompress.h"
#include "formats/stream.h"
#include "formats/stream/parts.h"

namespace countersign::formats {
namespace {

using std::string_view_literals::operator""sv;

class XzParts : public PartReader {
 public:
  explicit XzParts(BoundedRemarks& remarks) : remarks_(remarks) {}

  bool Begins(base::Bytes rest) const override {
    return base::AsText(rest).starts_with(
        "\xFD"
        "7zXZ\0"sv);
  }
  base::Result<uint64_t> Read(base::Input rest, ByteSink& output) override {
    NoteCheck(rest);
    return Decompress(Codec::kXz, rest, output);
  }
  uint64_t PaddingUnit() const override { return 4; }

 private:
  // Section 2.1.1.2: the kind of check; 0 is none, and a decompressor passes
  // over kinds that it does not know.
  void NoteCheck(base::Input rest) {
    constexpr size_t kFlags = 7;
    if (rest.bytes.size() <= kFlags) {
      return;
    }
    const unsigned check = rest.bytes[kFlags] & 0x0FU;
    if (check != 0 && check != 1 && check != 4 && check != 10) {
      remarks_.Note(RemarkKind::kUnsupported, {rest.offset + kFlags, 1},
                    fmt::format("the content has a check of kind {}, which is "
                                "not compared",
                                check));
    }
  }

  BoundedRemarks& remarks_;
};

}  // namespace

base::Result<void> UnpackXz(const base::Blob& container, base::Budget& budget,
                            MemberSink& sink) {
  BoundedRemarks remarks(sink);
  XzParts parts(remarks);
  const auto result = UnpackParts(container, budget, sink, parts, "", remarks);
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
