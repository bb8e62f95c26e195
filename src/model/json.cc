// JSON by nlohmann/json, driven by the same `Fields` as the wire format, so
// that a field cannot be in one and missing in the other.
#include "model/json.h"

#include <concepts>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/finding.h"

namespace countersign::model {
namespace {

using Json = nlohmann::ordered_json;

struct FieldCounter {
  size_t count = 0;

  template <typename T>
  void operator()(const char* /*name*/, const T& /*value*/) {
    ++count;
  }
};

struct JsonWriter {
  Json out = Json::object();

  // Why the room: members of an object that grows are copied, with all that is
  // in them.
  void Reserve(size_t fields) {
    out.get_ref<Json::object_t&>().reserve(fields);
  }

  template <typename T>
  void operator()(const char* name, const T& value) {
    out[name] = Value(value);
  }

  template <typename T>
    requires(std::integral<T> || std::floating_point<T>)
  static Json Value(T value) {
    return value;
  }
  static Json Value(const std::string& value) {
    return base::DisplaySafe(value);
  }
  static Json Value(base::Instant value) { return base::ToRfc3339(value); }
  static Json Value(base::ByteRange value) {
    return {{"offset", value.offset}, {"size", value.size}};
  }
  template <NamedEnumeration E>
  static Json Value(E value) {
    return std::string(Name(value));
  }
  template <typename T>
  static Json Value(const std::optional<T>& value) {
    return value ? Value(*value) : Json(nullptr);
  }
  static Json Value(const std::vector<Parameter>& values) {
    Json object = Json::object();
    for (const Parameter& parameter : values) {
      const std::string name = base::DisplaySafe(parameter.name);
      std::string key = name;
      for (int i = 2; object.contains(key); ++i) {
        key = name + '_' + std::to_string(i);
      }
      object[key] =
          std::visit([](const auto& v) { return Value(v); }, parameter.value);
    }
    return object;
  }
  template <typename T>
  static Json Value(const std::vector<T>& values) {
    Json array = Json::array();
    array.get_ref<Json::array_t&>().reserve(values.size());
    for (const T& value : values) {
      array.push_back(Value(value));
    }
    return array;
  }
  template <typename T>
    requires requires(const T& t, JsonWriter& w) { T::Fields(t, w); }
  static Json Value(const T& value) {
    FieldCounter counter;
    T::Fields(value, counter);
    JsonWriter writer;
    writer.Reserve(counter.count);
    T::Fields(value, writer);
    return std::move(writer.out);
  }
};

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string WriteJson(const Report& report, int indent) {
  return Dump(JsonWriter::Value(report), indent);
}

}  // namespace countersign::model
