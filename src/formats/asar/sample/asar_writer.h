// For tests: archives of a header and data.
#pragma once

#include <string>

#include "base/digest.h"
#include "formats/sample/zip_writer.h"

namespace countersign::formats {

inline std::string AsarOf(const std::string& json, const std::string& data) {
  const size_t padded = (json.size() + 3) / 4 * 4;
  std::string text = LittleEndian(4, 4) + LittleEndian(padded + 8, 4) +
                     LittleEndian(padded + 4, 4) +
                     LittleEndian(json.size(), 4) + json;
  text.resize(16 + padded);
  return text + data;
}

// What the packer writes of a file's integrity; blocks of 4 bytes.
inline std::string AsarIntegrity(const std::string& content) {
  const auto hash = [](const std::string& text) {
    return "\"" +
           base::Hash(base::DigestAlgorithm::kSha256, base::AsBytes(text))
               .Hex() +
           "\"";
  };
  std::string blocks;
  for (size_t at = 0; at <= content.size(); at += 4) {
    blocks += (at == 0 ? "" : ",") + hash(content.substr(at, 4));
  }
  return R"({"algorithm":"SHA256","hash":)" + hash(content) +
         R"(,"blockSize":4,"blocks":[)" + blocks + "]}";
}

// Every kind of entry. "abcdefgh" has blocks that fill their size.
inline std::string SampleAsar() {
  return AsarOf(
      R"({"files":{"main.js":{"size":5,"offset":"0","executable":true,)"
      R"("integrity":)" +
          AsarIntegrity("12345") +
          R"(},"lib":{"files":{"a":{"size":8,"offset":"5","integrity":)" +
          AsarIntegrity("abcdefgh") +
          R"(},"none":{"size":0,"offset":"13"},"link":{"link":"main.js"}}},)"
          R"("native.node":{"size":7,"unpacked":true}}})",
      "12345abcdefgh");
}

}  // namespace countersign::formats
