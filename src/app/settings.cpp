#include "app/settings.hpp"

#include <toml++/toml.h>

#include <fstream>
#include <numeric>

#include "app/values.hpp"
#include "base/text.hpp"
#include "http/forwarded.hpp"
#include "store/objects.hpp"

namespace hedgerow::app {

using base::Cause;
using base::Code;
using base::Failure;
using base::Milliseconds;

namespace {

using Measured =
    std::variant<std::uint16_t*, unsigned*, std::size_t*, std::int64_t*, Milliseconds*>;
using Place = std::variant<Measured, std::string*, bool*, std::vector<std::string>*,
                           std::filesystem::path*, base::log::Level*>;

// What a number or a span of time may be: enough that the server can work by it, and no more than
// what its arithmetic and the programs it speaks to can hold.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
  bool or_none = false;  // 0 means that there is no limit.

  constexpr Bounds() = default;
  constexpr Bounds(std::int64_t from, std::int64_t to, bool none = false)
      : least{from}, most{to}, or_none{none} {}
  constexpr Bounds(Milliseconds from, Milliseconds to) : Bounds{from.count(), to.count()} {}

  [[nodiscard]] bool hold(std::int64_t value) const {
    return (or_none && value == 0) || (value >= least && value <= most);
  }
};

struct Entry {
  // A measure without bounds does not compile.
  Entry(std::string_view setting, Measured target, Bounds within)
      : name{setting}, place{target}, bounds{within} {}
  template <class Target>
    requires(!std::is_constructible_v<Measured, Target*>)
  Entry(std::string_view setting, Target* target) : name{setting}, place{target} {}

