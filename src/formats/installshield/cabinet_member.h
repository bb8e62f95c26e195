// Content of the files in InstallShield cabinets. Private to the formats.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/installshield/cabinet_list.h"
#include "formats/remarks.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Header and volumes of a cabinet.
struct ShieldCabinet {
  base::Input header;
  std::map<uint16_t, base::Input> volumes;  // by number, from 1
  std::string prefix;                       // of members' names
  // The volumes are files of their own: offsets in them are none in the
  // container, whose list is the evidence then.
  bool is_beside = false;
};

// Hands over the members of `cabinet`, and remarks on bytes of its volumes that
// are of no member. Fails as an Unpack does.
[[nodiscard]] base::Result<void> UnpackShieldCabinet(
    const ShieldCabinet& cabinet, base::Budget& budget, BoundedRemarks& remarks,
    MemberSink& sink);

}  // namespace countersign::formats
