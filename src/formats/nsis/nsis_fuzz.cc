// Data of NSIS installers, to members and script; and the streams in them,
// each of which is a decoder of ours. The last byte chooses.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "formats/codec/nsis_streams.h"
#include "formats/nsis.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

base::Limits FuzzLimits() {
  base::Limits limits;
  limits.steps = 100'000;
  return limits;
}

void CheckPlaces(const NsisInstaller& installer) {
  for (size_t i = 0; i < installer.operations.size(); ++i) {
    const NsisOperation& operation = installer.operations[i];
    CS_CHECK(operation.index == i);
    CS_CHECK(!operation.name.empty());
    CS_CHECK(!operation.section || !operation.function);
    const NsisCode* code =
        operation.section    ? &installer.sections.at(*operation.section).code
        : operation.function ? &installer.functions.at(*operation.function)
                             : nullptr;
    CS_CHECK(code == nullptr ||
             (i >= code->first && i - code->first < code->count));
  }
}

// What the installer in `bytes` comes to, as text.
std::string NsisTranscript(base::Bytes bytes) {
  base::Budget budget(FuzzLimits());
  const auto installer = ParseNsis(bytes, budget);
  if (!installer) {
    CS_CHECK(installer.error().offset <= bytes.size());
    CS_CHECK(installer.error().field[0] != '\0');
    return installer.error().field;
  }
  CS_CHECK(installer->header.Inside(bytes.size()));
  CheckPlaces(*installer);
  std::string text = NsisScript(*installer);
  CS_CHECK(text.size() <= size_t{4} << 20);
  // Line by line, because the lines are ours.
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    CS_CHECK(end != std::string::npos);
    const std::string line = text.substr(at, end - at);
    CS_CHECK(base::DisplaySafe(line) == line);
    at = end + 1;
  }
  return text;
}

// Takes up to a number of bytes.
class FuzzSink : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    CS_CHECK(!bytes.empty() && !full_);
    if (bytes.size() > kMost - text.size()) {
      full_ = true;
      return base::Fail(base::Fault::kLimit, 0, "enough");
    }
    text += base::AsText(bytes);
    return {};
  }
  std::string text;

 private:
  static constexpr size_t kMost = size_t{8} << 20;
  bool full_ = false;
};

std::string StreamTranscript(base::Bytes bytes, uint8_t which) {
  FuzzSink sink;
  NsisStoredForm form = NsisStoredForm::kUnknown;
  const base::Input input{bytes, 1000};
  const auto taken = which == 1   ? InflateNsis(input, sink, form)
                     : which == 2 ? DecompressNsisBzip2(input, sink)
                                  : DecompressNsisLzma(input, which == 4, sink);
  if (taken) {
    CS_CHECK(*taken <= bytes.size());
    return sink.text;
  }
  const base::Error& error = taken.error();
  CS_CHECK(error.field[0] != '\0');
  CS_CHECK(error.offset <= 1000 + bytes.size());
  return sink.text + error.field;
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  const uint8_t which = size == 0 ? 0 : data[size - 1];
  if (which >= 1 && which <= 4) {
    const countersign::base::Bytes bytes{data, size - 1};
    CS_CHECK(StreamTranscript(bytes, which) == StreamTranscript(bytes, which));
    return 0;
  }
  CS_CHECK(NsisTranscript({data, size}) == NsisTranscript({data, size}));
  CheckUnpack(UnpackNsis, {data, size});
  return 0;
}
