// Reads a recorded list of connections again and again, as far as it is told, so that bench/count
// can count the instructions of each step: counted read|parse|compare|digest FILE TURNS
//
//   read      the file alone: what is to be taken off the others
//   parse     cut into items while it arrives, each item read
//   compare   the same, and each item found in what the record remembers, unchanged
//   digest    as parse, and the content digest of each item, which only what changed costs
#include <simdjson.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "kube/item.hpp"
#include "kube/splitter.hpp"
#include "reconcile/compare.hpp"
#include "reconcile/memory.hpp"

namespace {

using hedgerow::base::Digest;
using hedgerow::kube::Item;
using hedgerow::kube::ItemReader;
using hedgerow::kube::ListRequest;
using hedgerow::kube::Splitter;
using hedgerow::reconcile::Memory;
using hedgerow::store::Known;

constexpr std::size_t kPieceBytes = 16u << 10;  // As HTTP/2 frames bring it.
constexpr std::size_t kItemBytesMax = 16u << 20;

ListRequest connections() {
  return {.kind = {.group = "wiring.githedgehog.com",
                   .version = "v1beta1",
                   .kind = "Connection",
                   .plural = "connections",
                   .namespaced = true},
          .space = {}};
}

using OnItem = std::function<void(const Item&)>;

void parse(std::string_view body, const ListRequest& request, const OnItem& on_item) {
  ItemReader reader;
  Splitter splitter{kItemBytesMax,
                    [&](std::string_view item) { on_item(reader.read(item, request)); }};
  for (std::size_t at = 0; at < body.size(); at += kPieceBytes)
    splitter.feed(body.substr(at, kPieceBytes));
  if (!splitter.finish()) std::abort();
}

// What the record would remember of the list, as it is handed over when a list begins.
struct Remembered {
  std::string space;
  std::string name;
  std::string uid;
  std::string version;
  std::uint64_t raw_hash = 0;
};

std::vector<Remembered> record_of(std::string_view body, const ListRequest& request) {
  std::vector<Remembered> all;
  parse(body, request, [&](const Item& item) {
    all.push_back({std::string{item.space}, std::string{item.name}, std::string{item.uid},
                   std::string{item.resource_version}, item.quick_hash});
  });
  return all;
}

void fill(Memory& memory, const std::vector<Remembered>& record) {
  for (const Remembered& row : record) {
    Known known;
    known.name_space = row.space;
    known.name = row.name;
    known.uid = row.uid;
    known.resource_version = row.version;
    known.raw_hash = row.raw_hash;
    memory.add(known);
  }
  memory.seal();
}

std::size_t compare(std::string_view body, const ListRequest& request,
                    const std::vector<Remembered>& record) {
  Memory memory;
  fill(memory, record);
  std::size_t unchanged = 0;
  parse(body, request, [&](const Item& item) {
    const std::size_t place = memory.find(item.space, item.name);
    if (place != Memory::kNone && memory.see(place))
      unchanged += hedgerow::reconcile::is_same(memory.at(place), item);
  });
  return unchanged;
}

std::size_t digest(std::string_view body, const ListRequest& request) {
  std::size_t different = 0;
  Digest before;
  parse(body, request, [&](const Item& item) {
    const Digest now = hedgerow::base::content_digest(item.document);
    different += now != before;
    before = now;
  });
  return different;
}

std::size_t turn(std::string_view step, std::string_view body, const ListRequest& request,
                 const std::vector<Remembered>& record) {
  if (step == "compare") return compare(body, request, record);
  if (step == "digest") return digest(body, request);
  std::size_t items = 0;
  if (step == "parse") parse(body, request, [&](const Item&) { ++items; });
  return items;
}

}  // namespace

// Prints the items of one turn, how many of them came out as they should, and what else the number
// of instructions depends on: the compiler, and which of simdjson's forms this processor gets.
int main(int count, char** words) {
  if (count != 4) return 2;
  const std::string_view step = words[1];
  std::ifstream file{words[2], std::ios::binary};
  const std::string body{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  const ListRequest request = connections();
  const auto record = record_of(body, request);
  std::size_t counted = 0;
  for (int turns = std::atoi(words[3]); turns > 0; --turns)
    counted = turn(step, body, request, record);
  std::printf("{\"items\": %zu, \"counted\": %zu, \"build\": \"g++ %s, simdjson %s\"}\n",
              record.size(), counted, __VERSION__,
              simdjson::get_active_implementation()->name().c_str());
  return 0;
}
