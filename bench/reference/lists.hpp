// Downloads whole lists of a Kubernetes API server, several at once, over one connection. What the
// reference programs share; nothing of the product is in it. Whatever goes wrong ends the program
// with a sentence: a reference that came short is not to be timed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reference {

struct Asked {
  std::string server;
  std::string ca_file;
  std::string token;
  std::vector<std::string> paths;  // "/apis/GROUP/VERSION/PLURAL"
  std::size_t at_once = 4;
};

// Reads `--server URL --ca FILE --token-file FILE --paths FILE`; anything else goes to `other`,
// which gives back whether it knows the flag.
Asked asked_by(int count, char** words,
               const std::function<bool(std::string_view flag, const std::string& value)>& other);

// `on_body` gets each list as soon as it is there, and may keep it.
using OnBody = std::function<void(const std::string& path, std::string& body)>;
void download(const Asked& asked, const OnBody& on_body);

[[noreturn]] void give_up(std::string_view what, std::string_view why);

}  // namespace reference
