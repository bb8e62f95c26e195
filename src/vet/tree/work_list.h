// Containers that wait for their turn. Private to the module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/blob.h"
#include "formats/sniff.h"
#include "formats/volumes.h"
#include "vet/tree/record.h"

namespace countersign::vet {

struct Waiting {
  uint32_t artifact = 0;
  const formats::FormatRow* row = nullptr;
  std::shared_ptr<const base::Blob> bytes;
  uint64_t depth = 0;
  formats::Volumes volumes = {};  // further parts of it
};

// A stack, the next in depth-first order on top.
class WorkList {
 public:
  [[nodiscard]] bool IsEmpty() const { return waiting_.empty(); }
  [[nodiscard]] size_t Size() const { return waiting_.size(); }
  // Whether another container may wait in memory.
  [[nodiscard]] bool HasMemory() const;

  void Push(Waiting container);
  // The list must not be empty.
  [[nodiscard]] Waiting Pop();

  // Gives the parts of a container in several files to the one that leads, of
  // those on top of the first `before`, which have come from one container, and
  // says so in `record`. What is nothing but a part leaves the list.
  void JoinVolumes(size_t before, Record& record);

  // Puts those on top of the first `before` in the order of their turns: the
  // first that was pushed comes first, but for installers, which say what is in
  // the cabinets beside them.
  void Order(size_t before);

 private:
  std::vector<Waiting> waiting_;
  uint64_t bytes_ = 0;  // in memory
};

}  // namespace countersign::vet
