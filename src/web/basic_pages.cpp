#include "web/basic_pages.hpp"

#include "web/html.hpp"

namespace hedgerow::web {

namespace {

constexpr std::string_view kStyle =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    ":root{color-scheme:light dark;background:Canvas}table{border-collapse:collapse}"
    "h1,p,th,td{overflow-wrap:anywhere}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0}"
    "p.fault{border-left:.25rem solid;padding-left:.75rem}label,input,button{font:inherit}"
    "label{display:block;margin:.5rem 0}";

std::string spoken(std::string_view word) {
  std::string words{word};
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string when(const std::optional<base::WallTime>& at) {
  return at ? base::rfc3339(*at) : "not measured";
}

void hidden(Html& html, std::string_view name, std::string_view value) {
  html.empty("input", {{"type", "hidden"}, {"name", name}, {"value", value}});
}

constexpr std::string_view kLoads = "loads";
constexpr std::string_view kByItself = "by-itself";
constexpr std::string_view kByHand = "by-hand";

// Begins a page; while something is under way the browser loads it again, unless the person said
// otherwise. What it loads so carries a mark: nobody asked for that, so it keeps no session alive.
Html begun(const Frame& frame, std::string_view title, bool under_way = false) {
  Html html;
  html.open("html", {{"lang", "en"}}).open("head").empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  if (under_way && frame.loading != Loading::ByHand)
    html.empty("meta", {{"http-equiv", "refresh"},
                        {"content", fmt::format("3; url=?{}={}", kLoads, kByItself)}});
  html.line("title", fmt::format("{} · Hedgerow", title));
  html.line("style", kStyle, {{"nonce", frame.nonce}}).close().open("body").open("header");
  html.line("a", "Fabrics", {{"href", frame.base_path + "/basic/"}}).text(" · ");
  html.line("a", "The full page", {{"href", frame.base_path + "/"}});
  if (!frame.username.empty()) {
    html.open("form", {{"method", "post"}, {"action", frame.base_path + "/basic/sign-out/"}});
    hidden(html, "csrf", frame.csrf_token);
    html.text(frame.username + " ").line("button", "Sign out").close();
  }
  html.close().open("main").line("h1", title);
  return html;
}

http::Response ended(const Frame& frame, Html html, int status = 200) {
  html.close().close().close();
  auto response = http::Response::of(status, "text/html; charset=utf-8", html.take());
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Content-Security-Policy",
                       fmt::format("default-src 'none'; style-src 'nonce-{}'; form-action 'self'; "
                                   "base-uri 'none'; frame-ancestors 'none'",
                                   frame.nonce));
  return response;
}

void fault(Html& html, const base::Failure& failure, std::string_view request_id) {
  const base::CodeFacts& facts = facts_of(failure.code());
  html.open("p", {{"class", "fault"}, {"role", "alert"}}).line("strong", facts.title);
  if (failure.detail() != facts.title) html.text(" " + failure.detail());
  html.text(" " + failure.next()).empty("br");
  html.text(fmt::format("Layer {} {} · {} · request {}", facts.layer,
                        model::layer_name(facts.layer), facts.name, request_id));
  html.close();
}

// How the page of something under way is brought up to date, and the other way beside it.
void loads_again(Html& html, const Frame& frame) {
  const std::string by_hand = fmt::format("?{}={}", kLoads, kByHand);
  if (frame.loading == Loading::ByHand) {
    html.text("This page does not load itself again. ");
    html.line("a", "Load again", {{"href", by_hand}}).text(" · ");
    html.line("a", "Let it load itself every 3 s", {{"href", "."}});
  } else {
    html.text("This page loads itself again every 3 s. ");
    html.line("a", "Stop that", {{"href", by_hand}});
  }
}

void column_heads(Html& html, std::initializer_list<std::string_view> heads) {
  html.open("tr");
  for (const std::string_view head : heads) html.line("th", head, {{"scope", "col"}});
  html.close();
}

void row(Html& html, std::string_view head, std::string_view text) {
  html.open("tr").line("th", head, {{"scope", "row"}}).line("td", text).close();
}

std::string state_of(const model::Run& run) {
  return run.ending ? spoken(model::name_of(run.ending->outcome))
                    : spoken(model::name_of(run.state));
}

void lost_clicks(Html& html, const std::vector<model::LostClick>& clicks) {
  if (clicks.empty()) return;
  html.line("h2", "Clicks that never arrived").open("ul");
  for (const model::LostClick& click : clicks) {
    const base::CodeFacts& why = base::facts_of(click.code);
    html.line("li", fmt::format("{} by {}, clicked {}: {} (layer {}, {})",
                                model::title_of(click.operation), click.actor_name,
                                base::rfc3339(click.clicked), why.title, why.layer, why.name));
  }
  html.close();
}

void runs_table(Html& html, const Frame& frame, std::span<const model::Run> runs) {
  html.line("h2", "Recent runs").open("table");
  column_heads(html, {"Run", "Operation", "State", "What it did", "Ended"});
  for (const model::Run& run : runs) {
    html.open("tr").open("th", {{"scope", "row"}});
    html.line("a", fmt::format("Run {}", run.id.value),
              {{"href", fmt::format("{}/basic/runs/{}/", frame.base_path, run.id.value)}});
    html.close().line("td", model::title_of(run.operation)).line("td", state_of(run));
    html.line("td", model::summary_of(run)).line("td", when(run.ended)).close();
  }
  html.close();
}

void kinds_table(Html& html, std::span<const model::KindRead> kinds) {
  html.line("h2", "Kinds").open("table");
  column_heads(html, {"Kind", "State", "Objects", "Tries", "Why"});
  for (const model::KindRead& kind : kinds) {
    // A kind that was not read has no number, and none is not zero.
    const bool counted = kind.state == model::LayerState::Passed || kind.listed > 0;
    html.open("tr").line("th", kind.kind, {{"scope", "row"}});
    html.line("td", spoken(model::name_of(kind.state)));
    html.line("td", counted ? fmt::format("{}", kind.listed) : "not read");
    html.line("td", kind.tries > 1 ? fmt::format("{} tries", kind.tries) : "");
    html.line("td", kind.detail).close();
  }
  html.close();
}

}  // namespace

Loading loading_of(const http::Request& request) {
  for (const http::Pair& pair : request.query) {
    if (pair.name != kLoads) continue;
    if (pair.value == kByItself) return Loading::ByItself;
    if (pair.value == kByHand) return Loading::ByHand;
  }
  return Loading::Opened;
}

http::Response sign_in_page(const Frame& frame, const base::Failure* why,
                            std::string_view request_id, std::string_view typed,
                            const std::optional<WaitingSync>& waiting) {
  Html html = begun(frame, "Sign in");
  if (why != nullptr) fault(html, *why, request_id);
  html.open("form", {{"method", "post"}, {"action", frame.base_path + "/basic/sign-in/"}});
  if (waiting) {
    html.line("p", "After you sign in, Sync from Fabric is finished once.");
    hidden(html, "fabric", waiting->fabric);
    hidden(html, "key", waiting->key);
    hidden(html, "asker", waiting->asker);
  }
  html.open("label").text("User name ");
  html.empty(
      "input",
      {{"name", "username"}, {"value", typed}, {"autocomplete", "username"}, {"required", ""}});
  html.close();
  html.open("label").text("Password ");
  html.empty("input", {{"name", "password"},
                       {"type", "password"},
                       {"autocomplete", "current-password"},
                       {"required", ""}});
  html.close().line("button", "Sign in").close();
  return ended(frame, std::move(html), why != nullptr ? why->http_status() : 200);
}

http::Response failure_page(const Frame& frame, const base::Failure& failure,
                            std::string_view request_id) {
  Html html = begun(frame, "That did not work");
  fault(html, failure, request_id);
  return ended(frame, std::move(html), failure.http_status());
}

http::Response fabrics_page(const Frame& frame, const store::Paged<views::FabricView>& fabrics) {
  Html html = begun(frame, "Fabrics");
  if (fabrics.rows.empty()) html.line("p", "No fabric yet; add one in the full page.");
  html.open("table");
  column_heads(html, {"Fabric", "State", "What it means"});
  for (const views::FabricView& view : fabrics.rows) {
    html.open("tr").open("th", {{"scope", "row"}});
    html.line(
        "a", view.fabric.name,
        {{"href", fmt::format("{}/basic/fabrics/{}/", frame.base_path, view.fabric.id.value)}});
    html.close().line("td", spoken(model::name_of(view.headline.state)));
    html.line("td", view.headline.text).close();
  }
  html.close();
  const auto shown = static_cast<std::int64_t>(fabrics.rows.size());
  if (shown < fabrics.count)
    html.line("p", fmt::format("{} of {}; the full page has all.", shown, fabrics.count));
  return ended(frame, std::move(html));
}

http::Response fabric_page(const Frame& frame, const views::FabricView& view, bool may_sync,
                           std::string_view key) {
  Html html = begun(frame, view.fabric.name, view.working.has_value());
  html.open("p").line("strong", spoken(model::name_of(view.headline.state)));
  html.text(" " + view.headline.text + " " + view.headline.next.text).close();
  html.open("p");
  if (view.working) {
    html.text(
        fmt::format("{}: {}. ", model::title_of(view.working->operation), state_of(*view.working)));
    loads_again(html, frame);
  } else {
    html.text(fmt::format("As of {}. ", base::rfc3339(frame.now)));
    html.line("a", "Reload to update", {{"href", "."}}).text(".");
  }
  html.close();
  if (may_sync) {
    html.open("form", {{"method", "post"},
                       {"action", fmt::format("{}/basic/fabrics/{}/sync/", frame.base_path,
                                              view.fabric.id.value)}});
    hidden(html, "csrf", frame.csrf_token);
    hidden(html, "key", key);
    hidden(html, "asker", frame.username);
    html.line("button", "Sync from Fabric").text(" cluster → record").close();
  } else {
    html.line("p",
              "Sync from Fabric needs the permission fabric.sync; an administrator can grant it.");
  }
  html.open("table");
  row(html, "Can we reach it?",
      spoken(model::name_of(view.reach.state)) + ", " + when(view.reach.as_of));
  row(html, "Does it match?",
      spoken(model::name_of(view.match.state)) + ", " + when(view.match.as_of));
  row(html, "What did the last run do?", spoken(model::name_of(view.last_run)));
  row(html, "Objects", view.objects ? fmt::format("{}", *view.objects) : "not measured");
  html.close();
  runs_table(html, frame, view.recent);
  lost_clicks(html, view.lost_clicks);
  return ended(frame, std::move(html));
}

http::Response run_page(const Frame& frame, const views::RunView& view) {
  const model::Run& run = view.run;
  Html html = begun(frame, fmt::format("Run {}", run.id.value), !run.ending);
  html.open("p").line("strong",
                      fmt::format("{}: {}", model::title_of(run.operation), state_of(run)));
  html.text(" " + model::summary_of(run));
  if (run.ending) html.text(" " + run.ending->next);
  html.close().open("p").text(fmt::format("By {} on ", run.actor_name));
  if (run.fabric)
    html.line("a", run.fabric_name,
              {{"href", fmt::format("{}/basic/fabrics/{}/", frame.base_path, run.fabric->value)}});
  else
    html.text(run.fabric_name);
  html.text(fmt::format(", {}", base::rfc3339(run.created))).close();
  if (!run.ending) {
    html.open("p");
    loads_again(html, frame);
    html.close();
  }
  html.open("table");
  column_heads(html, {"Layer", "State", "What was seen"});
  for (int layer = 1; layer <= model::kLayers; ++layer) {
    const model::TraceLayer& it = run.trace.at(layer);
    html.open("tr").line("th", fmt::format("{} {}", layer, model::layer_name(layer)),
                         {{"scope", "row"}});
    html.line("td", spoken(model::name_of(it.state))).line("td", it.evidence).close();
  }
  html.close();
  if (!run.kinds.empty()) kinds_table(html, run.kinds);
  return ended(frame, std::move(html));
}

}  // namespace hedgerow::web
