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

// Begins a page; `fresh` makes the browser load it again, as long as something is under way.
Html begun(const Frame& frame, std::string_view title, bool fresh = false) {
  Html html;
  html.open("html", {{"lang", "en"}}).open("head").empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  if (fresh) html.empty("meta", {{"http-equiv", "refresh"}, {"content", "3"}});
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
  for (const model::Run& run : runs) {
    html.open("tr").open("td");
    html.line("a", fmt::format("Run {}", run.id.value),
              {{"href", fmt::format("{}/basic/runs/{}/", frame.base_path, run.id.value)}});
    html.close().line("td", model::title_of(run.operation)).line("td", state_of(run));
    html.line("td", model::summary_of(run)).line("td", when(run.ended)).close();
  }
  html.close();
}

}  // namespace

http::Response sign_in_page(const Frame& frame, const base::Failure* why,
                            std::string_view request_id,
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
  html.empty("input", {{"name", "username"}, {"autocomplete", "username"}, {"required", ""}})
      .close();
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
  for (const views::FabricView& view : fabrics.rows) {
    html.open("tr").open("td");
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
  if (view.working)
    html.line("p", fmt::format("{}: {}. This page loads itself again every 3 s.",
                               model::title_of(view.working->operation), state_of(*view.working)));
  else
    html.line("p", fmt::format("As of {}. Reload to update.", base::rfc3339(frame.now)));
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
  html.text(fmt::format(", {}", base::rfc3339(run.created))).close().open("table");
  for (int layer = 1; layer <= model::kLayers; ++layer) {
    const model::TraceLayer& it = run.trace.at(layer);
    html.open("tr").line("th", fmt::format("{} {}", layer, model::layer_name(layer)),
                         {{"scope", "row"}});
    html.line("td", spoken(model::name_of(it.state))).line("td", it.evidence).close();
  }
  html.close();
  if (run.kinds.empty()) return ended(frame, std::move(html));
  html.line("h2", "Kinds").open("table");
  for (const model::KindRead& kind : run.kinds) {
    html.open("tr").line("td", kind.kind).line("td", spoken(model::name_of(kind.state)));
    html.line("td", fmt::format("{} objects", kind.listed));
    html.line("td", kind.tries > 1 ? fmt::format("{} tries", kind.tries) : "");
    html.line("td", kind.detail).close();
  }
  html.close();
  return ended(frame, std::move(html));
}

}  // namespace hedgerow::web
