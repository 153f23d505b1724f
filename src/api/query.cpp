#include "api/query.hpp"

#include "base/text.hpp"

namespace hedgerow::api {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::vector<std::string_view> Query::values(std::string_view name) {
  asked_.emplace(name);
  std::vector<std::string_view> found;
  for (const http::Pair& pair : request_.query)
    if (pair.name == name) found.push_back(pair.value);
  return found;
}

void Query::refuse(std::string_view name, std::string detail) {
  notes_.push_back({std::string{name}, std::move(detail)});
}

std::string Query::text(std::string_view name, std::size_t most) {
  const auto found = values(name);
  if (found.size() > 1) refuse(name, "It may stand only once.");
  if (found.empty()) return "";
  if (base::characters(found[0]) > most)
    refuse(name, fmt::format("It may have at most {} characters.", most));
  return std::string{found[0]};
}

std::vector<std::string> Query::texts(std::string_view name, std::size_t most) {
  const auto found = values(name);
  if (found.size() > most) refuse(name, fmt::format("It may stand at most {} times.", most));
  return {found.begin(), found.end()};
}

std::int64_t Query::whole(std::string_view name, std::int64_t least, std::int64_t most,
                          std::int64_t otherwise) {
  const auto found = values(name);
  if (found.empty()) return otherwise;
  const auto value = base::whole_number<std::int64_t>(found[0]);
  if (found.size() == 1 && value && *value >= least && *value <= most) return *value;
  refuse(name, fmt::format("It must be a whole number from {} to {}.", least, most));
  return otherwise;
}

std::size_t Query::word(std::string_view name, std::span<const std::string_view> words) {
  const auto found = values(name);
  if (found.empty()) return 0;
  const auto at = std::find(words.begin(), words.end(), found[0]);
  if (found.size() == 1 && at != words.end()) return static_cast<std::size_t>(at - words.begin());
  refuse(name, fmt::format("It must be one of {}.", fmt::join(words, ", ")));
  return 0;
}

bool Query::present(std::string_view name) { return !values(name).empty(); }

store::Page Query::page() {
  store::Page page;
  page.limit = whole("limit", 1, 1000, 50);
  page.offset = whole("offset", 0, std::numeric_limits<std::int32_t>::max(), 0);
  return page;
}

void Query::finish() {
  for (const http::Pair& pair : request_.query) {
    if (asked_.contains(pair.name)) continue;
    const std::string name = base::shown(pair.name, 80);
    throw Failure{Code::UnknownParameter, Cause::Refused,
                  fmt::format("The parameter '{}' is not known here; known are {}.", name,
                              fmt::join(asked_, ", "))}
        .with_fields({{name, "It is not known here."}});
  }
  if (notes_.empty()) return;
  throw Failure{Code::Invalid, Cause::Refused,
                fmt::format("{}: {}", notes_.front().field, notes_.front().detail)}
      .with_fields(notes_)
      .with_next(
          "Correct the named parameter of the address; the API description lists what it takes.");
}

std::int64_t id_in(const http::Request& request, std::string_view place) {
  const auto id = base::whole_number<std::int64_t>(request.parameter(place));
  if (!id || *id < 1) throw Failure{Code::NotFound, Cause::Missing};
  return *id;
}

Links links(const http::Request& request, const store::Page& page, std::int64_t count) {
  const auto at = [&](std::int64_t offset) {
    std::string url = request.path + "?";
    for (const http::Pair& pair : request.query)
      if (pair.name != "limit" && pair.name != "offset")
        url += encoded(pair.name) + "=" + encoded(pair.value) + "&";
    return fmt::format("{}limit={}&offset={}", url, page.limit, offset);
  };
  Links links;
  if (page.offset + page.limit < count) links.next = at(page.offset + page.limit);
  if (page.offset > 0) links.previous = at(std::max<std::int64_t>(page.offset - page.limit, 0));
  return links;
}

}  // namespace hedgerow::api
