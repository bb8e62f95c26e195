// For tests: bundles from data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/pe/sample/pe_writer.h"

namespace countersign::formats {

struct SampleBurn {
  uint32_t magic = 0x00F14300;
  uint32_t version = 2;
  uint32_t format = 1;
  std::vector<std::string> containers = {"MSCF user interface", "MSCF payload"};
  std::string signature;  // of the engine; zeros align it
  bool is_detached = false;
  std::string trailing;

  // Where the section's content begins.
  static constexpr size_t kSectionOffset = SampleProgram::kHeaderBytes + 0x200;

  [[nodiscard]] std::string Write() const {
    SampleProgram program;
    program.sections = {{".text", "code"}, {".wixburn", Section(0)}};
    const size_t stub = program.Write().size();
    program.sections[1].content = Section(stub);
    program.overlay = containers.at(0);
    if (!signature.empty()) {
      program.overlay.resize(SignatureOffset(stub) - stub);
      program.overlay += signature;
    }
    for (size_t i = 1; i < containers.size() && !is_detached; ++i) {
      program.overlay += containers[i];
    }
    program.overlay += trailing;
    return program.Write();
  }

 private:
  [[nodiscard]] size_t SignatureOffset(size_t stub) const {
    return (stub + containers.at(0).size() + 7) / 8 * 8;
  }

  [[nodiscard]] std::string Section(size_t stub) const {
    std::string text = LittleEndian(magic, 4) + LittleEndian(version, 4);
    for (int i = 0; i < 16; ++i) {
      text += static_cast<char>(0x10 + i);
    }
    text += LittleEndian(stub, 4);
    text += signature.empty() ? std::string(12, '\0')
                              : LittleEndian(0x12345678, 4) +
                                    LittleEndian(SignatureOffset(stub), 4) +
                                    LittleEndian(signature.size(), 4);
    text += LittleEndian(format, 4) + LittleEndian(containers.size(), 4);
    for (const std::string& container : containers) {
      text += LittleEndian(container.size(), 4);
    }
    return text;
  }
};

}  // namespace countersign::formats
