// The log: JSON lines on standard error, UTC, one event a line, every value scrubbed of credentials
// and of control characters. Logs are not audit: what must be provable later is a row in the
// database.
#pragma once

#include "base/clock.hpp"

namespace hedgerow::base::log {

enum class Level : std::uint8_t { Debug, Info, Warning, Error };

using Value = std::variant<std::string, std::int64_t, double, bool>;

struct Field {
  Field(std::string_view name, std::string_view text) : key{name}, value{std::string{text}} {}
  Field(std::string_view name, const char* text) : key{name}, value{std::string{text}} {}
  Field(std::string_view name, const std::string& text) : key{name}, value{text} {}
  Field(std::string_view name, bool flag) : key{name}, value{flag} {}
  Field(std::string_view name, double number) : key{name}, value{number} {}
  template <std::integral Whole>
  Field(std::string_view name, Whole number)
      : key{name}, value{static_cast<std::int64_t>(number)} {}

  std::string_view key;
  Value value;
};

// `event` is a short snake_case word that stays the same between versions ("run_ended").
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::Debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::Info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::Warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::Error, event, fields);
}

// A line of the level Error, as it was written: a defect of this program, or something that it
// cannot mend by itself.
struct Fault {
  WallTime at;  // The last time.
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  std::uint64_t times = 1;

  // Empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view key) const noexcept;
};
// The last ones since the start, the latest first, fifty at most. Those that are alike but for
// their request are one.
[[nodiscard]] std::vector<Fault> last_faults();

// "debug", "info", "warning", "error"
[[nodiscard]] std::string_view name_of(Level level) noexcept;
[[nodiscard]] std::optional<Level> level_named(std::string_view name) noexcept;
// What is less than this is not written.
void set_least(Level level);
void flush() noexcept;

}  // namespace hedgerow::base::log
