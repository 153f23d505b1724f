#include "app/settings.hpp"

#include <toml++/toml.h>

#include <numeric>

#include "base/text.hpp"

namespace hedgerow::app {

using base::Cause;
using base::Code;
using base::Failure;
using base::Milliseconds;

namespace {

using Place = std::variant<std::string*, bool*, std::uint16_t*, unsigned*, std::size_t*,
                           std::int64_t*, Milliseconds*, std::vector<std::string>*,
                           std::filesystem::path*, base::log::Level*>;

struct Entry {
  std::string_view name;
  Place place;
};

std::vector<Entry> faces(Settings& s) {
  return {
      {"http.address", &s.http.address},
      {"http.port", &s.http.port},
      {"http.base_path", &s.http.base_path},
      {"http.origins", &s.origins},
      {"http.allow_plain", &s.allow_plain},
      {"http.tls_certificate", &s.http.tls_certificate_file},
      {"http.tls_key", &s.http.tls_key_file},
      {"http.io_threads", &s.http.io_threads},
      {"http.worker_threads", &s.http.worker_threads},
      {"http.heavy_threads", &s.http.heavy_threads},
      {"http.deadlines.first_byte", &s.http.deadlines.first_byte},
      {"http.deadlines.header", &s.http.deadlines.header},
      {"http.deadlines.body", &s.http.deadlines.body},
      {"http.deadlines.write", &s.http.deadlines.write},
      {"http.deadlines.idle", &s.http.deadlines.idle},
      {"http.deadlines.linger", &s.http.deadlines.linger},
      {"http.deadlines.unwind", &s.http.deadlines.unwind},
      {"http.deadlines.accept_pause", &s.http.deadlines.accept_pause},
      {"http.deadlines.stop", &s.stop_wait},
      {"http.limits.headers", &s.http.limits.headers},
      {"http.limits.target", &s.http.limits.target},
      {"http.limits.body", &s.http.limits.body},
      {"http.limits.connections", &s.http.limits.connections},
      {"http.limits.queue", &s.http.limits.queue},
      {"http.limits.heavy_queue", &s.http.limits.heavy_queue},
      {"http.limits.bodies_held", &s.http.limits.bodies_held},
      {"log.level", &s.log_level},
      {"events.heartbeat", &s.heartbeat},
      {"events.bytes_held", &s.stream_bytes_max},
  };
}

std::vector<Entry> page(Settings& s) {
  std::vector<Entry> entries;
  for (const auto& [name, limit] : web::kLimits) entries.push_back({name, &(s.page.*limit)});
  return entries;
}

std::vector<Entry> people(Settings& s) {
  return {
      {"security.key_file", &s.key_file},
      {"sessions.idle", &s.sessions.idle},
      {"sessions.absolute", &s.sessions.absolute},
      {"sessions.per_user", &s.sessions.per_user},
      {"sessions.handover", &s.sessions.handover},
      {"sessions.touch_after", &s.sessions.touch_after},
      {"sessions.setup_code", &s.sessions.setup_code_lasts},
      {"sign_in.free_failures", &s.sign_in.free_failures},
      {"sign_in.first_lock", &s.sign_in.first_lock},
      {"sign_in.longest_lock", &s.sign_in.longest_lock},
      {"sign_in.pending_lock", &s.sign_in.pending_lock},
      {"sign_in.address_burst", &s.sign_in.address_burst},
      {"sign_in.address_refill", &s.sign_in.address_refill},
      {"sign_in.hash_memory_mib", &s.hash_memory_mib},
      {"sign_in.hash_wait", &s.hash_wait},
  };
}

std::vector<Entry> record(Settings& s) {
  return {
      {"database.path", &s.database.path},
      {"database.busy_wait", &s.database.busy_wait},
      {"database.write_wait", &s.database.write_wait},
      {"database.read_wait", &s.database.read_wait},
      {"database.statement_max", &s.database.statement_max},
      {"database.snapshot_max", &s.database.snapshot_max},
      {"database.check_max", &s.database.check_max},
      {"database.probe_wait", &s.probe_wait},
      {"database.readers", &s.database.readers},
      {"database.size_max", &s.database.size_max},
      {"database.log_checkpoint", &s.database.log_checkpoint},
      {"database.log_alarm", &s.database.log_alarm},
      {"retention.runs", &s.jobs.retention.runs},
      {"retention.history", &s.jobs.retention.history},
      {"retention.history_versions", &s.jobs.retention.history_versions},
      {"retention.request_keys", &s.jobs.retention.request_keys},
      {"retention.changes", &s.jobs.retention.changes},
      {"retention.changes_most", &s.jobs.retention.changes_most},
      {"retention.sessions", &s.jobs.retention.sessions},
      {"retention.connection_tests", &s.jobs.retention.connection_tests},
      {"retention.sweep", &s.jobs.retention.sweep_each},
      {"retention.chunk", &s.jobs.retention.chunk},
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
      {"outbound.deadlines.dns", &deadlines.dns},
      {"outbound.deadlines.connect", &deadlines.connect},
      {"outbound.deadlines.tls", &deadlines.tls},
      {"outbound.deadlines.first_byte", &deadlines.first_byte},
      {"outbound.deadlines.floor_span", &deadlines.floor_span},
      {"outbound.deadlines.total", &deadlines.total},
      {"outbound.retries.tries", &s.reconcile.kube.outbound.retries.tries},
      {"outbound.retries.pause", &s.reconcile.kube.outbound.retries.pause},
      {"cluster.page_size", &s.reconcile.kube.page_size},
      {"cluster.concurrency", &s.reconcile.lists_at_once},
      {"cluster.namespaces_max", &s.reconcile.kube.namespaces_max},
      {"cluster.item_bytes_max", &s.reconcile.kube.item_bytes_max},
      {"cluster.page_bytes_max", &s.reconcile.kube.page_bytes_max},
      {"cluster.list_bytes_max", &s.reconcile.kube.list_bytes_max},
      {"cluster.reading_bytes_max", &s.reconcile.kube.reading_bytes_max},
      {"cluster.keep_idle", &s.reconcile.keep_idle},
      {"cluster.ladder_total", &s.reconcile.kube.ladder_total},
      {"runs.workers", &s.jobs.workers},
      {"runs.no_progress", &s.jobs.no_progress},
      {"runs.no_worker", &s.jobs.no_worker},
      {"runs.stack_wait", &s.jobs.stack_wait},
      {"runs.lease", &s.jobs.lease},
      {"runs.renew", &s.jobs.renew_each},
      {"runs.reap", &s.jobs.reap_each},
      {"runs.look", &s.jobs.look_each},
      {"runs.beat", &s.jobs.beat_each},
      {"runs.stop", &s.jobs.stop_wait},
      {"runs.progress", &s.reconcile.progress_each},
      {"runs.chunk_time", &s.reconcile.chunk_time},
      {"runs.chunk_rows", &s.reconcile.chunk_rows},
      {"runs.fresh_for", &s.fresh_for},
  };
}

std::vector<Entry> entries(Settings& s) {
  std::vector<Entry> all;
  for (auto&& some : {faces(s), page(s), people(s), record(s), clusters(s)})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

[[noreturn]] void refuse(std::string_view source, std::string_view name, std::string_view why) {
  throw Failure{Code::Invalid, Cause::Refused, fmt::format("{}: {}: {}", source, name, why)}
      .with_next("Correct the setting, then start again.");
}

// Puts a value, written as text, into its place; why not when it does not fit.
std::string_view put(const Place& place, std::string_view text) {
  return std::visit(
      [&](auto* target) -> std::string_view {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
          *target = std::string{text};
        } else if constexpr (std::is_same_v<T, bool>) {
          if (text != "true" && text != "false") return "it must be true or false";
          *target = text == "true";
        } else if constexpr (std::is_same_v<T, Milliseconds>) {
          const auto span = parse_span(text);
          if (!span)
            return "it must be a span of time such as \"500ms\", \"5s\", \"15m\" or \"24h\"";
          *target = *span;
        } else if constexpr (std::is_same_v<T, base::log::Level>) {
          const auto level = base::log::level_named(text);
          // A warning is never held back: the code for the first administrator is one.
          if (!level || *level == base::log::Level::Error)
            return "it must be debug, info or warning";
          *target = *level;
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          target->clear();
          for (const auto part : base::split(text, ','))
            if (!base::trimmed(part).empty()) target->emplace_back(base::trimmed(part));
        } else {
          const auto number = base::whole_number<T>(text);
          if (!number) return "it must be a whole number in its range";
          *target = *number;
        }
        return {};
      },
      place);
}

std::string shown_value(const Place& place) {
  return std::visit(
      [](const auto* target) -> std::string {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(target)>>;
        if constexpr (std::is_same_v<T, std::string>) return *target;
        if constexpr (std::is_same_v<T, std::filesystem::path>) return target->string();
        if constexpr (std::is_same_v<T, Milliseconds>) return span_text(*target);
        if constexpr (std::is_same_v<T, base::log::Level>)
          return std::string{base::log::name_of(*target)};
        if constexpr (std::is_same_v<T, std::vector<std::string>>)
          return fmt::format("{}", fmt::join(*target, ","));
        if constexpr (std::is_arithmetic_v<T>) return fmt::format("{}", *target);
        return {};
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
    toml::table table;
    try {
      table = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
      refuse(fmt::format("{}:{}", path, error.source().begin.line), "TOML", error.description());
    }
    file_ = std::filesystem::path{path}.filename().string();
    read(table, "");
  }

  // What lies in conf.d beside it is read after it, by name.
  void read_folder_beside(const std::string& path) {
    std::vector<std::filesystem::path> files;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{
             std::filesystem::path{path}.parent_path() / "conf.d", none})
      if (entry.path().extension() == ".toml") files.push_back(entry.path());
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
    const auto why = put(entries_[index].place, text);
    if (!why.empty()) refuse(source, entries_[index].name, why);
    sources_[index] = source;
  }

  LoadedSettings& into_;
  std::vector<Entry> entries_;
  std::vector<std::string> sources_;
  std::string file_;
};

}  // namespace

std::optional<Milliseconds> parse_span(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (unit == "ms") return Milliseconds{count};
  if (unit == "s") return Milliseconds{count * 1'000};
  if (unit == "m") return Milliseconds{count * 60'000};
  if (unit == "h") return Milliseconds{count * 3'600'000};
  if (unit == "d") return Milliseconds{count * 86'400'000};
  return std::nullopt;
}

std::string span_text(Milliseconds span) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (const auto& [size, unit] : kUnits)
    if (span.count() >= size && span.count() % size == 0)
      return fmt::format("{}{}", span.count() / size, unit);
  return fmt::format("{}ms", span.count());
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
