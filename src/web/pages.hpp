// Gives browsers the application: its hashed files for ever, its one page with a fresh nonce each
// time. Every path that is no file and no API is that page, so deep links work; a missing hashed
// file is an error and never the page.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/router.hpp"

namespace hedgerow::web {

// How long the page in the browser waits. Its own defaults in ui/src/api/limits.ts are these.
struct Limits {
  base::Milliseconds answer{15'000};         // For one answer.
  base::Milliseconds ask_again{600'000};     // A waiting click older than this is not sent unasked.
  base::Milliseconds same_click{1'000};      // Clicks on one button this close are one click.
  base::Milliseconds live{12'000};           // Without a heartbeat, until it says "Not live".
  base::Milliseconds poll{5'000};            // Between two looks while the stream is silent.
  base::Milliseconds worker{5'000};          // Without a word of the tabs' shared worker, until
                                             // a tab goes on by itself.
  base::Milliseconds hidden{30'000};         // Out of sight, until a tab's own stream is closed.
  base::Milliseconds hidden_poll{60'000};    // Between two looks from then on.
  base::Milliseconds pause{1'000};           // Before the second try, doubled for each further one
  base::Milliseconds pause_longest{15'000};  // up to this.
  base::Milliseconds slow{3'000};            // Without an answer, until it says so.
  base::Milliseconds stuck{10'000};          // Without an answer, until it offers another try.
  base::Milliseconds warn{120'000};          // Before a session ends.
  base::Milliseconds renew{300'000};         // Between two renewals of a session in use.
  base::Milliseconds stands{60'000};         // Between two looks at what should have ended.
  base::Milliseconds untold{86'400'000};     // A click that never arrived and is older is not told.
};

// Each with its setting, and the least that the page can work by.
struct NamedLimit {
  std::string_view name;
  base::Milliseconds Limits::* limit;
  base::Milliseconds least{10};
};
inline constexpr std::array<NamedLimit, 16> kLimits{{
    {"page.answer", &Limits::answer},
    {"page.ask_again", &Limits::ask_again, base::Milliseconds{0}},
    {"page.same_click", &Limits::same_click, base::Milliseconds{0}},
    {"page.live", &Limits::live},
    {"page.poll", &Limits::poll},
    {"page.worker", &Limits::worker},
    {"page.hidden", &Limits::hidden},
    {"page.hidden_poll", &Limits::hidden_poll},
    {"page.pause", &Limits::pause},
    {"page.pause_longest", &Limits::pause_longest},
    {"page.slow", &Limits::slow},
    {"page.stuck", &Limits::stuck},
    {"page.warn", &Limits::warn},
    {"page.renew", &Limits::renew},
    {"page.stands", &Limits::stands},
    {"page.untold", &Limits::untold, base::Milliseconds{0}},
}};

class Pages {
 public:
  // `random` must outlive it.
  Pages(std::string base_path, const Limits& limits, base::Random& random);

  void add_to(http::Router& router) const;
  // The version that the page was built as; empty in a build without it.
  [[nodiscard]] static std::string version();

 private:
  [[nodiscard]] http::Response answer(const http::Request& request) const;
  [[nodiscard]] http::Response page() const;

  std::string base_path_;
  std::string limits_;
  base::Random& random_;
};

}  // namespace hedgerow::web
