#include "vet/tree/allowance.h"

#include <algorithm>
#include <ctime>

namespace countersign::vet {
namespace {

constexpr const char* kMembers = "members";
constexpr const char* kPathBytes = "path_bytes";
constexpr const char* kOutputBytes = "output_bytes";
constexpr const char* kMemberBytes = "member_bytes";
constexpr const char* kRatio = "ratio";
constexpr const char* kLayerTime = "layer_time_ms";
constexpr const char* kTotalTime = "time_ms";

// Limit: 32 MiB of paths, which is what a report can carry: 335 bytes for each
// of 100,000 members.
constexpr uint64_t kMostPathBytes = uint64_t{32} << 20;

// Processor time of this thread.
int64_t ProcessorTime() {
  timespec now{};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

base::Result<void> Allowance::Refuse(const char* name, uint64_t offset,
                                     bool for_good) {
  if (for_good && spent_ == nullptr) {
    spent_ = name;
  }
  return base::Fail(base::Fault::kLimit, offset, name);
}

base::Result<void> Allowance::TakeMember(uint64_t offset) {
  if (members_ >= limits_.members) {
    return Refuse(kMembers, offset, true);
  }
  ++members_;
  return CheckTime(offset);
}

base::Result<void> Allowance::TakePath(uint64_t bytes, uint64_t offset) {
  if (bytes > kMostPathBytes - path_bytes_) {
    return Refuse(kPathBytes, offset, true);
  }
  path_bytes_ += bytes;
  return {};
}

base::Result<void> Allowance::TakeOutput(uint64_t bytes, uint64_t given_bytes,
                                         uint64_t stored_bytes,
                                         uint64_t offset) {
  if (bytes > limits_.output_bytes - output_bytes_) {
    return Refuse(kOutputBytes, offset, true);
  }
  output_bytes_ += bytes;
  if (bytes > limits_.member_bytes ||
      given_bytes > limits_.member_bytes - bytes) {
    return Refuse(kMemberBytes, offset, false);
  }
  const auto exceeds = [this](uint64_t out, uint64_t in) {
    return out > limits_.ratio_from_bytes &&
           out / limits_.ratio > std::max<uint64_t>(in, 1);
  };
  if (exceeds(output_bytes_, input_bytes_)) {
    return Refuse(kRatio, offset, true);
  }
  if (exceeds(given_bytes + bytes, stored_bytes)) {
    return Refuse(kRatio, offset, false);
  }
  return CheckTime(offset);
}

base::Result<void> Allowance::CheckTime(uint64_t offset) {
  if (Clock::now() - begin_ >= limits_.total_time * 9 / 10) {
    return Refuse(kTotalTime, offset, true);
  }
  const int64_t limit_ns = std::chrono::nanoseconds(limits_.layer_time).count();
  return ProcessorTime() - layer_begin_ns_ > limit_ns
             ? Refuse(kLayerTime, offset, false)
             : base::Result<void>();
}

void Allowance::BeginLayer() { layer_begin_ns_ = ProcessorTime(); }

bool Allowance::HasTimeToRepeat() const {
  // Why not half: programs that catalogs may list are hashed once more.
  return Clock::now() - begin_ < limits_.total_time * 2 / 5;
}

uint64_t Allowance::ValueOf(std::string_view name) const {
  if (name == kMembers) {
    return limits_.members;
  }
  if (name == kPathBytes) {
    return kMostPathBytes;
  }
  if (name == kOutputBytes) {
    return limits_.output_bytes;
  }
  if (name == kMemberBytes) {
    return limits_.member_bytes;
  }
  if (name == kRatio) {
    return limits_.ratio;
  }
  if (name == kTotalTime) {
    return static_cast<uint64_t>(limits_.total_time.count());
  }
  return name == kLayerTime ? static_cast<uint64_t>(limits_.layer_time.count())
                            : 0;
}

}  // namespace countersign::vet
