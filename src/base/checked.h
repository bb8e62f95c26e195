// Sums and products of sizes that come from hostile input.
#pragma once

#include <concepts>
#include <optional>

namespace countersign::base {

// The sum, or nothing when it does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> CheckedSum(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) {
    return std::nullopt;
  }
  return sum;
}

// The product, or nothing when it does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> CheckedProduct(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) {
    return std::nullopt;
  }
  return product;
}

// `value` rounded up to a multiple of `alignment` (a power of two), or nothing
// when it does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> CheckedAlign(T value, T alignment) {
  const auto sum = CheckedSum<T>(value, alignment - 1);
  if (!sum) {
    return std::nullopt;
  }
  return *sum & ~(alignment - 1);
}

}  // namespace countersign::base
