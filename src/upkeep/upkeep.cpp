#include "upkeep/upkeep.hpp"

#include "auth/sign_in.hpp"
#include "store/recovery.hpp"

namespace hedgerow::upkeep {

namespace {

std::string line_of(const store::RecoveredTable& table) {
  const std::string copied = fmt::format("{}: {} rows copied", table.name, table.copied);
  if (table.is_whole()) return copied + ".";
  if (table.left_out) return fmt::format("{}, {} left out.", copied, *table.left_out);
  return copied + "; more may be lost, and how many cannot be told.";
}

}  // namespace

void create_user(const Tools& tools, const std::string& name, model::Role role,
                 const base::SecretText& password) {
  using base::Failure;
  if (const auto fault = auth::Passwords::weakness(password, name); !fault.empty()) {
    throw Failure{base::Code::Invalid, base::Cause::Refused}.with_fields({{"password", fault}});
  }
  const auto db = store::Database::open(tools.database, tools.clock, tools.random);
  auth::Passwords passwords{tools.cost, tools.clock};
  const std::string hash = passwords.hash(password);
  model::Actor by;
  by.name = "command line";
  db->write(base::Deadline::in(tools.clock, tools.database.write_wait), [&](store::Txn& txn) {
    auth::create_user(txn, {.name = name, .role = role, .password_hash = hash}, by);
    txn.instance().remove_setup_code();
  });
}

void rotate_csrf_key(const Tools& tools) {
  const auto db = store::Database::open(tools.database, tools.clock, tools.random);
  db->write(base::Deadline::in(tools.clock, tools.database.write_wait), [](store::Txn& txn) {
    txn.instance().rotate_csrf_key();
    store::AuditRow row;
    row.actor_name = "command line";
    row.action = "csrf_key.rotate";
    row.subject_kind = "instance";
    row.result = "done";
    txn.audit().append(row);
  });
}

void migrate(const Tools& tools) {
  (void)store::Database::open(tools.database, tools.clock, tools.random);
}

Checked check(const Tools& tools) {
  constexpr std::int64_t kMostOfEachRule = 20;
  store::Settings settings = tools.database;
  settings.statement_max = settings.check_max;
  const auto db = store::Database::open_read_only(settings, tools.clock);
  Checked checked;
  for (const std::string& line : db->damage())
    checked.faults.push_back(fmt::format("The database's file: {}.", line));
  db->read([&](const store::Snapshot& seen) {
    for (const store::Breach& breach : seen.invariants().breaches(kMostOfEachRule))
      checked.faults.push_back(fmt::format("{}: {}", breach.rule, breach.what));
    const store::Sizes sizes = seen.invariants().sizes();
    checked.looked_at =
        fmt::format("{} rules; {} fabrics, {} objects, {} runs", store::Invariants::rules(),
                    sizes.fabrics, sizes.objects, sizes.runs);
  });
  return checked;
}

Copied recover(const Tools& tools, const std::filesystem::path& to) {
  store::Settings settings = tools.database;
  settings.statement_max = settings.check_max;
  const store::Recovered recovered = store::recover(settings, to, tools.clock, tools.random);
  Copied copied;
  for (const store::RecoveredTable& table : recovered.tables) {
    copied.told.push_back(line_of(table));
    copied.whole &= table.is_whole();
  }
  if (!recovered.has_observed)
    copied.told.emplace_back(
        "Kinds, objects and their history were left out of all fabrics: with rows missing they "
        "would show as removed or fresh what is only unknown.");
  for (const std::string& fabric : recovered.without_credential)
    copied.told.push_back(fmt::format("A credential of {} is lost; enter it again.", fabric));
  if (!recovered.has_administrator)
    copied.told.emplace_back(
        "No administrator is left; make one with \"hedgerow user create\" before the server "
        "starts.");
  copied.told.emplace_back("Sessions were left out: everybody signs in again.");
  settings.path = to;
  copied.checked = check(
      {.database = settings, .cost = tools.cost, .clock = tools.clock, .random = tools.random});
  return copied;
}

}  // namespace hedgerow::upkeep
