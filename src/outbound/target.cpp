#include "outbound/target.hpp"

#include <boost/url.hpp>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "outbound/addresses.hpp"

namespace hedgerow::outbound {

namespace {

constexpr std::size_t kLengthMax = 2048;

// Says no in the name of the field that the address was typed into.
struct Reader {
  std::string_view field;

  [[noreturn]] void refuse(std::string what) const {
    throw base::Failure{base::Code::BadUrl, base::Cause::Refused, what}.with_fields(
        {{std::string{field}, what}});
  }

  // Before any parser sees them: what a parser might drop, and what forges lines in logs.
  void refuse_odd_characters(std::string_view text) const {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f)
        refuse("The address holds a control character (a line break or a tab, perhaps).");
      if (byte == ' ') refuse("The address holds a space.");
      if (byte == '\\') refuse("The address holds a backslash.");
      if (byte >= 0x80)
        refuse("The address holds a letter outside ASCII; write such a name in its xn-- form.");
    }
  }

  // Before the parser, which has no words for it: a zone names an interface of one machine.
  void refuse_zone(std::string_view rest) const {
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const auto end = authority.find(']');
    if (!authority.starts_with('[') || end == std::string_view::npos) return;
    const std::string_view literal = authority.substr(0, end + 1);
    if (!literal.contains('%')) return;
    refuse(fmt::format("The IPv6 address '{}' has a zone (what follows '%'), which cannot be used.",
                       base::shown(literal, 80)));
  }

  void refuse_odd_parts(const boost::urls::url_view& url) const {
    // Never repeat what stands before the @: it may be a password.
    if (url.has_userinfo())
      refuse("The address holds a user name or password; credentials have their own fields.");
    if (url.has_query()) refuse("The address holds a query (what follows '?').");
    if (url.has_fragment()) refuse("The address holds a fragment (what follows '#').");
    if (!url.has_authority() || url.encoded_host().empty()) refuse("The address names no host.");
  }

  // RFC 1123, and the underscore that some private zones use.
  void refuse_odd_name(std::string_view name) const {
    const std::string seen = base::shown(name, 80);
    if (name.size() > 253) refuse("The host name is longer than 253 characters.");
    for (const auto label : base::split(name, '.')) {
      if (label.empty()) refuse(fmt::format("The host name '{}' has an empty part.", seen));
      if (label.size() > 63)
        refuse(fmt::format("The host name '{}' has a part longer than 63 characters.", seen));
      if (label.front() == '-' || label.back() == '-')
        refuse(fmt::format("A part of the host name '{}' begins or ends with a dash.", seen));
      for (const char c : label)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_')
          refuse(fmt::format("The host name '{}' holds '{}'.", seen, c));
    }
  }

  std::string host_of(const boost::urls::url_view& url) const {
    const std::string_view encoded{url.encoded_host().data(), url.encoded_host().size()};
    if (encoded.front() != '[') {
      std::string name = base::lower_ascii(encoded);
      if (name.ends_with('.')) name.pop_back();
      refuse_odd_name(name);
      return name;
    }
    const auto address = Address::parse(encoded.substr(1, encoded.size() - 2));
    if (!address) refuse(fmt::format("'{}' is not an IPv6 address.", base::shown(encoded, 80)));
    // A mapped address keeps its IPv6 spelling here; it is judged as what it carries.
    return address->is_ipv4() ? "::ffff:" + address->text() : address->text();
  }

  std::uint16_t port_of(const boost::urls::url_view& url) const {
    if (!url.has_port()) return 443;
    const std::string_view text{url.port().data(), url.port().size()};
    const auto number = base::whole_number<std::uint16_t>(text);
    if (!number || *number == 0)
      refuse(fmt::format("'{}' is not a port (1 to 65535).", base::shown(text, 20)));
    return *number;
  }

  std::string prefix_of(const boost::urls::url_view& url) const {
    std::string path{url.encoded_path().data(), url.encoded_path().size()};
    while (path.ends_with('/')) path.pop_back();
    for (const auto part : base::split(path, '/'))
      if (part == "." || part == ".." || base::lower_ascii(part).find("%2e") != std::string::npos)
        refuse("The address's path holds '.' or '..'.");
    return path;
  }
};

}  // namespace

Target Target::parse(std::string_view text, std::string_view field) {
  const Reader reader{field};
  text = base::trimmed(text);
  if (text.empty()) reader.refuse("The address is empty.");
  if (text.size() > kLengthMax) reader.refuse("The address is longer than 2048 characters.");
  if (text.front() == '-') reader.refuse("The address begins with a dash.");
  reader.refuse_odd_characters(text);
  const auto scheme_end = text.find("://");
  const std::string scheme = base::lower_ascii(text.substr(0, scheme_end));
  if (scheme == "http" && scheme_end != std::string_view::npos)
    reader.refuse(
        "The address begins with http://: credentials would travel in the clear; use https://.");
  if (scheme != "https" || scheme_end == std::string_view::npos)
    reader.refuse("The address does not begin with https://.");

  reader.refuse_zone(text.substr(scheme_end + 3));
  const auto url = boost::urls::parse_uri({text.data(), text.size()});
  if (!url) reader.refuse("The address is not a URL: something in it stands where it may not.");
  // Boost.URL 1.81 lets a path begin without a slash, right behind the port.
  const std::string_view path{url->encoded_path().data(), url->encoded_path().size()};
  if (!path.empty() && path.front() != '/')
    reader.refuse("The address is not a URL: something in it stands where it may not.");
  reader.refuse_odd_parts(*url);
  Target target;
  target.host_ = reader.host_of(*url);
  target.port_ = reader.port_of(*url);
  target.prefix_ = reader.prefix_of(*url);
  return target;
}

std::string Target::place() const {
  return is_ipv6() ? fmt::format("[{}]:{}", host_, port_) : fmt::format("{}:{}", host_, port_);
}

std::string Target::text() const { return fmt::format("https://{}{}", place(), prefix_); }

}  // namespace hedgerow::outbound
