// Reads the query of a request, parameter by parameter, and names what is wrong with it: unknown
// names are an error, because a filter that is silently dropped shows rows that nobody asked for.
#pragma once

#include "base/failure.hpp"
#include "http/message.hpp"
#include "model/closed_sets.gen.hpp"
#include "store/page.hpp"

namespace hedgerow::api {

class Query {
 public:
  explicit Query(const http::Request& request) : request_{request} {}

  // The last one where it stands more than once would be a guess: doubled single parameters are
  // refused.
  [[nodiscard]] std::string text(std::string_view name, std::size_t most);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t most);
  [[nodiscard]] std::int64_t whole(std::string_view name, std::int64_t least, std::int64_t most,
                                   std::int64_t otherwise);
  // One of `words`; its index. The first when it is absent.
  [[nodiscard]] std::size_t word(std::string_view name, std::span<const std::string_view> words);
  [[nodiscard]] bool present(std::string_view name);
  [[nodiscard]] store::Page page();

  // Throws Failure{UnknownParameter} for a parameter nobody asked for, Failure{Invalid} with all
  // other findings.
  void finish();

 private:
  [[nodiscard]] std::vector<std::string_view> values(std::string_view name);
  void refuse(std::string_view name, std::string detail);

  const http::Request& request_;
  std::set<std::string, std::less<>> asked_;
  std::vector<base::FieldError> notes_;
};

// The id in a path's place. Throws Failure{NotFound} for what cannot be one.
[[nodiscard]] std::int64_t id_in(const http::Request& request, std::string_view place);

// Links to the pages around: `next` and `previous` of a list, as paths with their query, or null.
struct Links {
  std::optional<std::string> next;
  std::optional<std::string> previous;
};
[[nodiscard]] Links links(const http::Request& request, const store::Page& page,
                          std::int64_t count);

}  // namespace hedgerow::api
