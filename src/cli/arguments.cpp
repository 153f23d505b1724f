#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/text.hpp"

namespace hedgerow::cli {

namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 ok, 2 usage or settings, 3 failed, 4 partly, 11 database in use";

void add_config(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.config, "The settings, a TOML file")
      ->check(CLI::ExistingFile);
  command.add_option("--set", arguments.set, "One setting, NAME=VALUE, above all others")
      ->allow_extra_args(false);
}

void choose(CLI::App& command, Arguments& arguments, Verb verb) {
  command.callback([&arguments, verb] { arguments.verb = verb; });
}

void add_database_commands(CLI::App& app, Arguments& arguments) {
  CLI::App* rotate = app.add_subcommand("rotate-key", "Replace a key while no server runs");
  rotate->require_subcommand(1);
  CLI::App* csrf = rotate->add_subcommand("csrf", "The key of the pages' security tokens");
  add_config(*csrf, arguments);
  choose(*csrf, arguments, Verb::RotateCsrf);

  CLI::App* migrate =
      app.add_subcommand("migrate", "Bring the database up to this version while no server runs");
  add_config(*migrate, arguments);
  choose(*migrate, arguments, Verb::Migrate);

  CLI::App* check = app.add_subcommand(
      "check", "Look whether the database keeps what it promises; a server may run");
  add_config(*check, arguments);
  choose(*check, arguments, Verb::Check);

  CLI::App* recover = app.add_subcommand(
      "recover",
      "Write what can be read of a damaged database into a new one, while no server runs");
  recover->add_option("--to", arguments.name, "The new file; never over a file")->required();
  add_config(*recover, arguments);
  choose(*recover, arguments, Verb::Recover);
}

}  // namespace

Parsed parse(int count, const char* const* words) {
  CLI::App app{"Hedgerow keeps a truthful record of Hedgehog network fabrics.", "hedgerow"};
  app.footer(kExitCodes);
  app.require_subcommand(1);
  Arguments arguments;
  std::string role;
  bool password_stdin = false;
  const auto chosen = [&](CLI::App* command, Verb verb) { choose(*command, arguments, verb); };

  CLI::App* serve = app.add_subcommand("serve", "Run the server");
  add_config(*serve, arguments);
  serve->add_option("--ready-file", arguments.ready_file, "Write {url, pid} here once it answers");
  chosen(serve, Verb::Serve);

  CLI::App* user = app.add_subcommand("user", "Users of the settings' database");
  user->require_subcommand(1);
  CLI::App* create = user->add_subcommand("create", "Make a user while no server runs");
  create->add_option("name", arguments.name, "The user's name")->required();
  create->add_option("--role", role, "viewer, operator or administrator")->required();
  create->add_flag("--password-stdin", password_stdin, "Read the password from standard input")
      ->required();
  add_config(*create, arguments);
  chosen(create, Verb::UserCreate);

  CLI::App* key = app.add_subcommand("key", "The key that seals credentials");
  key->require_subcommand(1);
  CLI::App* key_create = key->add_subcommand("create", "Make a key file that only you may read");
  key_create->add_option("file", arguments.name, "Where; never over a file")->required();
  chosen(key_create, Verb::KeyCreate);

  add_database_commands(app, arguments);

  CLI::App* config = app.add_subcommand("config", "The settings");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Every setting, its value and where it is set");
  add_config(*show, arguments);
  chosen(show, Verb::ConfigShow);

  chosen(app.add_subcommand("version", "Say the version"), Verb::Version);

  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return {.arguments = {}, .exit = app.exit(error) == 0 ? Exit::Ok : Exit::Usage};
  }
  if (arguments.verb == Verb::UserCreate) {
    const auto known = model::named<model::Role>(role);
    if (!known) {
      std::cerr << "hedgerow: --role must be viewer, operator or administrator.\n";
      return {.arguments = {}, .exit = Exit::Usage};
    }
    arguments.role = *known;
  }
  return {.arguments = arguments, .exit = Exit::Ok};
}

Exit tell(const base::Failure& failure) {
  if (failure.fields().empty()) {
    std::cerr << "hedgerow: " << base::scrubbed(failure.detail(), 1000) << '\n';
  } else {
    // The name of a field apart from what is wrong with it: "password: …" looks like a secret.
    std::cerr << "hedgerow: " << base::facts_of(failure.code()).title << '\n';
    for (const base::FieldError& field : failure.fields())
      std::cerr << "  " << field.field << ": " << base::scrubbed(field.detail, 1000) << '\n';
  }
  if (!failure.next().empty()) std::cerr << "  " << failure.next() << '\n';
  if (!failure.operator_text().empty())
    std::cerr << "  (" << base::scrubbed(failure.operator_text(), 1000) << ")\n";
  switch (failure.code()) {
    case base::Code::DatabaseInUse: return Exit::DatabaseInUse;
    case base::Code::Invalid:
    case base::Code::CredentialUnreadable: return Exit::Usage;  // A setting; the key's file.
    case base::Code::Forbidden: return Exit::Forbidden;
    default: return Exit::Failed;
  }
}

}  // namespace hedgerow::cli
