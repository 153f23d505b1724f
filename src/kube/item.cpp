#include "kube/item.hpp"

#include "base/json_value.hpp"
#include "base/text.hpp"

namespace hedgerow::kube {

namespace {

namespace od = simdjson::ondemand;

[[noreturn]] void malformed(std::string_view what) {
  throw base::Failure{base::Code::Malformed, base::Cause::Refused,
                      fmt::format("An object of the cluster's list is malformed: {}.", what)};
}

auto must(auto result) { return base::value_of(std::move(result), malformed); }

// Part of a text, as places in it.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// From the quote of the key to the end of the value.
Stretch member_in(std::string_view text, od::raw_json_string key, std::string_view value) {
  return {static_cast<std::size_t>(key.raw() - 1 - text.data()),
          static_cast<std::size_t>(value.data() + value.size() - text.data())};
}

// The text with other words where the stretch was.
std::string with(std::string_view text, Stretch old, std::string_view words) {
  std::string whole;
  whole.reserve(text.size() + words.size() + simdjson::SIMDJSON_PADDING);
  whole.append(text.substr(0, old.begin)).append(words).append(text.substr(old.end));
  return whole;
}

// The text without that member and without one of the commas beside it.
std::string without(std::string_view text, Stretch member) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  auto [begin, end] = member;
  while (end < text.size() && is_space(text[end])) ++end;
  if (end < text.size() && text[end] == ',') {
    ++end;
  } else {
    while (begin > 0 && is_space(text[begin - 1])) --begin;
    if (begin > 0 && text[begin - 1] == ',') --begin;
  }
  return with(text, {begin, end}, "");
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
  kAnnotations,
};
constexpr std::string_view kMetadataKeys[] = {"uid",
                                              "name",
                                              "namespace",
                                              "resourceVersion",
                                              "generation",
                                              "creationTimestamp",
                                              "deletionTimestamp",
                                              "managedFields",
                                              "annotations"};
// Where kubectl keeps a copy of what it applied: also of a secret that the object has lost since.
constexpr std::string_view kLastApplied[] = {"kubectl.kubernetes.io/last-applied-configuration"};
constexpr std::string_view kMasked = "\"(masked)\"";
constexpr std::string_view kTopKeys[] = {"apiVersion", "kind", "metadata"};

std::optional<base::WallTime> time_in(od::value value) {
  if (must(value.type()) == od::json_type::null) return std::nullopt;
  const auto time = base::parse_rfc3339(must(value.get_string()));
  if (!time) malformed("a timestamp is not one");
  return time;
}

// What of an object's text is not kept as it came.
struct Unkept {
  std::optional<Stretch> managed;  // The member managedFields.
  std::optional<Stretch> applied;  // The value of kubectl's annotation.
};

// The text as it is kept. The later stretch goes first, so that the other stays where it is.
std::string kept(std::string_view text, const Unkept& unkept) {
  const auto& [managed, applied] = unkept;
  if (!applied) return without(text, *managed);
  if (!managed) return with(text, *applied, kMasked);
  if (managed->begin < applied->begin) return without(with(text, *applied, kMasked), *managed);
  return with(without(text, *managed), *applied, kMasked);
}

std::optional<Stretch> last_applied_in(std::string_view text, od::value annotations) {
  std::optional<Stretch> found;
  if (must(annotations.type()) != od::json_type::object) return found;
  Once once{kLastApplied};
  for (auto member : must(annotations.get_object())) {
    od::field field = must(std::move(member));
    if (!once.place_of(must(field.unescaped_key()))) continue;
    const std::string_view value = must(simdjson::to_json_string(field.value()));
    const auto begin = static_cast<std::size_t>(value.data() - text.data());
    found = Stretch{begin, begin + value.size()};
  }
  return found;
}

void read_metadata(std::string_view text, od::object metadata, Item& into, Unkept& unkept) {
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
      case kManagedFields:
        unkept.managed = member_in(text, raw_key, must(simdjson::to_json_string(value)));
        break;
      case kAnnotations: unkept.applied = last_applied_in(text, value); break;
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
  Unkept unkept;
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
      read_metadata(bytes, must(field.value().get_object()), item, unkept);
  }
  check(item, api_version, kind, request);
  if (unkept.managed || unkept.applied) {
    inside_->document = kept(bytes, unkept);
    item.document = inside_->document;
  }
  return item;
}

}  // namespace hedgerow::kube
