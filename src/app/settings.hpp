// The settings of a server: every limit, deadline and place, each with its default, read from one
// TOML file and the environment. An unknown key refuses to start, because a setting that is
// silently ignored is a lie.
#pragma once

#include "auth/sign_in.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "jobs/settings.hpp"
#include "reconcile/readers.hpp"
#include "store/database.hpp"
#include "web/pages.hpp"

namespace hedgerow::app {

// What the settings are put into. The defaults are those of the rooms.
struct Settings {
  http::Settings http{.port = 8080};
  std::vector<std::string> origins;
  bool allow_plain = false;  // Plain HTTP beyond this machine, with a banner on every page.
  store::Settings database;
  std::string key_file;
  auth::SessionLimits sessions;
  auth::LimiterSettings sign_in;
  std::int64_t hash_memory_mib = 64;
  base::Milliseconds hash_wait{10'000};
  std::vector<std::string> outbound_allow;
  std::string outbound_proxy;
  std::vector<std::string> outbound_direct;  // What is reached without the proxy.
  std::string proxy_user;
  std::string proxy_password_file;
  reconcile::Settings reconcile;
  jobs::Settings jobs;
  base::Milliseconds fresh_for{600'000};
  base::Milliseconds heartbeat{5'000};
  std::size_t stream_bytes_max = 256 * 1024;  // Of one stream that is not read: then it ends.
  base::Milliseconds probe_wait{2'000};
  base::Milliseconds stop_wait{10'000};  // For requests in flight, at the end.
  web::Limits page;
  base::log::Level log_level = base::log::Level::Info;
};

// One setting as people see it.
struct SettingLine {
  std::string name;    // "http.port"
  std::string value;   // "8080"
  std::string source;  // "default", "hedgerow.toml:14", "environment", "--set"
};

struct LoadedSettings {
  Settings settings;
  std::vector<SettingLine> lines;
};

// Default < file < files of conf.d beside it, by name < environment (HEDGEROW_SECTION_KEY;
// `environment` is the process's, "NAME=value") < flags ("section.key=value"). An empty `path`
// reads no file. Throws Failure{Invalid}: unknown key (with line and nearest name; of the
// environment only what is almost one of ours), wrong type, value out of range.
[[nodiscard]] LoadedSettings load_settings(const std::string& path,
                                           std::span<const std::string> environment,
                                           std::span<const std::string> flags = {});

// For who works on a database: throws Failure{Invalid} where the settings name none.
void require_database(const Settings& settings);

}  // namespace hedgerow::app
