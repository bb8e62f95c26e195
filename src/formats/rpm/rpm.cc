// Reads RPM packages: the scriptlets and the payload.
//
// +------+-----------+-------+--------+---------------------------+
// | lead | signature | zeros | header | payload: a cpio archive,  |
// | 96   | header    | to 8  |        | compressed                |
// +------+-----------+-------+--------+---------------------------+
// lead: ED AB EE DB, major, minor, type u16 (0 binary, 1 source), ...
//
// Spec: RPM 4 reference manual, "RPM V4 Package format" and "Tags"; Linux
// Standard Base Core 5.0, chapter 22, for the numbers of tags.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

#include "base/checked.h"
#include "base/reader.h"
#include "base/text.h"
#include "formats/archive.h"
#include "formats/remarks.h"
#include "formats/rpm/header.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;
using std::string_view_literals::operator""sv;

constexpr uint32_t kRpmName = 1000;
constexpr uint32_t kRpmVersion = 1001;
constexpr uint32_t kRpmRelease = 1002;
constexpr uint32_t kRpmArchitecture = 1022;
constexpr uint32_t kRpmPayloadFormat = 1124;
constexpr uint32_t kRpmCompressor = 1125;
// Of the signature header: bytes of header and payload.
constexpr uint32_t kRpmSignedSize = 1000;
constexpr uint32_t kRpmLongSignedSize = 270;

struct RpmScript {
  uint32_t body;         // tag
  uint32_t interpreter;  // tag
  const char* name;
};
constexpr std::array kRpmScripts = {
    RpmScript{1151, 1153, "%pretrans"},
    RpmScript{1023, 1085, "%pre"},
    RpmScript{1024, 1086, "%post"},
    RpmScript{1025, 1087, "%preun"},
    RpmScript{1026, 1088, "%postun"},
    RpmScript{1152, 1154, "%posttrans"},
    RpmScript{5104, 5106, "%preuntrans"},
    RpmScript{5105, 5107, "%postuntrans"},
    RpmScript{1079, 1091, "%verifyscript"},
    RpmScript{1065, 1092, "%trigger"},
    RpmScript{5066, 5067, "%filetrigger"},
    RpmScript{5076, 5077, "%transfiletrigger"},
};

struct RpmCompressor {
  std::string_view name;
  std::string_view extension;
  std::string_view mark;
};
constexpr std::array kRpmCompressors = {
    RpmCompressor{"gzip", ".gz", "\x1F\x8B"sv},
    RpmCompressor{"bzip2", ".bz2", "BZh"sv},
    RpmCompressor{"xz", ".xz",
                  "\xFD"
                  "7zXZ\0"sv},
    RpmCompressor{"zstd", ".zst", "\x28\xB5\x2F\xFD"sv},
    RpmCompressor{"none", "", "0707"sv},
    // Last, because its mark is none.
    RpmCompressor{"lzma", ".lzma", "\x5D\0\0"sv},
};

// Text of a header, as it may be shown.
std::string RpmShown(std::string_view text) {
  constexpr size_t kMostShown = 100;
  return base::DisplaySafe(text.substr(0, kMostShown));
}

