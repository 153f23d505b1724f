#include "model/actor.hpp"

namespace hedgerow::model {

namespace {

using enum Permission;
constexpr std::array kViewer{FabricView};
constexpr std::array kOperator{FabricView, FabricSync};
constexpr std::array kAdministrator{FabricView,  FabricSync,     FabricEdit,        FabricPush,
                                    FabricPrune, FabricApprove,  FabricCredentials, GitPush,
                                    UsersManage, SettingsManage, AuditView};

std::string joined(std::span<const Permission> permissions) {
  std::string text;
  for (const Permission permission : permissions)
    text += (text.empty() ? "" : ", ") + std::string{name_of(permission)};
  return text;
}

}  // namespace

std::span<const Permission> permissions_of(Role role) noexcept {
  switch (role) {
    case Role::Viewer: return kViewer;
    case Role::Operator: return kOperator;
    case Role::Administrator: return kAdministrator;
  }
  return {};
}

bool may(Role role, Permission permission) noexcept {
  const auto granted = permissions_of(role);
  return std::find(granted.begin(), granted.end(), permission) != granted.end();
}

Permission permission_for(Operation operation) noexcept {
  switch (operation) {
    case Operation::Pull:
    case Operation::GitPull:
    case Operation::Compare:
    case Operation::Test: return FabricSync;
    case Operation::Push: return FabricPush;
    case Operation::GitPush: return GitPush;
  }
  return SettingsManage;
}

void require(const Actor& actor, Permission permission, std::string_view subject) {
  if (may(actor.role, permission)) return;
  const std::string where = subject.empty() ? "" : fmt::format(" on {}", subject);
  throw base::Failure{base::Code::Forbidden, base::Cause::Denied,
                      fmt::format("This needs {}{}; you have {}.", name_of(permission), where,
                                  joined(permissions_of(actor.role)))};
}

}  // namespace hedgerow::model
