#include "web/pages.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"
#include "http/asset.hpp"
#include "web/assets.hpp"

namespace hedgerow::web {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::string_view kIndex = "/index.html";

const File* file_at(std::string_view path) {
  const auto all = files();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const File& file) { return file.path == path; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view content_type(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kTypes{{
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".json", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

// Every occurrence of `word` replaced.
std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (std::size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
  return text;
}

// As the page reads it: names and milliseconds.
std::string text_of(const Limits& it) {
  constexpr std::size_t kGroup = std::string_view{"page."}.size();
  std::string text;
  for (const auto& [name, limit, least] : kLimits)
    text += fmt::format(" {}={}", name.substr(kGroup), (it.*limit).count());
  return text.substr(1);
}

}  // namespace

Pages::Pages(std::string base_path, const Limits& limits, base::Random& random)
    : base_path_{std::move(base_path)}, limits_{text_of(limits)}, random_{random} {}

void Pages::add_to(http::Router& router) const {
  router.fallback([this](http::Request& request) { return answer(request); });
}

std::string Pages::version() {
  const File* file = file_at("/version.txt");
  return file ? std::string{base::trimmed(base::text_of(file->plain.bytes()))} : std::string{};
}

http::Response Pages::answer(const http::Request& request) const {
  if (request.path == "/api" || request.path.starts_with("/api/"))
    throw Failure{Code::NotFound, Cause::Missing};
  const File* file = request.path == kIndex ? nullptr : file_at(request.path);
  if (file) {
    auto response = http::answer_with({.content_type = content_type(file->path),
                                       .etag = file->digest,
                                       .immutable = file->path.starts_with("/assets/"),
                                       .plain = file->plain.bytes(),
                                       .gzip = file->gzip.bytes(),
                                       .brotli = file->brotli.bytes()},
                                      request);
    // A worker obeys the policy of its own script, not of the page: this one may ask this server.
    if (file->path.ends_with(".js"))
      response.headers.set("Content-Security-Policy",
                           "default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
    return response;
  }
  if (request.path.starts_with("/assets/")) throw Failure{Code::NotFound, Cause::Missing};
  return page();
}

http::Response Pages::page() const {
  const File* index = file_at(kIndex);
  if (!index) {
    throw Failure{Code::Unavailable, Cause::Missing, "This server was built without its pages."}
        .with_next("Use the API, or a build that carries the pages.");
  }
  const std::string nonce = random_.token(16);
  std::string html{base::text_of(index->plain.bytes())};
  html = replaced(std::move(html), "__HEDGEROW_NONCE__", nonce);
  html = replaced(std::move(html), "__HEDGEROW_BASE__", base_path_);
  html = replaced(std::move(html), "__HEDGEROW_LIMITS__", limits_);
  auto response = http::Response::of(200, "text/html; charset=utf-8", std::move(html));
  // Never kept: an old nonce with a new header would leave the page without its styles.
  response.headers.set("Cache-Control", "no-store");
  response.headers.set(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src "
                  "'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri "
                  "'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
                  "require-trusted-types-for 'script'; report-uri {}/api/csp-reports/",
                  nonce, base_path_));
  return response;
}

}  // namespace hedgerow::web
