#include "http/asset.hpp"

#include "base/text.hpp"

namespace hedgerow::http {

namespace {

// RFC 9110 section 12.5.3: named with a weight above 0, or covered by "*". Weights other than 0 are
// all the same here: the smaller form is better for both sides.
[[nodiscard]] bool takes_coding(std::string_view accepted, std::string_view coding) {
  std::optional<bool> any;
  for (const std::string_view part : base::split(accepted, ',')) {
    const auto pieces = base::split(part, ';');
    const std::string name = base::lower_ascii(base::trimmed(pieces.front()));
    bool wanted = true;
    for (const std::string_view piece : std::span{pieces}.subspan(1)) {
      const std::string weight = base::lower_ascii(base::trimmed(piece));
      if (weight.starts_with("q=") && weight.find_first_of("123456789") == std::string::npos)
        wanted = false;
    }
    if (name == coding) return wanted;
    if (name == "*") any = wanted;
  }
  return any.value_or(false);
}

[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag) {
  for (std::string_view part : base::split(if_none_match, ',')) {
    part = base::trimmed(part);
    if (part == "*") return true;
    if (part.starts_with("W/")) part.remove_prefix(2);
    if (part == etag) return true;
  }
  return false;
}

struct Form {
  std::string_view coding;  // Empty: as it is.
  std::span<const std::byte> bytes;
};

[[nodiscard]] Form best_form(const Asset& asset, const Request& request) {
  const std::string_view accepted = request.header("Accept-Encoding").value_or("");
  if (!asset.brotli.empty() && takes_coding(accepted, "br")) return {"br", asset.brotli};
  if (!asset.gzip.empty() && takes_coding(accepted, "gzip")) return {"gzip", asset.gzip};
  return {"", asset.plain};
}

}  // namespace

Response answer_with(const Asset& asset, const Request& request) {
  const Form form = best_form(asset, request);
  Response response;
  response.headers.add("Content-Type", asset.content_type);
  if (!asset.brotli.empty() || !asset.gzip.empty()) response.headers.add("Vary", "Accept-Encoding");
  if (asset.etag.empty()) {
    response.headers.add("Cache-Control", "no-store");
  } else {
    response.headers.add("Cache-Control",
                         asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    // A strong tag names the bytes, so each form has its own.
    const std::string etag = form.coding.empty()
                                 ? fmt::format("\"{}\"", asset.etag)
                                 : fmt::format("\"{}-{}\"", asset.etag, form.coding);
    response.headers.add("ETag", etag);
    if (names_etag(request.header("If-None-Match").value_or(""), etag)) {
      response.status = 304;
      response.headers.remove("Content-Type");
      return response;
    }
  }
  if (!form.coding.empty()) response.headers.add("Content-Encoding", form.coding);
  response.fixed_body = form.bytes;
  return response;
}

}  // namespace hedgerow::http
