#include "install/action_list.h"

#include <string>
#include <utility>

#include "install/windows/command_line.h"
#include "install/windows/encoded.h"
#include "model/size.h"

namespace countersign::install {
namespace {

using model::Action;

// Why: many rows may share one long text, which is copied for each.
constexpr uint64_t kBytesPerStep = 256;
// Limit: one text of an action. A command line has up to 32,767 characters.
constexpr size_t kLongestActionText = size_t{32} << 10;
constexpr size_t kMostParameters = 100;

void Shorten(std::string& text, bool& shortened) {
  if (text.size() > kLongestActionText) {
    text = text.substr(0, kLongestActionText);
    shortened = true;
  }
}

// Cuts what is longer than anybody reads, and says so.
void Shorten(Action& action) {
  bool shortened = action.parameters.size() > kMostParameters;
  if (shortened) {
    action.parameters.resize(kMostParameters);
  }
  for (std::string* text :
       {&action.statement, &action.name, &action.target, &action.arguments,
        &action.value, &action.condition, &action.order, &action.account}) {
    Shorten(*text, shortened);
  }
  for (model::Parameter& parameter : action.parameters) {
    Shorten(parameter.name, shortened);
    if (auto* text = std::get_if<std::string>(&parameter.value)) {
      Shorten(*text, shortened);
    }
  }
  if (shortened) {
    action.parameters.push_back({"shortened", int64_t{1}});
  }
}

}  // namespace

Action& ActionList::Open() {
  Close();
  open_ = {};
  is_open_ = true;
  return open_;
}

void ActionList::Close() {
  if (!std::exchange(is_open_, false) || IsFull()) {
    return;
  }
  // Paid for even where it does not suffice, so that it is spent.
  is_paid_ = budget_
                 .ChargeSteps(model::BytesOf(open_) / kBytesPerStep,
                              open_.evidence.offset)
                 .has_value();
  Shorten(open_);
  std::vector<Action> parts = CommandsOf(open_);
  if (parts.empty()) {
    Keep(std::move(open_));
    return;
  }
  for (Action& part : parts) {
    Keep(std::move(part));
  }
}

void ActionList::Keep(Action action) {
  AddDecodedCommands(action);
  Shorten(action);
  bytes_ += model::BytesOf(action);
  actions_.push_back(std::move(action));
}

size_t ActionList::Count() {
  Close();
  return actions_.size();
}

void ActionList::Describe(size_t first, const model::Parameter& parameter) {
  Close();
  for (size_t i = first; i < actions_.size(); ++i) {
    bytes_ += model::BytesOf({parameter});
    actions_[i].parameters.push_back(parameter);
  }
}

bool ActionList::IsFull() {
  return !is_paid_ || bytes_ > model::kMostActionBytes ||
         actions_.size() > model::kMostActions || budget_.Reached().has_value();
}

}  // namespace countersign::install
