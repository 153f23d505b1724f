// A disk under SQLite that tests see every operation of and may refuse or kill at, and what the
// tests on one stand on: a folder of their own with a database in it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/check.hpp"
#include "base/log.hpp"
#include "store/database.hpp"

namespace hedgerow::store {

// Stands in for SQLite's own file layer until it is gone. It never really flushes: a process that
// is killed does not take along what it wrote.
class WatchedDisk {
 public:
  WatchedDisk() : real_{sqlite3_vfs_find(nullptr)}, vfs_{*real_} {
    vfs_.zName = "watched";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = &open;
    vfs_.xDelete = &remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  virtual ~WatchedDisk() { sqlite3_vfs_unregister(&vfs_); }
  WatchedDisk(const WatchedDisk&) = delete;
  WatchedDisk& operator=(const WatchedDisk&) = delete;

  // Files opened so far, and writes and flushes asked for.
  [[nodiscard]] int opened() const { return opened_.load(); }
  [[nodiscard]] int writes() const { return writes_.load(); }
  [[nodiscard]] int flushes() const { return flushes_.load(); }

 protected:
  enum class Kind : std::uint8_t { Create, Read, Write, Truncate, Flush, Delete };
  struct Operation {
    Kind kind{};
    std::string_view path;
    int opening = 0;                   // Which opening of the file asks, counted from 1.
    std::span<const std::byte> bytes;  // Of a write.
    sqlite3_int64 at = 0;              // Of a write; the new size of a truncation.
    bool folder_too = false;           // Of a deletion: the folder is flushed with it.
  };
  // Before it is done: nothing lets it be done, a result takes its place. Only of files with a
  // name; Create is told of each opening that found or made the file, and is not refused.
  virtual std::optional<int> meet(const Operation& operation) = 0;

 private:
  struct File {
    sqlite3_file base;
    WatchedDisk* disk;
    const char* path;  // SQLite keeps it until the file is closed.
    int opening;
  };

  static File& own(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }
  static std::optional<int> meet_in(sqlite3_file* file, Operation operation) {
    if (own(file).path == nullptr) return std::nullopt;
    operation.path = own(file).path;
    operation.opening = own(file).opening;
    return own(file).disk->meet(operation);
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    auto& disk = *static_cast<WatchedDisk*>(vfs->pAppData);
    own(file).disk = &disk;
    own(file).path = path;
    own(file).opening = ++disk.opened_;
    const int result = disk.real_->xOpen(disk.real_, path, real_of(file), flags, out);
    file->pMethods = result == SQLITE_OK ? &kMethods : nullptr;
    if (result == SQLITE_OK) meet_in(file, {.kind = Kind::Create});
    return result;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int folder_too) {
    auto& disk = *static_cast<WatchedDisk*>(vfs->pAppData);
    const auto met = disk.meet({.kind = Kind::Delete, .path = path, .folder_too = folder_too != 0});
    return met ? *met : disk.real_->xDelete(disk.real_, path, folder_too);
  }
  static int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 at) {
    const auto met = meet_in(file, {.kind = Kind::Read, .at = at});
    return met ? *met : real_of(file)->pMethods->xRead(real_of(file), bytes, count, at);
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    ++own(file).disk->writes_;
    const std::span seen{static_cast<const std::byte*>(bytes), static_cast<std::size_t>(count)};
    const auto met = meet_in(file, {.kind = Kind::Write, .bytes = seen, .at = at});
    return met ? *met : real_of(file)->pMethods->xWrite(real_of(file), bytes, count, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const auto met = meet_in(file, {.kind = Kind::Truncate, .at = size});
    return met ? *met : real_of(file)->pMethods->xTruncate(real_of(file), size);
  }
  static int flush(sqlite3_file* file, int) {
    ++own(file).disk->flushes_;
    const auto met = meet_in(file, {.kind = Kind::Flush});
    return met.value_or(SQLITE_OK);
  }

  template <auto Method, class... Args>
  static int pass(sqlite3_file* file, Args... args) {
    return (real_of(file)->pMethods->*Method)(real_of(file), args...);
  }
  template <auto Method, class... Args>
  static void pass_void(sqlite3_file* file, Args... args) {
    (real_of(file)->pMethods->*Method)(real_of(file), args...);
  }
  using Methods = sqlite3_io_methods;
  static constexpr Methods kMethods{
      2,
      &pass<&Methods::xClose>,
      &read,
      &write,
      &truncate,
      &flush,
      &pass<&Methods::xFileSize, sqlite3_int64*>,
      &pass<&Methods::xLock, int>,
      &pass<&Methods::xUnlock, int>,
      &pass<&Methods::xCheckReservedLock, int*>,
      &pass<&Methods::xFileControl, int, void*>,
      &pass<&Methods::xSectorSize>,
      &pass<&Methods::xDeviceCharacteristics>,
      &pass<&Methods::xShmMap, int, int, int, void volatile**>,
      &pass<&Methods::xShmLock, int, int, int>,
      &pass_void<&Methods::xShmBarrier>,
      &pass<&Methods::xShmUnmap, int>,
      nullptr,
      nullptr,
  };

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::atomic<int> opened_{0};
  std::atomic<int> writes_{0};
  std::atomic<int> flushes_{0};
};

template <class DiskUnderIt>
class DiskTest : public testing::Test {
 protected:
  DiskTest() {
    base::log::set_least(base::log::Level::Error);
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    settings_.path = folder_ / "record.db";
  }
  ~DiskTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open() { database_ = Database::open(settings_, clock_, random_); }
  void start_afresh() {
    database_.reset();
    for (const auto& entry : std::filesystem::directory_iterator{folder_})
      std::filesystem::remove(entry.path());
  }
  template <class Function>
  auto write(Function&& function) {
    const auto deadline = base::Deadline::in(clock_, base::Milliseconds{20'000});
    return database_->write(deadline, std::forward<Function>(function));
  }
  std::int64_t append(std::size_t size = 3'000) {
    return write([&](Txn& txn) {
      AuditRow row;
      row.action = "x";
      row.details = std::string(size, 'x');
      return txn.audit().append(row);
    });
  }
  std::set<std::int64_t> kept() {
    std::set<std::int64_t> ids;
    const auto page =
        database_->read([](const auto& s) { return s.audit().page({.limit = 1'000}); });
    for (const AuditRow& row : page.rows) ids.insert(row.id);
    return ids;
  }
  template <class Function>
  std::optional<base::Code> code_of(Function&& function) {
    try {
      function();
    } catch (const base::Failure& failure) {
      return failure.code();
    }
    return std::nullopt;
  }

  DiskUnderIt disk_;
  std::filesystem::path folder_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  Settings settings_;
  std::unique_ptr<Database> database_;
};

}  // namespace hedgerow::store
