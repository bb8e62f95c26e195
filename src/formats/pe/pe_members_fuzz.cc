// Every file that starts as a Windows program, and what it carries.
#include <cstddef>
#include <cstdint>

#include "base/digest.h"
#include "formats/burn.h"
#include "formats/pe.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

void CheckResources(const PeImage& image, base::Bytes file) {
  base::Limits limits;
  limits.steps = 100'000;
  base::Budget budget(limits);
  const auto resources = ReadPeResources(image, file, budget);
  CS_CHECK(resources || budget.Reached());
  if (!resources) {
    return;
  }
  CS_CHECK(!resources->damage || resources->damage->offset <= file.size());
  size_t checked = 0;
  for (const PeResource& resource : resources->entries) {
    CS_CHECK(resource.entry.Inside(file.size()) && resource.entry.size == 16);
    CS_CHECK(resource.data.Inside(file.size()));
    CS_CHECK(!resource.damage || resource.data.size == 0);
    if (++checked > 20) {
      continue;
    }
    const base::Input data{
        file.subspan(resource.data.offset, resource.data.size),
        resource.data.offset};
    base::Budget few({.steps = 10'000});
    const auto version = ParsePeVersion(data, few);
    CS_CHECK(version || version.error().offset <= file.size());
  }
}

void CheckBurn(const PeImage& image, base::Bytes file) {
  const auto burn = ReadBurnSection(image, file);
  if (!burn) {
    CS_CHECK(burn.error().offset <= file.size());
  } else if (*burn) {
    CS_CHECK(!(*burn)->containers.empty());
    CS_CHECK((*burn)->original_fields.Inside(file.size()));
  }
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace formats = countersign::formats;
  const countersign::base::Bytes file{data, size};
  if (const auto image = formats::ParsePe(file)) {
    formats::CheckResources(*image, file);
    formats::CheckBurn(*image, file);
  }
  formats::CheckUnpack(formats::UnpackPe, file);
  return 0;
}
