// Where the primes of the forge's RSA keys lie, so that they need no search.
// Why: a search costs about 0.1 s a key and each test is a process of its own.
// A key without a row is searched for. `countersign-forge primes` prints the
// rows anew.
#pragma once

#include <array>
#include <string_view>

namespace countersign::forge {

// How many steps of 2 from its derived start each prime lies.
struct PrimeSteps {
  int prime1 = 0;
  int prime2 = 0;
};

struct KnownPrimes {
  int bits;
  std::string_view label;
  PrimeSteps steps;
};

// The steps as found by search.
PrimeSteps SearchPrimeSteps(int bits, std::string_view label);

inline constexpr std::array kKnownPrimes = {
    KnownPrimes{2048, "Countersign Forge Root", {434, 132}},
    KnownPrimes{2048, "Countersign Forge EC Root", {1000, 135}},
    KnownPrimes{2048, "Countersign Forge Time Stamping Root", {111, 46}},
    KnownPrimes{2048, "Countersign Forge Private Root", {17, 1176}},
    KnownPrimes{2048, "Countersign Forge Loop A", {452, 599}},
    KnownPrimes{2048, "Countersign Forge Loop B", {38, 79}},
    KnownPrimes{2048, "Countersign Forge Cross CA", {434, 1459}},
    KnownPrimes{2048, "Countersign Forge Sub CA", {1147, 663}},
    KnownPrimes{2048, "intermediate", {86, 830}},
    KnownPrimes{2048, "publisher", {97, 397}},
    KnownPrimes{2048, "old publisher", {858, 49}},
    KnownPrimes{2048, "second publisher", {1162, 334}},
    KnownPrimes{2048, "time stamper", {343, 145}},
    KnownPrimes{2048, "private stamper", {664, 415}},
    KnownPrimes{2048, "Bulk Example 1 Ltd", {87, 175}},
    KnownPrimes{2048, "Bulk Example 2 Ltd", {218, 167}},
    KnownPrimes{2048, "Bulk Example 3 Ltd", {90, 24}},
    KnownPrimes{1024, "publisher", {79, 268}},
    KnownPrimes{4096, "publisher", {489, 549}},
};

}  // namespace countersign::forge
