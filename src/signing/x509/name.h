// Distinguished names.
#pragma once

#include <string>
#include <vector>

#include "signing/asn1/der.h"
#include "signing/asn1/oid.h"

namespace countersign::signing {

// One attribute of a name, in encoded order.
struct NameAttribute {
  base::Bytes oid;         // content octets
  std::string value;       // UTF-8, not yet safe to display
  bool starts_rdn = true;  // false: joined to the one before it by "+"
};

using NameAttributes = std::vector<NameAttribute>;

// The attributes of a Name (RFC 5280 section 4.1.2.4), whole element. A name
// that cannot be read yields the attributes before the damage.
[[nodiscard]] NameAttributes ParseName(base::Input name, base::Budget& budget);

// RFC 4514 text (last attribute first), safe to display.
[[nodiscard]] std::string ToText(const NameAttributes& name);

// The first value of this type as encoded, safe to display; "" when absent.
// Several common names: the first one counts, never a substring of any.
[[nodiscard]] std::string First(const NameAttributes& name, const Oid& type);

}  // namespace countersign::signing
