// NameConstraints ::= SEQUENCE {
//   permittedSubtrees [0] SEQUENCE OF GeneralSubtree OPTIONAL,
//   excludedSubtrees  [1] SEQUENCE OF GeneralSubtree OPTIONAL }
// GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0], maximum [1] }
#include <fmt/format.h>

#include "signing/path/path.h"

namespace countersign::signing {
namespace {

using base::Bytes;

constexpr uint8_t kDirectoryName = tag::Explicit(4);

// The relative names of a Name, whole elements in order.
std::vector<Bytes> RelativeNames(base::Input name, base::Budget& budget) {
  std::vector<Bytes> names;
  DerReader outer(name, budget);
  DerReader reader(outer.Expect(tag::kSequence, "Name").value, budget);
  while (!reader.AtEnd()) {
    names.push_back(reader.Any("RelativeDistinguishedName").whole.bytes);
  }
  return names;
}

bool IsWithin(base::Input name, base::Input subtree, base::Budget& budget) {
  const auto names = RelativeNames(name, budget);
  const auto prefix = RelativeNames(subtree, budget);
  if (prefix.size() > names.size()) {
    return false;
  }
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (!base::Equal(names[i], prefix[i])) {
      return false;
    }
  }
  return true;
}

struct Subtrees {
  std::vector<base::Input> directories;  // whole Names
  std::vector<uint8_t> other_forms;      // identifiers of GeneralName
};

Subtrees ReadSubtrees(base::Input list, base::Budget& budget) {
  Subtrees subtrees;
  DerReader reader(list, budget);
  while (!reader.AtEnd()) {
    DerReader subtree(reader.Expect(tag::kSequence, "GeneralSubtree").value,
                      budget);
    const Element base = subtree.Any("base");
    if (base.identifier == kDirectoryName) {
      subtrees.directories.push_back(base.value);
    } else {
      subtrees.other_forms.push_back(base.identifier);
    }
  }
  return subtrees;
}

// True when the leaf's alternative names have one of these forms.
bool HasFormOf(const Certificate& leaf, const std::vector<uint8_t>& forms,
               base::Budget& budget) {
  DerReader outer(leaf.subject_alt_name, budget);
  DerReader names(outer.Expect(tag::kSequence, "subjectAltName").value, budget);
  while (!names.AtEnd()) {
    const uint8_t form = names.Any("GeneralName").identifier;
    for (const uint8_t constrained : forms) {
      if (form == constrained) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::string ViolatedNameConstraint(const Certificate& authority,
                                   const Certificate& leaf,
                                   base::Budget& budget) {
  if (authority.name_constraints.bytes.empty()) {
    return "";
  }
  DerReader outer(authority.name_constraints, budget);
  DerReader reader(outer.Expect(tag::kSequence, "nameConstraints").value,
                   budget);
  Subtrees permitted;
  Subtrees excluded;
  if (const auto list = reader.Optional(tag::Explicit(0), "permitted")) {
    permitted = ReadSubtrees(list->value, budget);
  }
  if (const auto list = reader.Optional(tag::Explicit(1), "excluded")) {
    excluded = ReadSubtrees(list->value, budget);
  }
  const auto within = [&](base::Input subtree) {
    return IsWithin(leaf.subject, subtree, budget);
  };
  bool allowed = permitted.directories.empty();
  for (const base::Input subtree : permitted.directories) {
    allowed = allowed || within(subtree);
  }
  for (const base::Input subtree : excluded.directories) {
    allowed = allowed && !within(subtree);
  }
  if (outer.Failed() || reader.Failed() || !allowed ||
      HasFormOf(leaf, permitted.other_forms, budget) ||
      HasFormOf(leaf, excluded.other_forms, budget)) {
    return fmt::format("\"{}\" is not within the names that \"{}\" may certify",
                       SubjectText(leaf), SubjectText(authority));
  }
  return "";
}

}  // namespace countersign::signing
