// Every file, as an archive.
#include <cstddef>
#include <cstdint>

#include "formats/sample/member_recorder.h"
#include "formats/zip.h"

namespace countersign::formats {
namespace {

class CountingSink : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    CS_CHECK(!refused_);
    size += bytes.size();
    // Limit: 1 MiB an entry, so that inputs stay fast.
    if (size > uint64_t{1} << 20) {
      refused_ = true;
      return base::Fail(base::Fault::kLimit, 0, "test");
    }
    return {};
  }
  uint64_t size = 0;

 private:
  bool refused_ = false;
};

void CheckZipEntry(const ZipEntry& entry, base::Bytes archive) {
  for (const base::ByteRange range : {entry.central_header, entry.local_header,
                                      entry.data, entry.descriptor}) {
    CS_CHECK(range.Inside(archive.size()));
  }
  CS_CHECK(entry.central_header.size >= 46);
  CS_CHECK(!entry.damage || entry.damage->offset <= archive.size());
  CS_CHECK(entry.damage || entry.local_header.size >= 30);
  if (entry.local_header.size == 0) {
    CS_CHECK(entry.data.size == 0 && entry.descriptor.size == 0);
  } else {
    CS_CHECK(entry.data.offset ==
             entry.local_header.offset + entry.local_header.size);
    CS_CHECK(entry.damage || entry.data.size == entry.compressed_size);
    CS_CHECK(entry.descriptor.size == 0 ||
             entry.descriptor.offset == entry.data.offset + entry.data.size);
  }
  CountingSink content;
  const auto result = ReadZipEntry(entry, archive, content);
  CS_CHECK(!result || (!entry.damage && content.size == entry.size));
}

void CheckZip(base::Bytes archive) {
  base::Limits limits;
  limits.steps = 10'000;
  base::Budget budget(limits);
  const auto zip = ParseZip(archive, budget);
  if (!zip) {
    CS_CHECK(zip.error().offset <= archive.size());
    return;
  }
  uint64_t end = zip->central_directory.offset;
  size_t checked = 0;
  for (const ZipEntry& entry : zip->entries) {
    // Headers follow each other without a gap.
    CS_CHECK(entry.central_header.offset == end);
    end += entry.central_header.size;
    if (++checked <= 20) {
      CheckZipEntry(entry, archive);
    }
  }
  CS_CHECK(end == zip->central_directory.offset + zip->central_directory.size);
  CS_CHECK(zip->end.Inside(archive.size()) && zip->end.size >= 22);
  CS_CHECK(zip->end.offset >= end);
  CS_CHECK(zip->zip64_end.Inside(zip->end.offset));
  CS_CHECK(zip->signing_block.Inside(zip->central_directory.offset));
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::CheckZip({data, size});
  countersign::formats::CheckUnpack(countersign::formats::UnpackZip,
                                    {data, size});
  return 0;
}
