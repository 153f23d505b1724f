// A page as it is put together: what is put in is text and is escaped; only the names of elements
// and attributes are taken as they are, and those stand in this program.
#pragma once

namespace hedgerow::web {

struct Attribute {
  std::string_view name;
  std::string_view value;
};
using Attributes = std::initializer_list<Attribute>;

class Html {
 public:
  // `element` must outlive the page: it is written again when the element is closed.
  Html& open(std::string_view element, Attributes attributes = {});
  Html& close();
  Html& text(std::string_view text);
  // open, text, close.
  Html& line(std::string_view element, std::string_view text, Attributes attributes = {});
  // An element without content or end: input, meta.
  Html& empty(std::string_view element, Attributes attributes = {});

  // The whole page; every element that was opened must be closed.
  [[nodiscard]] std::string take();

 private:
  void begin(std::string_view element, Attributes attributes);

  std::string out_ = "<!doctype html>";
  std::vector<std::string_view> opened_;
};

}  // namespace hedgerow::web
