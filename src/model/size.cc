#include "model/size.h"

#include <string>
#include <variant>

namespace countersign::model {

uint64_t BytesOf(const std::vector<Parameter>& parameters) {
  uint64_t bytes = 0;
  for (const Parameter& parameter : parameters) {
    const auto* text = std::get_if<std::string>(&parameter.value);
    bytes += parameter.name.size() + (text != nullptr ? text->size() : 0) + 16;
  }
  return bytes;
}

uint64_t BytesOf(const Action& action) {
  // Numbers, sizes and enumerators of the wire format.
  constexpr uint64_t kFixedBytes = 100;
  uint64_t bytes = kFixedBytes;
  for (const std::string* text :
       {&action.statement, &action.name, &action.target, &action.arguments,
        &action.value, &action.condition, &action.order, &action.account}) {
    bytes += text->size();
  }
  return bytes + BytesOf(action.parameters);
}

}  // namespace countersign::model
