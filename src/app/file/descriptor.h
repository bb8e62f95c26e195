// An owned file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace countersign::app {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  // The number, or -1 when there is none. Stays owned.
  [[nodiscard]] int Number() const { return number_; }
  [[nodiscard]] bool Valid() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

}  // namespace countersign::app
