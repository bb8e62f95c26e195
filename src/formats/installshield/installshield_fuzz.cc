// Overlays of set-up programs, and InstallShield cabinets.
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "formats/installshield.h"
#include "formats/sample/member_recorder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  const countersign::base::Bytes bytes(data, size);
  CheckUnpack(UnpackInstallshield, bytes);
  // What is not recognised has no members.
  MemberRecorder recorder;
  CS_CHECK(IsInstallshield(bytes) ||
           !recorder.Run(UnpackInstallshield, bytes).has_value());
  return 0;
}
