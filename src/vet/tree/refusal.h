// Why something in a container is not known: findings, limits, incompleteness.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/report.h"
#include "vet/tree/allowance.h"
#include "vet/tree/intake.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Says of artifact `container`, which people call a `format`, why what follows
// in it is not known.
void SayWhyNotOpened(uint32_t container, std::string_view format,
                     const base::Error& error, const Allowance& allowance,
                     Record& record);

// Says why the content of a member, artifact `number`, is not what it should
// be. `taken` must have damage.
void SayMemberDamaged(const TakenMember& taken, uint32_t number,
                      const Allowance& allowance, Record& record);

// Says which payloads of bundles were not inspected because they lie beside the
// bundle, or are fetched. The members that actions are about must be known.
void SayPayloadsNotHere(model::Inspection& inspection);

}  // namespace countersign::vet
