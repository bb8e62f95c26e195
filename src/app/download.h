// Fetching files by HTTP. The only place of the program that uses a network,
// and only `countersign trust update` asks for it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace countersign::app {

class Downloader {
 public:
  // One connection pool, used for every Get; an error is a sentence.
  static std::expected<Downloader, std::string> Create();

  Downloader(Downloader&&) noexcept;
  Downloader& operator=(Downloader&&) noexcept;
  Downloader(const Downloader&) = delete;
  Downloader& operator=(const Downloader&) = delete;
  ~Downloader();

  // The body behind `url` (http or https), at most `limit_bytes` of it, or a
  // sentence saying what went wrong. The proxy settings of the environment
  // (http_proxy, https_proxy, no_proxy) hold. What comes over http is not
  // authentic; callers check it against something that is. https never falls
  // back to http.
  [[nodiscard]] std::expected<std::vector<uint8_t>, std::string> Get(
      const std::string& url, uint64_t limit_bytes);

 private:
  struct Connection;
  explicit Downloader(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace countersign::app
