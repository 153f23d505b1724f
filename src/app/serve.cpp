#include "app/serve.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/api.hpp"
#include "app/watchdog.hpp"
#include "base/json_out.hpp"
#include "base/log.hpp"
#include "base/private_file.hpp"
#include "jobs/keeper.hpp"
#include "jobs/workers.hpp"
#include "web/basic.hpp"
#include "web/pages.hpp"

namespace hedgerow::app {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

auth::PasswordCost cost_of(const Settings& settings) {
  return {.operations = 3,
          .memory_bytes = static_cast<std::size_t>(settings.hash_memory_mib) << 20U,
          .wait_most = settings.hash_wait};
}

bool speaks_tls(const Settings& settings) { return !settings.http.tls_certificate_file.empty(); }

bool is_this_machine(std::string_view address) {
  return address == "127.0.0.1" || address == "::1" || address == "localhost";
}

void refuse_open_plain(const Settings& settings) {
  if (speaks_tls(settings) || settings.allow_plain || is_this_machine(settings.http.address))
    return;
  throw Failure{Code::Invalid, Cause::Refused,
                fmt::format("http.address is {}: passwords would cross the network unprotected.",
                            settings.http.address)}
      .with_next("Set http.tls_certificate and http.tls_key, or http.allow_plain = true.");
}

void require_places(const Settings& settings) {
  require_database(settings);
  if (!settings.key_file.empty()) return;
  throw Failure{Code::Invalid, Cause::Refused, "security.key_file is not set."}.with_next(
      "Make a key with \"hedgerow key create FILE\" and name it in the settings.");
}

// Keys and tokens live in this process: no core file, no reading of its memory by others.
void close_process() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
}

// The signals that mean something to the server, taken by the main thread alone.
sigset_t own_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

api::Settings api_settings(const Settings& settings) {
  api::Settings result;
  result.base_path = settings.http.base_path;
  result.fresh_for = settings.fresh_for;
  result.heartbeat = settings.heartbeat;
  result.stream_bytes_max = settings.stream_bytes_max;
  result.probe_wait = settings.probe_wait;
  result.strangers = settings.sign_in;
  result.version = HEDGEROW_VERSION;
  result.page_version = web::Pages::version();
  return result;
}

// A session that is shorter than the warning would be one long warning.
web::Limits page_limits(const Settings& settings) {
  web::Limits limits = settings.page;
  limits.warn = std::min({limits.warn, settings.sessions.idle / 2, settings.sessions.absolute / 2});
  return limits;
}

