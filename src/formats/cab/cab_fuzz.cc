// Every file that starts as a cabinet, to its members.
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "formats/cabinet.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

void CheckLayout(base::Bytes file) {
  const auto layout = ReadCabinetLayout(file);
  if (!layout) {
    CS_CHECK(layout.error().offset <= file.size());
    return;
  }
  CS_CHECK(layout->header.Inside(file.size()));
  CS_CHECK(layout->folders.Inside(file.size()));
  CS_CHECK(layout->folders.offset == layout->header.size);
  CS_CHECK(layout->reserve.Inside(layout->header.size));
}

// What is kept in memory is what is handed over.
void CheckMembers(base::Bytes file) {
  constexpr uint64_t kMaxBytes = uint64_t{1} << 20;
  const auto members = UnpackCabinet({file, 0}, kMaxBytes);
  if (!members) {
    return;
  }
  MemberRecorder recorder(kMaxBytes);
  CS_CHECK(recorder.Run(UnpackCab, file).has_value());
  CS_CHECK(recorder.members.size() == members->size());
  for (size_t i = 0; i < members->size(); ++i) {
    CS_CHECK(recorder.members[i].member.name == (*members)[i].name);
    CS_CHECK(recorder.members[i].content == (*members)[i].bytes);
    CS_CHECK(!recorder.members[i].damage);
  }
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;
  const base::Bytes file(data, size);
  formats::CheckLayout(file);
  formats::CheckMembers(file);
  formats::CheckUnpack(formats::UnpackCab, file);
  return 0;
}
