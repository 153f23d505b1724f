// What tests of the kube and outbound rooms stand on: one real API server for the whole program,
// with the sample fabric and a few kinds of our own, and Gates before it that fail on demand. Each
// ends with the program, whatever happens to it.
#pragma once

#include "kube/kubeconfig.hpp"
#include "kube/ladder.hpp"

namespace hedgerow::test {

// A child process that says on one line that it is ready and ends when its standard input does.
class Program {
 public:
  // Throws std::runtime_error with the end of its error output when it ends instead.
  explicit Program(const std::vector<std::string>& command);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] const std::string& first_line() const noexcept { return line_; }

 private:
  int pid_ = -1;
  int input_ = -1;
  std::string line_;
};

struct HttpAnswer {
  long status = 0;
  std::string body;
};

class Cluster {
 public:
  // Started at the first call; HEDGEROW_TEST_CLUSTER names the folder of one that runs already.
  static Cluster& shared();
  ~Cluster();

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  // "admin" may do everything, "reader" is what Hedgerow needs. With another server where one is
  // given.
  [[nodiscard]] kube::Connection connection(std::string_view role,
                                            std::string_view server = {}) const;
  // Any request as the administrator, past all code under test.
  HttpAnswer request(const std::string& method, const std::string& path,
                     const std::string& body = {},
                     const std::string& type = "application/json") const;
  // Forgets old versions, so that old continue tokens answer 410.
  void compact() const;

 private:
  Cluster();
  std::unique_ptr<Program> program_;
  std::string folder_;
  bool own_folder_ = false;
  std::string url_;
};

class Gate {
 public:
  // Before the shared cluster, with a certificate of its CA.
  explicit Gate(const std::vector<std::string>& flags = {});

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] std::uint16_t port() const;
  void rule(const std::string& json) const;
  void clear() const;
  void tls(const std::string& mode) const;
  void close_connections(const std::string& how) const;
  // How many requests with such a path came (a regular expression), and their fields as JSON.
  [[nodiscard]] std::size_t requests(const std::string& path) const;
  [[nodiscard]] std::string record() const;
  [[nodiscard]] std::int64_t counter(const std::string& name) const;

 private:
  HttpAnswer control(const std::string& method, const std::string& path,
                     const std::string& body = {}) const;
  std::unique_ptr<Program> program_;
  std::string url_;
  std::string control_;
};

// Deadlines of a tenth, and loopback allowed.
[[nodiscard]] kube::Settings quick_settings();
[[nodiscard]] base::Clock& clock();
[[nodiscard]] base::Surroundings surroundings();
[[nodiscard]] std::unique_ptr<kube::Api> api_at(std::string_view role,
                                                std::string_view server = {});
[[nodiscard]] bool is_hedgehog(std::string_view group);
[[nodiscard]] std::string file_text(const std::string& path);
// The path of a file or folder of this repository.
[[nodiscard]] std::string in_tree(std::string_view path);

// Schemas and 48 objects of a fabric, as paths: the sample of this tree; with
// HEDGEROW_TEST_WIRING=real the real one that HEDGEROW_REAL_FABRIC names.
struct Wiring {
  std::string kinds;
  std::string objects;
};
[[nodiscard]] Wiring wiring();
[[nodiscard]] std::optional<Wiring> real_wiring();

// Runs what should fail; the failure, or one with Code::Joined, which nothing here throws, when it
// does not.
template <class Work>
base::Failure failure_in(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const base::Failure& failure) {
    return failure;
  }
  return base::Failure{base::Code::Joined, base::Cause::Refused, "it did not fail"};
}

[[nodiscard]] inline std::string_view code_in(const base::Failure& failure) {
  return base::facts_of(failure.code()).name;
}

}  // namespace hedgerow::test
