// Remarks of one container, so many of a kind and then one that counts the
// rest: hostile bytes cannot make a report long.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/unpack.h"

namespace countersign::formats {

class CfbRemarks {
 public:
  // Limit: 32 of a kind; nobody reads more of the same.
  static constexpr uint64_t kMaxOfKind = 32;

  // True while another one of `kind` would be kept: only then is its text
  // worth making.
  [[nodiscard]] bool Wants(RemarkKind kind) const {
    return counts_[Index(kind)] < kMaxOfKind;
  }

  // `make` yields the text; it is called only if the remark is kept.
  template <typename Make>
  void Add(RemarkKind kind, base::ByteRange range, Make make) {
    if (Wants(kind)) {
      remarks_.push_back({kind, range, make()});
    } else {
      last_[Index(kind)] = range;
    }
    ++counts_[Index(kind)];
  }

  // All of them, each kind that overran closed by a summary.
  [[nodiscard]] std::vector<Remark> Finish() && {
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > kMaxOfKind) {
        remarks_.push_back({static_cast<RemarkKind>(i), last_[i],
                            "and " + std::to_string(counts_[i] - kMaxOfKind) +
                                " more of this kind, the last one here"});
      }
    }
    return std::move(remarks_);
  }

 private:
  static constexpr size_t kKinds = static_cast<size_t>(RemarkKind::kOddity) + 1;
  static constexpr size_t Index(RemarkKind kind) {
    return static_cast<size_t>(kind);
  }

  std::vector<Remark> remarks_;
  std::array<uint64_t, kKinds> counts_{};
  std::array<base::ByteRange, kKinds> last_{};
};

}  // namespace countersign::formats
