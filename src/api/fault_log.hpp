// The last faults of this program and of its pages, kept in memory since the start, so that a
// person who meets one and whoever looks after the server speak of the same one by its request id.
#pragma once

#include "base/codes.gen.hpp"
#include "base/guarded.hpp"

namespace hedgerow::api {

struct SeenFault {
  base::WallTime at;
  std::string request;  // The id that the person was shown.
  base::Code code;
  std::string place;   // A route, or a view of the page.
  std::string detail;  // Scrubbed.
};

class FaultLog {
 public:
  // At most so many; then the oldest goes.
  static constexpr std::size_t kKept = 50;

  // Any thread.
  void note(SeenFault fault);
  [[nodiscard]] std::vector<SeenFault> latest_first() const;

 private:
  base::Guarded<std::deque<SeenFault>> faults_;
};

}  // namespace hedgerow::api
