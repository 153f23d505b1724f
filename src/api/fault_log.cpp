#include "api/fault_log.hpp"

namespace hedgerow::api {

void FaultLog::note(SeenFault fault) {
  faults_.with([&](std::deque<SeenFault>& faults) {
    faults.push_front(std::move(fault));
    if (faults.size() > kKept) faults.pop_back();
  });
}

std::vector<SeenFault> FaultLog::latest_first() const {
  return faults_.with([](const std::deque<SeenFault>& faults) {
    return std::vector<SeenFault>{faults.begin(), faults.end()};
  });
}

}  // namespace hedgerow::api
