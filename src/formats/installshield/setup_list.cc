// kPlain     { name, path, version, size in decimal, each with a zero behind
//            it; content } ... to the end
// kWide      u32 number of files, then the same in UTF-16
// kEncoded   "InstallShield\0", u16 number of files, 30 bytes, then each
//            { name (260), u32 flags, u32, u32 size, 8 bytes, u16 deflated,
//            30 bytes, content }
// kStream    "ISSetupStream\0", u16 number of files, u32 type, 26 bytes, then
//            each { u32 bytes of name, u32 flags, u16, u32 size, 8 bytes,
//            u16 deflated, 24 bytes more if type is 4, name, content }
//
// Flags: 4, obfuscated in blocks of 1024 bytes; 2 alone, as a whole.
#include "formats/installshield/setup_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/reader.h"
#include "base/text.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;
using namespace std::string_view_literals;

constexpr auto kEncodedMark = "InstallShield\0"sv;
constexpr auto kStreamMark = "ISSetupStream\0"sv;
constexpr size_t kHeaderBytes = 46;
constexpr size_t kNameBytes = 260;  // MAX_PATH of Windows
// Limit: characters of a text in a list; MAX_PATH of Windows.
constexpr size_t kMaxSetupText = 260;

// The text up to the next zero, in characters of `width` bytes, which is read
// as well.
std::string_view TakeText(Reader& reader, Bytes overlay, size_t width,
                          const char* field) {
  if (reader.Failed()) {
    return {};
  }
  const Bytes rest = overlay.subspan(reader.Offset());
  size_t size = 0;
  while (size + width <= rest.size() && size < kMaxSetupText * width &&
         (rest[size] != 0 || rest[size + width - 1] != 0)) {
    size += width;
  }
  if (size + width > rest.size() || size >= kMaxSetupText * width) {
    reader.Fail(
        size + width > rest.size() ? Fault::kTruncated : Fault::kMalformed,
        field);
    return {};
  }
  reader.Skip(size + width, field);
  return base::AsText(rest.first(size));
}

