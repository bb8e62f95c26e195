// Every file, as a single-file application of .NET.
#include <cstddef>
#include <cstdint>

#include "formats/dotnet_bundle.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

// As UnpackDotnetBundle, with the host in the first half of the file. What the
// package claims lies in the file.
base::Result<void> UnpackHalf(const base::Blob& container, base::Budget& budget,
                              MemberSink& sink) {
  const uint64_t size = container.View().size();
  const auto package =
      CS_TRY(ReadDotnetBundleBehind(container, size / 2, budget, sink));
  if (package) {
    for (const base::ByteRange& range : package->claimed) {
      CS_CHECK(range.Inside(size) && range.size > 0);
    }
    CS_CHECK(!package->description.empty());
  }
  return {};
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;
  const base::Bytes file{data, size};
  formats::CheckUnpack(formats::UnpackDotnetBundle, file);
  formats::CheckUnpack(formats::UnpackHalf, file);
  return 0;
}
