#include "store/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/failure.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr mode_t kOwnerOnly = 0600;

std::string words_of(int error) { return std::generic_category().message(error); }

std::string holder_of(int file) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file, text.data(), text.size() - 1, 0);
  std::string_view digits{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  return std::string{digits};
}

int open_private(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file >= 0) return file;
  const int error = errno;
  throw Failure{Code::StorageError, Cause::Refused,
                fmt::format("{} cannot be opened: {}.", path.string(), words_of(error))}
      .with_next("Give the server's user the right to write there, or choose another data folder.");
}

// Only once the lock is held: what stands in the file is for people, the lock itself is not in it.
void write_holder(int file) {
  const std::string holder = fmt::format("{}\n", getpid());
  const bool written = ftruncate(file, 0) == 0 && pwrite(file, holder.data(), holder.size(), 0) > 0;
  static_cast<void>(written);
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& database) {
  const std::filesystem::path path = database.string() + ".lock";
  file_ = open_private(path);
  if (flock(file_, LOCK_EX | LOCK_NB) == 0) {
    write_holder(file_);
    return;
  }
  const int error = errno;
  const std::string holder = holder_of(file_);
  ::close(file_);
  if (error != EWOULDBLOCK)
    throw Failure{Code::StorageError, Cause::Refused,
                  fmt::format("{} cannot be locked: {}.", path.string(), words_of(error))};
  const std::string who = holder.empty() ? "Another process" : "Process " + holder;
  throw Failure{Code::DatabaseInUse, Cause::Refused,
                fmt::format("{} already serves the database {}.", who, database.string())};
}

LockFile::~LockFile() { ::close(file_); }

std::string_view network_file_system(std::uint32_t magic) noexcept {
  switch (magic) {
    case 0x6969: return "NFS";
    case 0x517b:
    case 0xff534d42:
    case 0xfe534d42: return "SMB";
    case 0x01021997: return "9P";
    case 0x00c36400: return "Ceph";
    case 0x5346414f:
    case 0x6b414653: return "AFS";
    case 0x73757245: return "Coda";
    case 0x0bd00bd0: return "Lustre";
    case 0x47504653: return "GPFS";
    case 0x7461636f: return "OCFS2";
    case 0x01161970: return "GFS2";
    case 0x19830326: return "BeeGFS";
    default: return "";
  }
}

void require_local(const std::filesystem::path& database) {
  const std::filesystem::path folder =
      database.has_parent_path() ? database.parent_path() : std::filesystem::path{"."};
  struct statfs facts{};
  if (statfs(folder.c_str(), &facts) != 0) {
    const int error = errno;
    throw Failure{
        Code::StorageError, Cause::Refused,
        fmt::format("The folder {} cannot be used: {}.", folder.string(), words_of(error))}
        .with_next("Make the folder, or choose another one for the data.");
  }
  const auto name = network_file_system(static_cast<std::uint32_t>(facts.f_type));
  if (name.empty()) return;
  throw Failure{
      Code::StorageError, Cause::Refused,
      fmt::format("The folder {} lies on a network file system ({}), where an SQLite database "
                  "is not safe.",
                  folder.string(), name)}
      .with_next("Choose a data folder on a local disk.");
}

void make_private_file(const std::filesystem::path& path) { ::close(open_private(path)); }

}  // namespace hedgerow::store
