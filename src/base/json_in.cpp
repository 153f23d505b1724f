#include "base/json_in.hpp"

#include "base/json_value.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t kBodyDepthMax = 64;

// What all objects of one body share.
struct Body {
  dom::parser parser;
  std::vector<FieldError> notes;
};

std::string length_words(Length length) {
  if (length.least == 0) return fmt::format("It may have at most {} characters.", length.most);
  if (length.least == 1)
    return fmt::format("It must not be empty and have at most {} characters.", length.most);
  return fmt::format("It must have {} to {} characters.", length.least, length.most);
}

}  // namespace

struct JsonObject::Inside {
  std::shared_ptr<Body> body;  // Owned by every object of one body: the parser holds their texts.
  std::string path;            // Of this object, with a dot at its end; empty for the outermost.
  std::map<std::string, dom::element, std::less<>> members;
  std::set<std::string, std::less<>> asked;

  // The first complaint about a field stays: the next one would be about its consequences.
  void note(std::string_view name, std::string detail) {
    FieldError found{path + shown(name, 100), std::move(detail)};
    const auto same = std::ranges::find(body->notes, found.field, &FieldError::field);
    if (same != body->notes.end()) return;
    body->notes.push_back(std::move(found));
  }
  void fill(dom::object object) {
    for (const auto& [key, value] : object)
      if (!members.emplace(std::string{key}, value).second) note(key, "It stands twice.");
  }
  // The member, unless it is absent or null.
  const dom::element* ask(std::string_view name) {
    asked.emplace(name);
    const auto found = members.find(name);
    if (found == members.end() || found->second.is_null()) return nullptr;
    return &found->second;
  }
  std::optional<std::string> text_of(const dom::element& value, std::string_view name,
                                     Length length) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
      note(name, "It must be a text.");
      return std::nullopt;
    }
    const std::size_t count = characters(text);
    if (count < length.least || count > length.most) {
      note(name, length_words(length));
      return std::nullopt;
    }
    return std::string{text};
  }
};

JsonObject::JsonObject(std::string_view body) : inside_{std::make_unique<Inside>()} {
  inside_->body = std::make_shared<Body>();
  dom::parser& parser = inside_->body->parser;
  dom::element root;
  dom::object object;
  auto error = parser.allocate(body.size() + 1, kBodyDepthMax);
  if (!error) error = parser.parse(body.data(), body.size()).get(root);
  if (!error) error = root.get_object().get(object);
  require_memory(error);
  if (error) {
    throw Failure{Code::Invalid, Cause::Refused, "The body is not one JSON object."}.with_operator(
        simdjson::error_message(error));
  }
  inside_->fill(object);
}

JsonObject::JsonObject(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}
JsonObject::~JsonObject() = default;
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;

bool JsonObject::has(std::string_view name) const {
  const auto found = inside_->members.find(name);
  return found != inside_->members.end() && !found->second.is_null();
}

std::optional<std::string> JsonObject::text(std::string_view name, Length length) {
  const auto* value = inside_->ask(name);
  return value ? inside_->text_of(*value, name, length) : std::nullopt;
}

std::optional<bool> JsonObject::flag(std::string_view name) {
  const auto* value = inside_->ask(name);
  if (!value) return std::nullopt;
  bool flag = false;
  if (value->get_bool().get(flag) == simdjson::SUCCESS) return flag;
  inside_->note(name, "It must be true or false.");
  return std::nullopt;
}

std::optional<std::int64_t> JsonObject::whole(std::string_view name) {
  const auto* value = inside_->ask(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (value->is_int64() && value->get_int64().get(number) == simdjson::SUCCESS) return number;
  inside_->note(name, "It must be a whole number.");
  return std::nullopt;
}

std::optional<std::vector<std::string>> JsonObject::texts(std::string_view name,
                                                          std::size_t count_most, Length each) {
  const auto* value = inside_->ask(name);
  if (!value) return std::nullopt;
  dom::array array;
  if (value->get_array().get(array) != simdjson::SUCCESS) {
    inside_->note(name, "It must be a list of texts.");
    return std::nullopt;
  }
  if (array.size() > count_most) {
    inside_->note(name, fmt::format("It may have at most {} entries.", count_most));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const dom::element element : array) {
    auto text = inside_->text_of(element, name, each);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<SecretText> JsonObject::secret(std::string_view name, Length length) {
  auto plain = text(name, length);
  if (!plain) return std::nullopt;
  SecretText secret{*plain};
  sodium_memzero(plain->data(), plain->size());
  return secret;
}

std::optional<JsonObject> JsonObject::object(std::string_view name) {
  const auto* value = inside_->ask(name);
  if (!value) return std::nullopt;
  dom::object object;
  if (value->get_object().get(object) != simdjson::SUCCESS) {
    inside_->note(name, "It must be an object.");
    return std::nullopt;
  }
  auto inner = std::make_unique<Inside>();
  inner->body = inside_->body;
  inner->path = fmt::format("{}{}.", inside_->path, name);
  inner->fill(object);
  return JsonObject{std::move(inner)};
}

std::string JsonObject::required_text(std::string_view name, Length length) {
  if (!has(name)) inside_->note(name, "It is missing.");
  return text(name, length).value_or("");
}

SecretText JsonObject::required_secret(std::string_view name, Length length) {
  if (!has(name)) inside_->note(name, "It is missing.");
  auto secret_text = secret(name, length);
  return secret_text ? std::move(*secret_text) : SecretText{};
}

void JsonObject::refuse(std::string_view name, std::string detail) {
  inside_->note(name, std::move(detail));
}

void JsonObject::finish() {
  for (const auto& [name, value] : inside_->members)
    if (!inside_->asked.contains(name)) inside_->note(name, "It is not known here.");
  if (!inside_->path.empty() || inside_->body->notes.empty()) return;
  const auto& notes = inside_->body->notes;
  throw Failure{Code::Invalid, Cause::Refused,
                fmt::format("{}: {}", notes.front().field, notes.front().detail)}
      .with_fields(notes);
}

}  // namespace hedgerow::base
