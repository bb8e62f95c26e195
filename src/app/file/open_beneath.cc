#include "app/file/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>

#include <cstdint>

namespace countersign::app {

Descriptor OpenBeneath(const std::string& root, const std::string& path,
                       int flags) {
  std::string rest = path.substr(root.size());
  rest.erase(0, rest.find_first_not_of('/'));
  flags |= O_CLOEXEC;
  if (rest.empty()) {
    return Descriptor(::open(path.c_str(), flags));
  }
  const Descriptor base(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.Valid()) {
    return {};
  }
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  const long opened =
      ::syscall(SYS_openat2, base.Number(), rest.c_str(), &how, sizeof how);
  if (opened < 0 && errno == ENOSYS) {
    return Descriptor(
        ::openat(base.Number(), rest.c_str(), flags | O_NOFOLLOW));
  }
  return Descriptor(static_cast<int>(opened));
}

}  // namespace countersign::app
