// Reads one object of a list: who it is, when it came, and its document as it is kept. For this
// room only.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::kube {

class ItemReader {
 public:
  ItemReader();
  ~ItemReader();
  ItemReader(const ItemReader&) = delete;
  ItemReader& operator=(const ItemReader&) = delete;

  // `bytes` must be followed by SIMDJSON_PADDING readable ones. The item's views are good until the
  // next call, and as long as `bytes`. Throws Failure{Malformed} for what is not an object of that
  // kind and, unless empty, of that namespace.
  [[nodiscard]] Item read(std::string_view bytes, const ListRequest& request);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace hedgerow::kube
