// The one place of this room where a failure becomes an outcome: what the cluster does to one step
// or to one kind ends that step or that kind, not the run. For this room only.
#pragma once

#include <expected>

#include "base/failure.hpp"

namespace hedgerow::reconcile {

// The value, or the failure. A stop goes through: it is nobody's answer.
template <class Call>
[[nodiscard]] auto attempt(Call&& call)
    -> std::expected<std::invoke_result_t<Call&>, base::Failure> {
  try {
    return call();
  } catch (const base::Failure& failure) {
    if (failure.code() == base::Code::Cancelled) throw;
    return std::unexpected{failure};
  }
}

// Whatever it throws, for another thread to throw on; null when it throws nothing.
template <class Call>
[[nodiscard]] std::exception_ptr thrown_by(Call&& call) noexcept {
  try {
    call();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace hedgerow::reconcile
