// A Failure is what an operation cannot help: it carries a code of the catalogue, a cause, a
// sentence for the user with the next step, a sentence for the operator, and the trail of what was
// being done. Outcomes that a caller must decide are return values; bugs are CHECK.
#pragma once

#include "base/codes.gen.hpp"
#include "base/log.hpp"

namespace hedgerow::base {

// What may help: trying again, waiting, another request, another right, or making the missing
// thing.
enum class Cause : std::uint8_t { Transient, NotYet, Refused, Denied, Missing };

[[nodiscard]] std::string_view name_of(Cause cause) noexcept;

// One field of a request that was refused, by its dotted path ("cluster.server").
struct FieldError {
  std::string field;
  std::string detail;
};

class Failure : public std::exception {
 public:
  // `detail` is the sentence for the user: what happened, with names and numbers, without secrets.
  // Empty takes the catalogue's title. The trail of this thread is taken here.
  Failure(Code code, Cause cause, std::string detail = {});

  Failure& with_next(std::string next) &;
  Failure&& with_next(std::string next) &&;
  // For logs only: what an operator needs and a user does not.
  Failure&& with_operator(std::string text) &&;
  Failure&& with_fields(std::vector<FieldError> fields) &&;
  Failure&& with_retry_after(std::chrono::seconds wait) &&;
  // The HTTP status that a peer gave with this failure; 0 when there was none.
  Failure&& with_peer_status(int status) &&;

  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] Cause cause() const noexcept { return cause_; }
  [[nodiscard]] int layer() const noexcept { return facts_of(code_).layer; }
  // The HTTP status of an answer that says it. A code that only runs end with has none of its own:
  // met in an answer, the server cannot do what was asked.
  [[nodiscard]] int http_status() const noexcept {
    const CodeFacts& facts = facts_of(code_);
    return facts.http != 0 ? facts.http : facts.retryable ? 503 : 500;
  }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  [[nodiscard]] const std::string& next() const noexcept { return next_; }
  [[nodiscard]] const std::string& operator_text() const noexcept { return operator_text_; }
  [[nodiscard]] const std::vector<FieldError>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }
  [[nodiscard]] int peer_status() const noexcept { return peer_status_; }
  // What was being done, outermost first.
  [[nodiscard]] const std::vector<std::string>& trail() const noexcept { return trail_; }
  [[nodiscard]] const char* what() const noexcept override { return detail_.c_str(); }
  // How loud the log says it: a defect of this program is an error, for System health as well.
  [[nodiscard]] log::Level log_level() const noexcept {
    return code_ == Code::InternalFault ? log::Level::Error : log::Level::Warning;
  }

 private:
  Code code_;
  Cause cause_;
  std::string detail_;
  std::string next_;
  std::string operator_text_;
  std::vector<FieldError> fields_;
  std::optional<std::chrono::seconds> retry_after_;
  int peer_status_ = 0;
  std::vector<std::string> trail_;
};

// Says what this thread is doing while it is in scope: `Doing doing{"listing connections"};`
class Doing {
 public:
  explicit Doing(std::string what);
  ~Doing();
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;

  [[nodiscard]] static const std::vector<std::string>& trail() noexcept;
};

}  // namespace hedgerow::base
