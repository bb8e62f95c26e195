// Version information of a program.
//
//   VS_VERSIONINFO "VS_VERSION_INFO"    value: VS_FIXEDFILEINFO, 52 bytes
//     StringFileInfo "StringFileInfo"
//       StringTable "040904B0"          the key is language and code page
//         String "CompanyName"          value: UTF-16
//     VarFileInfo "VarFileInfo"         not read
//
// Every one of them is: u16 length of all of it, u16 length of the value, u16
// type (1 = text, counted in characters), the key in UTF-16 up to a zero, zeros
// to a multiple of 4, the value, zeros to a multiple of 4, then children.
//
// Spec: Windows SDK, "VS_VERSIONINFO", "StringFileInfo", "StringTable",
// "String", "VS_FIXEDFILEINFO".
#include <algorithm>
#include <array>
#include <string_view>

#include "base/reader.h"
#include "base/text.h"
#include "formats/pe.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;

// One node. Offsets are absolute, and aligned from the start of the resource.
struct VersionNode {
  std::string key;
  uint16_t type = 0;
  base::Input whole;
  base::Input value;     // `value_length`, in bytes
  base::Input children;  // what follows the value
};

constexpr uint64_t kVersionNodeHeaderBytes = 6;

// Up to the next multiple of 4 from the start of the resource.
uint64_t VersionPadding(uint64_t offset, uint64_t start) {
  return (4 - (offset - start) % 4) % 4;
}

base::Input VersionBehind(const base::Input& input, uint64_t size) {
  const uint64_t taken = std::min<uint64_t>(size, input.bytes.size());
  return {input.bytes.subspan(taken), input.offset + taken};
}

class VersionReader {
 public:
  VersionReader(base::Input resource, Budget& budget)
      : resource_(resource), budget_(budget) {}

  Result<PeVersion> Read() {
    base::Input rest = resource_;
    const VersionNode root = CS_TRY(Next(rest));
    if (root.key != "VS_VERSION_INFO") {
      return base::Fail(Fault::kMalformed, root.whole.offset,
                        "VS_VERSIONINFO.szKey");
    }
    ReadFixed(root.value);
    for (base::Input blocks = root.children; !blocks.bytes.empty();) {
      const VersionNode block = CS_TRY(Next(blocks));
      if (block.key != "StringFileInfo") {
        continue;
      }
      for (base::Input tables = block.children; !tables.bytes.empty();) {
        const VersionNode table = CS_TRY(Next(tables));
        CS_TRY_VOID(ReadTable(table));
      }
    }
    return std::move(version_);
  }

 private:
  // Takes a node off the front of `rest`, with what pads it.
  Result<VersionNode> Next(base::Input& rest) {
    CS_TRY_VOID(budget_.ChargeSteps(1, rest.offset));
    Reader reader(rest);
    VersionNode node;
    const uint16_t length = reader.U16("wLength");
    const uint16_t value_length = reader.U16("wValueLength");
    node.type = reader.U16("wType");
    CS_TRY(reader.Finish(true));
    if (length < kVersionNodeHeaderBytes || length > rest.bytes.size()) {
      return base::Fail(Fault::kMalformed, rest.offset, "wLength");
    }
    node.whole = {rest.bytes.first(length), rest.offset};
    const base::Input key = VersionBehind(node.whole, kVersionNodeHeaderBytes);
    const uint64_t key_bytes = KeyBytes(key.bytes);
    CS_TRY_VOID(budget_.ChargeSteps(key_bytes / 64, key.offset));
    node.key = base::FromUtf16LittleEndian(key.bytes.first(key_bytes));
    base::Input body = VersionBehind(key, key_bytes + 2);
    body = VersionBehind(body, VersionPadding(body.offset, resource_.offset));
    // Quirk: some writers count the value of texts in bytes, which then reaches
    // past the node; Windows takes what is there.
    const uint64_t value_bytes = std::min<uint64_t>(
        node.type == 1 ? 2ULL * value_length : value_length, body.bytes.size());
    node.value = {body.bytes.first(value_bytes), body.offset};
    node.children = VersionBehind(body, value_bytes);
    node.children = VersionBehind(
        node.children, VersionPadding(node.children.offset, resource_.offset));
    rest = VersionBehind(rest, length);
    rest = VersionBehind(rest, VersionPadding(rest.offset, resource_.offset));
    // Why: what is left may be the padding of the node around it.
    if (rest.bytes.size() < kVersionNodeHeaderBytes) {
      rest = VersionBehind(rest, rest.bytes.size());
    }
    return node;
  }

  // Bytes before the zero that ends a key, or all of them.
  static uint64_t KeyBytes(Bytes bytes) {
    uint64_t size = 0;
    while (size + 2 <= bytes.size() &&
           (bytes[size] != 0 || bytes[size + 1] != 0)) {
      size += 2;
    }
    return size;
  }

  void ReadFixed(base::Input value) {
    constexpr uint32_t kSignature = 0xFEEF04BD;
    Reader reader(value);
    const uint32_t signature = reader.U32("VS_FIXEDFILEINFO.dwSignature");
    reader.Skip(4, "VS_FIXEDFILEINFO.dwStrucVersion");
    const uint64_t file_high = reader.U32("VS_FIXEDFILEINFO.dwFileVersionMS");
    const uint64_t file_low = reader.U32("VS_FIXEDFILEINFO.dwFileVersionLS");
    const uint64_t product_high =
        reader.U32("VS_FIXEDFILEINFO.dwProductVersionMS");
    const uint64_t product_low =
        reader.U32("VS_FIXEDFILEINFO.dwProductVersionLS");
    if (!reader.Failed() && signature == kSignature) {
      version_.file_version = file_high << 32 | file_low;
      version_.product_version = product_high << 32 | product_low;
    }
  }

  Result<void> ReadTable(const VersionNode& table) {
    for (base::Input rest = table.children; !rest.bytes.empty();) {
      const VersionNode node = CS_TRY(Next(rest));
      const Bytes text = node.value.bytes.first(KeyBytes(node.value.bytes));
      version_.strings.push_back({table.key, node.key,
                                  base::FromUtf16LittleEndian(text),
                                  node.whole.Range()});
    }
    return {};
  }

  base::Input resource_;
  Budget& budget_;
  PeVersion version_;
};

}  // namespace

Result<PeVersion> ParsePeVersion(base::Input resource, Budget& budget) {
  return VersionReader(resource, budget).Read();
}

}  // namespace countersign::formats
