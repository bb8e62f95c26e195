// The attributes of one entry of a trust list.
#pragma once

#include <string>

#include "model/trust.h"
#include "signing/asn1/der.h"

namespace countersign::signing {

// Reads the SET OF Attribute (its content) into `entry`; failures stick to
// `errors`. False when the entry has a condition that cannot be applied: it is
// no anchor then.
[[nodiscard]] bool ReadProperties(base::Input set, DerReader& errors,
                                  model::TrustEntry& entry);

// UTF-16LE up to a terminating zero, as Windows stores names; safe to display.
[[nodiscard]] std::string ListText(base::Bytes utf16);

}  // namespace countersign::signing
