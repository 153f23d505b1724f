#include "store/json.hpp"

#include <simdjson.h>

#include "base/json_out.hpp"
#include "store/sql.hpp"

namespace hedgerow::store::json {

using base::JsonOut;

namespace {

// The members of one object. Absent texts are empty, absent numbers nothing; of another type is
// damage.
class Members {
 public:
  explicit Members(simdjson::dom::element element) {
    if (element.get(object_) != simdjson::SUCCESS) sql::unreadable("JSON that is no object");
  }

  [[nodiscard]] std::string_view text(std::string_view key) const {
    std::string_view text;
    const auto error = object_[key].get(text);
    if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) sql::unreadable(key);
    return text;
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key) const {
    std::int64_t number = 0;
    const auto error = object_[key].get(number);
    if (error == simdjson::NO_SUCH_FIELD) return std::nullopt;
    if (error != simdjson::SUCCESS) sql::unreadable(key);
    return number;
  }
  template <class Set>
  [[nodiscard]] Set word(std::string_view key) const {
    const auto word = model::named<Set>(text(key));
    if (!word) sql::unreadable(text(key));
    return *word;
  }
  [[nodiscard]] std::optional<base::Code> code() const {
    const std::string_view name = text("code");
    if (name.empty()) return std::nullopt;
    const auto code = base::code_named(name);
    if (!code) sql::unreadable(name);
    return code;
  }
  [[nodiscard]] std::optional<base::Milliseconds> span(std::string_view key) const {
    const auto count = number(key);
    return count ? std::optional{base::Milliseconds{*count}} : std::nullopt;
  }

 private:
  simdjson::dom::object object_;
};

void each_element(std::string_view text, const std::function<void(simdjson::dom::element)>& each) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(text.data(), text.size()).get(array) != simdjson::SUCCESS)
    sql::unreadable("JSON that is no list");
  for (const simdjson::dom::element element : array) each(element);
}

void field_unless_empty(JsonOut& out, std::string_view key, std::string_view text) {
  if (!text.empty()) out.field(key, text);
}

void field_code(JsonOut& out, const std::optional<base::Code>& code) {
  if (code) out.field("code", base::facts_of(*code).name);
}

void field_span(JsonOut& out, const std::optional<base::Milliseconds>& span) {
  if (span) out.field("ms", span->count());
}

}  // namespace

std::string text_of(std::span<const std::string> texts) {
  JsonOut out;
  out.begin_array();
  for (const std::string& text : texts) out.value(text);
  return out.end_array().take();
}

void read(std::string_view text, std::vector<std::string>& texts) {
  texts.clear();
  each_element(text, [&](simdjson::dom::element element) {
    std::string_view one;
    if (element.get(one) != simdjson::SUCCESS) sql::unreadable("JSON that is no text");
    texts.emplace_back(one);
  });
}

std::string text_of(std::span<const model::KindRead> kinds) {
  JsonOut out;
  out.begin_array();
  for (const model::KindRead& kind : kinds) {
    out.begin_object()
        .field("group", kind.group)
        .field("kind", kind.kind)
        .field("state", model::name_of(kind.state))
        .field("listed", kind.listed)
        .field("pages", kind.pages)
        .field("ms", kind.took.count());
    if (kind.tries > 1) out.field("tries", kind.tries);
    field_code(out, kind.code);
    field_unless_empty(out, "detail", kind.detail);
    field_unless_empty(out, "remedy", kind.remedy);
    out.end_object();
  }
  return out.end_array().take();
}

void read(std::string_view text, std::vector<model::KindRead>& kinds) {
  kinds.clear();
  each_element(text, [&](simdjson::dom::element element) {
    const Members members{element};
    model::KindRead& kind = kinds.emplace_back();
    kind.group = members.text("group");
    kind.kind = members.text("kind");
    kind.state = members.word<model::LayerState>("state");
    kind.listed = members.number("listed").value_or(0);
    kind.pages = static_cast<decltype(kind.pages)>(members.number("pages").value_or(0));
    kind.tries = static_cast<decltype(kind.tries)>(members.number("tries").value_or(0));
    kind.took = members.span("ms").value_or(base::Milliseconds{0});
    kind.code = members.code();
    kind.detail = members.text("detail");
    kind.remedy = members.text("remedy");
  });
}

std::string text_of(const model::Trace& trace) {
  JsonOut out;
  out.begin_array();
  for (const model::TraceLayer& layer : trace.layers) {
    out.begin_object().field("state", model::name_of(layer.state));
    if (layer.started) out.field("started", base::stored(*layer.started));
    field_span(out, layer.took);
    field_unless_empty(out, "evidence", layer.evidence);
    out.end_object();
  }
  return out.end_array().take();
}

void read(std::string_view text, model::Trace& trace) {
  std::size_t count = 0;
  each_element(text, [&](simdjson::dom::element element) {
    if (count == trace.layers.size()) sql::unreadable("a trace of more than nine layers");
    const Members members{element};
    model::TraceLayer& layer = trace.layers.at(count++);
    layer.state = members.word<model::LayerState>("state");
    const auto started = members.number("started");
    layer.started = started ? std::optional{base::wall_time(*started)} : std::nullopt;
    layer.took = members.span("ms");
    layer.evidence = members.text("evidence");
  });
  if (count != trace.layers.size()) sql::unreadable("a trace of fewer than nine layers");
}

std::string text_of(std::span<const MeasuredRung> rungs) {
  JsonOut out;
  out.begin_array();
  for (const MeasuredRung& rung : rungs) {
    out.begin_object()
        .field("rung", model::name_of(rung.rung))
        .field("state", model::name_of(rung.state));
    field_span(out, rung.took);
    field_code(out, rung.code);
    field_unless_empty(out, "evidence", rung.evidence);
    field_unless_empty(out, "detail", rung.detail);
    field_unless_empty(out, "next", rung.next);
    field_unless_empty(out, "remedy", rung.remedy);
    out.end_object();
  }
  return out.end_array().take();
}

void read(std::string_view text, std::vector<MeasuredRung>& rungs) {
  rungs.clear();
  each_element(text, [&](simdjson::dom::element element) {
    const Members members{element};
    MeasuredRung& rung = rungs.emplace_back();
    rung.rung = members.word<model::Rung>("rung");
    rung.state = members.word<model::RungState>("state");
    rung.took = members.span("ms");
    rung.code = members.code();
    rung.evidence = members.text("evidence");
    rung.detail = members.text("detail");
    rung.next = members.text("next");
    rung.remedy = members.text("remedy");
  });
}

}  // namespace hedgerow::store::json
