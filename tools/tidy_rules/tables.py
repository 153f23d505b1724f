"""The tables behind the rules of tools/tidy. Each is meant to be amended; say why beside the entry."""

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_CHARS_MAX = 100
HEADER_COMMENT_LINES = range(2, 7)

# Somewhere in the first lines of a file that is a table of data; it then has no size limit.
DATA_TABLE_MARK = "tidy: a table of data"

# Files that a program writes although their name does not say so with `.gen.`.
GENERATED_NAMES = ("package-lock.json", "go.sum", "schema.d.ts")

# A library belongs to one room: {start of the header's name: rooms that may include it}. ANY is base's short
# list. The longest start wins. A header that no entry covers is a finding, so a new library is a decision.
ANY = None
LIBRARY_ROOMS = {
    "fmt/": ANY,
    "simdjson": ANY,
    "rapidjson/": ANY,
    "sodium": ANY,
    "openssl/": ANY,
    "openssl/ssl.h": {"http", "outbound"},  # Who speaks TLS: to browsers, and out.
    "spdlog/": {"base"},
    "wmmintrin.h": {"kube"},  # Where an object of a list ends, 64 bytes at a time.
    "xxhash.h": {"base"},
    "yaml.h": {"base"},
    "boost/asio": {"http"},
    "boost/beast": {"http"},
    "boost/system": {"http"},
    "boost/url": {"outbound"},
    "curl/": {"outbound"},
    "sqlite3.h": {"store"},
    "libpq-fe.h": {"store"},
    "CLI/": {"cli", "app"},
    "toml++/": {"app"},
    "prometheus/": {"api"},
    "systemd/": {"app"},
    "cjose/": {"auth"},
    "liboath/": {"auth"},
    "qrencode.h": {"auth"},
    "date/": {"jobs"},
    "zlib.h": {"web"},
    "zstd.h": {"upkeep"},
}

# Which room may link which library's target. The rest is linked by everybody's wish: through base.
TARGET_ROOMS = {
    "CURL::libcurl": {"outbound"},
    "Boost::url": {"outbound"},
    "Boost::headers": {"http"},
    "Threads::Threads": {"http"},
    "OpenSSL::SSL": {"http", "outbound"},
    "OpenSSL::Crypto": {"http", "outbound"},
    "PkgConfig::sqlite": {"store"},
    "PkgConfig::tomlplusplus": {"app"},
    "PkgConfig::systemd": {"app"},
    "CLI11::CLI11": {"cli"},
    "prometheus-cpp::core": {"api"},
    "spdlog::spdlog": {"base"},
    "PkgConfig::xxhash": {"base"},
    "PkgConfig::yaml": {"base"},
    "fmt::fmt": {"base"},
    "simdjson::simdjson": {"base"},
    "PkgConfig::sodium": {"base"},
}

# Only test programs (files ending in _test.cpp) may include these.
TEST_LIBRARIES = ("gtest/", "gmock/", "rapidcheck", "benchmark/", "nlohmann/")

# The operating system's own headers; all others without a dot are the standard library's.
SYSTEM_HEADERS = (
    "arpa/", "cerrno", "cxxabi.h", "dlfcn.h", "errno.h", "execinfo.h", "fcntl.h", "grp.h", "ifaddrs.h", "limits.h", "linux/", "netdb.h",
    "net/", "netinet/", "poll.h", "pthread.h", "pwd.h", "signal.h", "spawn.h", "sys/", "syslog.h", "termios.h",
    "unistd.h",
)

# Words that no type and no file is named with, and terms of the field that contain one all the same.
BANNED_WORDS = {
    "manager", "managers", "service", "services", "helper", "helpers", "util", "utils", "processor",
    "coordinator", "engine", "enhanced", "simple", "new", "v2", "data", "info",
}
FIELD_TERMS = ("ServiceAccount", "service_account", "service-account")

# Where `catch` may stand: where a request, a job, a watcher turn and main end, and at C callbacks.
CATCH_ALLOWED = (
    "src/base/log.cpp",  # The last flush of a dying process has nobody left to tell.
    "src/http/*",  # A request ends.
    "src/api/*",  # A request ends in its problem document.
    "src/jobs/*",  # A job ends.
    "src/reconcile/*watch*",  # A watcher's turn ends.
    "src/reconcile/attempt.hpp",  # What befalls one kind ends that kind, not the run.
    "src/store/*commit*",  # The group commit gives each waiting caller its own failure.
    "src/store/recovery.cpp",  # What of a damaged file cannot be read ends that part, not the recovery.
    "src/store/invariants.cpp",  # A document that cannot be read is what one look finds, not its end.
    "src/outbound/*",  # libcurl calls back into us; an exception may not cross it.
    "src/app/*",  # main ends.
    "src/cli/arguments.cpp",  # The library for command lines speaks in exceptions.
    "src/actions/connection_tests.cpp",  # A climb ends: no request waits for it.
    "src/auth/callers.cpp",  # An open route answers whoever asks, with or without a session.
    "src/web/basic.cpp",  # A request ends in a page that says why.
    "src/auth/sign_in.cpp",  # A try to sign in that was not verified is given back, and the failure goes on.
    "src/actions/fabrics.cpp",  # A refused field gets the contract's name, and goes on.
)

# Only base may sleep, read the clock or draw randomness; everybody else is handed them.
TIME_ROOMS = {"base"}

# Rooms before which strangers stand.
SECRET_ROOMS = {"auth", "api", "web", "http"}

# State outside of any object, each with its reason.
GLOBALS_ALLOWED = (
    "src/base/log.cpp",  # The log must work before and after everything else.
    "src/base/failure.cpp",  # What each thread is doing, for the trail of a failure.
)

# Style sheets and components may write colours and pixel sizes only below this folder.
TOKEN_HOME = "ui/src/ui/"

# Hosts of package registries and folders of one machine. Cut in two, so that this file does not name them.
REGISTRY_HOSTS = (
    "registry.npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com", "pypi" + ".org", "pythonhosted" + ".org",
    "proxy.golang" + ".org", "sum.golang" + ".org", "crates" + ".io", "docker" + ".io", "ghcr" + ".io",
    "quay" + ".io", "gcr" + ".io", "registry.k8s" + ".io", "hub.docker" + ".com", "deb.debian" + ".org",
)
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/Us" + "ers/", "/ho" + "me/")
