#include "base/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace {

constexpr std::size_t kMost = 4096;

[[noreturn]] void refuse_file(std::string detail, std::string next) {
  throw Failure{Code::CredentialUnreadable, Cause::Refused, std::move(detail)}.with_next(
      std::move(next));
}

}  // namespace

SecretText read_private(const std::string& path, std::string_view what,
                        std::string_view when_missing) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0)
    refuse_file(fmt::format("The {} {} cannot be opened: {}.", what, path,
                            std::generic_category().message(errno)),
                std::string{when_missing});
  struct stat facts{};
  std::string text(kMost, '\0');
  const bool known = ::fstat(file, &facts) == 0;
  const ssize_t length = ::read(file, text.data(), text.size());
  ::close(file);
  if (!known || length < 0)
    refuse_file(fmt::format("The {} {} cannot be read.", what, path), std::string{when_missing});
  if ((facts.st_mode & 077) != 0)
    refuse_file(fmt::format("The {} {} may be read by others.", what, path),
                fmt::format("Run: chmod 600 {}", path));
  SecretText secret{
      std::string{trimmed(std::string_view{text}.substr(0, static_cast<std::size_t>(length)))}};
  sodium_memzero(text.data(), text.size());
  return secret;
}

}  // namespace hedgerow::base
