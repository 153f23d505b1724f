// The floor: downloads whole lists, several at once, and looks at nothing. Quicker than this nobody
// can read a cluster.
//
//   floor --server URL --ca FILE --token-file FILE --paths FILE [--keep FOLDER]
//
// Prints lists and bytes. With --keep the bodies stay, in the order of the paths: 0.json, 1.json, …
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "lists.hpp"

int main(int count, char** words) {
  std::string folder;
  const auto asked =
      reference::asked_by(count, words, [&](std::string_view flag, const std::string& value) {
        if (flag == "--keep") folder = value;
        return flag == "--keep";
      });
  std::size_t lists = 0;
  std::size_t bytes = 0;
  reference::download(asked, [&](const std::string& path, const std::string& body) {
    ++lists;
    bytes += body.size();
    if (folder.empty()) return;
    const auto place = std::find(asked.paths.begin(), asked.paths.end(), path);
    const std::string file = folder + "/" + std::to_string(place - asked.paths.begin()) + ".json";
    if (!(std::ofstream{file, std::ios::binary} << body)) reference::give_up(file, "not written");
  });
  std::printf("{\"lists\": %zu, \"bytes\": %zu}\n", lists, bytes);
  return 0;
}
