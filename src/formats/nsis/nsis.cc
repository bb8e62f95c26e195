// NSIS installers: the door to everything in this folder.
//
//   container.cc   first header, how it is packed      -> unpacked header
//   header.cc      blocks of the unpacked header       -> entries, sections
//   strings.cc     strings with variables
//   opcodes.cc     which number is which instruction
//   script.cc      instructions                        -> operations, files
//   members.cc     the data                            -> members
//
// Spec: NSIS 3.08, Source/exehead; docs/formats/nsis.md.
#include "formats/nsis.h"

#include <fmt/format.h>

#include <string_view>

#include "base/text.h"
#include "formats/nsis/container.h"
#include "formats/nsis/header.h"
#include "formats/nsis/members.h"
#include "formats/nsis/script.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Result;

// Limit: 4 MiB of text; the largest script seen makes 0.4.
constexpr size_t kMaxScriptBytes = size_t{4} << 20;

// What the public functions have in common.
struct NsisReading {
  NsisContainer container;
  NsisInstaller installer;
  std::vector<NsisDataUse> uses;
};

Result<NsisReading> ReadNsis(Bytes bytes, base::Budget& budget) {
  NsisReading reading;
  reading.container = CS_TRY(OpenNsis(bytes, budget));
  const NsisContainer& container = reading.container;
  const uint64_t offset = container.stored_header.offset;
  NsisHeader header = CS_TRY(
      ReadNsisHeader(container.header, container.uninstaller, offset, budget));
  NsisScriptReading script = CS_TRY(ReadNsisScript(header, offset, budget));
  NsisInstaller& installer = reading.installer;
  installer.version = header.version;
  installer.unicode = header.unicode;
  installer.is_64 = header.is_64;
  installer.uninstaller = container.uninstaller;
  installer.compressor = container.compressor;
  installer.solid = container.solid;
  constexpr int32_t kNameOfProduct = -3;
  installer.name = header.strings.Expand(kNameOfProduct);
  installer.install_directory = header.strings.Expand(header.install_directory);
  installer.sections = std::move(header.sections);
  installer.functions = std::move(script.functions);
  installer.operations = std::move(script.operations);
  installer.opcodes_certain = script.opcodes_certain;
  installer.header = container.stored_header;
  installer.crc = container.crc;
  reading.uses = std::move(script.uses);
  return reading;
}

// As a script has it: $\" for a quotation mark, and so on.
std::string Quoted(std::string_view argument) {
  std::string text = "\"";
  for (const char c : argument) {
    switch (c) {
      case '"':
        text += "$\\\"";
        break;
      case '\n':
        text += "$\\n";
        break;
      case '\r':
        text += "$\\r";
        break;
      case '\t':
        text += "$\\t";
        break;
      default:
        text += c;
        break;
    }
  }
  return text + "\"";
}

std::string ScriptLine(const NsisOperation& operation) {
  const bool is_plugin =
      operation.name == "Plugin" && !operation.arguments.empty();
  std::string line =
      fmt::format("{:>7}  {}", operation.index,
                  is_plugin ? operation.arguments[0] : operation.name);
  for (size_t i = is_plugin ? 1 : 0; i < operation.arguments.size(); ++i) {
    line += " " + Quoted(operation.arguments[i]);
  }
  return base::DisplaySafe(line) + "\n";
}

// The line that begins what holds `operation`, or "".
std::string PlaceLine(const NsisInstaller& installer,
                      const NsisOperation& operation) {
  std::string line;
  if (operation.section) {
    line =
        "Section " + Quoted(installer.sections[*operation.section].code.name);
  } else if (operation.function) {
    line = "Function " + Quoted(installer.functions[*operation.function].name);
  } else {
    line = "(no section or function)";
  }
  return base::DisplaySafe(line) + "\n";
}

}  // namespace

Result<NsisInstaller> ParseNsis(Bytes container, base::Budget& budget) {
  return CS_TRY(ReadNsis(container, budget)).installer;
}

std::string NsisScript(const NsisInstaller& installer) {
  std::string text = "; " + DescribeNsis(installer) + "\n";
  const NsisOperation* last = nullptr;
  for (const NsisOperation& operation : installer.operations) {
    std::string lines;
    if (last == nullptr || last->section != operation.section ||
        last->function != operation.function) {
      lines = PlaceLine(installer, operation);
    }
    lines += ScriptLine(operation);
    constexpr std::string_view kCut = "; cut off at 4 MiB\n";
    if (lines.size() > kMaxScriptBytes - kCut.size() - text.size()) {
      return text.append(kCut);
    }
    text += lines;
    last = &operation;
  }
  return text;
}

std::string DescribeNsis(const NsisInstaller& installer) {
  std::string text = installer.version == NsisVersion::k3   ? "NSIS 3"
                     : installer.version == NsisVersion::k2 ? "NSIS 2"
                                                            : "NSIS 2 (Park)";
  text += installer.uninstaller ? " uninstaller" : " installer";
  text += installer.is_64 ? " for x86-64" : "";
  text += installer.unicode ? ", Unicode" : ", ANSI";
  switch (installer.compressor) {
    case NsisCompressor::kNone:
      text += ", not compressed";
      break;
    case NsisCompressor::kDeflate:
      text += ", zlib";
      break;
    case NsisCompressor::kBzip2:
      text += ", bzip2";
      break;
    case NsisCompressor::kLzma:
      text += ", LZMA";
      break;
    case NsisCompressor::kLzmaFiltered:
      text += ", LZMA with filter";
      break;
  }
  return text + (installer.solid ? ", solid" : "");
}

Result<void> UnpackNsis(const base::Blob& container, base::Budget& budget,
                        MemberSink& sink) {
  NsisReading reading = CS_TRY(ReadNsis(container.View(), budget));
  sink.Identify(model::Format::kNsis, DescribeNsis(reading.installer));
  const std::vector<NsisDataUse> uses = std::move(reading.uses);
  const bool certain = reading.installer.opcodes_certain;
  // Why: the script may be large, and members are long in coming.
  reading.installer = {};
  reading.container.header = {};
  return HandOverMembers(container.View(), reading.container, uses, certain,
                         budget, sink);
}

}  // namespace countersign::formats
