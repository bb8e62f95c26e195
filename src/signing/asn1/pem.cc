#include "signing/asn1/pem.h"

#include "base/base64.h"

namespace countersign::signing {

std::vector<std::vector<uint8_t>> DecodePem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  std::vector<std::vector<uint8_t>> blocks;
  for (size_t at = text.find(kBegin); at != std::string_view::npos;
       at = text.find(kBegin, at)) {
    const size_t body = text.find('\n', at);
    const size_t end = text.find(kEnd, at);
    if (body == std::string_view::npos || end == std::string_view::npos) {
      break;
    }
    if (body < end) {
      if (auto bytes = base::DecodeBase64(text.substr(body, end - body))) {
        blocks.push_back(*std::move(bytes));
      }
    }
    at = end;
  }
  return blocks;
}

}  // namespace countersign::signing
