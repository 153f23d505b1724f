#include "base/failure.hpp"

#include "base/check.hpp"
#include "base/log.hpp"

namespace hedgerow::base {

namespace {
std::vector<std::string>& trail_of_thread() {
  thread_local std::vector<std::string> trail;
  return trail;
}
}  // namespace

std::string_view name_of(Cause cause) noexcept {
  switch (cause) {
    case Cause::Transient: return "transient";
    case Cause::NotYet: return "not_yet";
    case Cause::Refused: return "refused";
    case Cause::Denied: return "denied";
    case Cause::Missing: return "missing";
  }
  return "";
}

Failure::Failure(Code code, Cause cause, std::string detail)
    : code_{code},
      cause_{cause},
      detail_{detail.empty() ? std::string{facts_of(code).title} : std::move(detail)},
      next_{facts_of(code).next},
      trail_{trail_of_thread()} {}

Failure& Failure::with_next(std::string next) & {
  next_ = std::move(next);
  return *this;
}
Failure&& Failure::with_next(std::string next) && {
  next_ = std::move(next);
  return std::move(*this);
}
Failure&& Failure::with_operator(std::string text) && {
  operator_text_ = std::move(text);
  return std::move(*this);
}
Failure&& Failure::with_fields(std::vector<FieldError> fields) && {
  fields_ = std::move(fields);
  return std::move(*this);
}
Failure&& Failure::with_retry_after(std::chrono::seconds wait) && {
  retry_after_ = wait;
  return std::move(*this);
}
Failure&& Failure::with_peer_status(int status) && {
  peer_status_ = status;
  return std::move(*this);
}

Doing::Doing(std::string what) { trail_of_thread().push_back(std::move(what)); }
Doing::~Doing() { trail_of_thread().pop_back(); }
const std::vector<std::string>& Doing::trail() noexcept { return trail_of_thread(); }

void check_failed(const char* condition, const char* file, int line) noexcept {
  log::error("bug", {{"condition", condition},
                     {"file", file},
                     {"line", line},
                     {"doing", fmt::format("{}", fmt::join(trail_of_thread(), " > "))}});
  log::flush();
  std::abort();
}

}  // namespace hedgerow::base
