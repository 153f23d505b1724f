// A click that never reached the server while its person wanted it, as their page told later:
// layers 1 and 2 of what would have been a run. It is no run, and says nothing of the fabric.
#pragma once

#include "base/clock.hpp"
#include "base/codes.gen.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"

namespace hedgerow::model {

struct LostClick {
  FabricId fabric;
  UserId actor;
  std::string actor_name;
  std::string key;  // Under which it would have been sent: one key is one click.
  Operation operation = Operation::Pull;
  base::Code code = base::Code::NetworkDown;  // Of layer 1 or 2.
  std::int64_t tries = 0;                     // How often the page sent it.
  std::string tab;
  std::string page_version;
  base::WallTime clicked;
  base::WallTime told;
};

}  // namespace hedgerow::model