bool IsAll(std::string_view text, std::string_view allowed) {
  return !text.empty() &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

SetupCipher CipherOf(uint32_t flags) {
  return (flags & 4) != 0   ? SetupCipher::kBlocks
         : (flags & 2) != 0 ? SetupCipher::kWhole
                            : SetupCipher::kNone;
}

class SetupListReader {
 public:
  SetupListReader(Bytes overlay, SetupStart start)
      : overlay_(overlay), list_(start.list), reader_({overlay, 0}) {
    reader_.Seek(start.offset, "set-up list");
  }

  Result<SetupFiles> Run(base::Budget& budget) {
    uint32_t count = ReadHeader();
    SetupFiles found;
    found.end = reader_.Offset();
    while (!reader_.Failed() && count > 0 &&
           (list_ != SetupList::kPlain || reader_.Remaining() > 0)) {
      CS_TRY_VOID(budget.ChargeSteps(1, reader_.Offset()));
      --count;
      SetupFile file;
      file.stored.offset = reader_.Offset();
      const uint64_t size = ReadRecord(file);
      file.stored.size = reader_.Offset() - file.stored.offset;
      file.content = {reader_.Offset(), size};
      reader_.Skip(size, "content");
      if (reader_.Failed()) {
        break;
      }
      found.end = reader_.Offset();
      found.files.push_back(std::move(file));
    }
    if (const auto read = reader_.Finish(true); !read) {
      found.damage = read.error();
    }
    return found;
  }

 private:
  uint32_t ReadHeader() {
    if (list_ == SetupList::kPlain) {
      return UINT32_MAX;
    }
    if (list_ == SetupList::kWide) {
      return reader_.U32("number of files");
    }
    reader_.Skip(kEncodedMark.size(), "set-up list");
    const uint16_t count = reader_.U16("number of files");
    type_ = reader_.U32("type");
    reader_.Skip(kHeaderBytes - kEncodedMark.size() - 6, "set-up list");
    if (list_ == SetupList::kStream && type_ > 4) {
      reader_.Fail(Fault::kUnsupported, "type");
    }
    return count;
  }

  // Yields the size of the content.
  uint64_t ReadRecord(SetupFile& file) {
    switch (list_) {
      case SetupList::kEncoded:
        return ReadEncoded(file);
      case SetupList::kStream:
        return ReadStream(file);
      default:
        return ReadText(file, list_ == SetupList::kWide ? 2 : 1);
    }
  }

  uint64_t ReadText(SetupFile& file, size_t width) {
    std::array<std::string, 4> texts;
    for (std::string& text : texts) {
      const std::string_view stored =
          TakeText(reader_, overlay_, width, "name");
      text = width == 1 ? std::string(stored)
                        : base::FromUtf16LittleEndian(base::AsBytes(stored));
    }
    file.name = std::move(texts[0]);
    file.path = std::move(texts[1]);
    uint64_t size = 0;
    const std::string& digits = texts[3];
    const auto parsed =
        std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (!reader_.Failed() && (digits.empty() || parsed.ec != std::errc() ||
                              parsed.ptr != digits.data() + digits.size())) {
      reader_.Fail(Fault::kMalformed, "size");
    }
    return size;
  }

  uint64_t ReadEncoded(SetupFile& file) {
    const std::string_view name =
        base::AsText(reader_.Take(kNameBytes, "name"));
    file.name = name.substr(0, name.find('\0'));
    file.cipher = CipherOf(reader_.U32("flags"));
    reader_.Skip(4, "record");
    const uint32_t size = reader_.U32("size");
    reader_.Skip(8, "record");
    file.is_deflated = reader_.U16("deflated") != 0;
    reader_.Skip(30, "record");
    return size;
  }

  uint64_t ReadStream(SetupFile& file) {
    const uint32_t name_size = reader_.U32("bytes of name");
    if (name_size == 0 || name_size >= 2 * kMaxSetupText ||
        name_size % 2 != 0) {
      reader_.Fail(Fault::kMalformed, "bytes of name");
    }
    file.cipher = CipherOf(reader_.U32("flags"));
    reader_.Skip(2, "record");
    const uint32_t size = reader_.U32("size");
    reader_.Skip(8, "record");
    file.is_deflated = reader_.U16("deflated") != 0;
    if (type_ == 4) {
      reader_.Skip(24, "record");
    }
    file.name = base::FromUtf16LittleEndian(reader_.Take(name_size, "name"));
    file.name.resize(std::min(file.name.size(), file.name.find('\0')));
    return size;
  }

  Bytes overlay_;
  SetupList list_;
  Reader reader_;
  uint32_t type_ = 0;
};

// Whether a list of text in characters of `width` bytes begins at `offset`: its
// first record is a name, a path that ends with it, a version, a size.
bool IsTextList(Bytes overlay, uint64_t offset, size_t width) {
  Reader reader(base::Input{overlay, 0});
  reader.Seek(offset, "set-up list");
  std::array<std::string, 4> texts;
  for (std::string& text : texts) {
    const std::string_view stored =
        TakeText(reader, overlay, width, "set-up list");
    for (size_t i = 0; i < stored.size(); i += width) {
      text += width == 2 && stored[i + 1] != 0 ? '?' : stored[i];
    }
  }
  return !reader.Failed() && !texts[0].empty() &&
         texts[1].ends_with(texts[0]) && IsAll(texts[2], "0123456789.,") &&
         IsAll(texts[3], "0123456789");
}

}  // namespace

SetupStart FindSetupList(Bytes overlay) {
  const std::string_view text = base::AsText(overlay);
  uint64_t offset = 0;
  // Quirk: some programs were linked with the name of their debug information
  // behind all sections: { "NB10", 12 bytes, path } or { "RSDS", 20 bytes,
  // path }.
  const size_t path = text.starts_with("NB10")   ? 16
                      : text.starts_with("RSDS") ? 24
                                                 : 0;
  if (path > 0) {
    const size_t end = text.substr(0, path + kMaxSetupText).find('\0', path);
    if (end == std::string_view::npos) {
      return {};
    }
    offset = end + 1;
  }
  const std::string_view rest = text.substr(offset);
  if (rest.starts_with(kEncodedMark)) {
    return {SetupList::kEncoded, offset};
  }
  if (rest.starts_with(kStreamMark)) {
    return {SetupList::kStream, offset};
  }
  if (IsTextList(overlay, offset, 1)) {
    return {SetupList::kPlain, offset};
  }
  if (rest.size() > 4 && IsTextList(overlay, offset + 4, 2)) {
    return {SetupList::kWide, offset};
  }
  return {};
}

Result<SetupFiles> ReadSetupList(Bytes overlay, SetupStart start,
                                 base::Budget& budget) {
  return SetupListReader(overlay, start).Run(budget);
}

}  // namespace countersign::formats
