// Every sample the forge can build, with what a right verifier says of it.
#pragma once

#include <span>
#include <string_view>

#include "forge/der.h"

namespace countersign::forge {

// What is expected holds for: all roots of the forge but the private ones
// trusted for code signing and time stamping, the list forge.crl at hand, and
// kEvaluationTime as the instant.
struct Case {
  std::string_view name;
  // In the vocabulary of report-schema.md, "What the expected states mean".
  std::string_view expected_state;
  // Per signature, outer before nested, joined with ';'. "" says nothing.
  std::string_view integrity;
  // The same; "not-trusted" stands for any value but "trusted".
  std::string_view trust;
  // "allow", "block", "hold" (which "block" also satisfies), or "any".
  std::string_view verdict;
  // Ids of findings that must be there, joined with ';'.
  std::string_view findings;
  ByteVector (*build)();
  std::string_view note;
};

// All cases; the first 23 are the (derived) rows of signature-recipes.csv.
std::span<const Case> AllCases();

// The case of that name, or nullptr.
const Case* FindCase(std::string_view name);

}  // namespace countersign::forge
