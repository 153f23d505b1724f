#include "actions/connection_tests.hpp"

#include "base/log.hpp"

namespace hedgerow::actions {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::chrono::milliseconds kEndAgain{500};

}  // namespace

ConnectionTests::ConnectionTests(const Deps& deps, const kube::Settings& settings,
                                 base::Random& random)
    : deps_{deps}, settings_{settings}, random_{random} {}

ConnectionTests::~ConnectionTests() { stop(); }

void ConnectionTests::start() {
  deps_.db.write(deps_.deadline(),
                 [](store::Txn& txn) { txn.connection_tests().end_all_unfinished(); });
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) step(stop);
    });
  }
}

void ConnectionTests::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

model::ConnectionTestId ConnectionTests::begin(const model::Actor& actor,
                                               ConnectionRequest request) {
  model::require(actor, model::Permission::FabricCredentials, "");
  CheckedConnection connection = checked(std::move(request));
  if (waiting_.with([](const auto& queue) { return queue.size() >= kWaitingMost; })) {
    throw Failure{Code::Unavailable, Cause::Transient, "Too many connections are being tested."}
        .with_retry_after(std::chrono::seconds{5});
  }
  const auto id = deps_.db.write(deps_.deadline(), [&](store::Txn& txn) {
    const auto made = txn.connection_tests().create(
        actor.user, connection.connection.fields().server, connection.contexts);
    auto row = audit_row(actor, "connection.test", "connection");
    row.subject_name = connection.connection.fields().server;
    txn.audit().append(row);
    txn.changes().append(model::Topic::ConnectionTest, made);
    return made;
  });
  waiting_.change([&](auto& queue) { queue.push_back({id, std::move(connection)}); });
  return id;
}

void ConnectionTests::step(const std::stop_token& stop) {
  auto next = waiting_.wait_then(
      stop, deps_.clock.steady() + std::chrono::seconds{1},
      [](const auto& queue) { return !queue.empty(); },
      [](auto& queue) {
        Waiting first = std::move(queue.front());
        queue.pop_front();
        return first;
      });
  if (next) climb(*next, stop);
}

bool ConnectionTests::put(model::ConnectionTestId id,
                          std::span<const store::MeasuredRung> rungs) noexcept {
  try {
    deps_.db.write(deps_.deadline(), [&](store::Txn& txn) {
      if (!txn.connection_tests().put(id, rungs)) return;
      txn.changes().append(model::Topic::ConnectionTest, id);
    });
    return true;
  } catch (const std::exception& hindrance) {
    base::log::warning("connection_test_unseen", {{"test", id.value}, {"what", hindrance.what()}});
    return false;
  }
}

void ConnectionTests::end(model::ConnectionTestId id, model::Outcome outcome,
                          std::span<const store::MeasuredRung> rungs, const std::stop_token& stop) {
  const auto write = [&] {
    deps_.db.write(deps_.deadline(), [&](store::Txn& txn) {
      if (!txn.connection_tests().end(id, outcome, rungs)) return;
      txn.changes().append(model::Topic::ConnectionTest, id);
    });
  };
  do {
    try {
      return write();
    } catch (const Failure& failure) {
      base::log::error("connection_test_failed", {{"test", id.value},
                                                  {"code", facts_of(failure.code()).name},
                                                  {"detail", failure.detail()}});
    } catch (const std::exception& bug) {
      base::log::error("connection_test_failed", {{"test", id.value}, {"what", bug.what()}});
    }
    waiting_.wait(stop, deps_.clock.steady() + kEndAgain, [](const auto&) { return false; });
  } while (!stop.stop_requested());
}

void ConnectionTests::climb(const Waiting& test, const std::stop_token& stop) {
  std::vector<store::MeasuredRung> last;
  model::Outcome outcome = model::Outcome::Failed;
  // A database that cannot write makes nobody wait more than once; the end will tell all.
  bool is_seen = true;
  try {
    const auto climbed = reconcile::climb(
        test.checked.connection,
        {.settings = settings_,
         .around = {.clock = deps_.clock, .random = random_},
         .namespaces = test.checked.namespaces},
        [&](std::span<const store::MeasuredRung> rungs) {
          last.assign(rungs.begin(), rungs.end());
          if (is_seen) is_seen = put(test.id, rungs);
        },
        stop);
    last = climbed.rungs;
    outcome = climbed.ending.outcome;
  } catch (const Failure& failure) {
    if (failure.code() == Code::Cancelled) outcome = model::Outcome::Cancelled;
    base::log::warning("connection_test_given_up",
                       {{"test", test.id.value}, {"code", facts_of(failure.code()).name}});
  } catch (const std::exception& bug) {
    base::log::error("connection_test_defect", {{"test", test.id.value}, {"what", bug.what()}});
  }
  end(test.id, outcome, last, stop);
}

}  // namespace hedgerow::actions
