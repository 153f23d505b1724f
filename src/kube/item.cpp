#include "kube/item.hpp"

#include <simdjson.h>

#include "base/text.hpp"

namespace hedgerow::kube {

namespace {

namespace od = simdjson::ondemand;

[[noreturn]] void malformed(std::string_view what) {
  throw base::Failure{base::Code::Malformed, base::Cause::Refused,
                      fmt::format("An object of the cluster's list is malformed: {}.", what)};
}

template <class T>
T must(simdjson::simdjson_result<T> result) {
  if (result.error() != simdjson::SUCCESS) malformed(simdjson::error_message(result.error()));
  return std::move(result).value_unsafe();
}

// One member of an object in the text it stands in: from the quote of its key to the end of its
// value.
struct Stretch {
  const char* begin = nullptr;
  const char* end = nullptr;
};

// The text without that member and without one of the commas beside it.
std::string without(std::string_view text, Stretch member) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  const char* begin = member.begin;
  const char* end = member.end;
  const char* const last = text.data() + text.size();
  while (end < last && is_space(*end)) ++end;
  if (end < last && *end == ',') {
    ++end;
  } else {
    while (begin > text.data() && is_space(begin[-1])) --begin;
    if (begin > text.data() && begin[-1] == ',') --begin;
  }
  std::string rest;
  rest.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  rest.append(text.data(), static_cast<std::size_t>(begin - text.data()));
  rest.append(end, static_cast<std::size_t>(last - end));
  return rest;
}

od::object object_of(od::document& document) { return must(document.get_object()); }

// Names each key of one object that matters to us, and refuses it the second time.
class Once {
 public:
  explicit Once(std::span<const std::string_view> names) : names_{names} {}

  // The place of the key in the names; nothing when it is none of them.
  std::optional<std::size_t> place_of(std::string_view key) {
    const auto at = std::find(names_.begin(), names_.end(), key);
    if (at == names_.end()) return std::nullopt;
    const auto place = static_cast<std::size_t>(at - names_.begin());
    if ((seen_ & (1u << place)) != 0) malformed(fmt::format("the key \"{}\" stands twice", *at));
    seen_ |= 1u << place;
    return place;
  }

