// A JSON body: read by fields, and in its canonical form, which is the canonical form of itself.
#include "base/digest.hpp"
#include "base/json_in.hpp"
#include "fuzz.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  fuzz::accepted([&] {
    base::JsonObject body{text};
    (void)body.required_text("name", {1, 100});
    (void)body.flag("follow_up");
    (void)body.whole("tries");
    (void)body.texts("namespaces", 10, {1, 63});
    (void)body.secret("token", {1, 1'000});
    if (auto inner = body.object("cluster")) {
      (void)inner->text("server", {0, 200});
      inner->finish();
    }
    body.finish();
  });
  fuzz::accepted([&] {
    const std::string once = base::canonical(text, {});
    fuzz::promise(base::canonical(once, {}) == once, "the canonical form is its own");
  });
  return 0;
}
