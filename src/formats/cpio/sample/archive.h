// For tests: cpio archives of every form from data.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "formats/cpio/header.h"

namespace countersign::formats::sample {

struct CpioEntry {
  std::string name = {};
  std::string content = {};
  unsigned mode = 0100644;
  unsigned inode = 1;
  unsigned links = 1;
  unsigned wrong_sum = 0;  // is added
};

inline unsigned CpioSum(const CpioEntry& entry) {
  unsigned sum = entry.wrong_sum;
  for (const char c : entry.content) {
    sum += static_cast<uint8_t>(c);
  }
  return sum;
}

inline std::string CpioWords(CpioForm form, const std::vector<size_t>& words) {
  std::string text;
  for (const size_t word : words) {
    const auto low = static_cast<char>(word);
    const auto high = static_cast<char>(word >> 8);
    text += form == CpioForm::kBinaryBig ? high : low;
    text += form == CpioForm::kBinaryBig ? low : high;
  }
  return text;
}

inline std::string CpioMember(CpioForm form, const CpioEntry& entry) {
  const size_t size = entry.content.size();
  const size_t name = entry.name.size() + 1;
  std::string text;
  size_t unit = 1;
  switch (form) {
    case CpioForm::kNewc:
    case CpioForm::kCrc:
      text = fmt::format(
          "07070{}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08x}{:08X}{:08X}{:08X}"
          "{:08X}{:08X}{:08X}",
          form == CpioForm::kCrc ? 2 : 1, entry.inode, entry.mode, 0, 0,
          entry.links, 0, size, 0, 0, 0, 0, name,
          form == CpioForm::kCrc ? CpioSum(entry) : 0);
      unit = 4;
      break;
    case CpioForm::kOdc:
      text = fmt::format(
          "070707{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:011o}{:06o}{:"
          "011o}",
          0, entry.inode, entry.mode, 0, 0, entry.links, 0, 0, name, size);
      break;
    default:
      text = CpioWords(
          form, {070707, 0, entry.inode, entry.mode, 0, 0, entry.links, 0, 0, 0,
                 name, size >> 16, size & 0xFFFF});
      unit = 2;
  }
  const auto pad = [&] { text.resize((text.size() + unit - 1) / unit * unit); };
  text += entry.name + '\0';
  pad();
  text += entry.content;
  pad();
  return text;
}

inline std::string CpioEnd(CpioForm form) {
  return CpioMember(form, {.name = "TRAILER!!!", .mode = 0, .inode = 0});
}

}  // namespace countersign::formats::sample
