// Time as a parameter. Wall time is what people read and what is stored; steady time is what
// deadlines and ages inside one process are measured with, so that a jump of the wall clock changes
// display only (I23).
#pragma once

namespace hedgerow::base {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
  // Ticks: what leases run by and ages are counted with. They go on while the machine is suspended,
  // as steady() does not, and begin anew when it starts.
  [[nodiscard]] virtual Milliseconds since_boot() const {
    return std::chrono::duration_cast<Milliseconds>(steady().time_since_epoch());
  }
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
  [[nodiscard]] Milliseconds since_boot() const override;
};

// The instant after which nobody waits any longer.
struct Deadline {
  SteadyTime at;

  [[nodiscard]] static Deadline in(const Clock& clock, Milliseconds span) {
    return {clock.steady() + span};
  }
  // Never negative.
  [[nodiscard]] Milliseconds left(const Clock& clock) const;
  [[nodiscard]] bool passed(const Clock& clock) const { return clock.steady() >= at; }
};

// RFC 3339 in UTC with milliseconds: "2026-11-21T10:12:03.123Z".
[[nodiscard]] std::string rfc3339(WallTime time);
// Understands RFC 3339 with any offset; nothing when the text is not such a time.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

// Milliseconds since 1970, as the databases store wall time, and back.
[[nodiscard]] inline std::int64_t stored(WallTime time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline WallTime wall_time(std::int64_t stored_milliseconds) {
  return WallTime{Milliseconds{stored_milliseconds}};
}

}  // namespace hedgerow::base
