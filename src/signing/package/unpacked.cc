#include "signing/package/unpacked.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace countersign::signing {
namespace {

// Limit: no file reaches the first place; each part has a TiB to itself.
constexpr uint64_t kFirstPlace = uint64_t{1} << 62;
constexpr uint64_t kPlaceBytes = uint64_t{1} << 40;

}  // namespace

base::Input UnpackedParts::Add(std::vector<uint8_t> content,
                               base::ByteRange stored) {
  const uint64_t place = kFirstPlace + parts_.size() * kPlaceBytes;
  const Part& part = parts_.emplace_back(Part{std::move(content), stored});
  return {part.content, place};
}

base::ByteRange UnpackedParts::StoredAt(uint64_t offset) const {
  const uint64_t index = (offset - kFirstPlace) / kPlaceBytes;
  return index < parts_.size() ? parts_[index].stored : base::ByteRange{};
}

void UnpackedParts::Restore(base::ByteRange& range) const {
  if (range.offset >= kFirstPlace) {
    range = StoredAt(range.offset);
  }
}

void UnpackedParts::Restore(base::Error& error) const {
  if (error.offset >= kFirstPlace) {
    error.offset = StoredAt(error.offset).offset;
  }
}

// Texts have places in decimal, "... at offset 17".
void UnpackedParts::Restore(std::string& text) const {
  constexpr std::string_view kMark = "at offset ";
  const size_t mark = text.find(kMark);
  if (mark == std::string::npos) {
    return;
  }
  uint64_t offset = 0;
  const char* first = text.data() + mark + kMark.size();
  const auto read = std::from_chars(first, text.data() + text.size(), offset);
  if (read.ec == std::errc() && offset >= kFirstPlace) {
    text.replace(mark + kMark.size(), static_cast<size_t>(read.ptr - first),
                 std::to_string(StoredAt(offset).offset));
  }
}

void UnpackedParts::Restore(model::SignatureFacts& signature) const {
  Restore(signature.range);
  Restore(signature.integrity_reason);
  Restore(signature.trust_reason);
  for (model::AttributeFacts& attribute : signature.attributes) {
    Restore(attribute.range);
  }
  for (model::TimestampFacts& stamp : signature.timestamps) {
    Restore(stamp.range);
    Restore(stamp.reason);
  }
}

void UnpackedParts::Restore(SigningFacts& facts) const {
  for (model::SignatureFacts& signature : facts.signatures) {
    Restore(signature);
  }
  for (StructureFault& fault : facts.faults) {
    Restore(fault.range);
    Restore(fault.error);
  }
  for (UnsignedData& data : facts.unsigned_data) {
    // Its own size is what matters of it.
    const uint64_t size = data.range.size;
    Restore(data.range);
    data.range.size = std::min(data.range.size, size);
  }
  for (PackageFault& fault : facts.package_faults) {
    Restore(fault.range);
    Restore(fault.what);
  }
  if (facts.publisher_mismatch) {
    Restore(facts.publisher_mismatch->range);
  }
  if (facts.uncovered) {
    Restore(facts.uncovered->range);
  }
  if (facts.limit) {
    Restore(*facts.limit);
  }
}

}  // namespace countersign::signing
