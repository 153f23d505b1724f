// The Api that speaks to a real API server, and what the ladder shares with it. For this room only;
// others get it from connect().
#pragma once

#include "kube/answer.hpp"
#include "kube/api.hpp"
#include "kube/discovery.hpp"

namespace hedgerow::kube {

class Client final : public Api {
 public:
  Client(const Connection& connection, const Settings& settings, const base::Surroundings& around);

  Version version(const std::stop_token& stop) override;
  std::string identity(const std::stop_token& stop) override;
  bool namespace_exists(std::string_view name, const std::stop_token& stop) override;
  std::vector<std::string> namespaces(const std::stop_token& stop) override;
  Discovery discover(const GroupFilter& wanted, const std::stop_token& stop) override;
  void await_ready(const std::stop_token& stop) override;
  [[nodiscard]] bool knows(const Kind& kind, std::string_view space,
                           const std::stop_token& stop) override;
  std::vector<ListResult> list_kinds(std::span<const ListRequest> requests, std::size_t concurrency,
                                     ListSink& sink, const std::stop_token& stop) override;
  std::uint64_t sent_again() const noexcept override;

  // As discover(), with the failure given back.
  [[nodiscard]] std::expected<Discovery, base::Failure> discovered(
      const GroupFilter& wanted, std::optional<base::Deadline> deadline,
      const std::stop_token& stop);
  // As await_ready(), with the failure given back.
  [[nodiscard]] std::optional<base::Failure> unready(std::optional<base::Deadline> deadline,
                                                     const std::stop_token& stop);
  // The time at which our credential ended, when it had by now.
  [[nodiscard]] std::optional<base::WallTime> credential_ended() const;
  [[nodiscard]] outbound::Session& session() noexcept { return session_; }

 private:
  [[nodiscard]] outbound::Reply get(std::string path, std::string_view accept,
                                    const std::stop_token& stop);
  [[nodiscard]] Discovery discover_each(const std::vector<GroupVersion>& versions,
                                        std::optional<base::Deadline> deadline,
                                        const std::stop_token& stop);

  Settings settings_;
  const base::Clock& clock_;
  std::optional<base::WallTime> credential_ends_;
  outbound::Session session_;
};

// What an answer to GET /version says, or the failure that it is.
[[nodiscard]] std::expected<Version, base::Failure> read_version(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended);
// What an answer to GET /api/v1/namespaces/kube-system says.
[[nodiscard]] std::expected<std::string, base::Failure> read_identity(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended);
// What an answer to GET /api/v1/namespaces says.
[[nodiscard]] std::expected<std::vector<std::string>, base::Failure> read_namespaces(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended);
inline constexpr std::string_view kNamespacesPath = "/api/v1/namespaces";
inline constexpr std::string_view kIdentityPath = "/api/v1/namespaces/kube-system";

}  // namespace hedgerow::kube
