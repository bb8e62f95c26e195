// What a parent reads from a worker that parsed hostile bytes, and what it
// reads from disk as a trust store.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/json.h"
#include "model/report.h"
#include "model/sample/every_field.h"
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

// The message itself or, since no seed in git could follow the structs, one of
// ours with changes: one byte for the length of its lists, then for each
// change two bytes of offset and one for the new value.
template <typename T>
void CheckEither(bool changed, base::Bytes bytes) {
  if (!changed) {
    Check<T>(bytes);
    return;
  }
  const size_t list_size = bytes.empty() ? 0 : bytes[0] % 4;
  std::vector<uint8_t> message = EncodeWire(WithEveryField<T>(list_size));
  for (size_t at = 1; at + 3 <= bytes.size(); at += 3) {
    const size_t offset = size_t{bytes[at]} << 8 | bytes[at + 1];
    message[offset % message.size()] = bytes[at + 2];
  }
  Check<T>(message);
}

}  // namespace
}  // namespace countersign::model

// The first byte chooses what the others are read as.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const countersign::base::Bytes bytes(data + 1, size - 1);
  const bool changed = data[0] >= 0x80;
  switch (data[0] % 3) {
    case 0:
      countersign::model::CheckEither<countersign::model::Inspection>(changed,
                                                                      bytes);
      break;
    case 1:
      countersign::model::CheckEither<countersign::model::TrustStore>(changed,
                                                                      bytes);
      break;
    default:
      countersign::model::CheckEither<countersign::model::Report>(changed,
                                                                  bytes);
      break;
  }
  return 0;
}
