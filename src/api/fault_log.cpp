#include "api/fault_log.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace hedgerow::api {

namespace {

struct Words {
  std::string_view event;
  std::string_view place;
  std::string_view what;
};

// What each error of the log is to a person; what has no line here is named as in the log.
constexpr std::array kWords{
    Words{"run_failed", "Runs", "A run ended by a fault of Hedgerow."},
    Words{"run_defect", "Runs", "A run ended by a defect of Hedgerow."},
    Words{"run_stalled", "Runs", "A run made no progress and was ended."},
    Words{"worker_replaced", "Workers", "A worker did not come back and was replaced."},
    Words{"handler_never_returned", "Workers", "Work did not end when the server stopped."},
    Words{"claim_failed", "Workers", "The next run could not be taken."},
    Words{"keeper_failed", "Housekeeping", "A part of it failed and is tried again."},
    Words{"keeper_defect", "Housekeeping", "A part of it met a defect and is tried again."},
    Words{"watch_failed", "Watch over runs", "It failed and goes on."},
    Words{"watch_defect", "Watch over runs", "It met a defect and goes on."},
    Words{"events_stalled", "Event stream", "Pages could not be told what changed."},
    Words{"connection_test_failed", "Connection tests",
          "A test's result could not be kept yet; it is tried again."},
    Words{"connection_test_defect", "Connection tests", "A test ended by a defect of Hedgerow."},
    Words{"writer_refused", "Database", "It took no change."},
    Words{"commit_failed", "Database", "Changes could not be kept, and whoever asked was told."},
    Words{"no_sign_for_watchdog", "Watchdog", "The network or the database's writer stood still."},
    Words{"certificate_kept", "Certificate", "A new one could not be used; the old one stays."},
};

SeenFault seen(const base::log::Fault& fault) {
  const auto* const words = std::ranges::find(kWords, fault.event, &Words::event);
  const bool is_known = words != kWords.end();
  const std::string_view route = fault.field("route");
  std::string detail{is_known ? words->what : "It is in the log."};
  for (const std::string_view key : {"part", "detail"})
    if (const auto more = fault.field(key); !more.empty()) detail += fmt::format(" {}", more);
  return {.at = fault.at,
          .request = std::string{fault.field("request_id")},
          .run = base::whole_number<std::int64_t>(fault.field("run")),
          .code = base::code_named(fault.field("code")).value_or(base::Code::InternalFault),
          .place = !route.empty() ? fmt::format("{} {}", fault.field("method"), route)
                   : is_known     ? std::string{words->place}
                                  : fault.event,
          .detail = route.empty() ? detail : std::string{fault.field("detail")},
          .times = fault.times};
}

}  // namespace

void FaultLog::note(SeenFault fault) {
  told_.with([&](std::deque<SeenFault>& told) {
    const auto is_alike = [&fault](const SeenFault& other) {
      return std::tie(other.code, other.place, other.detail) ==
             std::tie(fault.code, fault.place, fault.detail);
    };
    if (const auto alike = std::ranges::find_if(told, is_alike); alike != told.end()) {
      fault.times += alike->times;
      told.erase(alike);
    }
    told.push_front(std::move(fault));
    if (told.size() > kTold) told.pop_back();
  });
}

std::vector<SeenFault> FaultLog::latest_first() const {
  const auto told = told_.with([](const std::deque<SeenFault>& all) { return all; });
  std::vector<SeenFault> own;
  for (const base::log::Fault& fault : base::log::last_faults()) own.push_back(seen(fault));
  own.resize(std::min(own.size(), kKept - told.size()));
  std::vector<SeenFault> all;
  std::ranges::merge(told, own, std::back_inserter(all), std::ranges::greater{}, &SeenFault::at,
                     &SeenFault::at);
  return all;
}

}  // namespace hedgerow::api
