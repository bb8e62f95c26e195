#include "base/base64.h"

namespace countersign::base {
namespace {

int Value(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::optional<std::vector<uint8_t>> DecodeBase64(std::string_view text) {
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  bool ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') {
      continue;
    }
    if (c == '=') {
      ended = true;
      continue;
    }
    const int value = Value(c);
    if (value < 0 || ended) {
      return std::nullopt;
    }
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++count == 4) {
      bytes.push_back(static_cast<uint8_t>(bits >> 16));
      bytes.push_back(static_cast<uint8_t>(bits >> 8));
      bytes.push_back(static_cast<uint8_t>(bits));
      count = 0;
    }
  }
  if (count == 1) {
    return std::nullopt;
  }
  if (count >= 2) {
    bits <<= 6 * (4 - count);
    bytes.push_back(static_cast<uint8_t>(bits >> 16));
    if (count == 3) {
      bytes.push_back(static_cast<uint8_t>(bits >> 8));
    }
  }
  return bytes;
}

}  // namespace countersign::base