class RpmWalk {
 public:
  RpmWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    const auto result = ReadAll();
    remarks_.Finish();
    return result;
  }

 private:
  Result<void> ReadAll() {
    const uint16_t type = CS_TRY(ReadLead());
    const RpmHeader signature =
        CS_TRY(ReadRpmHeader({bytes_.subspan(kLead), kLead}, budget_));
    const uint64_t start = CS_TRY(SkipToEight(signature.end));
    const RpmHeader header =
        CS_TRY(ReadRpmHeader({bytes_.subspan(start), start}, budget_));
    sink_.Identify(model::Format::kRpm, Describe(header, type));
    for (const RpmScript& script : kRpmScripts) {
      CS_TRY_VOID(HandOverScripts(header, script));
    }
    return HandOverPayload(header, EndOf(signature, start));
  }

  Result<uint16_t> ReadLead() {
    Reader reader({bytes_, 0});
    const std::string_view mark = base::AsText(reader.Take(4, "lead magic"));
    reader.Skip(2, "lead version");
    const uint16_t type = std::byteswap(reader.U16("lead type"));
    reader.Skip(kLead - 8, "lead");
    CS_TRY(reader.Finish(true));
    if (mark != "\xED\xAB\xEE\xDB"sv) {
      return Fail(Fault::kMalformed, 0, "lead magic");
    }
    return type;
  }

  Result<uint64_t> SkipToEight(uint64_t end) {
    const uint64_t gap = (8 - end % 8) % 8;
    if (gap > bytes_.size() - end) {
      return Fail(Fault::kTruncated, bytes_.size(), "padding");
    }
    if (SkipZeros(bytes_.first(end + gap), end) != end + gap) {
      remarks_.Note(RemarkKind::kHiddenData, {end, gap},
                    fmt::format("{} bytes behind the signature header are not "
                                "zero",
                                gap));
    }
    return end + gap;
  }

  // "RPM package name-version-release.arch, %post by /bin/sh"
  static std::string Describe(const RpmHeader& header, uint16_t type) {
    std::string text = fmt::format(
        "{} {}-{}-{}.{}", type == 1 ? "source RPM package" : "RPM package",
        RpmShown(header.TextOf(kRpmName)), RpmShown(header.TextOf(kRpmVersion)),
        RpmShown(header.TextOf(kRpmRelease)),
        RpmShown(header.TextOf(kRpmArchitecture)));
    for (const RpmScript& script : kRpmScripts) {
      const RpmEntry* interpreter = header.Find(script.interpreter);
      if (interpreter != nullptr) {
        text += fmt::format(
            ", {} by {}", script.name,
            RpmShown(header.Text(*interpreter).value_or("(damaged)")));
      } else if (header.Find(script.body) != nullptr) {
        text += fmt::format(", {}", script.name);
      }
    }
    return text;
  }

  Result<void> HandOverScripts(const RpmHeader& header,
                               const RpmScript& script) {
    const RpmEntry* entry = header.Find(script.body);
    if (entry == nullptr) {
      return {};
    }
    const auto bodies = header.Strings(*entry);
    CS_TRY_VOID(budget_.ChargeSteps(bodies.size(), entry->at));
    for (size_t i = 0; i < bodies.size(); ++i) {
      Member member;
      member.name = entry->count == 1 ? script.name
                                      : fmt::format("{}[{}]", script.name, i);
      member.size = bodies[i].size();
      member.stored = RangeOf(bodies[i]);
      CS_TRY_VOID(sink_.Place(member, member.stored));
    }
    if (bodies.size() == entry->count) {
      return {};
    }
    Member member;
    member.name = script.name;
    member.stored = {entry->at, 16};
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(Error{Fault::kMalformed, entry->at, "index entry"});
  }

  [[nodiscard]] ByteRange RangeOf(std::string_view text) const {
    const auto* first = reinterpret_cast<const uint8_t*>(text.data());
    return {static_cast<uint64_t>(first - bytes_.data()), text.size()};
  }

  // Where the payload ends by the signature header; the end of the file when it
  // does not say.
  [[nodiscard]] uint64_t EndOf(const RpmHeader& signature,
                               uint64_t start) const {
    const RpmEntry* entry = signature.Find(kRpmLongSignedSize);
    entry = entry == nullptr ? signature.Find(kRpmSignedSize) : entry;
    const auto size =
        entry == nullptr ? std::nullopt : signature.Number(*entry);
    if (!size) {
      return bytes_.size();
    }
    return base::CheckedSum(start, *size)
        .value_or(std::numeric_limits<uint64_t>::max());
  }

  Result<void> HandOverPayload(const RpmHeader& header, uint64_t end) {
    const uint64_t there = std::min<uint64_t>(end, bytes_.size());
    if (end < header.end) {
      return Fail(Fault::kMalformed, header.end, "size of the payload");
    }
    const ByteRange content = {header.end, there - header.end};
    const Bytes payload = bytes_.subspan(content.offset, content.size);
    Member member;
    const std::string_view format = header.TextOf(kRpmPayloadFormat);
    member.name = fmt::format("payload.{}{}",
                              format.empty() ? "cpio"sv : format.substr(0, 20),
                              Extension(header, payload, content));
    member.size = end - header.end;
    member.stored = content;
    if (there == end) {
      CS_TRY_VOID(sink_.Place(member, content));
      NoteTrailing(bytes_, end, remarks_);
      return {};
    }
    const Error error{Fault::kTruncated, bytes_.size(), "payload"};
    CS_TRY_VOID(sink_.Begin(member));
    const auto written =
        payload.empty() ? Result<void>() : sink_.Write(payload);
    return sink_.End(written ? error : written.error());
  }

  // By the header; by the content when the header does not say.
  std::string_view Extension(const RpmHeader& header, Bytes payload,
                             ByteRange range) {
    const std::string_view said = header.TextOf(kRpmCompressor);
    const auto* by_name =
        std::ranges::find(kRpmCompressors, said, &RpmCompressor::name);
    const auto* by_mark = std::ranges::find_if(
        kRpmCompressors, [&](const RpmCompressor& compressor) {
          return base::AsText(payload).starts_with(compressor.mark);
        });
    if (!said.empty() && by_name != by_mark) {
      remarks_.Note(
          RemarkKind::kDisagreement, range,
          fmt::format("the header says that the payload is compressed by {}, "
                      "it begins as {}",
                      RpmShown(said),
                      by_mark == kRpmCompressors.end() ? "something else"sv
                                                       : by_mark->name));
    }
    const auto* known = by_name != kRpmCompressors.end() ? by_name : by_mark;
    return known == kRpmCompressors.end() ? ""sv : known->extension;
  }

  static constexpr uint64_t kLead = 96;

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
};

}  // namespace

Result<void> UnpackRpm(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return RpmWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
