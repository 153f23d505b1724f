#include "web/html.hpp"

#include "base/check.hpp"

namespace hedgerow::web {

namespace {

// Enough for text and for attributes in double quotes.
void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

}  // namespace

void Html::begin(std::string_view element, Attributes attributes) {
  out_.append("<").append(element);
  for (const Attribute& attribute : attributes) {
    out_.append(" ").append(attribute.name).append("=\"");
    escape(out_, attribute.value);
    out_ += '"';
  }
  out_ += '>';
}

Html& Html::open(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  opened_.push_back(element);
  return *this;
}

Html& Html::close() {
  CHECK(!opened_.empty());
  out_.append("</").append(opened_.back()).append(">");
  opened_.pop_back();
  return *this;
}

Html& Html::text(std::string_view text) {
  escape(out_, text);
  return *this;
}

Html& Html::line(std::string_view element, std::string_view text, Attributes attributes) {
  return open(element, attributes).text(text).close();
}

Html& Html::empty(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  return *this;
}

std::string Html::take() {
  CHECK(opened_.empty());
  return std::move(out_);
}

}  // namespace hedgerow::web
