// zlib streams that come in pieces. Private to the formats.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// One zlib stream (RFC 1950), for those who do not have it in one piece;
// Decompress is faster for those who have.
class Inflater {
 public:
  Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  // Takes the next piece and writes what comes out of it; bytes behind the end
  // of the stream are ignored. Fails with kMalformed at the offset that was
  // reached, or with the error of `output`.
  [[nodiscard]] base::Result<void> Feed(base::Input piece, ByteSink& output);
  // True when the end of the stream was reached.
  [[nodiscard]] bool IsDone() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::formats
