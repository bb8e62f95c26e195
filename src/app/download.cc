#include "app/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>

namespace countersign::app {
namespace {

// Limit: ten seconds to reach a server, a minute for a file of a few hundred
// kilobytes; less than 100 bytes/s for 20 s counts as a dead line.
constexpr long kConnectTimeoutSeconds = 10;
constexpr long kTotalTimeoutSeconds = 60;
constexpr long kSlowBytesPerSecond = 100;
constexpr long kSlowSeconds = 20;
constexpr long kMaxRedirects = 3;

struct Body {
  std::vector<uint8_t> bytes;
  uint64_t limit_bytes = 0;
  bool too_large = false;
};

size_t Append(const char* data, size_t size, size_t count, void* user) {
  auto* body = static_cast<Body*>(user);
  const size_t total = size * count;  // size is 1 by contract
  if (total > body->limit_bytes - body->bytes.size()) {
    body->too_large = true;
    return 0;
  }
  body->bytes.insert(body->bytes.end(), data, data + total);
  return total;
}

}  // namespace

struct Downloader::Connection {
  Connection() : handle(curl_easy_init()) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { curl_easy_cleanup(handle); }

  CURL* handle;
  std::array<char, CURL_ERROR_SIZE> error{};
};

Downloader::Downloader(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
Downloader::Downloader(Downloader&&) noexcept = default;
Downloader& Downloader::operator=(Downloader&&) noexcept = default;
Downloader::~Downloader() = default;

std::expected<Downloader, std::string> Downloader::Create() {
  auto connection = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
                        ? std::make_unique<Connection>()
                        : nullptr;
  if (connection == nullptr || connection->handle == nullptr) {
    return std::unexpected(std::string("The HTTP library cannot be started."));
  }
  CURL* handle = connection->handle;
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, connection->error.data());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "countersign");
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, kTotalTimeoutSeconds);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Append);
  return Downloader(std::move(connection));
}

std::expected<std::vector<uint8_t>, std::string> Downloader::Get(
    const std::string& url, uint64_t limit_bytes) {
  Body body;
  body.limit_bytes = limit_bytes;
  CURL* handle = connection_->handle;
  connection_->error[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR,
                   url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE,
                   static_cast<curl_off_t>(limit_bytes));
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, nullptr);
  if (code == CURLE_OK) {
    return std::move(body.bytes);
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400) {
    return std::unexpected(
        fmt::format("{} cannot be fetched: the server answers with status {}.",
                    url, status));
  }
  if (body.too_large || code == CURLE_FILESIZE_EXCEEDED) {
    return std::unexpected(fmt::format(
        "{} is larger than {} bytes, which nothing that is expected there "
        "can be.",
        url, limit_bytes));
  }
  const std::string why = connection_->error[0] != '\0'
                              ? connection_->error.data()
                              : curl_easy_strerror(code);
  return std::unexpected(fmt::format("{} cannot be fetched: {}.", url, why));
}

}  // namespace countersign::app
