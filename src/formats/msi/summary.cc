// The property set of the summary information.
//
//   +0   u16 byte order FFFE, u16 version, u32 system, CLSID
//   +24  u32 number of sets, then for each: GUID, u32 offset
//   set  u32 size, u32 number of properties, then for each: u32 id, u32 offset
//        in the set of: u32 type, value
//
// Types: 2 i16, 3 i32, 30 text (u32 bytes with terminator), 64 FILETIME.
// Spec: [MS-OLEPS] 2.21, 2.20, 2.15; ids: 2.25.1 (SummaryInformation).
#include "base/reader.h"
#include "formats/msi.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fault;
using base::Reader;

// Limit: properties that are looked at; there are 19.
constexpr uint32_t kMaxSummaryProperties = 64;

enum SummaryPropertyType : uint32_t {
  kPropertyInt16 = 2,
  kPropertyInt32 = 3,
  kPropertyText = 30,
  kPropertyFileTime = 64
};

struct SummaryValue {
  std::optional<int32_t> number;
  std::optional<Bytes> text;
  uint64_t time = 0;
};

SummaryValue ReadSummaryValue(Reader& reader) {
  SummaryValue value;
  switch (reader.U32("property type")) {
    case kPropertyInt16:
      value.number = static_cast<int16_t>(reader.U16("VT_I2"));
      break;
    case kPropertyInt32:
      value.number = static_cast<int32_t>(reader.U32("VT_I4"));
      break;
    case kPropertyText: {
      Bytes text = reader.Take(reader.U32("VT_LPSTR size"), "VT_LPSTR");
      text = text.first(
          base::AsText(text).substr(0, base::AsText(text).find('\0')).size());
      value.text = text;
      break;
    }
    case kPropertyFileTime:
      value.time = reader.U64("VT_FILETIME");
      break;
    default:
      break;
  }
  return value;
}

void SetSummaryProperty(MsiSummary& summary, uint32_t id,
                        const SummaryValue& value) {
  const auto text = [&] {
    bool exact = true;
    return value.text ? DecodeCodePage(*value.text, summary.code_page, exact)
                      : std::string();
  };
  switch (id) {
    case 2:
      summary.title = text();
      break;
    case 3:
      summary.subject = text();
      break;
    case 4:
      summary.author = text();
      break;
    case 5:
      summary.keywords = text();
      break;
    case 6:
      summary.comments = text();
      break;
    case 7:
      summary.platform_and_languages = text();
      break;
    case 8:
      summary.last_author = text();
      break;
    case 9:
      summary.package_code = text();
      break;
    case 11:
      summary.last_printed = value.time;
      break;
    case 12:
      summary.created = value.time;
      break;
    case 13:
      summary.last_saved = value.time;
      break;
    case 14:
      summary.schema = value.number;
      break;
    case 15:
      summary.source_flags = value.number;
      break;
    case 16:
      summary.character_count = value.number;
      break;
    case 18:
      summary.application = text();
      break;
    case 19:
      summary.security = value.number;
      break;
    default:
      break;
  }
}

}  // namespace

base::Result<MsiSummary> ParseMsiSummary(Bytes stream, base::Budget& budget) {
  MsiSummary summary;
  Reader reader({stream, 0});
  if (reader.U16("ByteOrder") != 0xFFFE && !reader.Failed()) {
    return base::Fail(Fault::kMalformed, 0, "ByteOrder");
  }
  reader.Seek(24, "NumPropertySets");
  if (reader.U32("NumPropertySets") == 0) {
    reader.Fail(Fault::kMalformed, "NumPropertySets");
  }
  reader.Skip(16, "FMTID0");
  const uint32_t start = reader.U32("Offset0");
  reader.Seek(uint64_t{start} + 4, "PropertySet");
  const uint32_t count = reader.U32("NumProperties");
  if (count > kMaxSummaryProperties) {
    reader.Fail(Fault::kMalformed, "NumProperties");
  }
  const uint64_t list = reader.Offset();
  // Why twice: the code page of the texts may be listed behind them.
  for (const bool texts : {false, true}) {
    for (uint32_t i = 0; i < count && !reader.Failed(); ++i) {
      CS_TRY_VOID(budget.ChargeSteps(1, 0));
      reader.Seek(list + uint64_t{i} * 8, "PropertyIdentifierAndOffset");
      const uint32_t id = reader.U32("PropertyIdentifier");
      const uint32_t offset = reader.U32("PropertyOffset");
      reader.Seek(uint64_t{start} + offset, "PropertyOffset");
      const SummaryValue value = ReadSummaryValue(reader);
      if (id == 1 && value.number) {
        // VT_I2, in which 65001 is negative.
        summary.code_page = static_cast<uint16_t>(*value.number);
      } else if (texts) {
        SetSummaryProperty(summary, id, value);
      }
    }
  }
  return reader.Finish(std::move(summary));
}

}  // namespace countersign::formats
