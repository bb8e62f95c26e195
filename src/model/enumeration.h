// Names of enumerators: one table per enumeration gives the JSON word, bounds
// the wire decoder, and keeps both in step. Order is part of the wire format:
// append, never reorder.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace countersign::model {

// Specialised next to each enumeration: its words in enumerator order.
template <typename E>
inline constexpr std::array<std::string_view, 0> kNames{};

template <typename E>
concept NamedEnumeration = std::is_enum_v<E> && (kNames<E>.size() > 0);

// The JSON word of an enumerator; "?" for a value outside the table.
template <NamedEnumeration E>
constexpr std::string_view Name(E value) {
  const auto index = static_cast<size_t>(value);
  return index < kNames<E>.size() ? kNames<E>[index] : "?";
}

}  // namespace countersign::model
