#include "lists.hpp"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <sstream>

namespace reference {

namespace {

constexpr long kPieceBytes = 256L * 1024;
constexpr int kWaitMs = 1000;

std::string content_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) give_up(file, "cannot be read");
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::vector<std::string> lines_of(const std::string& file) {
  std::istringstream in{content_of(file)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

struct Transfer {
  std::string path;
  std::string body;
  CURL* handle = nullptr;
};

std::size_t keep(const char* piece, std::size_t one, std::size_t count, void* into) {
  static_cast<Transfer*>(into)->body.append(piece, one * count);
  return one * count;
}

void begin(CURLM* multi, const Asked& asked, const curl_slist* headers, Transfer& transfer) {
  CURL* handle = curl_easy_init();
  transfer.handle = handle;
  curl_easy_setopt(handle, CURLOPT_URL, (asked.server + transfer.path).c_str());
  curl_easy_setopt(handle, CURLOPT_CAINFO, asked.ca_file.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  // For curl's own name the API server writes with indents.
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "hedgerow-bench");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kPieceBytes);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, &transfer);
  curl_multi_add_handle(multi, handle);
}

// A refusal has a body too: only a 200 is a list.
void check(const CURLMsg& said, const Transfer& transfer) {
  if (said.data.result != CURLE_OK) give_up(transfer.path, curl_easy_strerror(said.data.result));
  long status = 0;
  curl_easy_getinfo(said.easy_handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) give_up(transfer.path, "HTTP " + std::to_string(status));
}

// Hands over what has ended; how many that were.
std::size_t reap(CURLM* multi, const OnBody& on_body) {
  std::size_t ended = 0;
  int left = 0;
  while (const CURLMsg* said = curl_multi_info_read(multi, &left)) {
    if (said->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(said->easy_handle, CURLINFO_PRIVATE, &transfer);
    check(*said, *transfer);
    CURL* handle = transfer->handle;
    curl_multi_remove_handle(multi, handle);
    curl_easy_cleanup(handle);
    on_body(transfer->path, transfer->body);
    transfer->body = std::string{};
    ++ended;
  }
  return ended;
}

}  // namespace

void give_up(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(1);
}

Asked asked_by(int count, char** words,
               const std::function<bool(std::string_view flag, const std::string& value)>& other) {
  Asked asked;
  for (int at = 1; at + 1 < count; at += 2) {
    const std::string_view flag = words[at];
    const std::string value = words[at + 1];
    if (flag == "--server")
      asked.server = value;
    else if (flag == "--ca")
      asked.ca_file = value;
    else if (flag == "--token-file")
      asked.token = lines_of(value).at(0);
    else if (flag == "--paths")
      asked.paths = lines_of(value);
    else if (!other(flag, value))
      give_up(flag, "is no flag of this program");
  }
  if (asked.server.empty() || asked.ca_file.empty() || asked.token.empty() || asked.paths.empty())
    give_up(words[0], "wants --server, --ca, --token-file and --paths");
  return asked;
}

void download(const Asked& asked, const OnBody& on_body) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  curl_slist* headers =
      curl_slist_append(nullptr, ("Authorization: Bearer " + asked.token).c_str());
  headers = curl_slist_append(headers, "Accept: application/json");

  std::deque<Transfer> transfers;  // Handles point into it.
  std::size_t ended = 0;
  while (ended < asked.paths.size()) {
    while (transfers.size() < asked.paths.size() && transfers.size() - ended < asked.at_once) {
      transfers.push_back({asked.paths[transfers.size()], {}, nullptr});
      begin(multi, asked, headers, transfers.back());
    }
    int running = 0;
    curl_multi_perform(multi, &running);
    const std::size_t now = reap(multi, on_body);
    ended += now;
    if (now == 0) curl_multi_poll(multi, nullptr, 0, kWaitMs, nullptr);
  }
  curl_slist_free_all(headers);
  curl_multi_cleanup(multi);
  curl_global_cleanup();
}

}  // namespace reference
