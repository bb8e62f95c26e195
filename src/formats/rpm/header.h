// The tagged headers of an RPM package.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// Types of entries.
inline constexpr uint32_t kRpmInt32 = 4;
inline constexpr uint32_t kRpmInt64 = 5;
inline constexpr uint32_t kRpmString = 6;
inline constexpr uint32_t kRpmStringArray = 8;
inline constexpr uint32_t kRpmTranslated = 9;

struct RpmEntry {
  uint32_t tag = 0;
  uint32_t type = 0;
  uint32_t offset = 0;  // in the store
  uint32_t count = 0;
  uint64_t at = 0;  // of the entry itself, in the package
};

// A header; views the package.
struct RpmHeader {
  std::vector<RpmEntry> entries;
  base::Input store;
  uint64_t end = 0;  // behind the store

  [[nodiscard]] const RpmEntry* Find(uint32_t tag) const;
  // The first string of `entry`, without its terminating zero, or nothing when
  // it is no text or does not lie in the store.
  [[nodiscard]] std::optional<std::string_view> Text(
      const RpmEntry& entry) const;
  // All strings of `entry`, as long as they lie in the store.
  [[nodiscard]] std::vector<std::string_view> Strings(
      const RpmEntry& entry) const;
  // The first number of `entry`, or nothing.
  [[nodiscard]] std::optional<uint64_t> Number(const RpmEntry& entry) const;
  // The first string of `tag`, or "".
  [[nodiscard]] std::string_view TextOf(uint32_t tag) const;
};

// The header at the first byte of `rest`.
[[nodiscard]] base::Result<RpmHeader> ReadRpmHeader(base::Input rest,
                                                    base::Budget& budget);

}  // namespace countersign::formats