 private:
  std::span<const std::string_view> names_;
  unsigned seen_ = 0;
};

enum MetadataKey : std::size_t {
  kUid,
  kName,
  kNamespace,
  kResourceVersion,
  kGeneration,
  kCreated,
  kDeleted,
  kManagedFields,
};
constexpr std::string_view kMetadataKeys[] = {"uid",
                                              "name",
                                              "namespace",
                                              "resourceVersion",
                                              "generation",
                                              "creationTimestamp",
                                              "deletionTimestamp",
                                              "managedFields"};
constexpr std::string_view kTopKeys[] = {"apiVersion", "kind", "metadata"};

std::optional<base::WallTime> time_in(od::value value) {
  if (must(value.type()) == od::json_type::null) return std::nullopt;
  const auto time = base::parse_rfc3339(must(value.get_string()));
  if (!time) malformed("a timestamp is not one");
  return time;
}

void read_metadata(od::object metadata, Item& into, std::optional<Stretch>& managed) {
  Once once{kMetadataKeys};
  for (auto member : metadata) {
    od::field field = must(std::move(member));
    const od::raw_json_string raw_key = field.key();
    const auto place = once.place_of(must(field.unescaped_key()));
    if (!place) continue;
    od::value& value = field.value();
    switch (static_cast<MetadataKey>(*place)) {
      case kUid: into.uid = must(value.get_string()); break;
      case kName: into.name = must(value.get_string()); break;
      case kNamespace: into.space = must(value.get_string()); break;
      case kResourceVersion: into.resource_version = must(value.get_string()); break;
      case kGeneration: into.generation = must(value.get_int64()); break;
      case kCreated: into.created = time_in(value).value_or(base::WallTime{}); break;
      case kDeleted: into.deleted = time_in(value); break;
      case kManagedFields: {
        const std::string_view text = must(simdjson::to_json_string(value));
        managed = Stretch{raw_key.raw() - 1, text.data() + text.size()};
        break;
      }
    }
  }
}

void check(const Item& item, std::string_view api_version, std::string_view kind,
           const ListRequest& request) {
  const Kind& wanted = request.kind;
  const std::string expected =
      wanted.group.empty() ? wanted.version : wanted.group + "/" + wanted.version;
  if (api_version != expected || kind != wanted.kind)
    malformed(fmt::format("it is a '{}' of '{}', not a {} of {}", base::shown(kind, 80),
                          base::shown(api_version, 80), wanted.kind, expected));
  if (item.name.empty()) malformed("it has no name");
  if (item.uid.empty()) malformed(fmt::format("'{}' has no uid", base::shown(item.name, 80)));
  if (item.resource_version.empty())
    malformed(fmt::format("'{}' has no resourceVersion", base::shown(item.name, 80)));
  if (item.space.empty() == wanted.namespaced)
    malformed(fmt::format("'{}' has {} namespace", base::shown(item.name, 80),
                          wanted.namespaced ? "no" : "a"));
  if (!request.space.empty() && wanted.namespaced && item.space != request.space)
    malformed(fmt::format("'{}' is of namespace '{}', not of '{}'", base::shown(item.name, 80),
                          base::shown(item.space, 80), request.space));
}

// Where metadata's member of that name stands in the document.
std::optional<Stretch> member_of_metadata(od::document& document, std::string_view name) {
  const std::string_view kMetadata[] = {"metadata"};
  const std::string_view kWanted[] = {name};
  Once once_metadata{kMetadata};
  std::optional<Stretch> found;
  for (auto member : object_of(document)) {
    od::field top = must(std::move(member));
    if (!once_metadata.place_of(must(top.unescaped_key()))) continue;
    Once once{kWanted};
    for (auto inner : must(top.value().get_object())) {
      od::field field = must(std::move(inner));
      const od::raw_json_string raw_key = field.key();
      if (!once.place_of(must(field.unescaped_key()))) continue;
      const std::string_view text = must(simdjson::to_json_string(field.value()));
      found = Stretch{raw_key.raw() - 1, text.data() + text.size()};
    }
  }
  return found;
}

}  // namespace

struct ItemReader::Inside {
  od::parser parser;
  std::string document;
};

ItemReader::ItemReader() : inside_{std::make_unique<Inside>()} {}
ItemReader::~ItemReader() = default;

Item ItemReader::read(std::string_view bytes, const ListRequest& request) {
  Item item;
  item.quick_hash = base::quick_hash(bytes);
  item.document = bytes;
  auto document = must(inside_->parser.iterate(simdjson::padded_string_view{
      bytes.data(), bytes.size(), bytes.size() + simdjson::SIMDJSON_PADDING}));
  std::string_view api_version;
  std::string_view kind;
  std::optional<Stretch> managed;
  Once once{kTopKeys};
  for (auto member : object_of(document)) {
    od::field field = must(std::move(member));
    const auto place = once.place_of(must(field.unescaped_key()));
    if (!place) continue;
    if (*place == 0)
      api_version = must(field.value().get_string());
    else if (*place == 1)
      kind = must(field.value().get_string());
    else
      read_metadata(must(field.value().get_object()), item, managed);
  }
  check(item, api_version, kind, request);
  if (managed) {
    inside_->document = without(bytes, *managed);
    item.document = inside_->document;
  }
  return item;
}

base::Digest content_digest(std::string_view document) {
  od::parser parser;
  std::string text{document};
  for (const std::string_view name : {"managedFields", "resourceVersion"}) {
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    auto parsed = must(parser.iterate(text));
    if (const auto member = member_of_metadata(parsed, name)) text = without(text, *member);
  }
  return base::canonical_digest(text);
}

}  // namespace hedgerow::kube
