#include <fcntl.h>
#include <unistd.h>

#include "app/main_command.h"

namespace {

// Why: descriptors 0 to 2 that the caller has closed would be given to the
// next sockets and files, and reports be written into those. Closed output is
// opened such that writing fails, which is an error as it should be.
bool FillStandardDescriptors() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) != -1) {
      continue;
    }
    const int mode = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", mode) != stream) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  return FillStandardDescriptors() ? countersign::app::Main(argc, argv) : 2;
}
