// The pages without script, below /basic/: sign in, fabrics, a fabric with Sync from Fabric, a run.
// Plain forms, each answered by 303 and a page that can be loaded again. The same rules and the
// same words as everywhere; what is live elsewhere is loaded again by hand here.
#pragma once

#include "actions/runs.hpp"
#include "auth/callers.hpp"
#include "http/router.hpp"
#include "views/fabrics.hpp"

namespace hedgerow::web {

struct BasicParts {
  actions::Deps deps;
  auth::SignIn& sign_in;
  const auth::Callers& callers;
  base::Random& random;
  std::string base_path;
  base::Milliseconds fresh_for;
};

struct WaitingSync;

class Basic {
 public:
  explicit Basic(BasicParts parts) : parts_{std::move(parts)} {}

  // The routes use this object as long as the router lives.
  void add_to(http::Router& router) const;

 private:
  [[nodiscard]] http::Response fabrics(const http::Request& request, const auth::Proven& who) const;
  [[nodiscard]] http::Response fabric(const http::Request& request, const auth::Proven& who) const;
  [[nodiscard]] http::Response run(const http::Request& request, const auth::Proven& who) const;
  [[nodiscard]] http::Response sign_in(const http::Request& request) const;
  [[nodiscard]] http::Response finished(const http::Request& request, const auth::Proven& who,
                                        const WaitingSync& click) const;
  [[nodiscard]] http::Response sync(const http::Request& request) const;
  [[nodiscard]] http::Response sign_out(const http::Request& request) const;
  [[nodiscard]] actions::StartedRun start(const auth::Proven& who, model::FabricId fabric,
                                          std::string_view key) const;

  using Page = http::Response (Basic::*)(const http::Request&, const auth::Proven&) const;
  using Form = http::Response (Basic::*)(const http::Request&) const;
  void add_page(http::Router& router, std::string_view pattern, Page page) const;
  void add_form(http::Router& router, std::string_view pattern, Form form,
                const http::RouteLimits& limits) const;
  [[nodiscard]] http::Response to(std::string_view path) const;
  [[nodiscard]] http::Response to_run(model::RunId run) const;
  [[nodiscard]] http::Response refused(const base::Failure& failure, const http::Request& request,
                                       const std::optional<auth::Proven>& who,
                                       const std::optional<WaitingSync>& click) const;
  [[nodiscard]] views::Instant instant() const;

  const BasicParts parts_;
};

}  // namespace hedgerow::web
