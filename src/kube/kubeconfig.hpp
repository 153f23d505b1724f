// A kubeconfig as a person pastes it: its contexts, and the connection that one of them describes.
// Only forms that carry their data are taken; what would read a file or run a program of this
// server is refused by name.
#pragma once

#include "kube/connection.hpp"

namespace hedgerow::kube {

struct Context {
  std::string name;
  std::string cluster;
  std::string user;
  std::string default_namespace;  // Empty: it names none.
};

class Kubeconfig {
 public:
  // Throws Failure{KubeconfigInvalid} for what is no kubeconfig at all: empty, above 1 MiB, not
  // YAML (with the line), no contexts. Fields that Kubernetes does not know are let be.
  [[nodiscard]] static Kubeconfig parse(std::string_view text);
  ~Kubeconfig();
  Kubeconfig(Kubeconfig&&) noexcept;
  Kubeconfig& operator=(Kubeconfig&&) noexcept;

  [[nodiscard]] std::span<const Context> contexts() const noexcept;
  // The current context's name; empty when the file has none.
  [[nodiscard]] const std::string& current() const noexcept;
  // The named context; with an empty name the current one, or the only one. Throws
  // Failure{KubeconfigInvalid}.
  [[nodiscard]] const Context& context(std::string_view name) const;
  // The connection of that context, checked. Throws Failure{KubeconfigInvalid} or Failure{BadUrl}.
  [[nodiscard]] Connection connection(const Context& context) const;

 private:
  struct Content;
  explicit Kubeconfig(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

}  // namespace hedgerow::kube
