#include "app/trust/trust_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace countersign::app {
namespace {

constexpr size_t kIndent = 2;

// One object, built field by field.
class JsonObject {
 public:
  explicit JsonObject(size_t depth) : depth_(depth) {}

  void operator()(const char* name, const auto& value) {
    // Why: the bytes are of no use to a reader, and half a megabyte long.
    if constexpr (std::is_same_v<decltype(value),
                                 const std::vector<uint8_t>&>) {
      Put("present", value.empty() ? "false" : "true");
    } else {
      Put(name, Value(value, depth_ + 1));
    }
  }

  void Put(std::string_view name, std::string_view json) {
    text_ += text_.empty() ? "" : ",";
    text_ += NewLine(depth_ + 1) + Quoted(name) + ": ";
    text_ += json;
  }

  [[nodiscard]] std::string Take() const {
    return text_.empty() ? "{}" : "{" + text_ + NewLine(depth_) + "}";
  }

  template <typename T>
  static std::string Array(const std::vector<T>& values, size_t depth) {
    std::string text;
    for (const T& value : values) {
      text += text.empty() ? "" : ",";
      text += NewLine(depth + 1) + Value(value, depth + 1);
    }
    return text.empty() ? "[]" : "[" + text + NewLine(depth) + "]";
  }

  // DisplaySafe leaves valid UTF-8 without control characters, so only these
  // two need an escape (RFC 8259 section 7).
  static std::string Quoted(std::string_view value) {
    std::string text = "\"";
    for (const char c : base::DisplaySafe(value)) {
      if (c == '"' || c == '\\') {
        text += '\\';
      }
      text += c;
    }
    return text + "\"";
  }

 private:
  static std::string NewLine(size_t depth) {
    return "\n" + std::string(depth * kIndent, ' ');
  }

  static std::string Value(const std::string& value, size_t /*depth*/) {
    return Quoted(value);
  }
  static std::string Value(bool value, size_t /*depth*/) {
    return value ? "true" : "false";
  }
  static std::string Value(base::Instant value, size_t /*depth*/) {
    return Quoted(base::ToRfc3339(value));
  }
  static std::string Value(model::Purpose value, size_t /*depth*/) {
    return Quoted(model::Name(value));
  }
  template <typename T>
  static std::string Value(const std::optional<T>& value, size_t depth) {
    return value ? Value(*value, depth) : "null";
  }
  template <typename T>
  static std::string Value(const std::vector<T>& values, size_t depth) {
    return Array(values, depth);
  }
  template <typename T>
    requires requires(const T& t, JsonObject& o) { T::Fields(t, o); }
  static std::string Value(const T& value, size_t depth) {
    JsonObject object(depth);
    T::Fields(value, object);
    return object.Take();
  }

  size_t depth_;
  std::string text_;
};

}  // namespace

std::string TrustListJson(const std::vector<model::TrustStore>& stores) {
  std::string text;
  for (const model::TrustStore& store : stores) {
    model::TrustStore head = store;
    head.entries.clear();
    JsonObject object(1);
    model::TrustStore::Fields(head, [&](const char* name, const auto& value) {
      if (std::string_view(name) != "entries") {
        object(name, value);
      }
    });
    const auto missing = std::ranges::count_if(
        store.entries, [](const model::TrustEntry& entry) {
          return entry.certificate.empty();
        });
    object.Put("certificates", std::to_string(store.entries.size() -
                                              static_cast<size_t>(missing)));
    object.Put("missing", std::to_string(missing));
    object.Put("content_sha256",
               JsonObject::Quoted(model::ContentSha256(store)));
    text += text.empty() ? "\n  " : ",\n  ";
    text += object.Take();
  }
  return text.empty() ? "[]\n" : "[" + text + "\n]\n";
}

std::string TrustStoreJson(const model::TrustStore& store) {
  JsonObject object(0);
  model::TrustStore::Fields(store, object);
  object.Put("content_sha256", JsonObject::Quoted(model::ContentSha256(store)));
  return object.Take() + "\n";
}

std::string TrustMatchesJson(const std::vector<TrustMatch>& matches) {
  std::string text;
  for (const TrustMatch& match : matches) {
    JsonObject object(1);
    object.Put("store", JsonObject::Quoted(match.store->name));
    model::TrustEntry::Fields(*match.entry, object);
    text += text.empty() ? "\n  " : ",\n  ";
    text += object.Take();
  }
  return text.empty() ? "[]\n" : "[" + text + "\n]\n";
}

}  // namespace countersign::app
