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
  return app::load_settings(arguments.config, environment);
}

base::SecretText password_from_input() {
  std::string line;
  std::getline(std::cin, line);
  base::SecretText password{line};
  sodium_memzero(line.data(), line.size());
  return password;
}

void run_offline(const cli::Arguments& arguments) {
  const base::SystemClock clock;
  base::SystemRandom random;
  if (arguments.verb == cli::Verb::KeyCreate)
    return base::Sealer::make_file(arguments.name, random);
  const auto loaded = settings_of(arguments);
  const auto memory = static_cast<std::size_t>(loaded.settings.hash_memory_mib) << 20U;
  const upkeep::Tools tools{.database = loaded.settings.database,
                            .cost = {.operations = 3, .memory_bytes = memory},
                            .clock = clock,
                            .random = random};
  if (arguments.verb == cli::Verb::RotateCsrf) return upkeep::rotate_csrf_key(tools);
  upkeep::create_user(tools, arguments.name, arguments.role, password_from_input());
}

void show_settings(const cli::Arguments& arguments) {
  for (const app::SettingLine& line : settings_of(arguments).lines)
    std::cout << line.name << " = " << line.value << "  # " << line.source << '\n';
}

void carry_out(const cli::Arguments& arguments) {
  switch (arguments.verb) {
    case cli::Verb::Version: std::cout << "hedgerow " << HEDGEROW_VERSION << '\n'; return;
    case cli::Verb::ConfigShow: return show_settings(arguments);
    case cli::Verb::Serve: {
      const auto loaded = settings_of(arguments);
      (void)app::serve(loaded, arguments.ready_file);
      return;
    }
    case cli::Verb::UserCreate:
    case cli::Verb::KeyCreate:
    case cli::Verb::RotateCsrf: return run_offline(arguments);
  }
}

}  // namespace

int main(int count, char** words) {
  const auto parsed = cli::parse(count, words);
  if (!parsed.arguments) return static_cast<int>(parsed.exit);
  try {
    carry_out(*parsed.arguments);
    return 0;
  } catch (const base::Failure& failure) {
    return static_cast<int>(cli::tell(failure));
  } catch (const std::exception& error) {
    std::cerr << "hedgerow: internal fault: " << base::scrubbed(error.what()) << '\n';
    return static_cast<int>(cli::Exit::Failed);
  }
}
