// A request as it comes from the network, cut in two anywhere: it reads the same as in one piece.
#include "fuzz.hpp"
#include "http/parser.hpp"
#include "http/server.hpp"

namespace {

using namespace hedgerow;

struct Read {
  std::string method;
  std::string target;
  std::string body;
  bool refused = false;
  bool whole = false;

  friend bool operator==(const Read&, const Read&) = default;
};

// `bytes` come at once up to `cut`, and then the rest.
Read read(std::string_view bytes, std::size_t cut) {
  const http::Limits limits{.headers = 4'096, .target = 1'024, .body = 4'096};
  Read result;
  result.refused = !fuzz::accepted([&] {
    http::HeadScan scan{limits};
    auto length = scan.scan(bytes.substr(0, cut));
    std::size_t come = length ? cut : bytes.size();
    if (!length) length = scan.scan(bytes);
    if (!length) return;
    http::MessageParser parser{limits.headers};
    const http::Head head = parser.read_head(bytes.substr(0, *length));
    result.method = head.method;
    result.target = head.target;
    http::check(head);
    (void)http::read_target(head.target);
    (void)http::read_cookies(head.headers);
    (void)http::wants_keep_alive(head);
    parser.set_body_max(limits.body);
    std::size_t at = *length;
    for (; !parser.done(); come = bytes.size()) {
      const std::size_t taken = parser.read_body(bytes.substr(at, come - at), result.body);
      at += taken;
      if (taken == 0 && come == bytes.size()) return;
    }
    result.whole = true;
  });
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  const Read once = read(text, size);
  if (once.whole) fuzz::promise(!once.refused, "a whole request is not refused");
  const std::size_t cut = size == 0 ? 0 : bytes[0] * size / 256;
  const Read twice = read(text, cut);
  fuzz::promise(once == twice, "a request reads the same wherever it is cut");
  return 0;
}
