// Why libcurl is opened here and not linked: it brings 25 libraries along,
// which would cost every start of the program 9 ms, and only `countersign
// trust update` needs them (bench/RESULTS.md). Machines without a network need
// not have it.
#include "app/download.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <optional>

namespace countersign::app {
namespace {

// Limit: ten seconds to reach a server, a minute for a file of a few hundred
// kilobytes; less than 100 bytes/s for 20 s counts as a dead line.
constexpr long kConnectTimeoutSeconds = 10;
constexpr long kTotalTimeoutSeconds = 60;
constexpr long kSlowBytesPerSecond = 100;
constexpr long kSlowSeconds = 20;
constexpr long kMaxRedirects = 3;

// The functions of libcurl that are used, by their own types.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) setopt = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) getinfo = nullptr;
  decltype(&::curl_easy_strerror) strerror = nullptr;
  decltype(&::curl_easy_cleanup) cleanup = nullptr;

  // Nothing when the library, or one of these in it, is not there.
  static std::optional<Curl> Open() {
    // It stays open: it does not support being unloaded.
    void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      return std::nullopt;
    }
    Curl curl;
    bool complete = true;
    const auto find = [&]<typename F>(F& function, const char* name) {
      function = reinterpret_cast<F>(dlsym(library, name));
      complete = complete && function != nullptr;
    };
    find(curl.global_init, "curl_global_init");
    find(curl.easy_init, "curl_easy_init");
    find(curl.setopt, "curl_easy_setopt");
    find(curl.perform, "curl_easy_perform");
    find(curl.getinfo, "curl_easy_getinfo");
    find(curl.strerror, "curl_easy_strerror");
    find(curl.cleanup, "curl_easy_cleanup");
    return complete ? std::optional(curl) : std::nullopt;
  }
};

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
  explicit Connection(const Curl& library)
      : curl(library), handle(curl.easy_init()) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { curl.cleanup(handle); }

  Curl curl;
  CURL* handle;
  std::array<char, CURL_ERROR_SIZE> error{};
};

Downloader::Downloader(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
Downloader::Downloader(Downloader&&) noexcept = default;
Downloader& Downloader::operator=(Downloader&&) noexcept = default;
Downloader::~Downloader() = default;

std::expected<Downloader, std::string> Downloader::Create() {
  const auto curl = Curl::Open();
  if (!curl) {
    return std::unexpected(
        std::string("The HTTP library libcurl.so.4 is not installed. Install "
                    "it (apt-get install libcurl4), or fetch the files by "
                    "other means and use \"countersign trust import\"."));
  }
  auto connection = curl->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
                        ? std::make_unique<Connection>(*curl)
                        : nullptr;
  if (connection == nullptr || connection->handle == nullptr) {
    return std::unexpected(std::string("The HTTP library cannot be started."));
  }
  CURL* handle = connection->handle;
  const auto setopt = curl->setopt;
  setopt(handle, CURLOPT_ERRORBUFFER, connection->error.data());
  setopt(handle, CURLOPT_USERAGENT, "countersign");
  setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  setopt(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
  setopt(handle, CURLOPT_FAILONERROR, 1L);
  setopt(handle, CURLOPT_NOSIGNAL, 1L);
  setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutSeconds);
  setopt(handle, CURLOPT_TIMEOUT, kTotalTimeoutSeconds);
  setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  setopt(handle, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  setopt(handle, CURLOPT_WRITEFUNCTION, Append);
  return Downloader(std::move(connection));
}

std::expected<std::vector<uint8_t>, std::string> Downloader::Get(
    const std::string& url, uint64_t limit_bytes) {
  Body body;
  body.limit_bytes = limit_bytes;
  CURL* handle = connection_->handle;
  const Curl& curl = connection_->curl;
  const auto setopt = curl.setopt;
  connection_->error[0] = '\0';
  setopt(handle, CURLOPT_URL, url.c_str());
  setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR,
         url.starts_with("https:") ? "https" : "http,https");
  setopt(handle, CURLOPT_MAXFILESIZE_LARGE,
         static_cast<curl_off_t>(limit_bytes));
  setopt(handle, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl.perform(handle);
  setopt(handle, CURLOPT_WRITEDATA, nullptr);
  if (code == CURLE_OK) {
    return std::move(body.bytes);
  }
  long status = 0;
  curl.getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
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
                              : curl.strerror(code);
  return std::unexpected(fmt::format("{} cannot be fetched: {}.", url, why));
}

}  // namespace countersign::app
