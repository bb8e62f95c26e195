// JSON by nlohmann/json, as events: its own values would be taken apart
// recursively, and are large.
#include "formats/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace countersign::formats {
namespace {

using base::Budget;
using base::Error;
using base::Fault;
using base::Result;

constexpr size_t kDeepestJson = 256;
constexpr size_t kMostJsonValues = 1'000'000;

// Builds the rows. Every handler yields false to stop; `error` says why.
class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonBuilder(base::Input text, Budget& budget)
      : text_(text), budget_(budget) {}

  bool null() override { return Add(JsonKind::kNull, 0); }
  bool boolean(bool value) override {
    return Add(JsonKind::kBoolean, value ? 1 : 0);
  }
  bool number_integer(number_integer_t value) override {
    return value < 0 ? Add(JsonKind::kNumber, 0)
                     : Add(JsonKind::kUnsigned, static_cast<uint64_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Add(JsonKind::kUnsigned, value);
  }
  bool number_float(number_float_t, const string_t&) override {
    return Add(JsonKind::kNumber, 0);
  }
  bool string(string_t& value) override {
    if (!Add(JsonKind::kString, document_.texts.size())) {
      return false;
    }
    document_.rows.back().text_size = static_cast<uint32_t>(value.size());
    document_.texts += value;
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(JsonKind::kObject); }
  bool start_array(size_t) override { return Open(JsonKind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    name_offset_ = document_.texts.size();
    name_size_ = static_cast<uint32_t>(value.size());
    document_.texts += value;
    return true;
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    Stop({Fault::kMalformed,
          text_.offset + std::min<uint64_t>(position, text_.bytes.size()),
          "JSON"});
    return false;
  }

  Result<JsonDocument> Finish(bool is_parsed) {
    if (error_) {
      return std::unexpected(*error_);
    }
    if (!is_parsed || document_.rows.empty()) {
      return base::Fail(Fault::kMalformed, text_.offset, "JSON");
    }
    return std::move(document_);
  }

 private:
  struct Level {
    uint32_t row = 0;
    uint32_t last_child = 0;
  };

  void Stop(Error error) {
    if (!error_) {
      error_ = error;
    }
  }

  bool Add(JsonKind kind, uint64_t value) {
    if (const auto paid = budget_.ChargeSteps(1, text_.offset); !paid) {
      Stop(paid.error());
      return false;
    }
    if (document_.rows.size() >= kMostJsonValues) {
      Stop({Fault::kLimit, text_.offset, "JSON values"});
      return false;
    }
    const auto index = static_cast<uint32_t>(document_.rows.size());
    JsonDocument::Row row;
    row.kind = kind;
    row.value = value;
    row.name_offset = std::exchange(name_offset_, 0);
    row.name_size = std::exchange(name_size_, 0);
    document_.rows.push_back(row);
    if (!levels_.empty()) {
      Level& level = levels_.back();
      (level.last_child == 0 ? document_.rows[level.row].first
                             : document_.rows[level.last_child].next) = index;
      level.last_child = index;
    }
    return true;
  }

  bool Open(JsonKind kind) {
    if (levels_.size() >= kDeepestJson) {
      Stop({Fault::kLimit, text_.offset, "JSON depth"});
      return false;
    }
    const auto index = static_cast<uint32_t>(document_.rows.size());
    if (!Add(kind, 0)) {
      return false;
    }
    levels_.push_back({index, 0});
    return true;
  }

  bool Close() {
    levels_.pop_back();
    return true;
  }

  base::Input text_;
  Budget& budget_;
  JsonDocument document_;
  std::vector<Level> levels_;
  uint64_t name_offset_ = 0;
  uint32_t name_size_ = 0;
  std::optional<Error> error_;
};

}  // namespace

JsonKind JsonValue::Kind() const { return document_->rows[index_].kind; }

bool JsonValue::IsTrue() const {
  const JsonDocument::Row& row = document_->rows[index_];
  return row.kind == JsonKind::kBoolean && row.value == 1;
}

std::string_view JsonValue::Name() const {
  const JsonDocument::Row& row = document_->rows[index_];
  return std::string_view(document_->texts)
      .substr(row.name_offset, row.name_size);
}

std::optional<std::string_view> JsonValue::Text() const {
  const JsonDocument::Row& row = document_->rows[index_];
  if (row.kind != JsonKind::kString) {
    return std::nullopt;
  }
  return std::string_view(document_->texts).substr(row.value, row.text_size);
}

std::optional<uint64_t> JsonValue::Unsigned() const {
  const JsonDocument::Row& row = document_->rows[index_];
  return row.kind == JsonKind::kUnsigned ? std::optional(row.value)
                                         : std::nullopt;
}

std::optional<JsonValue> JsonValue::First() const {
  const uint32_t first = document_->rows[index_].first;
  return first == 0 ? std::nullopt : std::optional(JsonValue(document_, first));
}

std::optional<JsonValue> JsonValue::Next() const {
  const uint32_t next = document_->rows[index_].next;
  return next == 0 ? std::nullopt : std::optional(JsonValue(document_, next));
}

std::optional<JsonValue> JsonValue::Member(std::string_view name) const {
  std::optional<JsonValue> found;
  if (IsObject()) {
    for (auto member = First(); member; member = member->Next()) {
      if (member->Name() == name) {
        found = member;
      }
    }
  }
  return found;
}

Result<JsonDocument> ParseJson(base::Input text, Budget& budget) {
  JsonBuilder builder(text, budget);
  const bool is_parsed =
      nlohmann::json::sax_parse(text.bytes.begin(), text.bytes.end(), &builder);
  return builder.Finish(is_parsed);
}

}  // namespace countersign::formats
