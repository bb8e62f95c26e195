// Content that was decompressed, in places of its own. Private to the module.
//
// What is read of such content has offsets that are no offsets of the file. It
// is read at places far behind every file; when all is said, each mention of
// those becomes a mention of the bytes in the file that the content came from.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "signing/verify.h"

namespace countersign::signing {

class UnpackedParts {
 public:
  // Takes over `content`, which was made of the bytes `stored` of the file. The
  // result is valid as long as this object.
  [[nodiscard]] base::Input Add(std::vector<uint8_t> content,
                                base::ByteRange stored);

  // Replaces places of parts by those in the file, in texts as well.
  void Restore(SigningFacts& facts) const;

 private:
  struct Part {
    std::vector<uint8_t> content;
    base::ByteRange stored;
  };

  [[nodiscard]] base::ByteRange StoredAt(uint64_t offset) const;
  void Restore(base::ByteRange& range) const;
  void Restore(base::Error& error) const;
  void Restore(std::string& text) const;
  void Restore(model::SignatureFacts& signature) const;

  std::deque<Part> parts_;
};

}  // namespace countersign::signing
