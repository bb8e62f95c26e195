// DER and BER of any shape, read through everything that reads content.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "signing/asn1/der.h"
#include "signing/asn1/oid.h"
#include "signing/asn1/pem.h"

namespace countersign::signing {
namespace {

// Where inputs pretend to stand, so that a lost offset shows.
constexpr uint64_t kAt = 0x10000;

bool IsInside(base::Input inner, base::Input outer) {
  return inner.offset >= outer.offset &&
         base::ByteRange{inner.offset - outer.offset, inner.bytes.size()}
             .Inside(outer.bytes.size());
}

template <typename T>
bool IsFine(const base::Result<T>& result, base::Input input) {
  return result ||
         (result.error().offset >= input.offset &&
          result.error().offset <= input.offset + input.bytes.size() &&
          result.error().field[0] != '\0');
}

void CheckContent(const Element& element, base::Input input,
                  base::Budget& budget, std::string& text) {
  std::vector<uint8_t> storage;
  const auto octets = OctetStringContent(element, budget, storage);
  CS_CHECK(IsFine(octets, input));
  CS_CHECK(!octets || octets->bytes.size() <= element.value.bytes.size());
  const auto bits = BitStringContent(element);
  CS_CHECK(IsFine(bits, input) && (!bits || IsInside(*bits, input)));
  const auto number = IntegerContent(element);
  CS_CHECK(IsFine(number, input));
  const auto time = TimeContent(element);
  CS_CHECK(IsFine(time, input));
  if (time) {
    // Sayable, and read again the same.
    CS_CHECK(base::ParseInstant(base::ToRfc3339(*time)) == *time);
    text += base::ToRfc3339(*time);
  }
  // Limit: 256 bytes; the text of whole structures, once a level, would be all
  // that a run does.
  if (element.value.bytes.size() <= 256) {
    text += base::DisplaySafe(StringContent(element)) +
            DottedOid(element.value.bytes) + std::to_string(number.value_or(0));
  }
}

// Everything that was read, breadth first.
std::string Transcript(base::Input input, base::Budget& budget) {
  std::string text;
  std::vector<base::Input> open = {input};
  for (size_t i = 0; i < open.size(); ++i) {
    DerReader reader(open[i], budget);
    uint64_t next = open[i].offset;
    while (!reader.AtEnd()) {
      const Element element = reader.Any("element");
      if (reader.Failed()) {
        break;
      }
      // Elements follow each other without gap or overlap.
      CS_CHECK(element.whole.offset == next);
      next += element.whole.bytes.size();
      CS_CHECK(IsInside(element.whole, open[i]));
      CS_CHECK(IsInside(element.value, element.whole));
      CS_CHECK(element.whole.bytes.size() >= 2 + element.value.bytes.size());
      CS_CHECK(element.whole.bytes[0] == element.identifier);
      CS_CHECK(!element.indefinite || element.IsConstructed());
      CheckContent(element, input, budget, text);
      if (element.IsConstructed()) {
        open.push_back(element.value);
      }
    }
    CS_CHECK(reader.Failed() || next == open[i].offset + open[i].bytes.size());
    CS_CHECK(IsFine(reader.Finish(0), open[i]));
    CS_CHECK(reader.Failed() == !reader.Finish(0).has_value());
  }
  return text;
}

void Check(base::Bytes bytes) {
  const base::Limits limits{.steps = 100'000};
  base::Budget first(limits);
  base::Budget second(limits);
  const std::string text = Transcript({bytes, kAt}, first);
  CS_CHECK(text == Transcript({bytes, kAt}, second));
  CS_CHECK(first.Left().steps == second.Left().steps);
  CS_CHECK(first.Left().steps <= limits.steps);
  for (const std::vector<uint8_t>& block : DecodePem(base::AsText(bytes))) {
    CS_CHECK(block.size() <= bytes.size());
  }
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
