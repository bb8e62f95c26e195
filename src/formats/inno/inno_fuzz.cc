// Every file, as a setup of Inno Setup; and every content of setup data, in a
// setup with the checksums that guard it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/codec/decompress.h"
#include "formats/inno.h"
#include "formats/inno/layout.h"
#include "formats/pe/sample/pe_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

uint32_t CrcOf(const std::string& text) {
  return Crc32(0, base::AsBytes(text));
}

std::string BlockOf(const std::string& content, int size_bytes) {
  std::string parts;
  for (size_t at = 0; at < content.size(); at += 4096) {
    const std::string part = content.substr(at, 4096);
    parts += LittleEndian(CrcOf(part), 4) + part;
  }
  const std::string head = LittleEndian(parts.size(), size_bytes) + '\0';
  return LittleEndian(CrcOf(head), 4) + head + parts;
}

// How files are encrypted, where the version says it before the blocks.
std::string EncryptionOf(const InnoLayout& layout) {
  const std::string header(49, '\0');
  return layout.has_encryption_header ? LittleEndian(CrcOf(header), 4) + header
                                      : "";
}

std::string TableOf(size_t start, size_t setup, size_t files) {
  std::string table =
      std::string("rDlPtS\xCD\xE6\xD7\x7B\x0B\x2A", 12) + LittleEndian(1, 4) +
      LittleEndian(0, 4) + LittleEndian(start, 4) + LittleEndian(8, 4) +
      LittleEndian(0, 4) + LittleEndian(setup, 4) + LittleEndian(files, 4);
  return table + LittleEndian(CrcOf(table), 4);
}

// The first byte chooses the version, the next two say how much of the input
// is in the second block, two more how much is in the first; the rest are
// chunks.
std::string SetupOf(base::Bytes input) {
  const auto number = [&](size_t at) {
    return at + 1 < input.size()
               ? static_cast<size_t>(input[at] | input[at + 1] << 8)
               : 0;
  };
  const auto layouts = InnoLayouts();
  const InnoLayout& layout =
      layouts[input.empty() ? 0 : input[0] % layouts.size()];
  const std::string rest(
      base::AsText(input.subspan(std::min<size_t>(5, input.size()))));
  const std::string locations = rest.substr(0, number(1));
  const std::string entries = rest.substr(locations.size(), number(3));
  const std::string chunks = rest.substr(locations.size() + entries.size());
  const std::string identifier =
      Padded("Inno Setup Setup Data (" + std::string(layout.version) + ")" +
                 (input.size() > 1 && input[0] % 2 == 0 ? " (u)" : ""),
             64);
  SampleProgram program;
  program.resources = {{"#10", "#11111", "#0", TableOf(0, 0, 0)}};
  const size_t start = program.Write().size();
  const std::string installer = BlockOf("MZ\xE8program", 4);
  const std::string data = identifier + EncryptionOf(layout) +
                           BlockOf(entries, layout.block_size_bytes) +
                           BlockOf(locations, layout.block_size_bytes);
  program.overlay = installer + data + chunks;
  program.resources[0].content = TableOf(
      start, start + installer.size(), start + installer.size() + data.size());
  return program.Write();
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;
  formats::CheckUnpack(formats::UnpackInno, {data, size});
  formats::CheckUnpack(formats::UnpackInno,
                       base::AsBytes(formats::SetupOf({data, size})));
  return 0;
}
