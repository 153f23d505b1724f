// The command line: which words were said, and what an end of the program means. Commands that work
// on the database are carried out in upkeep, the server in app.
#pragma once

#include "base/failure.hpp"
#include "model/closed_sets.gen.hpp"

namespace hedgerow::cli {

enum class Exit : int {
  Ok = 0,
  Differences = 1,
  Usage = 2,
  Failed = 3,
  Partly = 4,
  NotSignedIn = 5,
  Forbidden = 6,
  ServerUnreachable = 7,
  ClusterUnreachable = 8,
  TimeOut = 9,
  Cancelled = 10,
  DatabaseInUse = 11,
};

enum class Verb : std::uint8_t {
  Serve,
  UserCreate,
  KeyCreate,
  RotateCsrf,
  Migrate,
  Check,
  Recover,
  ConfigShow,
  Version,
};

struct Arguments {
  Verb verb = Verb::Version;
  std::string config;            // Of the settings' file; empty for none.
  std::vector<std::string> set;  // Single settings, "http.port=8081".
  std::string ready_file;        // Where `serve` says its address once it answers.
  std::string name;  // Of the user, or the path of the key file or of the recovered database.
  model::Role role = model::Role::Viewer;
};

struct Parsed {
  std::optional<Arguments> arguments;  // Nothing: the program has said what there was to say.
  Exit exit = Exit::Ok;
};

[[nodiscard]] Parsed parse(int count, const char* const* words);

// Says a failure on standard error as people need it: what happened, what to do; gives the exit
// code.
[[nodiscard]] Exit tell(const base::Failure& failure);

}  // namespace hedgerow::cli
