#include "kube/path.hpp"

namespace hedgerow::kube {

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string group_path(std::string_view group, std::string_view version) {
  return group.empty()
             ? fmt::format("/api/{}", percent_encoded(version))
             : fmt::format("/apis/{}/{}", percent_encoded(group), percent_encoded(version));
}

std::string list_path(const Kind& kind, std::string_view space) {
  std::string path = group_path(kind.group, kind.version);
  if (kind.namespaced && !space.empty())
    path += fmt::format("/namespaces/{}", percent_encoded(space));
  return path + "/" + percent_encoded(kind.plural);
}

}  // namespace hedgerow::kube
