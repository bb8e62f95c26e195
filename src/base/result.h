// The error type of everything that reads: what kind, where, which field.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <type_traits>
#include <utility>

namespace countersign::base {

// Each kind leads to its own answer for the user; none of them ever means
// "unsigned" or "clean".
enum class Fault : uint8_t {
  kTruncated,    // fewer bytes than the structure promises
  kMalformed,    // bytes that the specification forbids
  kUnsupported,  // legal, but nothing this version can judge
  kLimit,        // a budget or limit was reached
  kIo,           // disk, network or another process failed
};

// Trivially copyable and free of allocation, because hostile input can cause
// as many of them as it likes.
struct Error {
  Fault fault = Fault::kMalformed;
  uint64_t offset = 0;     // bytes from the start of the artifact
  const char* field = "";  // static storage; name as in the specification
};
static_assert(sizeof(Error) == 24 && std::is_trivially_copyable_v<Error>);

template <typename T>
using Result = std::expected<T, Error>;

// A sentence fragment for the fault: "is truncated", "is malformed", ...
constexpr const char* Describe(Fault fault) {
  switch (fault) {
    case Fault::kTruncated:
      return "is truncated";
    case Fault::kMalformed:
      return "is malformed";
    case Fault::kUnsupported:
      return "is not supported";
    case Fault::kLimit:
      return "exceeds a limit";
    case Fault::kIo:
      return "could not be read";
  }
  return "is wrong";
}

// The error side of a Result.
inline std::unexpected<Error> Fail(Fault fault, uint64_t offset,
                                   const char* field) {
  return std::unexpected(Error{fault, offset, field});
}

}  // namespace countersign::base

// Yields the value of a Result, or returns its error from this function.
#define CS_TRY(expression)                           \
  __extension__({                                    \
    auto cs_try_result = (expression);               \
    if (!cs_try_result) {                            \
      return std::unexpected(cs_try_result.error()); \
    }                                                \
    std::move(cs_try_result).value();                \
  })

// As CS_TRY, for a Result<void>.
#define CS_TRY_VOID(expression)                              \
  do {                                                       \
    if (auto cs_try_result = (expression); !cs_try_result) { \
      return std::unexpected(cs_try_result.error());         \
    }                                                        \
  } while (false)

// Aborts on a bug of ours, also in release builds. Inside a sandboxed worker
// this costs one artifact, not the service.
#define CS_CHECK(condition)                                                    \
  do {                                                                         \
    if (!(condition)) {                                                        \
      std::fprintf(stderr, "countersign: internal check failed: %s (%s:%d)\n", \
                   #condition, __FILE__, __LINE__);                            \
      std::abort();                                                            \
    }                                                                          \
  } while (false)
