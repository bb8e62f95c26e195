// Facts and findings on forged files, with the forge's roots. For tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/blob.h"
#include "base/text.h"
#include "forge/authorities.h"
#include "model/report.h"
#include "signing/judge.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"

namespace countersign::signing {

using Ids = std::vector<std::string>;

// With the roots of the forge but the private ones, at its instant.
inline SigningFacts ExamineForged(const forge::ByteVector& file,
                                  model::Format format,
                                  const base::Limits& limits = {}) {
  const forge::Authorities& cast = forge::TestAuthorities();
  Verifier verifier({ForgedStore({cast.root, cast.time_root})}, {});
  return verifier.Verify(
      *base::Blob::Own(file), format,
      {base::FromUnixSeconds(forge::kEvaluationTime), limits});
}

// The ids of the findings on a file of `size` bytes, in table order. Whatever
// is said is said of bytes that are there, and safe to show.
inline Ids FindingsOf(const SigningFacts& facts, uint64_t size) {
  Ids ids;
  for (const model::Finding& finding :
       Judge(facts, 0, size, base::FromUnixSeconds(forge::kEvaluationTime))) {
    ids.push_back(finding.id);
    EXPECT_FALSE(finding.evidence.empty()) << finding.id;
    for (const base::ByteRange& range : finding.evidence) {
      EXPECT_TRUE(range.Inside(size)) << finding.id;
    }
    EXPECT_EQ(base::DisplaySafe(finding.message), finding.message);
  }
  for (const model::SignatureFacts& signature : facts.signatures) {
    EXPECT_TRUE(signature.range.Inside(size));
    EXPECT_EQ(signature.integrity_reason.empty(),
              signature.integrity == model::Integrity::kValid);
    for (const model::AttributeFacts& attribute : signature.attributes) {
      EXPECT_TRUE(attribute.range.Inside(size));
    }
    for (const model::TimestampFacts& stamp : signature.timestamps) {
      EXPECT_TRUE(stamp.range.Inside(size));
    }
  }
  return ids;
}

// `text` with the first `what` replaced, which must be there.
inline void Replace(std::string& text, const std::string& what,
                    const std::string& by) {
  const size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), by);
}

// The names of the members that are covered.
inline std::vector<std::string> CoveredNames(const SigningFacts& facts) {
  std::vector<std::string> names;
  if (facts.covered_members) {
    for (const CoveredMember& member : *facts.covered_members) {
      names.push_back(member.name);
    }
  }
  return names;
}

}  // namespace countersign::signing
