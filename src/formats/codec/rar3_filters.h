// How RAR 2.9 to 4 declares its filters. Private to codec/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/codec/rar_bits.h"
#include "formats/codec/rar_filters.h"

namespace countersign::formats {

// A filter is a program for a virtual machine. RAR made six of them in all its
// years, which are known by their length and checksum; no machine is needed.
class Rar3Filters {
 public:
  // Limits: programs of a group of solid members, as many as bytes of a
  // declaration allow for each; what one filter works on is the memory of the
  // machine; channels of kDelta and kSound.
  static constexpr size_t kMostPrograms = 1024;
  static constexpr uint64_t kMostBytes = uint64_t{256} << 10;
  static constexpr uint32_t kMostDeltaChannels = 1024;
  static constexpr uint32_t kMostSoundChannels = 128;

  struct Declared {
    RarFilter filter;
    bool starts_over = false;  // all programs, and what waits, are forgotten
  };

  // For the first member of a solid group.
  void Reset();

  // Reads the declaration behind `flags`, the first byte of it. `position` is
  // that of the next byte in the member, `reach` the size of the dictionary,
  // `offset` where the declaration ends in the file, for errors. Fails with
  // kUnsupported for another program than the six.
  base::Result<Declared> Declare(uint8_t flags, base::Bytes declaration,
                                 uint64_t position, uint64_t reach,
                                 uint64_t offset);

  // The program that was not known, in words; "" if there was none.
  [[nodiscard]] const std::string& Unknown() const { return unknown_; }

 private:
  struct Program {
    std::optional<RarFilterType> type;
    uint64_t last_size = 0;
  };

  base::Result<Program*> Choose(uint8_t flags, RarBits& bits,
                                Declared& declared, uint64_t offset);
  base::Result<void> ReadProgram(RarBits& bits, Program& program,
                                 uint64_t offset);
  std::optional<RarFilterType> Identify(base::Bytes code);

  std::vector<Program> programs_;
  size_t last_ = 0;      // the program used last
  bool is_new_ = false;  // it was not there before this declaration
  std::string unknown_;
};

}  // namespace countersign::formats
