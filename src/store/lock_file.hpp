// The file beside the database that one serving process locks for its whole life, and what must be
// true of the place where the database lies. The lock is the system's: it ends with the process,
// however that ends.
#pragma once

#include <filesystem>

namespace hedgerow::store {

class LockFile {
 public:
  // Locks `database` + ".lock". Throws Failure{DatabaseInUse} with the holder's process number when
  // it is locked.
  explicit LockFile(const std::filesystem::path& database);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int file_ = -1;
};

// What the system calls a network file system, by statfs(2); empty for a local one. On those
// neither locks nor the shared memory of the write-ahead log can be trusted.
[[nodiscard]] std::string_view network_file_system(std::uint32_t magic) noexcept;

// Throws Failure{StorageError} when `database` lies on a network file system or its folder is not
// there.
void require_local(const std::filesystem::path& database);

// Makes an empty file that only its owner may read, where there is none.
void make_private_file(const std::filesystem::path& path);

}  // namespace hedgerow::store
