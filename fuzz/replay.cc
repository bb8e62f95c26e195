// Runs a fuzz target over files, without libFuzzer: every file as it is, cut
// short, and with single bytes changed. The changes depend on nothing but the
// file's size, so a failure repeats.
//
//   <target>_replay FILE-OR-FOLDER...
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Content = std::vector<uint8_t>;

// Limit: inputs made of one file. All seeds of a target replay in seconds,
// also under AddressSanitizer.
constexpr size_t kCuts = 24;
constexpr size_t kChanges = 64;
// Why: where the structure is, most bytes of a file are payload.
constexpr size_t kHeadBytes = 4096;

// Why a copy: a heap block of the exact size lets AddressSanitizer see the
// first byte read behind it.
void Run(const Content& input, size_t size) {
  const Content exact(input.begin(),
                      input.begin() + static_cast<ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void RunVariants(Content content) {
  Run(content, content.size());
  for (size_t i = 0; i < kCuts; ++i) {
    Run(content, content.size() * i / kCuts);
  }
  uint64_t state = 0x9E3779B97F4A7C15U + content.size();
  for (size_t i = 0; i < kChanges && !content.empty(); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const size_t reach =
        i % 2 == 0 ? std::min(content.size(), kHeadBytes) : content.size();
    uint8_t& byte = content[(state >> 33U) % reach];
    const uint8_t before = byte;
    byte = static_cast<uint8_t>(state >> 25U);
    Run(content, content.size());
    byte = before;
  }
}

void RunFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  RunVariants(Content(std::istreambuf_iterator<char>(stream), {}));
}

}  // namespace

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      RunFile(argv[i]);
      ++files;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      RunFile(entry.path());
      ++files;
    }
  }
  std::printf("%zu file(s), %zu inputs each\n", files, 1 + kCuts + kChanges);
  return files > 0 ? 0 : 1;
}
