#include "web/basic.hpp"

#include "base/text.hpp"
#include "http/head.hpp"
#include "views/runs.hpp"
#include "web/basic_pages.hpp"

namespace hedgerow::web {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::size_t kFormMax = 16 * 1024;
constexpr http::RouteLimits kLight{.body_max = kFormMax};
constexpr http::RouteLimits kHashes{.body_max = kFormMax, .crew = http::Crew::Heavy};

// The fields of a form; one that stands twice is refused, one that is absent is empty.
class Fields {
 public:
  explicit Fields(const http::Request& request) : pairs_{http::read_form(request.body)} {}

  [[nodiscard]] std::string text(std::string_view name, std::size_t most) const {
    std::string found;
    int times = 0;
    for (const http::Pair& pair : pairs_)
      if (pair.name == name && ++times == 1) found = pair.value;
    if (times <= 1 && found.size() <= most) return found;
    throw Failure{Code::Invalid, Cause::Refused,
                  fmt::format("The field {} cannot be meant.", name)};
  }

 private:
  std::vector<http::Pair> pairs_;
};

std::int64_t id_in(std::string_view text) {
  const auto id = base::whole_number<std::int64_t>(text);
  if (!id || *id < 1) throw Failure{Code::NotFound, Cause::Missing};
  return *id;
}

std::optional<WaitingSync> waiting_in(const Fields& fields) {
  WaitingSync waiting{.fabric = fields.text("fabric", 20),
                      .key = fields.text("key", 64),
                      .asker = fields.text("asker", 150)};
  if (waiting.fabric.empty()) return std::nullopt;
  return waiting;
}

Frame frame_of(const BasicParts& parts, const http::Request& request, const auth::Proven* who) {
  Frame frame{.base_path = parts.base_path,
              .loading = loading_of(request),
              .nonce = parts.random.token(16),
              .now = parts.deps.clock.wall(),
              .username = {},
              .csrf_token = {}};
  if (who == nullptr) return frame;
  frame.username = who->actor.name;
  frame.csrf_token = parts.sign_in.csrf_token(who->session);
  return frame;
}

}  // namespace

void Basic::add_to(http::Router& router) const {
  add_page(router, "/basic/", &Basic::fabrics);
  add_page(router, "/basic/fabrics/{id}/", &Basic::fabric);
  add_page(router, "/basic/runs/{id}/", &Basic::run);
  add_form(router, "/basic/sign-in/", &Basic::sign_in, kHashes);
  add_form(router, "/basic/fabrics/{id}/sync/", &Basic::sync, kLight);
  add_form(router, "/basic/sign-out/", &Basic::sign_out, kLight);
}

// Whoever is not signed in gets the form for it, at the same address.
void Basic::add_page(http::Router& router, std::string_view pattern, Page page) const {
  router.add("GET", pattern, [this, page](http::Request& request) {
    std::optional<auth::Proven> who;
    try {
      who = parts_.callers.resolve(request);
      if (!who) {
        return sign_in_page(frame_of(parts_, request, nullptr), nullptr, request.id, {},
                            std::nullopt);
      }
      // Who reads here is here, and has no script that would say so.
      if (loading_of(request) != Loading::ByItself) parts_.sign_in.renew_if_writable(*who);
      return (this->*page)(request, *who);
    } catch (const Failure& failure) {
      return refused(failure, request, who, std::nullopt);
    }
  });
}

// Whoever has to sign in for it gets the form, with the click that waits.
http::Response Basic::refused(const Failure& failure, const http::Request& request,
                              const std::optional<auth::Proven>& who,
                              const std::optional<WaitingSync>& click) const {
  if (failure.http_status() == 401)
    return sign_in_page(frame_of(parts_, request, nullptr), &failure, request.id, {}, click);
  return failure_page(frame_of(parts_, request, who ? &*who : nullptr), failure, request.id);
}

void Basic::add_form(http::Router& router, std::string_view pattern, Form form,
                     const http::RouteLimits& limits) const {
  router.add(
      "POST", pattern,
      [this, form](http::Request& request) {
        try {
          parts_.callers.require_own_form(request);
          return (this->*form)(request);
        } catch (const Failure& failure) {
          return failure_page(frame_of(parts_, request, nullptr), failure, request.id);
        }
      },
      limits);
}

http::Response Basic::to(std::string_view path) const {
  auto response = http::Response::of(303, "text/plain; charset=utf-8", "");
  response.headers.set("Location", fmt::format("{}/basic/{}", parts_.base_path, path));
  return response;
}

views::Instant Basic::instant() const {
  return {.now = parts_.deps.clock.wall(), .fresh_for = parts_.fresh_for};
}

