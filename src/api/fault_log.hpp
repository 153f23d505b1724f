// The last faults of this program and of its pages since the start, so that a person who meets one
// and whoever looks after the server speak of the same one, by its request or its run.
#pragma once

#include "base/codes.gen.hpp"
#include "base/guarded.hpp"

namespace hedgerow::api {

struct SeenFault {
  base::WallTime at;    // The last time.
  std::string request;  // The id that the person was shown; empty where nobody asked.
  std::optional<std::int64_t> run;
  base::Code code = base::Code::InternalFault;
  std::string place;   // A route, a view of the page, or a part of the server.
  std::string detail;  // Scrubbed, and nothing that the log alone may have.
  std::uint64_t times = 1;
};

class FaultLog {
 public:
  // At most so many, of pages half of them; then the oldest goes. Nobody who may send reports can
  // push the server's own off the list.
  static constexpr std::size_t kKept = 50;
  static constexpr std::size_t kTold = kKept / 2;

  // One that a page told of; alike ones are one that came so often. Any thread.
  void note(SeenFault fault);
  // Together with those of the server itself, which are what it logs as errors.
  [[nodiscard]] std::vector<SeenFault> latest_first() const;

 private:
  base::Guarded<std::deque<SeenFault>> told_;
};

}  // namespace hedgerow::api