  std::string_view name;
  Place place;
  Bounds bounds;
};

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::chrono::hours kDay{24};
constexpr auto kYear = 365 * kDay;
constexpr auto kCentury = 100 * kYear;  // Added to today it is still a time.

std::vector<Entry> faces(Settings& s) {
  return {
      {"http.address", &s.http.address},
      {"http.port", &s.http.port, {0, 65'535}},
      {"http.base_path", &s.http.base_path},
      {"http.origins", &s.origins},
      {"http.allow_plain", &s.allow_plain},
      {"http.trusted_proxies", &s.http.trusted_proxies},
      {"http.tls_certificate", &s.http.tls_certificate_file},
      {"http.tls_key", &s.http.tls_key_file},
      {"http.io_threads", &s.http.io_threads, {1, 64}},
      {"http.worker_threads", &s.http.worker_threads, {1, 512}},
      {"http.heavy_threads", &s.http.heavy_threads, {1, 512}},
      {"http.deadlines.first_byte", &s.http.deadlines.first_byte, {10ms, 1h}},
      {"http.deadlines.header", &s.http.deadlines.header, {10ms, 1h}},
      {"http.deadlines.body", &s.http.deadlines.body, {10ms, 1h}},
      {"http.deadlines.write", &s.http.deadlines.write, {10ms, 1h}},
      {"http.deadlines.idle", &s.http.deadlines.idle, {10ms, 1h}},
      {"http.deadlines.linger", &s.http.deadlines.linger, {0ms, 1min}},
      {"http.deadlines.unwind", &s.http.deadlines.unwind, {0ms, 1min}},
      {"http.deadlines.accept_pause", &s.http.deadlines.accept_pause, {1ms, 1min}},
      {"http.deadlines.stop", &s.stop_wait, {0ms, 1h}},
      {"http.limits.headers", &s.http.limits.headers, {kKiB, 16 * kMiB}},
      {"http.limits.target", &s.http.limits.target, {256, 16 * kMiB}},
      {"http.limits.body", &s.http.limits.body, {256, kGiB}},
      {"http.limits.connections", &s.http.limits.connections, {1, 1'000'000}},
      {"http.limits.queue", &s.http.limits.queue, {1, 100'000}},
      {"http.limits.heavy_queue", &s.http.limits.heavy_queue, {1, 100'000}},
      {"http.limits.bodies_held", &s.http.limits.bodies_held, {kKiB, 1024 * kGiB}},
      {"log.level", &s.log_level},
      {"events.heartbeat", &s.heartbeat, {10ms, 1h}},
      {"events.bytes_held", &s.stream_bytes_max, {kKiB, kGiB}},
  };
}

std::vector<Entry> page(Settings& s) {
  std::vector<Entry> entries;
  // A browser's own timers count no further than 24 days.
  for (const auto& [name, limit, least] : web::kLimits)
    entries.emplace_back(name, &(s.page.*limit), Bounds{least, 20 * kDay});
  return entries;
}

std::vector<Entry> people(Settings& s) {
  return {
      {"security.key_file", &s.key_file},
      {"sessions.idle", &s.sessions.idle, {1s, kYear}},
      {"sessions.absolute", &s.sessions.absolute, {1s, kYear}},
      {"sessions.per_user", &s.sessions.per_user, {1, 100'000}},
      {"sessions.handover", &s.sessions.handover, {0ms, 1h}},
      {"sessions.touch_after", &s.sessions.touch_after, {0ms, kDay}},
      {"sessions.setup_code", &s.sessions.setup_code_lasts, {1s, kYear}},
      {"sign_in.free_failures", &s.sign_in.free_failures, {0, 1'000'000}},
      {"sign_in.first_lock", &s.sign_in.first_lock, {100ms, kDay}},
      {"sign_in.longest_lock", &s.sign_in.longest_lock, {100ms, kDay}},
      {"sign_in.pending_lock", &s.sign_in.pending_lock, {0ms, 1h}},
      {"sign_in.devices", &s.sign_in.devices, {1, 1'000}},
      {"sign_in.address_burst", &s.sign_in.address_burst, {1, 1'000'000}},
      {"sign_in.address_refill", &s.sign_in.address_refill, {1ms, kDay}},
      {"sign_in.hash_memory_mib", &s.hash_memory_mib, {1, 4'096}},
      {"sign_in.hash_wait", &s.hash_wait, {10ms, 1h}},
  };
}

std::vector<Entry> record(Settings& s) {
  return {
      {"database.path", &s.database.path},
      {"database.busy_wait", &s.database.busy_wait, {10ms, 1h}},
      {"database.write_wait", &s.database.write_wait, {10ms, 1h}},
      {"database.read_wait", &s.database.read_wait, {10ms, 1h}},
      {"database.statement_max", &s.database.statement_max, {100ms, kDay}},
      {"database.snapshot_max", &s.database.snapshot_max, {100ms, kDay}},
      {"database.check_max", &s.database.check_max, {1s, kYear}},
      {"database.probe_wait", &s.probe_wait, {10ms, 1min}},
      {"database.readers", &s.database.readers, {1, 64}},
      {"database.size_max", &s.database.size_max, {kMiB, 16 * 1024 * kGiB, true}},
      {"database.log_checkpoint", &s.database.log_checkpoint, {64 * kKiB, 64 * kGiB}},
      {"database.log_alarm", &s.database.log_alarm, {64 * kKiB, 1024 * kGiB}},
      {"retention.runs", &s.jobs.retention.runs, {1min, kCentury}},
      {"retention.history", &s.jobs.retention.history, {1min, kCentury}},
      {"retention.history_versions", &s.jobs.retention.history_versions, {1, 1'000'000}},
      {"retention.request_keys", &s.jobs.retention.request_keys, {1min, kCentury}},
      {"retention.changes", &s.jobs.retention.changes, {10s, kCentury}},
      {"retention.changes_most", &s.jobs.retention.changes_most, {100, 100'000'000}},
      {"retention.sessions", &s.jobs.retention.sessions, {1min, kCentury}},
      {"retention.devices", &s.jobs.retention.devices, {1min, kCentury}},
      {"retention.connection_tests", &s.jobs.retention.connection_tests, {1min, kCentury}},
      {"retention.sweep", &s.jobs.retention.sweep_each, {10ms, kDay}},
      {"retention.chunk", &s.jobs.retention.chunk, {1, 100'000}},
  };
}

std::vector<Entry> clusters(Settings& s) {
  auto& deadlines = s.reconcile.kube.outbound.deadlines;
  return {
      {"outbound.allow", &s.outbound_allow},
      {"outbound.proxy", &s.outbound_proxy},
      {"outbound.proxy_user", &s.proxy_user},
      {"outbound.proxy_password_file", &s.proxy_password_file},
      {"outbound.direct", &s.outbound_direct},
      {"outbound.deadlines.dns", &deadlines.dns, {10ms, 1h}},
      {"outbound.deadlines.connect", &deadlines.connect, {10ms, 1h}},
      {"outbound.deadlines.tls", &deadlines.tls, {10ms, 1h}},
      {"outbound.deadlines.first_byte", &deadlines.first_byte, {10ms, 1h}},
      {"outbound.deadlines.floor_span", &deadlines.floor_span, {10ms, 1h}},
      {"outbound.deadlines.total", &deadlines.total, {10ms, kDay}},
      {"outbound.retries.tries", &s.reconcile.kube.outbound.retries.tries, {1, 20}},
      {"outbound.retries.pause", &s.reconcile.kube.outbound.retries.pause, {1ms, 10min}},
      {"cluster.page_size", &s.reconcile.kube.page_size, {1, 100'000, true}},
      {"cluster.concurrency", &s.reconcile.lists_at_once, {1, 64}},
      {"cluster.namespaces_max", &s.reconcile.kube.namespaces_max, {1, 10'000}},
      {"cluster.item_bytes_max", &s.reconcile.kube.item_bytes_max, {kKiB, kGiB}},
      {"cluster.page_bytes_max", &s.reconcile.kube.page_bytes_max, {kKiB, 4 * kGiB}},
      {"cluster.list_bytes_max", &s.reconcile.kube.list_bytes_max, {kKiB, 64 * kGiB}},
      {"cluster.reading_bytes_max", &s.reconcile.kube.reading_bytes_max, {kKiB, 64 * kGiB}},
      {"cluster.keep_idle", &s.reconcile.keep_idle, {0ms, kDay}},
      {"cluster.ladder_total", &s.reconcile.kube.ladder_total, {10ms, 1h}},
      {"runs.workers", &s.jobs.workers, {1, 256}},
      {"runs.no_progress", &s.jobs.no_progress, {100ms, kDay}},
      {"runs.no_worker", &s.jobs.no_worker, {100ms, kDay}},
      {"runs.stack_wait", &s.jobs.stack_wait, {0ms, 1min}},
      {"runs.lease", &s.jobs.lease, {100ms, 1h}},
      {"runs.renew", &s.jobs.renew_each, {10ms, 1h}},
      {"runs.reap", &s.jobs.reap_each, {10ms, 1h}},
      {"runs.look", &s.jobs.look_each, {10ms, 1min}},
      {"runs.beat", &s.jobs.beat_each, {10ms, 1h}},
      {"runs.stop", &s.jobs.stop_wait, {0ms, 1h}},
      {"runs.progress", &s.reconcile.progress_each, {1ms, 1min}},
      {"runs.chunk_time", &s.reconcile.chunk_time, {1ms, 1min}},
      {"runs.chunk_rows", &s.reconcile.chunk_rows, {1, std::int64_t{store::kApplyMax}}},
      {"runs.fresh_for", &s.fresh_for, {1s, kYear}},
  };
}

std::vector<Entry> entries(Settings& s) {
  std::vector<Entry> all;
  for (auto&& some : {faces(s), page(s), people(s), record(s), clusters(s)})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

[[noreturn]] void refuse(std::string_view source, std::string_view name, std::string_view why) {
  throw Failure{Code::Invalid, Cause::Refused,
                fmt::format("{}: {}{}{}", source, name, name.empty() ? "" : ": ", why)}
      .with_next("Correct the setting, then start again.");
}

// The same of a value that people wrote.
[[noreturn]] void refuse_value(std::string_view source, std::string_view name,
                               std::string_view value, std::string_view why) {
  refuse(source, fmt::format("{} = {}", name, value.empty() ? "\"\"" : base::shown(value, 80)),
         why);
}

// "from 1 to 64", "from 10ms to 1h"; before it what stands for no limit.
std::string text_of(const Bounds& bounds, bool spans) {
  const auto text = [spans](std::int64_t value) {
    return spans ? span_text(Milliseconds{value}) : std::to_string(value);
  };
  return fmt::format("{}from {} to {}", bounds.or_none ? "0, for no limit, or " : "",
                     text(bounds.least), text(bounds.most));
}

// Puts a number or a span, written as text, into its place; why not when it does not fit.
std::string put_measure(const Entry& entry, const Measured& place, std::string_view text) {
  return std::visit(
      [&](auto* target) -> std::string {
        using T = std::remove_pointer_t<decltype(target)>;
        constexpr bool kSpan = std::is_same_v<T, Milliseconds>;
        std::optional<std::int64_t> value;
        if constexpr (kSpan) {
          if (const auto span = parse_span(text)) value = span->count();
        } else {
          value = base::whole_number<std::int64_t>(text);
        }
        if (value && entry.bounds.hold(*value)) {
          *target = static_cast<T>(*value);
          return {};
        }
        return fmt::format("it must be {}{}",
                           value   ? ""
                           : kSpan ? "a span of time such as \"500ms\", \"5s\", \"15m\" or "
                                     "\"24h\", "
                                   : "a whole number ",
                           text_of(entry.bounds, kSpan));
      },
      place);
}

// Puts a value, written as text, into its place; why not when it does not fit.
std::string put(const Entry& entry, std::string_view text) {
  return std::visit(
      [&](const auto& target) -> std::string {
        using T = std::remove_cvref_t<decltype(target)>;
        if constexpr (std::is_same_v<T, Measured>) {
          return put_measure(entry, target, text);
        } else if constexpr (std::is_same_v<T, bool*>) {
          if (text != "true" && text != "false") return "it must be true or false";
          *target = text == "true";
        } else if constexpr (std::is_same_v<T, base::log::Level*>) {
          const auto level = base::log::level_named(text);
          // A warning is never held back: the code for the first administrator is one.
          if (!level || *level == base::log::Level::Error)
            return "it must be debug, info or warning";
          *target = *level;
        } else if constexpr (std::is_same_v<T, std::vector<std::string>*>) {
          target->clear();
          for (const auto part : base::split(text, ','))
            if (!base::trimmed(part).empty()) target->emplace_back(base::trimmed(part));
        } else {
          *target = std::string{text};
        }
        return {};
      },
      entry.place);
}

std::string shown_value(const Place& place) {
  return std::visit(
      [](const auto& target) -> std::string {
        using T = std::remove_cvref_t<decltype(target)>;
        if constexpr (std::is_same_v<T, Measured>)
          return std::visit(
              [](const auto* number) -> std::string {
                if constexpr (std::is_same_v<decltype(number), const Milliseconds*>)
                  return span_text(*number);
                else
                  return fmt::format("{}", *number);
              },
              target);
        else if constexpr (std::is_same_v<T, std::filesystem::path*>)
          return target->string();
        else if constexpr (std::is_same_v<T, base::log::Level*>)
          return std::string{base::log::name_of(*target)};
        else if constexpr (std::is_same_v<T, std::vector<std::string>*>)
          return fmt::format("{}", fmt::join(*target, ","));
        else
          return fmt::format("{}", *target);
      },
      place);
}

// Levenshtein's distance: how many letters must change.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1] ? 1 : 0)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Of all settings as `spelled` writes them.
template <class Spelled>
std::string nearest(std::string_view name, const std::vector<Entry>& all, const Spelled& spelled) {
  const auto far = [&](const Entry& entry) { return distance(spelled(entry), name); };
  return std::string{spelled(*std::ranges::min_element(all, {}, far))};
}

// "lease" of "runs.lease".
std::string_view leaf_of(std::string_view name) { return name.substr(name.rfind('.') + 1); }

// "runs.lease"
std::string_view in_file(const Entry& entry) { return entry.name; }

// "HEDGEROW_RUNS_LEASE"
std::string in_environment(const Entry& entry) {
  std::string name = "HEDGEROW_" + std::string{entry.name};
  for (char& c : name)
    c = c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

// A value of the file as text; nothing when it is of a kind that no setting has.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  const auto* list = node.as_array();
  if (!list) return std::nullopt;
  std::string joined;
  for (const auto& element : *list) {
    const auto* text = element.as_string();
    if (!text || text->get().find(',') != std::string::npos) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + text->get();
  }
  return joined;
}

class Loader {
 public:
  explicit Loader(LoadedSettings& into) : into_{into}, entries_{entries(into.settings)} {
    sources_.assign(entries_.size(), "default");
  }

  void read_file(const std::string& path) {
    require_readable(path);
    toml::table table;
    try {
      table = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
      refuse(fmt::format("{}:{}", path, error.source().begin.line), "TOML", error.description());
    }
    file_ = std::filesystem::path{path}.filename().string();
    read(table, "");
  }

  // What lies in conf.d beside it is read after it, by name. A folder that cannot be looked through
  // may hold anything.
  void read_folder_beside(const std::string& path) {
    const auto folder = std::filesystem::path{path}.parent_path() / "conf.d";
    std::vector<std::filesystem::path> files;
    std::error_code error;
    std::filesystem::directory_iterator entries{folder, error};
    if (error == std::errc::no_such_file_or_directory) return;
    for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error))
      if (entries->path().extension() == ".toml") files.push_back(entries->path());
    if (error)
      refuse(folder.string(), "the folder",
             fmt::format("it cannot be looked through: {}", error.message()));
    std::ranges::sort(files);
    for (const auto& file : files) read_file(file.string());
  }

  void read_environment(std::span<const std::string> environment) {
    for (const std::string& line : environment) {
      const std::size_t equals = line.find('=');
      if (!line.starts_with("HEDGEROW_") || equals == std::string::npos) continue;
      const std::string name = line.substr(0, equals);
      const auto found = std::ranges::find(entries_, name, in_environment);
      if (found != entries_.end())
        assign(index_of(found), std::string_view{line}.substr(equals + 1), "environment");
      else
        refuse_if_ours(name);
    }
  }

  // "runs.lease=20s", each.
  void read_flags(std::span<const std::string> flags) {
    for (const std::string& flag : flags) {
      const std::size_t equals = flag.find('=');
      const std::string name = flag.substr(0, equals);
      if (equals == std::string::npos) refuse("--set", name, "it wants NAME=VALUE");
      assign(index_of("--set", name), std::string_view{flag}.substr(equals + 1), "--set");
    }
  }

  void finish() {
    require_well_formed();
    require_fitting();
    for (std::size_t i = 0; i < entries_.size(); ++i)
      into_.lines.push_back(
          {std::string{entries_[i].name}, shown_value(entries_[i].place), sources_[i]});
  }

 private:
  [[nodiscard]] std::size_t index_of(std::vector<Entry>::const_iterator entry) const {
    return static_cast<std::size_t>(entry - entries_.begin());
  }
  [[nodiscard]] std::size_t index_of(std::string_view source, const std::string& name) const {
    const auto found = std::ranges::find(entries_, name, &Entry::name);
    if (found != entries_.end()) return index_of(found);
    refuse(source, name,
           fmt::format("it is not known; the nearest is {}", nearest(name, entries_, in_file)));
  }
  // Other programs have variables of this beginning too, but hardly one of a section of ours, or
  // one that is almost a setting.
  void refuse_if_ours(const std::string& name) const {
    const auto is_near = [&](const Entry& entry) {
      const std::string known = in_environment(entry);
      const std::string section = known.substr(0, known.size() - leaf_of(entry.name).size());
      return name.starts_with(section) || distance(known, name) <= 2;
    };
    if (std::ranges::none_of(entries_, is_near)) return;
    refuse(
        "environment", name,
        fmt::format("it is not known; the nearest is {}", nearest(name, entries_, in_environment)));
  }

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string{key.str()};
      const std::string source = fmt::format("{}:{}", file_, node.source().begin.line);
      if (const auto* inner = node.as_table()) {
        read(*inner, name + ".");
        continue;
      }
      const std::size_t index = index_of(source, name);
      const auto text = text_of(node);
      if (!text) refuse(source, name, "its value is of a kind that no setting has");
      assign(index, *text, source);
    }
  }

  void assign(std::size_t index, std::string_view text, const std::string& source) {
    const auto why = put(entries_[index], text);
    if (!why.empty()) refuse_value(source, entries_[index].name, text, why);
    sources_[index] = source;
  }

  // Opened as the parser will, so that the system says why not.
  static void require_readable(const std::string& path) {
    const auto why = [&]() -> std::error_code {
      if (std::filesystem::is_directory(path))
        return std::make_error_code(std::errc::is_a_directory);
      const std::ifstream file{path};
      return file ? std::error_code{} : std::error_code{errno, std::generic_category()};
    }();
    if (why) refuse(path, "the file", fmt::format("it cannot be read: {}", why.message()));
  }

  // What is made of texts, while it is known where each was set.
  void require_well_formed() {
    const Settings& s = into_.settings;
    if (!s.http.base_path.empty() && !is_base_path(s.http.base_path))
      refuse_one("http.base_path",
                 "it must be empty or a path such as \"/plugins/hedgerow\", without a slash at its "
                 "end");
    for (const std::string& origin : s.origins)
      if (!is_origin(origin))
        refuse_one("http.origins",
                   fmt::format("\"{}\" must be written as browsers write it, such as "
                               "\"https://hedgerow.example\" or "
                               "\"https://hedgerow.example:8443\": small letters, no "
                               "path, no port 443 or 80 of its own",
                               base::shown(origin, 80)));
    named("http.trusted_proxies", [&] { (void)http::TrustedProxies{s.http.trusted_proxies}; });
    named("outbound.allow", [&] { (void)outbound::AddressRules{s.outbound_allow}; });
    named("outbound.proxy", [&] { (void)outbound::Proxy::parse(s.outbound_proxy, {}); });
    named("outbound.direct",
          [&] { (void)outbound::Proxy::parse(s.outbound_proxy, s.outbound_direct); });
  }

  // What holds between two settings.
  void require_fitting() {
    const Settings& s = into_.settings;
    const auto must = [this](bool fits, std::string_view name, std::string_view how,
                             std::string_view other) {
      if (!fits)
        refuse_one(name, fmt::format("it must be {} {}, which is {} ({})", how, other,
                                     shown_value(entry(other).place), source(other)));
    };
    // A lease of which one renewal fails is still held at the next.
    must(s.jobs.lease > 2 * s.jobs.renew_each, "runs.lease", "more than twice", "runs.renew");
    must(s.jobs.no_worker > 2 * s.jobs.beat_each, "runs.no_worker", "more than twice", "runs.beat");
    must(s.sign_in.longest_lock >= s.sign_in.first_lock, "sign_in.longest_lock", "at least",
         "sign_in.first_lock");
    must(s.http.limits.target <= s.http.limits.headers, "http.limits.headers", "at least",
         "http.limits.target");
    must(s.http.limits.body <= s.http.limits.bodies_held, "http.limits.bodies_held", "at least",
         "http.limits.body");
    // A click that is sent again by itself is known by its key.
    must(s.jobs.retention.request_keys >= s.page.ask_again, "retention.request_keys", "at least",
         "page.ask_again");
  }

  [[nodiscard]] const Entry& entry(std::string_view name) const {
    return *std::ranges::find(entries_, name, &Entry::name);
  }
  [[nodiscard]] const std::string& source(std::string_view name) const {
    return sources_[static_cast<std::size_t>(&entry(name) - entries_.data())];
  }
  [[noreturn]] void refuse_one(std::string_view name, std::string_view why) const {
    refuse_value(source(name), name, shown_value(entry(name).place), why);
  }
  // What a room says of its own setting, with the name and place of the setting.
  template <class Look>
  void named(std::string_view name, const Look& look) const {
    try {
      look();
    } catch (const Failure& failure) {
      const std::string& why = failure.detail();
      refuse(source(name), why.starts_with(name) ? "" : name, why);
    }
  }

  LoadedSettings& into_;
  std::vector<Entry> entries_;
  std::vector<std::string> sources_;
  std::string file_;
};

}  // namespace

void require_database(const Settings& settings) {
  if (!settings.database.path.empty()) return;
  throw Failure{Code::Invalid, Cause::Refused, "database.path is not set."}.with_next(
      "Give the settings that the server has, --config FILE, or the file itself, --set "
      "database.path=FILE.");
}

LoadedSettings load_settings(const std::string& path, std::span<const std::string> environment,
                             std::span<const std::string> flags) {
  LoadedSettings loaded;
  Loader loader{loaded};
  if (!path.empty()) {
    loader.read_file(path);
    loader.read_folder_beside(path);
  }
  loader.read_environment(environment);
  loader.read_flags(flags);
  loader.finish();
  Settings& settings = loaded.settings;
  settings.jobs.write_wait = settings.reconcile.write_wait = settings.sessions.database_wait =
      settings.database.write_wait;
  auto& addresses = loaded.settings.reconcile.kube.outbound.addresses;
  addresses = outbound::AddressRules{loaded.settings.outbound_allow};
  // Without the password, which only a server that runs needs.
  settings.reconcile.kube.outbound.proxy = std::make_shared<const outbound::Proxy>(
      outbound::Proxy::parse(settings.outbound_proxy, settings.outbound_direct));
  return loaded;
}

}  // namespace hedgerow::app