http::Response Basic::fabrics(const http::Request& request, const auth::Proven& who) const {
  const auto all = parts_.deps.db.read([&](const store::Snapshot& seen) {
    return views::fabrics(seen, who.actor, {.q = {}, .order = {}, .page = {.limit = 200}},
                          instant());
  });
  return fabrics_page(frame_of(parts_, request, &who), all);
}

http::Response Basic::fabric(const http::Request& request, const auth::Proven& who) const {
  const model::FabricId id{id_in(request.parameter("id"))};
  const auto view = parts_.deps.db.read(
      [&](const store::Snapshot& seen) { return views::fabric(seen, who.actor, id, instant()); });
  const bool may = model::may(who.actor.role, model::Permission::FabricSync);
  return fabric_page(frame_of(parts_, request, &who), view, may, parts_.random.token(16));
}

http::Response Basic::run(const http::Request& request, const auth::Proven& who) const {
  const model::RunId id{id_in(request.parameter("id"))};
  const auto view = parts_.deps.db.read(
      [&](const store::Snapshot& seen) { return views::run(seen, who.actor, id); });
  return run_page(frame_of(parts_, request, &who), view);
}

http::Response Basic::sign_in(const http::Request& request) const {
  const Fields fields{request};
  const auto waiting = waiting_in(fields);
  std::string typed;
  std::optional<auth::Fresh> fresh;
  try {
    typed = fields.text("username", 150);
    const base::SecretText password{fields.text("password", auth::Passwords::kBytesMost)};
    // Whoever signs in anew leaves the old session behind; whoever fails keeps it.
    std::optional<auth::Proven> before;
    if (!parts_.callers.fault(request)) before = parts_.callers.resolve(request);
    fresh = parts_.sign_in.with_password(typed, password, parts_.callers.visitor(request),
                                         before ? &*before : nullptr);
  } catch (const Failure& failure) {
    return sign_in_page(frame_of(parts_, request, nullptr), &failure, request.id, typed, waiting);
  }
  auto response = waiting ? finished(request, fresh->proven, *waiting) : to("");
  parts_.callers.set_cookies(response, request, *fresh);
  return response;
}

http::Response Basic::to_run(model::RunId run) const {
  auto response = to(fmt::format("runs/{}/", run.value));
  response.noted = {"run", run.value};
  return response;
}

// A click that waited is finished by the one who made it, once: its key stays.
http::Response Basic::finished(const http::Request& request, const auth::Proven& who,
                               const WaitingSync& click) const {
  try {
    const model::FabricId fabric{id_in(click.fabric)};
    if (click.asker != who.actor.name) return to(fmt::format("fabrics/{}/", fabric.value));
    return to_run(start(who, fabric, click.key).run);
  } catch (const Failure& failure) {
    return failure_page(frame_of(parts_, request, &who), failure, request.id);
  }
}

http::Response Basic::sync(const http::Request& request) const {
  const model::FabricId fabric{id_in(request.parameter("id"))};
  const Fields fields{request};
  const WaitingSync click{.fabric = request.parameter("id"),
                          .key = fields.text("key", 64),
                          .asker = fields.text("asker", 150)};
  std::optional<auth::Proven> who;
  try {
    who = parts_.callers.resolve(request);
    if (!who) throw Failure{Code::SessionMissing, Cause::Refused, "Nobody is signed in."};
    parts_.callers.accept(*who, fields.text("csrf", 200));
    return to_run(start(*who, fabric, click.key).run);
  } catch (const Failure& failure) {
    return refused(failure, request, who, click);
  }
}

http::Response Basic::sign_out(const http::Request& request) const {
  auto who = parts_.callers.resolve(request);
  auto response = to("");
  if (!who) return response;
  parts_.callers.accept(*who, Fields{request}.text("csrf", 200));
  parts_.sign_in.sign_out(*who);
  parts_.callers.clear_cookie(response, request);
  return response;
}

actions::StartedRun Basic::start(const auth::Proven& who, model::FabricId fabric,
                                 std::string_view key) const {
  actions::RunRequest wanted;
  wanted.fabric = fabric;
  wanted.operation = model::Operation::Pull;
  wanted.passage.click = actions::Click{.clicked_at = std::nullopt,
                                        .page_version = "without script",
                                        .tab = "basic",
                                        .tries = 1,
                                        .csrf_refreshed = false};
  wanted.passage.received = parts_.deps.clock.wall();
  wanted.passage.signed_in = auth::how_signed_in(who.session);
  wanted.passage.session_ends = who.session.idle_ends;
  if (!actions::is_sound_key(key))
    throw Failure{Code::Invalid, Cause::Refused, "The form lacks its key."};
  return actions::start_run(parts_.deps, who.actor, wanted,
                            {.route = fmt::format("POST /basic/fabrics/{}/sync/", fabric.value),
                             .key = std::string{key},
                             .body = base::digest_of("pull")});
}

}  // namespace hedgerow::web
