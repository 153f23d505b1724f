// The server as a whole: everything is built here, started in order and stopped in reverse. Rules
// live in the rooms; this one only knows who needs whom.
#pragma once

#include "app/settings.hpp"

namespace hedgerow::app {

// Serves until SIGTERM or SIGINT. `ready_file` is written once the port answers; empty for none.
// Throws base::Failure when it cannot start. False when a handler did not return in time at the
// end: then the process must end at once.
[[nodiscard]] bool serve(const LoadedSettings& loaded, const std::string& ready_file);

}  // namespace hedgerow::app
