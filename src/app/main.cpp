// The program: which command, and what its end means.
#include <unistd.h>

#include <iostream>

#include "app/serve.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "upkeep/upkeep.hpp"

namespace {

using namespace hedgerow;

app::LoadedSettings settings_of(const cli::Arguments& arguments) {
  std::vector<std::string> environment;
  for (char** line = environ; *line != nullptr; ++line) environment.emplace_back(*line);
  return app::load_settings(arguments.config, environment, arguments.set);
}

base::SecretText password_from_input() {
  std::string line;
  std::getline(std::cin, line);
  base::SecretText password{line};
  sodium_memzero(line.data(), line.size());
  return password;
}

// One line that says how it stands; before it one for each fault.
cli::Exit tell(const upkeep::Checked& checked) {
  for (const std::string& fault : checked.faults) std::cout << fault << '\n';
  const bool good = checked.faults.empty();
  std::cout << (good ? "All is as it must be" : "Not all is as it must be") << " ("
            << checked.looked_at << ").\n";
  return good ? cli::Exit::Ok : cli::Exit::Failed;
}

// What became of each table, how the copy stands, and what is to be done with it.
cli::Exit tell(const upkeep::Copied& copied, const std::string& damaged, const std::string& copy) {
  for (const std::string& line : copied.told) std::cout << line << '\n';
  const cli::Exit exit = tell(copied.checked);
  std::cout << fmt::format(
      "Next: move {0}, {0}-wal and {0}-shm to another folder and keep them, move {1} to {0}, start "
      "the server, sign in, and press Sync from Fabric in each fabric.\n",
      damaged, copy);
  return exit == cli::Exit::Ok && !copied.whole ? cli::Exit::Partly : exit;
}

cli::Exit work_on_database(const cli::Arguments& arguments) {
  const base::SystemClock clock;
  base::SystemRandom random;
  const auto loaded = settings_of(arguments);
  app::require_database(loaded.settings);
  const auto memory = static_cast<std::size_t>(loaded.settings.hash_memory_mib) << 20U;
  const upkeep::Tools tools{.database = loaded.settings.database,
                            .cost = {.operations = 3, .memory_bytes = memory},
                            .clock = clock,
                            .random = random};
  switch (arguments.verb) {
    case cli::Verb::Check: return tell(upkeep::check(tools));
    case cli::Verb::Recover:
      base::log::set_least(base::log::Level::Warning);  // The new file's first tables are no news.
      return tell(upkeep::recover(tools, arguments.name), tools.database.path.string(),
                  arguments.name);
    case cli::Verb::RotateCsrf: upkeep::rotate_csrf_key(tools); break;
    case cli::Verb::Migrate:
      upkeep::migrate(tools);
      std::cout << "The tables are those of hedgerow " << HEDGEROW_VERSION << ".\n";
      break;
    default: upkeep::create_user(tools, arguments.name, arguments.role, password_from_input());
  }
  return cli::Exit::Ok;
}

void make_key(const std::string& file) {
  base::SystemRandom random;
  base::Sealer::make_file(file, random);
}

void show_settings(const cli::Arguments& arguments) {
  for (const app::SettingLine& line : settings_of(arguments).lines)
    std::cout << line.name << " = " << line.value << "  # " << line.source << '\n';
}

cli::Exit carry_out(const cli::Arguments& arguments) {
  switch (arguments.verb) {
    case cli::Verb::Version: std::cout << "hedgerow " << HEDGEROW_VERSION << '\n'; break;
    case cli::Verb::ConfigShow: show_settings(arguments); break;
    case cli::Verb::Serve: (void)app::serve(settings_of(arguments), arguments.ready_file); break;
    case cli::Verb::KeyCreate: make_key(arguments.name); break;
    case cli::Verb::UserCreate:
    case cli::Verb::RotateCsrf:
    case cli::Verb::Migrate:
    case cli::Verb::Check:
    case cli::Verb::Recover: return work_on_database(arguments);
  }
  return cli::Exit::Ok;
}

}  // namespace

int main(int count, char** words) {
  const auto parsed = cli::parse(count, words);
  if (!parsed.arguments) return static_cast<int>(parsed.exit);
  try {
    return static_cast<int>(carry_out(*parsed.arguments));
  } catch (const base::Failure& failure) {
    return static_cast<int>(cli::tell(failure));
  } catch (const std::exception& error) {
    std::cerr << "hedgerow: internal fault: " << base::scrubbed(error.what()) << '\n';
    return static_cast<int>(cli::Exit::Failed);
  }
}
