// A disk whose n-th operation kills the process or fails, once or from then on: what the tests of
// kills, of errors and of a full disk have in common.
#pragma once

#include "store/disk.test.hpp"

namespace hedgerow::store {

enum class Fault : std::uint8_t { None, Kill, ReadError, WriteError, FlushError, Full };

class FailingDisk final : public WatchedDisk {
 public:
  // The operation number `at`, counted from now and from 1, of those that the fault concerns meets
  // it, once.
  void arm(Fault fault, int at) {
    for_ever_ = false;
    fault_ = fault;
    left_ = at;
  }
  // All of them meet it, until it is armed otherwise.
  void arm_for_ever(Fault fault) {
    arm(fault, 1);
    for_ever_ = true;
  }
  void disarm() { arm(Fault::None, 0); }
  [[nodiscard]] bool is_armed() const { return fault_.load() != Fault::None; }

 private:
  static bool concerns(Fault fault, Kind kind) {
    switch (fault) {
      case Fault::Kill: return kind != Kind::Read && kind != Kind::Create;
      case Fault::ReadError: return kind == Kind::Read;
      case Fault::FlushError: return kind == Kind::Flush;
      case Fault::WriteError:
      case Fault::Full: return kind == Kind::Write;
      case Fault::None: break;
    }
    return false;
  }

  std::optional<int> meet(const Operation& operation) override {
    const Fault fault = fault_.load();
    if (!concerns(fault, operation.kind) || --left_ > 0) return std::nullopt;
    if (!for_ever_) fault_ = Fault::None;
    switch (fault) {
      case Fault::Kill: _exit(9);
      case Fault::ReadError: return SQLITE_IOERR_READ;
      case Fault::FlushError: return SQLITE_IOERR_FSYNC;
      case Fault::Full: return SQLITE_FULL;
      default: return SQLITE_IOERR_WRITE;
    }
  }

  std::atomic<Fault> fault_{Fault::None};
  std::atomic<int> left_{0};
  std::atomic<bool> for_ever_{false};
};

}  // namespace hedgerow::store
