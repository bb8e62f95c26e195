// For tests: a compound file with every kind of entry, and where its parts lie.
#pragma once

#include <string>
#include <utility>

#include "forge/cfb.h"
#include "formats/cfb.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {

inline constexpr size_t kCfbTypeAt = 66;
inline constexpr size_t kCfbLeftAt = 68;
inline constexpr size_t kCfbRightAt = 72;
inline constexpr size_t kCfbChildAt = 76;
inline constexpr size_t kCfbStartAt = 116;
inline constexpr size_t kCfbSizeAt = 120;
inline constexpr uint32_t kCfbEnd = 0xFFFFFFFE;
inline constexpr uint32_t kCfbFree = 0xFFFFFFFF;

// Bytes without a zero, so that what is lost shows.
inline forge::ByteVector CfbPattern(size_t size, uint8_t seed) {
  forge::ByteVector bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>((i * 7 + i / 251 + seed) % 255 + 1);
  }
  return bytes;
}

// Two large streams, three small ones, an empty one, storages in a storage.
// Ids: 1 small, 2 large, 3 dir, 4 empty, 5 inner, 6 other, 7 deep, 8 last.
inline forge::CompoundImage CfbSample(
    const forge::CompoundOptions& options = {}) {
  auto root = forge::Storage(
      u"",
      {forge::Stream(u"small", CfbPattern(100, 1)),
       forge::Stream(u"large", CfbPattern(options.version4 ? 20000 : 5000, 2)),
       forge::Storage(
           u"dir", {forge::Stream(u"inner", CfbPattern(70, 3)),
                    forge::Stream(u"other", CfbPattern(4096, 4)),
                    forge::Storage(
                        u"deep", {forge::Stream(u"last", CfbPattern(64, 5))})}),
       forge::Stream(u"empty", {})});
  root.class_id[0] = 0xAB;
  root.children[2].class_id[15] = 0xCD;
  root.children[2].created = 0x01D00000'00000001;
  root.children[2].state_bits = 7;
  return WriteCompoundFile(root, options);
}

inline uint32_t CfbIdOf(const forge::CompoundImage& image,
                        const std::u16string& name) {
  return image.layout.ids.at(name);
}
inline size_t CfbEntryOf(const forge::CompoundImage& image,
                         const std::u16string& name) {
  return image.layout.Entry(CfbIdOf(image, name));
}
inline uint32_t CfbFirstOf(const forge::CompoundImage& image,
                           const std::u16string& name) {
  return image.layout.first_sectors[CfbIdOf(image, name)];
}

inline MemberRecorder UnpackedCfb(const forge::ByteVector& bytes) {
  MemberRecorder recorder;
  (void)recorder.Run(UnpackCfb, bytes);
  return recorder;
}

inline std::string CfbText(const forge::ByteVector& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace countersign::formats
