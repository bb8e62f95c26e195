// What a parent reads from a worker that parsed hostile bytes, and what it
// reads from disk as a trust store.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/json.h"
#include "model/report.h"
#include "model/trust.h"
#include "model/wire.h"

namespace countersign::model {
namespace {

template <typename T>
void Check(base::Bytes bytes) {
  const auto value = DecodeWire<T>(bytes);
  if (!value) {
    CS_CHECK(value.error().field != nullptr && value.error().field[0] != '\0');
    CS_CHECK(value.error().offset <= bytes.size());
    return;
  }
  // One value has one form, so that what is not refused is understood whole.
  const auto again = EncodeWire(*value);
  CS_CHECK(base::Equal(again, bytes));
  CS_CHECK(EncodeWire(*DecodeWire<T>(again)) == again);
  if constexpr (requires { WriteJson(*value, -1); }) {
    const std::string text = WriteJson(*value, -1);
    CS_CHECK(text == WriteJson(*value, -1));
    // Nothing in it can move a cursor.
    for (const char c : text) {
      CS_CHECK(static_cast<uint8_t>(c) >= 0x20 && c != 0x7F);
    }
  }
}

}  // namespace
}  // namespace countersign::model

// The first byte chooses what the others are read as.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::model;
  if (size == 0) {
    return 0;
  }
  const countersign::base::Bytes bytes(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      Check<Inspection>(bytes);
      break;
    case 1:
      Check<TrustStore>(bytes);
      break;
    default:
      Check<Report>(bytes);
      break;
  }
  return 0;
}
