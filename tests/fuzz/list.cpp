// A page of a list, cut anywhere: the same items, each of them read or refused.
#include "fuzz.hpp"
#include "kube/item.hpp"
#include "kube/splitter.hpp"

namespace {

using namespace hedgerow;

struct Cut {
  std::vector<std::string> items;
  bool refused = false;
  bool whole = false;

  friend bool operator==(const Cut&, const Cut&) = default;
};

Cut split(std::string_view text, std::size_t at,
          const std::function<void(std::string_view)>& each) {
  Cut cut;
  cut.refused = !fuzz::accepted([&] {
    kube::Splitter splitter{64 * 1024, [&](std::string_view item) {
                              cut.items.emplace_back(item);
                              if (each) each(item);
                            }};
    splitter.feed(text.substr(0, at));
    splitter.feed(text.substr(at));
    cut.whole = splitter.finish().has_value();
  });
  return cut;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  static kube::ItemReader reader;
  kube::ListRequest request;
  request.kind.group = "wiring.githedgehog.com";
  request.kind.kind = "Server";
  request.kind.version = "v1beta1";
  const Cut once = split(text, size, [&](std::string_view item) {
    fuzz::accepted([&] { (void)reader.read(item, request); });
  });
  const std::size_t at = size == 0 ? 0 : bytes[size - 1] * size / 256;
  fuzz::promise(split(text, at, {}) == once,
                "a list is cut into the same items wherever it is torn");
  return 0;
}
