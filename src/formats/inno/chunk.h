// Chunks of setups: streams in which files lie one behind the other. Private to
// inno/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/carried/claimed.h"
#include "formats/inno.h"
#include "formats/remarks.h"
#include "formats/unpack.h"

namespace countersign::formats {

class InnoChunks {
 public:
  InnoChunks(base::Bytes file, const InnoSetup& setup, base::Budget& budget,
             MemberSink& sink, BoundedRemarks& remarks, ClaimedBytes& claimed)
      : file_(file),
        setup_(setup),
        budget_(budget),
        sink_(sink),
        remarks_(remarks),
        claimed_(claimed) {}

  // Hands over the content of every location that a file entry leads to, chunk
  // by chunk. Fails with an error of the sink's Begin or End, or when the
  // budget is spent.
  base::Result<void> HandOver();

 private:
  // A file that is expected in a chunk.
  struct Piece {
    const InnoLocation* location = nullptr;
    std::vector<std::string> names;
  };
  struct Chunk {
    base::ByteRange stored;  // with its mark; as far as it lies in the file
    std::vector<Piece> pieces;
  };
  class Splitter;

  [[nodiscard]] std::vector<Chunk> Collect();
  base::Result<void> HandOverChunk(const Chunk& chunk);
  base::Result<void> HandOverCompressed(const Chunk& chunk);
  base::Result<void> HandOverStored(const Chunk& chunk);
  base::Result<void> HandOverCut(const Member& member);
  base::Result<void> HandOverStoredFile(const Chunk& chunk, const Piece& piece,
                                        const Member& member,
                                        base::ByteRange content);
  void NoteDigest(const Chunk& chunk, const Piece& piece);
  base::Result<void> HandOverDamaged(const Chunk& chunk, base::Error error);
  [[nodiscard]] Member MemberOf(const Chunk& chunk, const Piece& piece,
                                const std::string& name) const;

  base::Bytes file_;
  const InnoSetup& setup_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks& remarks_;
  ClaimedBytes& claimed_;
};

}  // namespace countersign::formats
