#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/guarded.hpp"
#include "base/json_out.hpp"
#include "base/text.hpp"

namespace hedgerow::base::log {

namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("hedgerow",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum as_spdlog(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warning: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

constexpr std::size_t kFaultsKept = 50;
constexpr std::string_view kRequest = "request_id";

using Faults = std::deque<Fault>;

Guarded<Faults>& kept_faults() {
  static Guarded<Faults> kept;
  return kept;
}

bool are_alike(const Fault& a, const Fault& b) {
  const auto alike = [](const auto& one, const auto& other) {
    return one.first == other.first && (one.first == kRequest || one.second == other.second);
  };
  return a.event == b.event && std::ranges::equal(a.fields, b.fields, alike);
}

void keep(Fault fault) {
  kept_faults().with([&](Faults& all) {
    const auto same =
        std::ranges::find_if(all, [&](const Fault& other) { return are_alike(fault, other); });
    if (same != all.end()) {
      fault.times += same->times;
      all.erase(same);
    }
    all.push_front(std::move(fault));
    if (all.size() > kFaultsKept) all.pop_back();
  });
}

std::string text_of(const Value& value) {
  return std::visit(
      [](const auto& it) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(it)>, std::string>)
          return scrubbed(it, 2000);
        else
          return fmt::to_string(it);
      },
      value);
}

constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};

}  // namespace

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  // The one place that reads the clock by itself: a log line's time is for people only.
  const WallTime now = SystemClock{}.wall();
  if (level == Level::Error) {
    Fault fault{.at = now, .event = std::string{event}, .fields = {}};
    for (const Field& field : fields) fault.fields.emplace_back(field.key, text_of(field.value));
    keep(std::move(fault));
  }
  if (!logger().should_log(as_spdlog(level))) return;
  JsonOut line;
  line.begin_object();
  line.field("time", rfc3339(now));
  line.field("level", name_of(level)).field("event", event);
  for (const Field& field : fields) {
    line.key(field.key);
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
            line.value(scrubbed(value, 2000));
          else
            line.value(value);
        },
        field.value);
  }
  line.end_object();
  logger().log(as_spdlog(level), "{}", line.text());
}

std::string_view Fault::field(std::string_view key) const noexcept {
  const auto found = std::ranges::find(fields, key, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

std::vector<Fault> last_faults() {
  return kept_faults().with(
      [](const Faults& all) { return std::vector<Fault>{all.begin(), all.end()}; });
}

std::string_view name_of(Level level) noexcept {
  return kNames.at(static_cast<std::size_t>(level));
}

std::optional<Level> level_named(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Level>(found - kNames.begin());
}

void set_least(Level level) { logger().set_level(as_spdlog(level)); }

void flush() noexcept {
  try {
    logger().flush();
  } catch (...) {
    // Called while the process dies; there is nobody left to tell.
  }
}

}  // namespace hedgerow::base::log
