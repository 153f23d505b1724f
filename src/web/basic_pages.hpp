// What the pages without script look like: facts in, one page out. Nothing here asks or decides.
// Inside this room only.
#pragma once

#include "base/failure.hpp"
#include "http/message.hpp"
#include "model/actor.hpp"
#include "views/fabrics.hpp"
#include "views/runs.hpp"

namespace hedgerow::web {

// A click that waits for somebody to sign in; `asker` made it, and nobody else sends it.
struct WaitingSync {
  std::string fabric;  // Its id.
  std::string key;
  std::string asker;
};

// How a page came to be loaded, and whether it loads itself again while a run goes on.
enum class Loading { Opened, ByItself, ByHand };

// What every page of one answer is made with.
struct Frame {
  std::string base_path;
  Loading loading = Loading::Opened;
  std::string nonce;
  base::WallTime now;
  // Of who is signed in; empty for nobody.
  std::string username;
  std::string csrf_token;
};

// Which of them an address asks for.
[[nodiscard]] Loading loading_of(const http::Request& request);

// `typed` is the name that stands in the form already; a password never does.
[[nodiscard]] http::Response sign_in_page(const Frame& frame, const base::Failure* why,
                                          std::string_view request_id, std::string_view typed,
                                          const std::optional<WaitingSync>& waiting);
[[nodiscard]] http::Response failure_page(const Frame& frame, const base::Failure& failure,
                                          std::string_view request_id);
[[nodiscard]] http::Response fabrics_page(const Frame& frame,
                                          const store::Paged<views::FabricView>& fabrics);
// `key` is of the click that the page's button would be.
[[nodiscard]] http::Response fabric_page(const Frame& frame, const views::FabricView& view,
                                         bool may_sync, std::string_view key);
[[nodiscard]] http::Response run_page(const Frame& frame, const views::RunView& view);

}  // namespace hedgerow::web
