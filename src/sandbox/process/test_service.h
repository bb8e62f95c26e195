// The service that the tests of the sandbox run: the text of a request names
// what the worker does.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "sandbox/pool.h"
#include "sandbox/process/lockdown.h"

namespace countersign::sandbox {

using base::AsBytes;
using base::AsText;
using base::Bytes;

inline std::vector<uint8_t> ToBytes(std::string_view text) {
  return {text.begin(), text.end()};
}

inline std::string Text(const Answer& answer) {
  return answer.outcome == Outcome::kAnswered
             ? std::string(AsText(answer.bytes))
             : std::string(Name(answer.outcome)) + ": " + answer.detail;
}

// How often `prepare` ran in this process.
inline int g_prepared = 0;
// Whether a job left this process so that it dies of the next one.
inline bool g_sick = false;

inline std::vector<uint8_t> TakeMemory() {
  std::vector<std::unique_ptr<std::vector<uint8_t>>> all;
  all.reserve(100'000);
  for (int i = 0; i < 100'000; ++i) {
    all.push_back(std::make_unique<std::vector<uint8_t>>(1 << 20, i & 1));
  }
  return {};
}

inline int Overflow(const volatile int* before) {
  std::array<volatile int, 1024> local{};
  local[0] = *before + 1;
  return local[0] > 0 ? Overflow(local.data()) + local[1] : 0;
}

// The text of the request names what the worker does.
inline std::vector<uint8_t> Act(Bytes request, int descriptor) {
  const std::string text(AsText(request));
  if (text == "pid") {
    return ToBytes(std::to_string(getpid()));
  }
  if (text == "prepared") {
    return ToBytes(std::to_string(g_prepared));
  }
  if (text == "large") {
    return std::vector<uint8_t>(size_t{5} << 20, 0x5a);
  }
  if (text == "scratch") {
    std::array<char, 5> back{};
    const bool fine = ftruncate(kScratch, 0) == 0 &&
                      pwrite(kScratch, "aside", 5, 4096) == 5 &&
                      pread(kScratch, back.data(), back.size(), 4096) == 5 &&
                      mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, kScratch,
                           4096) != MAP_FAILED;
    return ToBytes(fine ? std::string(back.begin(), back.end()) : "refused");
  }
  if (text == "scratch beyond") {
    (void)!pwrite(kScratch, "aside", 5, off_t{1} << 20);
  }
  if (text == "write to the file") {
    (void)!pwrite(descriptor, "aside", 5, 0);
  }
  if (text == "segfault") {
    raise(SIGSEGV);
  }
  if (text == "overflow") {
    volatile int zero = 0;
    return ToBytes(std::to_string(Overflow(&zero)));
  }
  if (text == "sicken") {
    g_sick = true;
  } else if (g_sick) {
    std::abort();
  }
  if (text == "abort") {
    std::abort();
  }
  if (text == "hang") {
    for (std::atomic<int> i = 0;; ++i) {
    }
  }
  if (text == "bomb") {
    return TakeMemory();
  }
  if (text == "reserve") {
    // Read-only memory does not count as data.
    constexpr size_t kGibibyte = size_t{1} << 30;
    int taken = 0;
    while (taken < 1000 && mmap(nullptr, kGibibyte, PROT_READ,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                                0) != MAP_FAILED) {
      ++taken;
    }
    return ToBytes(std::to_string(taken));
  }
  if (text == "throw") {
    std::rethrow_exception(std::make_exception_ptr(
        std::runtime_error("the table is \x1b[31m odd")));
  }
  if (text == "open") {
    return ToBytes(std::to_string(::open("/etc/passwd", O_RDONLY)));
  }
  if (text == "sha256") {
    return ToBytes(
        base::Hash(base::DigestAlgorithm::kSha256, AsBytes("abc")).Hex());
  }
  if (text == "map") {
    const auto blob = base::Blob::Open(descriptor);
    return blob ? ToBytes(AsText((*blob)->View())) : ToBytes("cannot map");
  }
  if (text == "last") {
    const auto blob = base::Blob::Open(descriptor);
    return {blob ? (*blob)->View().back() : uint8_t{'?'}};
  }
  if (text == "pread") {
    std::array<char, 5> buffer{};
    const ssize_t got = pread(descriptor, buffer.data(), buffer.size(), 3);
    return ToBytes(std::string(buffer.data(), static_cast<size_t>(got)));
  }
  if (text == "garbage") {
    std::array<char, 64> noise{};
    noise.fill('g');
    (void)!send(kSocket, noise.data(), noise.size(), MSG_NOSIGNAL);
    return {};
  }
  return {request.begin(), request.end()};
}

inline Service ActService() {
  return {
      .warm_up = [] { (void)base::Hash(base::DigestAlgorithm::kSha256, {}); },
      .prepare = [] { ++g_prepared; },
      .handle = Act};
}

inline std::unique_ptr<Pool> StartPool(PoolOptions options) {
  auto pool = Pool::Start(options, ActService());
  if (!pool) {
    std::fprintf(stderr, "%s\n", pool.error().c_str());
    std::abort();
  }
  return std::move(*pool);
}

inline Answer Ask(Pool& pool, std::string_view text, int descriptor = -1) {
  return pool.Run(AsBytes(text), descriptor);
}

}  // namespace countersign::sandbox
