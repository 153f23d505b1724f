#include "api/events.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace hedgerow::api {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::size_t kTopicsMost = 50;

std::optional<store::Subject> subject_of(std::string_view text) {
  const auto slash = text.find('/');
  const auto topic = model::named<model::Topic>(text.substr(0, slash));
  if (!topic) return std::nullopt;
  if (slash == std::string_view::npos) return store::Subject{*topic, 0};
  const auto id = base::whole_number<std::int64_t>(text.substr(slash + 1));
  if (!id || *id < 1) return std::nullopt;
  return store::Subject{*topic, *id};
}

std::string name_of(const store::Subject& subject) {
  if (subject.id == 0) return std::string{model::name_of(subject.topic)};
  return fmt::format("{}/{}", model::name_of(subject.topic), subject.id);
}

std::string change_json(const store::Changed& change) {
  base::JsonOut out;
  out.begin_object().field("topic", model::name_of(change.subject.topic));
  out.field("id", change.subject.id).field("revision", change.revision).end_object();
  return out.take();
}

}  // namespace

EventHub::EventHub(store::Database& db, const base::Clock& clock, const Settings& settings,
                   const auth::SignIn& sign_in)
    : db_{db}, clock_{clock}, settings_{settings}, sign_in_{sign_in} {}

EventHub::~EventHub() { stop(); }

void EventHub::start() {
  position_ = db_.feed_end();
  next_beat_ = clock_.steady() + settings_.heartbeat;
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) step(stop);
  }};
}

void EventHub::stop() {
  thread_ = {};
  for (const auto& listener : open_ones()) end(*listener, "stopping");
}

http::Response EventHub::open(const http::Request& request) {
  Query query{request};
  const std::string topics = query.text("topics", 2'000);
  query.finish();
  auto listener = std::make_shared<Listener>();
  for (const std::string_view topic : base::split(topics, ',')) {
    if (topic.empty()) continue;
    const auto subject = subject_of(topic);
    if (!subject || listener->subjects.size() >= kTopicsMost) {
      const std::string detail = fmt::format("'{}' is no topic, or there are more than {}.",
                                             base::shown(topic, 80), kTopicsMost);
      throw Failure{Code::Invalid, Cause::Refused, detail}.with_fields({{"topics", detail}});
    }
    listener->subjects.push_back(*subject);
  }
  const auth::Proven& who = auth::Callers::of(request);
  listener->token_hash = who.session.token_hash;
  listener->actor = who.actor;
  listener->stream = std::make_shared<http::EventStream>(settings_.stream_bytes_max);
  // The first beat goes out at once: a lamp that waited for it would be dark for no reason.
  const auto revisions = db_.read(
      [&](const store::Snapshot& seen) { return seen.changes().revisions(listener->subjects); });
  listener->stream->send("hb", beat_json(revisions));
  auto response = http::Response::stream(listener->stream);
  listeners_.with([&](Listeners& all) { all.push_back(std::move(listener)); });
  return response;
}

void EventHub::session_ended(model::SessionId session) {
  for (const auto& listener : open_ones())
    if (listener->actor.session == session) end(*listener, "session_ended");
}

void EventHub::role_changed(model::UserId user) {
  for (const auto& listener : open_ones())
    if (listener->actor.user == user) end(*listener, "reset");
}

void EventHub::end(const Listener& listener, std::string_view event) {
  listener.stream->send(event, "{}");
  listener.stream->close();
}

std::string EventHub::beat_json(const std::vector<store::Changed>& revisions) const {
  base::JsonOut out;
  out.begin_object().field("server_time", clock_.wall()).key("revisions").begin_object();
  for (const store::Changed& each : revisions) out.field(name_of(each.subject), each.revision);
  out.end_object();
  if (const auto trouble = db_.trouble()) out.field("storage", facts_of(trouble->code()).name);
  out.end_object();
  return out.take();
}

void EventHub::step(const std::stop_token& stop) {
  try {
    const store::Feed feed = db_.follow(position_, {next_beat_}, stop);
    position_ = feed.next;
    tell(feed);
    if (clock_.steady() < next_beat_) return;
    next_beat_ = clock_.steady() + settings_.heartbeat;
    beat();
    return;
  } catch (const Failure& failure) {
    base::log::error("events_stalled",
                     {{"code", facts_of(failure.code()).name}, {"detail", failure.detail()}});
  } catch (const std::exception& bug) {
    base::log::error("events_stalled", {{"what", bug.what()}});
  }
  // Without a beat the lamps of the pages say so themselves within 12 s.
  next_beat_ = clock_.steady() + settings_.heartbeat;
  (void)listeners_.wait(stop, next_beat_, [](const Listeners&) { return false; });
}

EventHub::Listeners EventHub::open_ones() {
  return listeners_.with([](Listeners& all) {
    std::erase_if(all, [](const auto& listener) { return !listener->stream->is_open(); });
    return all;
  });
}

void EventHub::tell(const store::Feed& feed) {
  if (feed.changes.empty() && !feed.gap) return;
  const Listeners all = open_ones();
  if (feed.gap) {
    for (const auto& listener : all) listener->stream->send("reset", "{}");
    return;
  }
  for (const store::Changed& change : feed.changes) {
    const auto frame = http::EventStream::frame("change", change_json(change));
    for (const auto& listener : all) {
      const auto& wanted = listener->subjects;
      if (std::find(wanted.begin(), wanted.end(), change.subject) != wanted.end())
        listener->stream->send(frame);
    }
  }
}

void EventHub::beat() {
  const Listeners all = open_ones();
  if (all.empty()) return;
  struct Due {
    std::vector<store::Changed> revisions;
    std::optional<store::Session> session;
  };
  const auto due = db_.read([&](const store::Snapshot& seen) {
    std::vector<Due> list;
    for (const auto& listener : all) {
      list.push_back({.revisions = seen.changes().revisions(listener->subjects),
                      .session = sign_in_.standing(seen, listener->token_hash)});
    }
    return list;
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!due[i].session)
      end(*all[i], "session_ended");
    else if (due[i].session->role != all[i]->actor.role)
      end(*all[i], "reset");
    else
      all[i]->stream->send("hb", beat_json(due[i].revisions));
  }
}

}  // namespace hedgerow::api
