#include "base/thread.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>

#include <filesystem>

namespace hedgerow::base {

namespace {

struct Frames {
  std::array<void*, 48> places{};
  std::atomic<int> count = 0;  // Written last.
};

int own_signal() { return SIGRTMIN + 6; }

// What it was sent with says where to write.
void write_down(int, siginfo_t* info, void*) {
  const int before = errno;
  auto* const frames = static_cast<Frames*>(info->si_value.sival_ptr);
  if (frames != nullptr && frames->count.load(std::memory_order_acquire) == 0)
    frames->count = ::backtrace(frames->places.data(), static_cast<int>(frames->places.size()));
  errno = before;
}

void listen_to_signal() {
  // The first call loads a library, which a handler must not do.
  std::array<void*, 1> ignored{};
  ::backtrace(ignored.data(), 1);
  struct sigaction action{};
  action.sa_sigaction = &write_down;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  ::sigaction(own_signal(), &action, nullptr);
}

std::string place_text(void* place) {
  Dl_info found{};
  if (::dladdr(place, &found) == 0 || found.dli_fname == nullptr) return fmt::format("{}", place);
  const auto offset =
      static_cast<const std::byte*>(place) - static_cast<const std::byte*>(found.dli_fbase);
  return fmt::format("{}+{:#x}", std::filesystem::path{found.dli_fname}.filename().string(),
                     offset);
}

}  // namespace

void name_this_thread(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

std::string stack_of(pthread_t thread, Milliseconds patience) {
  listen_to_signal();
  auto frames = std::make_unique<Frames>();
  // Hands them over: for the language a signal by itself does not.
  frames->count.store(0, std::memory_order_release);
  if (::pthread_sigqueue(thread, own_signal(), {.sival_ptr = frames.get()}) != 0)
    return "the thread is gone";
  const SystemClock clock;
  const SteadyTime until = clock.steady() + patience;
  while (frames->count == 0 && clock.steady() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  if (frames->count == 0) {
    // It may still write, when it takes the signal at last: then it keeps its place to write to.
    (void)frames.release();
    return "the thread takes no signal";
  }
  std::vector<std::string> places;
  for (int i = 0; i < frames->count; ++i)
    places.push_back(place_text(frames->places.at(static_cast<std::size_t>(i))));
  return fmt::format("{}", fmt::join(places, " "));
}

}  // namespace hedgerow::base
