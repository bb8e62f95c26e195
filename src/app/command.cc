#include "app/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/file/atomic_file.h"
#include "app/terminal/style.h"

namespace countersign::app {

void Complain(std::string_view sentence) {
  const TextStyle style = ChooseStyle(ColorChoice::kNever, Look(STDERR_FILENO));
  // Why the result is ignored: there is no other place to say it.
  (void)WriteAll(STDERR_FILENO,
                 fmt::format("countersign: {}\n", style.Safe(sentence)));
}

}  // namespace countersign::app
