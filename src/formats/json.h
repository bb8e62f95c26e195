// JSON, as formats carry it.
//
// Spec: RFC 8259.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

enum class JsonKind : uint8_t {
  kNull,
  kBoolean,
  kNumber,  // any other than those that are...
  kUnsigned,
  kString,
  kArray,
  kObject,
};

class JsonDocument;

// A value; valid as long as its document, and not moved with it.
class JsonValue {
 public:
  [[nodiscard]] JsonKind Kind() const;
  [[nodiscard]] bool IsObject() const { return Kind() == JsonKind::kObject; }
  [[nodiscard]] bool IsTrue() const;
  // The name under which it is a member; "" of others. UTF-8, hostile.
  [[nodiscard]] std::string_view Name() const;
  // The text of a string; nothing of others.
  [[nodiscard]] std::optional<std::string_view> Text() const;
  // The value of a whole number that is not negative; nothing of others.
  [[nodiscard]] std::optional<uint64_t> Unsigned() const;

  // Elements of an array or members of an object, in order: the first, and the
  // one behind this one. Nothing at the end.
  [[nodiscard]] std::optional<JsonValue> First() const;
  [[nodiscard]] std::optional<JsonValue> Next() const;
  // The member of that name. Of several, the last, as others take it. Takes
  // time in proportion to the number of members.
  [[nodiscard]] std::optional<JsonValue> Member(std::string_view name) const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, uint32_t index)
      : document_(document), index_(index) {}

  const JsonDocument* document_;
  uint32_t index_;
};

class JsonDocument {
 public:
  // One row for each value, in the order of the text.
  struct Row {
    JsonKind kind = JsonKind::kNull;
    uint32_t name_size = 0;
    uint64_t name_offset = 0;  // in texts
    // Of a string the offset of its text, of a number or boolean its value.
    uint64_t value = 0;
    uint32_t text_size = 0;
    uint32_t first = 0;  // 0: none; the root is nobody's child
    uint32_t next = 0;
  };
  std::vector<Row> rows;
  std::string texts;

  [[nodiscard]] JsonValue Root() const { return {this, 0}; }
};

// The document in `text`, all of it. Pays a step for each value. Fails with
// kMalformed where the text is no JSON, or with kLimit.
// Limit: 256 arrays and objects inside each other, 1,000,000 values. File trees
// of programs have some ten levels and some ten thousand files.
[[nodiscard]] base::Result<JsonDocument> ParseJson(base::Input text,
                                                   base::Budget& budget);

}  // namespace countersign::formats
