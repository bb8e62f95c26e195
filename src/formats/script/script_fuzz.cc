// Where the signature block of any text lies.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/script.h"
#include "formats/sniff.h"

namespace countersign::formats {
namespace {

void CheckPlaces(const SignedScript& script, base::Bytes file) {
  CS_CHECK(script.mark.offset == 0);
  CS_CHECK(script.before.offset == script.mark.size);
  CS_CHECK(script.block.offset == script.before.offset + script.before.size);
  CS_CHECK(script.after.offset == script.block.offset + script.block.size);
  CS_CHECK(script.after.offset + script.after.size == file.size());
  CS_CHECK(script.block.size != 0);
  CS_CHECK(script.signature_offset >= script.block.offset);
  CS_CHECK(script.signature_offset + script.signature.size() <= file.size());
  CS_CHECK(script.signature.size() <= script.block.size);
  CS_CHECK(!script.damage || script.damage->offset <= file.size());
  CS_CHECK(!script.second_block || *script.second_block < file.size());
}

void Check(base::Bytes file) {
  base::Budget budget;
  const auto script = FindScriptBlock(file, budget);
  if (!script) {
    CS_CHECK(script.error().offset <= file.size());
    return;
  }
  const bool has = HasScriptBlock(file, model::Format::kPowershell) ||
                   HasScriptBlock(file, model::Format::kScript);
  // Whatever has a block is taken for a script, and what is found is said to
  // be there.
  CS_CHECK(!*script || has);
  if (*script) {
    CheckPlaces(**script, file);
    CS_CHECK(!NameOf((*script)->kind).empty());
  }
  base::Budget again;
  const auto same = FindScriptBlock(file, again);
  CS_CHECK(same.has_value() && same->has_value() == script->has_value());
  CS_CHECK(!*same || (*same)->signature == (*script)->signature);
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::Check({data, size});
  return 0;
}
