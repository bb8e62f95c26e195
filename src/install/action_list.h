// The actions of one statement, as they are found. Private to the module.
//
// Readers put down whole what they find; what is too long is cut here, and a
// command line of several commands becomes an action for each.
#pragma once

#include <vector>

#include "base/budget.h"
#include "model/action.h"

namespace countersign::install {

class ActionList {
 public:
  // `actions`, what there are already, and `budget` must outlive the list.
  ActionList(std::vector<model::Action>& actions, base::Budget& budget)
      : actions_(actions), budget_(budget) {}

  // One more action, to be filled in before anything else is called.
  [[nodiscard]] model::Action& Open();
  // One more action.
  void Add(model::Action action) { Open() = std::move(action); }
  // What was opened is all there is of it. Nothing happens the second time.
  void Close();

  // How many there are; closes the last.
  [[nodiscard]] size_t Count();
  // Adds `parameter` to those from number `first` on; closes the last.
  void Describe(size_t first, const model::Parameter& parameter);

  // Whether more than can be said was found already: what is added is left out,
  // and readers that would copy much for it had better stop. ReadActions says
  // why.
  [[nodiscard]] bool IsFull();

 private:
  void Keep(model::Action action);

  std::vector<model::Action>& actions_;
  base::Budget& budget_;
  model::Action open_;
  bool is_open_ = false;
  bool is_paid_ = true;  // the last one
  uint64_t bytes_ = 0;
};

}  // namespace countersign::install
