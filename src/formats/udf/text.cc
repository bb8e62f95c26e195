#include "formats/udf/text.h"

#include <algorithm>

#include "base/text.h"

namespace countersign::formats {

std::string UdfText(base::Bytes characters) {
  if (characters.empty()) {
    return "";
  }
  const base::Bytes rest = characters.subspan(1);
  switch (characters[0]) {
    case 8:
    case 254:
      return base::FromLatin1(rest);
    case 16:
    case 255:
      return base::FromUtf16BigEndian(rest);
    default:
      return std::string(base::AsText(characters));
  }
}

std::string UdfFixedText(base::Bytes field) {
  if (field.empty()) {
    return "";
  }
  return UdfText(field.first(std::min<size_t>(field.back(), field.size() - 1)));
}

}  // namespace countersign::formats
