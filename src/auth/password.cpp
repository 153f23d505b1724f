#include "auth/password.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::auth {

using base::Cause;
using base::Code;
using base::Failure;
using base::SecretText;

class Passwords::Place {
 public:
  explicit Place(Passwords& owner) : owner_{owner} {
    const bool queued = owner_.load_.with([](Load& load) {
      if (load.busy >= kBusyMost && load.waiting >= kWaitingMost) return false;
      ++load.waiting;
      return true;
    });
    if (!queued) refuse();
    const auto taken = owner_.load_.wait_then(
        std::stop_token{}, owner_.clock_.steady() + owner_.cost_.wait_most,
        [](const Load& load) { return load.busy < kBusyMost; },
        [](Load& load) {
          --load.waiting;
          ++load.busy;
          return true;
        });
    if (taken) return;
    owner_.load_.with([](Load& load) { --load.waiting; });
    refuse();
  }
  ~Place() {
    owner_.load_.change([](Load& load) { --load.busy; });
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  [[noreturn]] static void refuse() {
    throw Failure{Code::Unavailable, Cause::Transient, "Too many people sign in at this moment."}
        .with_retry_after(std::chrono::seconds{5});
  }
  Passwords& owner_;
};

Passwords::Passwords(PasswordCost cost, const base::Clock& clock) : cost_{cost}, clock_{clock} {
  CHECK(sodium_init() >= 0);
  nobodys_hash_ = hash(SecretText{"nobody's password, never accepted"});
}

std::string Passwords::hash(const SecretText& password) {
  if (password.open().size() > kBytesMost) {
    throw Failure{Code::Invalid, Cause::Refused, "A password may have at most 1,024 bytes."};
  }
  const Place place{*this};
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const int error =
      crypto_pwhash_str_alg(text.data(), password.open().data(), password.open().size(),
                            cost_.operations, cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (error != 0) {
    throw Failure{Code::Unavailable, Cause::Transient,
                  "There is not enough memory to check a password."};
  }
  return text.data();
}

bool Passwords::verify(const SecretText& password, const std::string& hash) {
  const std::string& against = hash.empty() ? nobodys_hash_ : hash;
  const Place place{*this};
  const bool same = crypto_pwhash_str_verify(against.c_str(), password.open().data(),
                                             password.open().size()) == 0;
  return same && !hash.empty();
}

bool Passwords::outdated(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost_.operations, cost_.memory_bytes) != 0;
}

std::string Passwords::excess(const SecretText& password) {
  return password.open().size() > kBytesMost ? "It may have at most 1,024 bytes." : "";
}

std::string Passwords::weakness(const SecretText& password, std::string_view username) {
  const std::string_view text = password.open();
  if (auto fault = excess(password); !fault.empty()) return fault;
  if (text.find('\0') != std::string_view::npos || !base::valid_utf8(text))
    return "It must be text without zero bytes.";
  if (base::characters(text) < kCharactersLeast)
    return "It must have at least 15 characters; several words are best.";
  std::set<char> different(text.begin(), text.end());
  if (different.size() < 5) return "It repeats too few characters.";
  if (!username.empty() && base::lower_ascii(text) == base::lower_ascii(username))
    return "It must not be the user name.";
  return "";
}

}  // namespace hedgerow::auth
