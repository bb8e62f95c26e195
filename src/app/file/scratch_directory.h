// A directory of its own for one test, removed with everything in it. For
// tests only.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace countersign::app {

class ScratchDirectory {
 public:
  ScratchDirectory() : path_("/tmp/countersign-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) {
      path_.clear();
    }
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::string& Path() const { return path_; }
  [[nodiscard]] std::string Path(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

  // Makes the file, and yields its path.
  std::string Write(std::string_view name, std::string_view text) const {
    const std::string path = Path(name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string MakeDirectory(std::string_view name) const {
    const std::string path = Path(name);
    ::mkdir(path.c_str(), 0755);
    return path;
  }
  [[nodiscard]] std::string Read(std::string_view name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // How many entries the directory has.
  [[nodiscard]] size_t Entries() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

}  // namespace countersign::app
