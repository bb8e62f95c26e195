#include "install/msi/values.h"

#include <algorithm>
#include <set>
#include <utility>

namespace countersign::install {
namespace {

constexpr size_t kMostTexts = 9;
constexpr size_t kMostUncertain = 16;
constexpr size_t kMostLookedAt = 100;
// Limit: four times what an action keeps of a text, so that of one that is cut
// here, the action says that it was.
constexpr size_t kLongestText = size_t{128} << 10;
constexpr size_t kBytesPerStep = 256;

base::Result<void> Charge(size_t bytes, base::Budget& budget) {
  return budget.ChargeSteps(1 + bytes / kBytesPerStep, 0);
}

// The names in brackets in `text`, added to `names`.
base::Result<void> AddNames(std::string_view text, base::Budget& budget,
                            std::vector<std::string_view>& names) {
  text = text.substr(0, kLongestText);
  CS_TRY_VOID(Charge(text.size(), budget));
  size_t open = std::string_view::npos;
  for (size_t i = 0; i < text.size() && names.size() < kMostLookedAt; ++i) {
    if (text[i] == '[') {
      open = i;
    } else if (text[i] == ']' && open != std::string_view::npos) {
      names.push_back(text.substr(open + 1, i - open - 1));
      open = std::string_view::npos;
    }
  }
  return {};
}

}  // namespace

base::Result<MsiValues> MsiValues::Of(const formats::MsiActions& read,
                                      base::Budget& budget) {
  MsiValues values;
  for (const formats::MsiCustomAction& custom : read.custom_actions) {
    if (custom.kind == formats::MsiActionKind::kSetProperty) {
      CS_TRY_VOID(values.Add(custom.source, custom.target, budget));
    }
  }
  for (const formats::MsiPropertyValue& property : read.properties) {
    CS_TRY_VOID(values.Add(property.name, property.value, budget));
  }
  for (auto row = values.texts_.begin(); row != values.texts_.end();) {
    if (row->second.size() > 1) {
      std::erase(row->second, "");
    }
    if (row->second.size() == 1) {
      values.certain_.emplace(row->first, row->second.front());
      row = values.texts_.erase(row);
    } else {
      ++row;
    }
  }
  return values;
}

base::Result<void> MsiValues::Add(std::string_view name, std::string_view text,
                                  base::Budget& budget) {
  text = text.substr(0, kLongestText);
  std::vector<std::string_view>& texts = texts_[name];
  CS_TRY_VOID(Charge(texts.size() * text.size(), budget));
  if (texts.size() < kMostTexts &&
      std::ranges::find(texts, text) == texts.end()) {
    texts.push_back(text);
  }
  return {};
}

base::Result<std::vector<std::string_view>> MsiValues::Uncertain(
    Use use, base::Budget& budget) const {
  std::vector<std::string_view> uncertain;
  if (texts_.empty()) {
    return uncertain;
  }
  std::vector<std::string_view> open = std::move(use.names);
  for (const std::string_view text : use.texts) {
    CS_TRY_VOID(AddNames(text, budget, open));
  }
  std::set<std::string_view> seen;
  for (size_t i = 0; i < open.size() && uncertain.size() < kMostUncertain;
       ++i) {
    const std::string_view name = open[i];
    if (!seen.insert(name).second) {
      continue;
    }
    const std::vector<std::string_view>& several = TextsOf(name);
    if (!several.empty()) {
      uncertain.push_back(name);
    }
    for (const std::string_view text : several) {
      CS_TRY_VOID(AddNames(text, budget, open));
    }
    if (const auto certain = certain_.find(name); certain != certain_.end()) {
      CS_TRY_VOID(AddNames(certain->second, budget, open));
    }
  }
  return uncertain;
}

const std::vector<std::string_view>& MsiValues::TextsOf(
    std::string_view name) const {
  static const std::vector<std::string_view> kNone;
  const auto texts = texts_.find(name);
  return texts == texts_.end() ? kNone : texts->second;
}

}  // namespace countersign::install
