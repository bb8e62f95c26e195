// Every signature of a file, parsed, none verified yet. Private
// to the Authenticode folder.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "signing/authenticode/indirect_data.h"
#include "signing/cms/signed_data.h"
#include "signing/signer/container.h"
#include "signing/verify.h"

namespace countersign::signing {

// The SignedData of one entry or nested attribute.
struct ParsedContainer : CmsContainer {
  // What its signatures are over: its content; in a detached one, which is
  // nested in another, all of the other's content.
  base::Input covered;
  bool is_detached = false;
  std::optional<IndirectData> content;
  std::optional<base::Error> content_error;
};

struct ParsedSignature {
  uint32_t entry = 0;  // index of the structure it stands in
  std::optional<uint32_t> nested_in;
  base::ByteRange range;
  const ParsedContainer* container = nullptr;  // null when unreadable
  const SignerInfo* signer = nullptr;
  // Why it cannot be examined; `unsupported` tells a legal type we do not
  // know from damage.
  std::optional<base::Error> error;
};

struct Collection {
  std::list<ParsedContainer> containers;  // stable addresses
  std::vector<ParsedSignature> signatures;
};

// Parses the PKCS #7 structures of one file, and those nested in them, which
// are kept on a work list, never by recursion. Fills `facts` with faults and
// unsigned data on the way.
class Collector {
 public:
  // Of `content_type`, anything else is of no known kind.
  Collector(base::Budget& budget, SigningFacts& facts,
            const Oid& content_type = oid::kSpcIndirectData)
      : budget_(budget), facts_(facts), content_type_(content_type) {}

  // A structure to parse: entry number `entry`, whose bytes are `content`.
  void AddContainer(uint32_t entry, base::Input content) {
    pending_.push_back({content, entry, std::nullopt, 0, nullptr});
  }
  // An entry that yields no signature to verify.
  void AddUnreadable(uint32_t entry, base::ByteRange range,
                     const base::Error& error) {
    Unreadable(entry, std::nullopt, range, error);
  }

  // Everything that was added, parsed. Views what was added.
  [[nodiscard]] Collection Finish();

 private:
  struct Pending {
    base::Input content;
    uint32_t entry = 0;
    std::optional<uint32_t> nested_in;
    uint64_t depth = 0;
    const ParsedContainer* outer = nullptr;  // what it is nested in
  };

  void ReadContainer(const Pending& item);
  void ReadParts(const Pending& item, ParsedContainer& container,
                 uint32_t signature);
  void AddSignature(const Pending& item, const ParsedContainer& container,
                    const SignerInfo& signer);
  void Unreadable(uint32_t entry, std::optional<uint32_t> nested_in,
                  base::ByteRange range, const base::Error& error);
  void NotePadding(const Pending& item, base::Input pkcs7, uint32_t signature);

  base::Budget& budget_;
  SigningFacts& facts_;
  const Oid& content_type_;
  std::deque<Pending> pending_;
  Collection collection_;
};

}  // namespace countersign::signing
