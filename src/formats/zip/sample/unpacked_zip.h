// For tests: what an archive yields, in one piece.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "formats/sample/member_recorder.h"
#include "formats/sample/zip_writer.h"
#include "formats/zip.h"

namespace countersign::formats {

struct Unpacked {
  MemberRecorder recorder;
  base::Result<void> result;

  [[nodiscard]] size_t CountOf(RemarkKind kind) const {
    return recorder.CountOf(kind);
  }
  [[nodiscard]] bool IsSilent() const {
    return result && recorder.remarks.empty() &&
           std::ranges::none_of(recorder.members, [](const auto& recorded) {
             return recorded.damage.has_value();
           });
  }
};

inline Unpacked UnpackSample(const std::string& archive,
                             const base::Limits& limits = {}) {
  Unpacked unpacked;
  unpacked.result =
      unpacked.recorder.Run(UnpackZip, base::AsBytes(archive), limits);
  return unpacked;
}

// The archive is read to its end, `kind` is remarked once, and nothing else.
inline Unpacked ExpectOnly(RemarkKind kind, const SampleZip& zip,
                           const std::string& words) {
  Unpacked unpacked = UnpackSample(zip.Write());
  EXPECT_TRUE(unpacked.result.has_value()) << words;
  EXPECT_EQ(unpacked.CountOf(kind), 1U) << words;
  EXPECT_EQ(unpacked.recorder.remarks.size(), 1U) << words;
  for (const Remark& remark : unpacked.recorder.remarks) {
    EXPECT_NE(remark.what.find(words), std::string::npos) << remark.what;
  }
  return unpacked;
}

inline const std::string kText =
    "to be, or not to be, that is the question: to be is to do";

inline SampleZip Mixed() {
  return ZipOf({StoredEntry("stored", "some content"),
                DeflatedEntry("deflated", kText),
                Streamed(DeflatedEntry("streamed", kText)),
                Streamed(StoredEntry("stored, streamed", "more content")),
                StoredEntry("dir/", "")});
}

inline std::map<std::string, std::string> ContentsOf(
    const MemberRecorder& recorder) {
  std::map<std::string, std::string> contents;
  for (const auto& recorded : recorder.members) {
    if (!recorded.damage) {
      contents[recorded.member.name] =
          std::string(recorded.content.begin(), recorded.content.end());
    }
  }
  return contents;
}

}  // namespace countersign::formats