// A proxy that nobody set in the settings is not used, whatever other programs make of it.
void tell_of_unheeded_proxies() {
  for (const char* const name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    if (std::getenv(name) != nullptr)  // NOLINT(concurrency-mt-unsafe): no other thread yet
      base::log::info("proxy_not_heeded",
                      {{"variable", name}, {"meaning", "Only outbound.proxy names a proxy."}});
}

void sign_in_at_proxy(Settings& settings) {
  if (settings.proxy_user.empty()) return;
  auto proxy = outbound::Proxy::parse(settings.outbound_proxy, settings.outbound_direct);
  const std::string& file = settings.proxy_password_file;
  proxy.sign_in_as(settings.proxy_user,
                   file.empty()
                       ? base::SecretText{}
                       : base::read_private(file, "password file",
                                            "Make it with the proxy's password in it, for its "
                                            "owner alone to read."));
  settings.reconcile.kube.outbound.proxy =
      std::make_shared<const outbound::Proxy>(std::move(proxy));
}

template <class Work>
jobs::Handler handler(reconcile::Readers& readers, Work work) {
  return [&readers, work](const model::Run& run, const std::stop_token& stop) -> jobs::Result {
    auto result = (readers.*work)(run, stop);
    return {.run = std::move(result.run),
            .ending = std::move(result.ending),
            .also = std::move(result.also)};
  };
}

// Everything the server consists of, in the order of being built.
class Whole {
 public:
  explicit Whole(const Settings& settings)
      : settings_{settings},
        sealer_{base::Sealer::from_file(settings.key_file, random_)},
        database_{store::Database::open(settings.database, clock_, random_)},
        passwords_{cost_of(settings), clock_},
        sign_in_{*database_, clock_, random_, passwords_, settings.sessions, settings.sign_in},
        callers_{settings.origins, sign_in_, *database_},
        readers_{*database_, sealer_, {.clock = clock_, .random = random_}, settings.reconcile},
        keeper_{*database_, clock_, settings.jobs, kReplica},
        workers_{*database_,
                 clock_,
                 settings.jobs,
                 kReplica,
                 {{model::Operation::Pull, handler(readers_, &reconcile::Readers::pull)},
                  {model::Operation::Test, handler(readers_, &reconcile::Readers::test)}}},
        tests_{deps(), settings.reconcile.kube, random_},
        api_{api_settings(settings),
             {.deps = deps(),
              .sign_in = sign_in_,
              .callers = callers_,
              .passwords = passwords_,
              .tests = tests_,
              .checks = [this] { return checks(); }}},
        pages_{settings.http.base_path, page_limits(settings), random_},
        basic_{{.deps = deps(),
                .sign_in = sign_in_,
                .callers = callers_,
                .random = random_,
                .base_path = settings.http.base_path,
                .fresh_for = settings.fresh_for}},
        server_{settings.http, router(),
                [this](const Failure& failure, const http::Request& request) {
                  return api_.render(failure, request);
                },
                clock_, random_},
        watchdog_{*database_, server_, clock_} {
    server_.observe([this](const http::Finished& finished) { api_.observe(finished); });
    api_.measure_load([this] { return server_.load(); });
  }

  void start() {
    if (const auto code = sign_in_.make_setup_code()) {
      base::log::warning("setup_code", {{"setup", *code},
                                        {"meaning",
                                         "No user exists. Open the page and make the "
                                         "first administrator with this code."}});
    }
    keeper_.start();
    workers_.start();
    tests_.start();
    api_.start();
    server_.start();
    watchdog_.start();
  }

  // A certificate that cannot be used changes nothing: better the old one than none.
  void read_certificate() {
    try {
      const bool tls = server_.read_certificate();
      base::log::info(tls ? "certificate_read" : "nothing_to_read_again");
    } catch (const Failure& failure) {
      base::log::error("certificate_kept", {{"detail", failure.detail()}});
    }
  }

  [[nodiscard]] bool stop() {
    watchdog_.stop();
    api_.stop();
    server_.stop(base::Deadline::in(clock_, settings_.stop_wait));
    tests_.stop();
    const bool ended = workers_.stop();
    if (!ended) return false;
    keeper_.stop();
    return database_->end(base::Deadline::in(clock_, settings_.stop_wait));
  }

  [[nodiscard]] std::string url() const {
    const std::string& address = settings_.http.address;
    const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
    return fmt::format("{}://{}:{}{}", speaks_tls(settings_) ? "https" : "http", host,
                       server_.port(), settings_.http.base_path);
  }

 private:
  static constexpr const char* kReplica = "this server";

  [[nodiscard]] actions::Deps deps() {
    return {.db = *database_,
            .clock = clock_,
            .sealer = sealer_,
            .database_wait = settings_.database.write_wait,
            .keys_kept = settings_.jobs.retention.request_keys};
  }

  [[nodiscard]] http::Router router() {
    http::Router router;
    api_.add_to(router);
    basic_.add_to(router);
    pages_.add_to(router);
    return router;
  }

  // Of the workers of both kinds.
  struct Signs {
    std::optional<base::Milliseconds> longest_silence;  // Of the kind that is silent for longer.
    std::int64_t heard = 0;                             // So many not long ago.
  };

  std::vector<api::Check> checks() {
    std::vector<api::Check> found;
    try {
      const Signs signs = database_->read([this](const store::Snapshot& seen) {
        // Tests and all other runs have workers of their own.
        const auto of_runs = seen.workers().silence(false);
        const auto of_tests = seen.workers().silence(true);
        return Signs{
            .longest_silence = of_runs && of_tests ? std::max(of_runs, of_tests) : std::nullopt,
            .heard = seen.workers().heard_within(settings_.jobs.no_worker)};
      });
      found.push_back({"database",
                       true,
                       fmt::format("It answers; {:.1f} MB on the disk.",
                                   static_cast<double>(database_->size_on_disk()) / 1e6),
                       {}});
      found.push_back(workers(signs));
    } catch (const Failure& failure) {
      found.push_back({"database", false, failure.detail(), failure.next()});
      found.push_back(
          {"workers", false, "Not known: the database cannot be asked.", failure.next()});
    }
    const std::string page = web::Pages::version();
    found.push_back(page.empty() ? api::Check{"page", false, "This server has no pages in it.",
                                              "Install a build that carries them."}
                                 : api::Check{"page", true, fmt::format("Version {}.", page), {}});
    return found;
  }

  // One that hangs is replaced and may be heard of beside the one in its place.
  [[nodiscard]] api::Check workers(const Signs& signs) const {
    const auto all =
        static_cast<std::int64_t>(settings_.jobs.workers + settings_.jobs.test_workers);
    if (!signs.longest_silence)
      return {"workers", false, fmt::format("0 of {}: of some none was ever heard.", all),
              "Restart the server."};
    const std::int64_t heard = std::min(signs.heard, all);
    const auto seconds = std::chrono::duration<double>(*signs.longest_silence).count();
    const bool works = *signs.longest_silence < settings_.jobs.no_worker;
    return {.name = "workers",
            .good = works && heard == all,
            .detail = fmt::format("{} of {}, last heard of {:.1f} s ago.", heard, all, seconds),
            .next = works && heard == all ? "" : "Restart the server; what waits is done then.",
            .serves = works};
  }

  const Settings& settings_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  base::Sealer sealer_;
  std::unique_ptr<store::Database> database_;
  auth::Passwords passwords_;
  auth::SignIn sign_in_;
  auth::Callers callers_;
  reconcile::Readers readers_;
  jobs::Keeper keeper_;
  jobs::Workers workers_;
  actions::ConnectionTests tests_;
  api::Api api_;
  web::Pages pages_;
  web::Basic basic_;
  http::Server server_;
  Watchdog watchdog_;
};

// Written beside and moved into place, so that nobody reads half of it.
void say_ready(const std::string& file, const std::string& url) {
  if (file.empty()) return;
  base::JsonOut out;
  out.begin_object().field("url", url).field("pid", ::getpid()).end_object();
  const std::string beside = file + ".new";
  std::ofstream{beside} << out.text() << '\n';
  std::filesystem::rename(beside, file);
}

}  // namespace

bool serve(const LoadedSettings& loaded, const std::string& ready_file) {
  base::log::set_least(loaded.settings.log_level);
  require_places(loaded.settings);
  refuse_open_plain(loaded.settings);
  close_process();
  const sigset_t signals = own_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Settings settings = loaded.settings;
  sign_in_at_proxy(settings);
  tell_of_unheeded_proxies();
  Whole whole{settings};
  whole.start();
  base::log::info("serving", {{"url", whole.url()}, {"version", HEDGEROW_VERSION}});
  say_ready(ready_file, whole.url());
  // Without systemd nobody listens, and nothing happens.
  ::sd_notify(0, fmt::format("READY=1\nSTATUS=Serving {}", whole.url()).c_str());

  int taken = 0;
  while (::sigwait(&signals, &taken) == 0 && taken == SIGHUP) whole.read_certificate();
  ::sd_notify(0, "STOPPING=1");
  base::log::info("stopping", {{"signal", taken}});
  const bool ended = whole.stop();
  base::log::info("stopped", {{"clean", ended}});
  if (!ended) {
    // A handler that never returns still uses what would be destroyed here; its run is settled at
    // the next start.
    base::log::flush();
    ::_exit(3);
  }
  return ended;
}

}  // namespace hedgerow::app
