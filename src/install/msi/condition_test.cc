#include "install/msi/condition.h"

#include <gtest/gtest.h>

namespace countersign::install {
namespace {

TEST(MsiConditions, OnlyWhatNeedsARemovalIsForRemoval) {
  for (const char* condition :
       {"REMOVE", "REMOVE=\"ALL\"", "REMOVE ~= \"all\"", "(REMOVE=\"ALL\")",
        "Installed AND REMOVE", "REMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE",
        "NOT X AND (REMOVE=\"ALL\")", "REMOVE OR (A AND REMOVE=\"ALL\")"}) {
    EXPECT_TRUE(IsOnlyForRemoval(condition)) << condition;
  }
  for (const char* condition :
       {"", "NOT REMOVE", "REMOVE=\"ALL\" OR NOT Installed",
        "NOT Installed OR REMOVE=\"ALL\"", "NOT (X AND REMOVE=\"ALL\")",
        "REMOVE<>\"ALL\"", "REMOVE=\"ALL\" XOR X", "REMOVEX", "1",
        "REMOVE=\"Feature\"", "X IMP REMOVE"}) {
    EXPECT_FALSE(IsOnlyForRemoval(condition)) << condition;
  }
}

}  // namespace
}  // namespace countersign::install
