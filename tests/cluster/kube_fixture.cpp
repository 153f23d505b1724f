#include "kube_fixture.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/text.hpp"
#include "kube/answer.hpp"

namespace hedgerow::test {

namespace {

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error{what}; }

std::string read_line(int from) {
  std::string line;
  char byte = 0;
  while (read(from, &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

std::string end_of(int file) {
  const off_t length = lseek(file, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::min<off_t>(length, 2'000)), ' ');
  const ssize_t count =
      pread(file, text.data(), text.size(), length - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

std::size_t append_body(char* bytes, std::size_t, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, count);
  return count;
}

struct Call {
  std::string method;
  std::string url;
  std::string body;
  std::string type;
  std::string ca_file;
  std::string token;
};

HttpAnswer called(const Call& call) {
  HttpAnswer answer;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle{curl_easy_init(),
                                                                   curl_easy_cleanup};
  curl_slist* headers = nullptr;
  if (!call.type.empty())
    headers = curl_slist_append(headers, ("Content-Type: " + call.type).c_str());
  if (!call.token.empty())
    headers = curl_slist_append(headers, ("Authorization: Bearer " + call.token).c_str());
  curl_easy_setopt(handle.get(), CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (!call.body.empty()) {
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, call.body.c_str());
  }
  if (!call.ca_file.empty()) curl_easy_setopt(handle.get(), CURLOPT_CAINFO, call.ca_file.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle.get(), CURLOPT_USERAGENT, "hedgerow-tests");
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(handle.get());
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) give_up(fmt::format("{}: {}", call.url, curl_easy_strerror(code)));
  return answer;
}

std::string trimmed_file(const std::string& path) {
  return std::string{base::trimmed(file_text(path))};
}

std::string built(const std::string& module, const std::string& name) {
  const std::string out = in_tree("build/tools/" + name);
  const std::string command =
      fmt::format("'{}' '{}' '{}'", in_tree("tools/go-build"), in_tree(module), out);
  if (std::system(command.c_str()) != 0) give_up("cannot build " + name);
  return out;
}

}  // namespace

std::string in_tree(std::string_view path) { return fmt::format("{}/{}", HEDGEROW_TREE, path); }

std::string file_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) give_up("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Program::Program(const std::vector<std::string>& command) {
  int to_child[2];
  int from_child[2];
  if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) give_up("no pipe");
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int log = memfd_create("log", MFD_CLOEXEC);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(to_child[0]);
  close(from_child[1]);
  input_ = to_child[1];
  line_ = read_line(from_child[0]);
  close(from_child[0]);
  const std::string said = line_.empty() ? end_of(log) : "";
  close(log);
  if (line_.empty()) give_up(fmt::format("{} did not start: {}", command.front(), said));
}

Program::~Program() {
  close(input_);
  for (int tenths = 0; tenths < 150; ++tenths) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<Wiring> real_wiring() {
  const char* folder = std::getenv("HEDGEROW_REAL_FABRIC");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return Wiring{fmt::format("{}/crds", folder), fmt::format("{}/wiring/vlab-48.yaml", folder)};
}

Wiring wiring() {
  const char* wanted = std::getenv("HEDGEROW_TEST_WIRING");
  if (wanted == nullptr || std::string_view{wanted} != "real")
    return {in_tree("examples/fabric/crds"), in_tree("examples/fabric/objects")};
  const auto real = real_wiring();
  if (!real) give_up("HEDGEROW_TEST_WIRING=real needs HEDGEROW_REAL_FABRIC");
  return *real;
}

Cluster& Cluster::shared() {
  static Cluster cluster;
  return cluster;
}

Cluster::Cluster() {
  const std::vector<std::string> content{in_tree("tests/cluster/kube_kinds.yaml"),
                                         in_tree("tests/cluster/kube_objects.yaml"), wiring().kinds,
                                         wiring().objects};
  if (const char* running = std::getenv("HEDGEROW_TEST_CLUSTER")) {
    folder_ = running;
    std::string command = fmt::format("'{}' load --dir '{}'", in_tree("tools/cluster"), folder_);
    for (const std::string& path : content) command += fmt::format(" '{}'", path);
    if (std::system((command + " >/dev/null").c_str()) != 0) give_up("cannot load " + folder_);
  } else {
    std::string folder = std::filesystem::temp_directory_path() / "hedgerow-kube-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) give_up("no folder for the cluster");
    folder_ = folder;
    own_folder_ = true;
    program_ = std::make_unique<Program>(std::vector<std::string>{
        in_tree("tools/cluster"), "start", "--dir", folder_, "--foreground", "--end-with-stdin",
        "--json", "--crds", content[0], "--crds", content[2], "--objects", content[1], "--objects",
        content[3]});
  }
  const auto admin = kube::Kubeconfig::parse(file_text(folder_ + "/admin.kubeconfig"));
  url_ = admin.connection(admin.context("")).fields().server;
}

Cluster::~Cluster() {
  program_.reset();
  std::error_code ignored;
  if (own_folder_) std::filesystem::remove_all(folder_, ignored);
}

kube::Connection Cluster::connection(std::string_view role, std::string_view server) const {
  const auto config =
      kube::Kubeconfig::parse(file_text(fmt::format("{}/{}.kubeconfig", folder_, role)));
  const auto own = config.connection(config.context(""));
  if (server.empty()) return own.duplicate();
  // A Gate cannot pass a client certificate on; the administrator has a token as well.
  auto token = own.fields().token.duplicate();
  if (token.empty()) token = base::SecretText{trimmed_file(folder_ + "/admin.token")};
  return kube::Connection::checked({.server = std::string{server},
                                    .ca = own.fields().ca,
                                    .tls_name = {},
                                    .token = std::move(token),
                                    .certificate = {},
                                    .key = {}});
}

HttpAnswer Cluster::request(const std::string& method, const std::string& path,
                            const std::string& body, const std::string& type) const {
  return called({.method = method,
                 .url = url_ + path,
                 .body = body,
                 .type = type,
                 .ca_file = folder_ + "/ca.crt",
                 .token = trimmed_file(folder_ + "/admin.token")});
}

void Cluster::compact() const {
  const std::string command =
      fmt::format("'{}' compact --dir '{}' >/dev/null 2>&1", in_tree("tools/cluster"), folder_);
  if (std::system(command.c_str()) != 0) give_up("cannot compact");
}

Gate::Gate(const std::vector<std::string>& flags) {
  static const std::string kProgram = built("tests/support/gate", "gate");
  const Cluster& cluster = Cluster::shared();
  std::vector<std::string> command{kProgram,
                                   "--upstream",
                                   cluster.url(),
                                   "--upstream-ca",
                                   cluster.folder() + "/ca.crt",
                                   "--ca-cert",
                                   cluster.folder() + "/ca.crt",
                                   "--ca-key",
                                   cluster.folder() + "/ca.key"};
  command.insert(command.end(), flags.begin(), flags.end());
  program_ = std::make_unique<Program>(command);
  const kube::Answer ready{program_->first_line()};
  url_ = ready.text("/url");
  control_ = ready.text("/control");
  // "https://…" whatever it speaks: that is what a person would type.
  url_ = "https" + url_.substr(url_.find("://"));
}

std::uint16_t Gate::port() const { return outbound::Target::parse(url_, "").port(); }

HttpAnswer Gate::control(const std::string& method, const std::string& path,
                         const std::string& body) const {
  return called({.method = method,
                 .url = control_ + path,
                 .body = body,
                 .type = {},
                 .ca_file = {},
                 .token = {}});
}

void Gate::rule(const std::string& json) const {
  const auto answer = control("POST", "/rules", json);
  if (answer.status != 201) give_up("the Gate refused a rule: " + answer.body);
}

void Gate::clear() const {
  control("DELETE", "/rules");
  control("DELETE", "/requests");
}

void Gate::tls(const std::string& mode) const {
  const auto answer = control("PUT", "/tls", fmt::format(R"({{"mode":"{}"}})", mode));
  if (answer.status != 204) give_up("the Gate refused a mode: " + answer.body);
}

void Gate::close_connections(const std::string& how) const {
  control("DELETE", "/connections?how=" + how);
}

std::string Gate::record() const { return control("GET", "/requests?count=0").body; }

std::size_t Gate::requests(const std::string& path) const {
  const kube::Answer answer{control("GET", "/requests?count=0&path=" + path).body};
  const auto list = answer.list("/requests");
  return list ? list->size() : 0;
}

std::int64_t Gate::counter(const std::string& name) const {
  const kube::Answer answer{control("GET", "/counters").body};
  std::int64_t number = -1;
  const auto found = answer.at("/" + name);
  if (!found || found->get(number) != simdjson::SUCCESS) give_up("no counter " + name);
  return number;
}

base::Clock& clock() {
  static base::SystemClock clock;
  return clock;
}

base::Surroundings surroundings() {
  static base::SystemRandom random;
  return {.clock = clock(), .random = random};
}

kube::Settings quick_settings() {
  using std::chrono::milliseconds;
  kube::Settings settings;
  settings.outbound.deadlines = {.dns = milliseconds{500},
                                 .connect = milliseconds{500},
                                 .tls = milliseconds{500},
                                 .first_byte = milliseconds{1'500},
                                 .floor_span = milliseconds{1'000},
                                 .floor_bytes = 1024,
                                 .total = milliseconds{3'000}};
  settings.outbound.retries.pause = milliseconds{10};
  settings.outbound.addresses =
      outbound::AddressRules{std::vector<std::string>{"127.0.0.0/8", "::1"}};
  settings.ladder_total = milliseconds{3'000};
  return settings;
}

std::unique_ptr<kube::Api> api_at(std::string_view role, std::string_view server) {
  return kube::connect(Cluster::shared().connection(role, server), quick_settings(),
                       surroundings());
}

bool is_hedgehog(std::string_view group) { return group.ends_with(".githedgehog.com"); }

}  // namespace hedgerow::test
