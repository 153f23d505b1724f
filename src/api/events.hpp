// The hub of event streams: one thread follows the change feed and tells every open stream what it
// asked for, and beats each 5 s with the revisions of those topics, so that a missed event is
// noticed within one beat. An event says look again; it never carries what to do.
#pragma once

#include "api/routes.hpp"

namespace hedgerow::api {

class EventHub {
 public:
  EventHub(store::Database& db, const base::Clock& clock, const Settings& settings,
           const auth::SignIn& sign_in);
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  void start();
  // Says `stopping` to every stream and ends it.
  void stop();

  // Opens a stream for the topics of the query. Throws Failure{Invalid} for a topic that is none.
  [[nodiscard]] http::Response open(const http::Request& request);

  // Ends the streams of a session that has ended, and those of a user who has another role: what
  // they told was judged by the old one. One that is missed here, because it just opens or its
  // session ran out, ends with the next beat.
  void session_ended(model::SessionId session);
  void role_changed(model::UserId user);

  // One turn: waits for a change or the next beat, then tells.
  void step(const std::stop_token& stop);

 private:
  struct Listener {
    std::shared_ptr<http::EventStream> stream;  // Owners: this list and the connection.
    std::vector<store::Subject> subjects;
    base::Digest token_hash;
    model::Actor actor;
  };
  using Listeners =
      std::vector<std::shared_ptr<const Listener>>;  // Owners: the list and a turn that tells them.

  void tell(const store::Feed& feed);
  void beat();
  [[nodiscard]] Listeners open_ones();
  // The last thing that a stream says.
  static void end(const Listener& listener, std::string_view event);
  [[nodiscard]] std::string beat_json(const std::vector<store::Changed>& revisions) const;

  store::Database& db_;
  const base::Clock& clock_;
  const Settings& settings_;
  const auth::SignIn& sign_in_;
  store::Position position_;
  base::SteadyTime next_beat_;
  base::Guarded<Listeners> listeners_;
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::api
