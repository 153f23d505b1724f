// A kubeconfig: each of its contexts is a connection or is refused in words.
#include "kube/kubeconfig.hpp"
#include "fuzz.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::accepted([&] {
    const auto parsed = kube::Kubeconfig::parse(fuzz::text_of(bytes, size));
    for (const kube::Context& context : parsed.contexts())
      fuzz::accepted([&] { (void)parsed.connection(context); });
    fuzz::accepted([&] { (void)parsed.context(""); });
  });
  return 0;
}
