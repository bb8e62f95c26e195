// For tests: small installers in every packing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/nsis.h"
#include "formats/nsis/sample/nsis_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats::sample {

struct NsisPacking {
  const char* name;
  NsisWriter::Pack pack;
  bool solid;
};

inline std::string Filtered(std::string_view text) {
  return text.size() % 2 == 0 ? std::string(1, '\0') + Lzma(text)
                              : std::string(1, '\1') + Lzma(text, true);
}

inline std::vector<NsisPacking> Packings() {
  const auto deflate = [](auto text) { return Deflated(text); };
  const auto bare = [](auto text) { return Stored(text, false); };
  const auto whole = [](auto text) { return Stored(text, true); };
  const auto lzma = [](auto text) { return Lzma(text); };
  return {
      {"not compressed", nullptr, false},
      {"zlib", deflate, false},
      {"zlib", bare, false},
      {"zlib", whole, false},
      {"bzip2", NsisBzip2, false},
      {"LZMA", lzma, false},
      {"LZMA with filter", Filtered, false},
      {"zlib, solid", deflate, true},
      {"zlib, solid", bare, true},
      {"zlib, solid", whole, true},
      {"bzip2, solid", NsisBzip2, true},
      {"LZMA, solid", lzma, true},
      {"LZMA with filter, solid", Filtered, true},
  };
}

inline NsisWriter WriterOf(const NsisPacking& packing,
                           NsisDialect dialect = NsisDialect::kUnicode3) {
  NsisWriter writer(dialect);
  writer.pack = packing.pack;
  writer.solid = packing.solid;
  return writer;
}

// Three files, one of them empty.
inline NsisWriter ThreeFiles(const NsisPacking& packing,
                             NsisDialect dialect = NsisDialect::kUnicode3,
                             size_t size = 3000) {
  NsisWriter writer = WriterOf(packing, dialect);
  writer.SetOutPath({kInstDir});
  writer.File("a.txt", writer.Data("the first file"));
  writer.SetOutPath({kInstDir, NsisText("\\lib")});
  writer.File("b.bin", writer.Data(Prose(size)));
  writer.File("empty", writer.Data(""));
  return writer;
}

inline base::Result<void> Unpacked(std::string_view container,
                                   MemberRecorder& recorder,
                                   const base::Limits& limits = {}) {
  return recorder.Run(UnpackNsis, base::AsBytes(container), limits);
}

}  // namespace countersign::formats::sample
