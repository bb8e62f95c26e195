// Reads bzip2 files.
//
// +-----+-----+----------------------+----------------------+-----+
// | BZh | 1-9 | blocks: 314159265359 | 177245385090, CRC-32 | ... | next stream
// +-----+-----+----------------------+----------------------+-----+
//
// Spec: bzip2 and libbzip2 1.0.8, manual section 3; the format has no other
// document. Programs that pack in parallel write a stream for each piece, and
// `bzip2 -d` reads them as one.
#include "formats/codec/decompress.h"
#include "formats/stream.h"
#include "formats/stream/parts.h"

namespace countersign::formats {
namespace {

class Bzip2Parts : public PartReader {
 public:
  bool Begins(base::Bytes rest) const override {
    return base::AsText(rest).starts_with("BZh") && rest.size() > 3 &&
           rest[3] >= '1' && rest[3] <= '9';
  }
  base::Result<uint64_t> Read(base::Input rest, ByteSink& output) override {
    return Decompress(Codec::kBzip2, rest, output);
  }
  // Why: a stream of 14 bytes without content has a decoder set up.
  uint64_t StepsOfAPart() const override { return 64; }
};

}  // namespace

base::Result<void> UnpackBzip2(const base::Blob& container,
                               base::Budget& budget, MemberSink& sink) {
  BoundedRemarks remarks(sink);
  Bzip2Parts parts;
  const auto result = UnpackParts(container, budget, sink, parts, "", remarks);
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
