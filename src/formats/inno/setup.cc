// Setup data ("setup-0.bin"): what is installed, and what is done besides.
//
//   64 bytes   "Inno Setup Setup Data (6.1.0) (u)", zeros
//   53 bytes   since 6.5: u32 CRC-32 of the rest, u8 what is encrypted, salt,
//              iterations, nonce and test of the password
//   block      header, then every entry of languages, messages, permissions,
//              types, components, tasks, directories, keys of signatures (since
//              6.5), files, icons, INI, registry, deletions before and after,
//              programs run before and after; images of the wizard; libraries
//   block      where the content of files lies
//
// A record is its texts, each behind its size in bytes, then the rest, packed.
//
// Spec: jrsoftware/issrc Projects/Struct.pas, Projects/SetupEnt.pas
// (SECompressedBlockRead), Projects/Main.pas (order of the entries);
// Projects/Src/Shared.Struct.pas, TSetupEncryptionHeader.
#include <algorithm>
#include <string>
#include <utility>

#include "base/reader.h"
#include "base/text.h"
#include "formats/codec/decompress.h"
#include "formats/inno.h"
#include "formats/inno/block.h"
#include "formats/inno/layout.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint64_t kInnoIdentifierBytes = 64;
constexpr uint64_t kMostInnoSetupData = uint64_t{64} << 20;
constexpr size_t kInnoHeaderBlobs = 4;  // license, two texts, compiled code
// Bytes behind the texts of entries that no version changes.
constexpr uint64_t kInnoVersionRange = 20;
constexpr uint64_t kInnoCodePage = 4;
constexpr uint64_t kInnoMessageRest = 4;
constexpr uint64_t kInnoTypeRest = 30;
constexpr uint64_t kInnoComponentRest = 38;  // and the level
constexpr uint64_t kInnoTaskRest = 22;       // and the level
constexpr uint64_t kInnoEncryptionBytes = 49;
constexpr uint64_t kInnoVerificationBytes = 33;  // digest, and what it is
constexpr size_t kInnoKeyTexts = 3;              // of a key of signatures

// How many entries of each kind follow, in their order in the header.
struct InnoCounts {
  uint32_t languages = 0;
  uint32_t messages = 0;
  uint32_t permissions = 0;
  uint32_t types = 0;
  uint32_t components = 0;
  uint32_t tasks = 0;
  uint32_t directories = 0;
  uint32_t signature_keys = 0;
  uint32_t files = 0;
  uint32_t locations = 0;
  uint32_t icons = 0;
  uint32_t ini = 0;
  uint32_t registry = 0;
  uint32_t install_delete = 0;
  uint32_t uninstall_delete = 0;
  uint32_t run = 0;
  uint32_t uninstall_run = 0;
};

// Reads records; `offset` is where their block lies, for errors.
class InnoRecords {
 public:
  InnoRecords(Bytes bytes, uint64_t offset, bool is_unicode, Budget& budget)
      : reader_(base::Input{bytes, 0}),
        offset_(offset),
        is_unicode_(is_unicode),
        budget_(budget) {}

  // A text as UTF-8, or the bytes of one whose code page is not known.
  std::string Text() {
    const Bytes bytes = Sized();
    return is_unicode_ ? base::FromUtf16LittleEndian(bytes)
                       : std::string(base::AsText(bytes));
  }
  std::string Blob() { return std::string(base::AsText(Sized())); }
  void SkipSized(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      (void)Sized();
    }
  }
  uint8_t U8() { return reader_.U8(field_); }
  uint32_t U32() { return reader_.U32(field_); }
  uint64_t U64() { return reader_.U64(field_); }
  void Skip(uint64_t size) { reader_.Skip(size, field_); }
  Bytes Take(uint64_t size) { return reader_.Take(size, field_); }
  // A set of options, lowest bit first.
  uint64_t Set(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value |= uint64_t{reader_.U8(field_)} << (8 * i);
    }
    return value;
  }
  InnoCondition Condition() {
    InnoCondition condition;
    for (std::string* text :
         {&condition.components, &condition.tasks, &condition.languages,
          &condition.check, &condition.after_install,
          &condition.before_install}) {
      *text = Text();
    }
    return condition;
  }

  // To be called before each record, with what it is.
  Result<void> Begin(const char* field) {
    field_ = field;
    return budget_.ChargeSteps(1, offset_);
  }
  // Whether all was there so far. Why at the offset of the block: there is no
  // other place in the file for a byte that came out of decompression.
  Result<void> Check() {
    if (const auto read = reader_.Finish(true); !read) {
      return base::Fail(read.error().fault, offset_, read.error().field);
    }
    return budget_.ChargeSteps(std::exchange(sized_bytes_, 0) / 64, offset_);
  }
  [[nodiscard]] uint64_t Remaining() const { return reader_.Remaining(); }

  // `count` records, each as `read` reads it.
  template <typename Entry, typename Read>
  Result<void> List(const char* field, uint32_t count,
                    std::vector<Entry>& entries, Read read) {
    for (uint32_t i = 0; i < count; ++i) {
      CS_TRY_VOID(Begin(field));
      Entry entry;
      read(*this, entry);
      CS_TRY_VOID(Check());
      entries.push_back(std::move(entry));
    }
    return {};
  }
  // The same of records that nobody asks for: texts, then `rest` bytes.
  Result<void> SkipList(const char* field, uint32_t count, size_t texts,
                        uint64_t rest) {
    for (uint32_t i = 0; i < count; ++i) {
      CS_TRY_VOID(Begin(field));
      SkipSized(texts);
      Skip(rest);
      CS_TRY_VOID(Check());
    }
    return {};
  }

 private:
  Bytes Sized() {
    const Bytes bytes = reader_.Take(reader_.U32(field_), field_);
    sized_bytes_ += bytes.size();
    return bytes;
  }

  Reader reader_;
  uint64_t offset_;
  bool is_unicode_;
  Budget& budget_;
  const char* field_ = "TSetupHeader";
  uint64_t sized_bytes_ = 0;
};

// `options` as they are numbered before 7.0, where bits `first` and the next
// still say how many bits a program has.
uint64_t WithInnoBitness(uint64_t options, int first) {
  const uint64_t below = (uint64_t{1} << first) - 1;
  return (options & below) | (options & ~below) << 2;
}

void ReadInnoDirectory(InnoRecords& records, InnoDirectory& entry) {
  entry.name = records.Text();
  entry.condition = records.Condition();
  entry.attributes = records.U32();
  records.Skip(kInnoVersionRange + 2);  // and permissions
  entry.options = records.Set(1);
}

void ReadInnoIni(InnoRecords& records, InnoIni& entry) {
  entry.filename = records.Text();
  entry.section = records.Text();
  entry.entry = records.Text();
  entry.value = records.Text();
  entry.condition = records.Condition();
  records.Skip(kInnoVersionRange);
  entry.options = records.Set(1);
}

void ReadInnoDelete(InnoRecords& records, InnoDelete& entry) {
  entry.name = records.Text();
  entry.condition = records.Condition();
  records.Skip(kInnoVersionRange);
  entry.type = records.U8();
}

class InnoSetupReader {
 public:
  InnoSetupReader(Bytes file, const InnoLayout& layout, bool is_unicode,
                  Budget& budget, InnoSetup& setup)
      : file_(file),
        layout_(layout),
        is_unicode_(is_unicode),
        budget_(budget),
        setup_(setup) {}

  Result<void> Read(uint64_t start) {
    const uint64_t blocks =
        layout_.has_encryption_header ? CS_TRY(ReadEncryption(start)) : start;
    InnoBuffer first(kMostInnoSetupData);
    const base::ByteRange first_range =
        CS_TRY(ReadInnoBlock(file_, blocks, layout_.block_size_bytes, first));
    const uint64_t next = first_range.offset + first_range.size;
    setup_.data.size = next - setup_.data.offset;
    InnoBuffer second(kMostInnoSetupData);
    const base::ByteRange second_range =
        CS_TRY(ReadInnoBlock(file_, next, layout_.block_size_bytes, second));
    setup_.data.size = next + second_range.size - setup_.data.offset;
    InnoRecords records(first.content, blocks, is_unicode_, budget_);
    CS_TRY_VOID(ReadHeader(records));
    CS_TRY_VOID(SkipChoices(records));
    CS_TRY_VOID(ReadEntries(records));
    CS_TRY_VOID(ReadLibraries(records));
    setup_.unread_bytes = records.Remaining();
    InnoRecords locations(second.content, next, is_unicode_, budget_);
    CS_TRY_VOID(ReadLocations(locations));
    if (locations.Remaining() > 0) {
      return base::Fail(Fault::kMalformed, next, "TSetupFileLocationEntry");
    }
    return {};
  }

 private:
  enum class EncryptionUse : uint8_t { kNone, kFiles, kFull };

  // Yields where the blocks begin. Fails when they are encrypted, too.
  Result<uint64_t> ReadEncryption(uint64_t start) {
    Reader reader(base::Input{file_.subspan(start), start});
    const uint32_t crc = reader.U32("CRC of TSetupEncryptionHeader");
    const Bytes header =
        reader.Take(kInnoEncryptionBytes, "TSetupEncryptionHeader");
    CS_TRY(reader.Finish(true));
    if (crc != Crc32(0, header)) {
      return base::Fail(Fault::kMalformed, start,
                        "CRC of TSetupEncryptionHeader");
    }
    const uint64_t blocks = reader.Offset();
    setup_.data.size = blocks - setup_.data.offset;
    setup_.is_encrypted = header[0] != 0;
    if (header[0] <= static_cast<uint8_t>(EncryptionUse::kFiles)) {
      return blocks;
    }
    if (header[0] == static_cast<uint8_t>(EncryptionUse::kFull)) {
      setup_.is_data_encrypted = true;
      CS_TRY_VOID(ClaimBlocks(blocks));
    }
    return base::Fail(Fault::kUnsupported, start + 4, "EncryptionUse");
  }

  // Both blocks, by what their heads say.
  Result<void> ClaimBlocks(uint64_t offset) {
    for (int i = 0; i < 2; ++i) {
      const base::ByteRange range =
          CS_TRY(FindInnoBlock(file_, offset, layout_.block_size_bytes));
      offset = range.offset + range.size;
      setup_.data.size = offset - setup_.data.offset;
    }
    return {};
  }

  Result<void> ReadHeader(InnoRecords& records) {
    CS_TRY_VOID(records.Begin("TSetupHeader"));
    for (size_t i = 0; i < layout_.header_texts; ++i) {
      setup_.texts.emplace_back(InnoTextNames()[i], records.Text());
    }
    records.SkipSized(kInnoHeaderBlobs - 1);
    setup_.compiled_code = records.Blob();
    if (!is_unicode_) {
      constexpr uint64_t kLeadBytes = 32;
      records.Skip(kLeadBytes);
    }
    for (uint32_t* count :
         {&counts_.languages, &counts_.messages, &counts_.permissions,
          &counts_.types, &counts_.components, &counts_.tasks,
          &counts_.directories, &counts_.signature_keys, &counts_.files,
          &counts_.locations, &counts_.icons, &counts_.ini, &counts_.registry,
          &counts_.install_delete, &counts_.uninstall_delete, &counts_.run,
          &counts_.uninstall_run}) {
      const bool is_there =
          count != &counts_.signature_keys || layout_.has_encryption_header;
      *count = is_there ? records.U32() : 0;
    }
    records.Skip(layout_.before_slices);
    (void)records.U32();  // SlicesPerDisk
    records.Skip(2);      // UninstallLogMode, DirExistsWarning
    setup_.privileges_required = records.U8();
    records.Skip(layout_.before_compression - 3U);
    const uint8_t compression = records.U8();
    records.Skip(layout_.before_options);
    const uint64_t options = records.Set(layout_.option_bytes);
    if (!layout_.has_encryption_header) {
      setup_.is_encrypted = (options >> layout_.encryption_bit & 1) != 0;
    }
    CS_TRY_VOID(records.Check());
    if (compression > static_cast<uint8_t>(InnoCompression::kLzma2)) {
      return base::Fail(Fault::kUnsupported, setup_.data.offset,
                        "CompressMethod");
    }
    setup_.compression = static_cast<InnoCompression>(compression);
    return {};
  }

  // Entries that say what users choose from.
  Result<void> SkipChoices(InnoRecords& records) {
    CS_TRY_VOID(records.SkipList(
        "TSetupLanguageEntry", counts_.languages, layout_.language_texts,
        layout_.language_rest + (is_unicode_ ? 0 : kInnoCodePage)));
    CS_TRY_VOID(records.SkipList("TSetupCustomMessageEntry", counts_.messages,
                                 2, kInnoMessageRest));
    CS_TRY_VOID(
        records.SkipList("TSetupPermissionEntry", counts_.permissions, 1, 0));
    CS_TRY_VOID(
        records.SkipList("TSetupTypeEntry", counts_.types, 4, kInnoTypeRest));
    CS_TRY_VOID(records.SkipList("TSetupComponentEntry", counts_.components, 5,
                                 kInnoComponentRest + layout_.level_bytes));
    return records.SkipList("TSetupTaskEntry", counts_.tasks, 6,
                            kInnoTaskRest + layout_.level_bytes);
  }

  Result<void> ReadEntries(InnoRecords& records) {
    CS_TRY_VOID(records.List("TSetupDirEntry", counts_.directories,
                             setup_.directories, ReadInnoDirectory));
    CS_TRY_VOID(records.SkipList("TSetupISSigKeyEntry", counts_.signature_keys,
                                 kInnoKeyTexts, 0));
    CS_TRY_VOID(records.List(
        "TSetupFileEntry", counts_.files, setup_.files,
        [&](InnoRecords& r, InnoFile& entry) { ReadFile(r, entry); }));
    CS_TRY_VOID(records.List(
        "TSetupIconEntry", counts_.icons, setup_.icons,
        [&](InnoRecords& r, InnoIcon& entry) { ReadIcon(r, entry); }));
    CS_TRY_VOID(
        records.List("TSetupIniEntry", counts_.ini, setup_.ini, ReadInnoIni));
    CS_TRY_VOID(records.List(
        "TSetupRegistryEntry", counts_.registry, setup_.registry,
        [&](InnoRecords& r, InnoRegistry& entry) { ReadRegistry(r, entry); }));
    CS_TRY_VOID(records.List("TSetupDeleteEntry", counts_.install_delete,
                             setup_.install_delete, ReadInnoDelete));
    CS_TRY_VOID(records.List("TSetupDeleteEntry", counts_.uninstall_delete,
                             setup_.uninstall_delete, ReadInnoDelete));
    const auto read_run = [&](InnoRecords& r, InnoRun& entry) {
      ReadRun(r, entry);
    };
    CS_TRY_VOID(
        records.List("TSetupRunEntry", counts_.run, setup_.run, read_run));
    return records.List("TSetupRunEntry", counts_.uninstall_run,
                        setup_.uninstall_run, read_run);
  }

  void ReadFile(InnoRecords& records, InnoFile& entry) const {
    constexpr uint32_t kNoLocation = 0xFFFFFFFF;
    entry.source = records.Text();
    entry.destination = records.Text();
    records.SkipSized(2);  // font and assembly
    entry.condition = records.Condition();
    if (layout_.has_encryption_header) {
      // What is left out; where the signature, the user and the password of a
      // download come from; the password of an archive; which keys may sign.
      records.SkipSized(6);
      records.Skip(kInnoVerificationBytes);
    }
    records.Skip(kInnoVersionRange);
    const uint32_t location = records.U32();
    if (location != kNoLocation) {
      entry.location = location;
    }
    entry.attributes = records.U32();
    records.Skip(8 + 2);  // size of external files, permissions
    if (layout_.has_bitness) {
      records.Skip(1);
    }
    constexpr int kBitness = 26;
    const uint64_t options = records.Set(layout_.file_option_bytes);
    entry.options =
        layout_.has_bitness ? WithInnoBitness(options, kBitness) : options;
    entry.is_uninstaller = records.U8() == 1;
  }

  void ReadRegistry(InnoRecords& records, InnoRegistry& entry) const {
    entry.subkey = records.Text();
    entry.value_name = records.Text();
    entry.value_data = records.Blob();
    entry.condition = records.Condition();
    records.Skip(kInnoVersionRange);
    entry.root_key = records.U32();
    records.Skip(2);  // permissions
    entry.type = records.U8();
    if (layout_.has_bitness) {
      records.Skip(1);
    }
    entry.options = records.Set(2);
  }

  void ReadIcon(InnoRecords& records, InnoIcon& entry) const {
    for (std::string* text :
         {&entry.name, &entry.filename, &entry.parameters,
          &entry.working_directory, &entry.icon_filename, &entry.comment}) {
      *text = records.Text();
    }
    entry.condition = records.Condition();
    entry.app_user_model_id = records.Text();
    records.Skip(layout_.icon_bytes);
  }

  void ReadRun(InnoRecords& records, InnoRun& entry) const {
    for (std::string* text :
         {&entry.name, &entry.parameters, &entry.working_directory,
          &entry.run_once_id, &entry.status_message, &entry.verb,
          &entry.description}) {
      *text = records.Text();
    }
    if (layout_.has_bitness) {
      records.SkipSized(1);  // what is called with the output
    }
    entry.condition = records.Condition();
    records.Skip(kInnoVersionRange);
    entry.show_command = records.U32();
    entry.wait = records.U8();
    if (layout_.has_bitness) {
      records.Skip(1);
    }
    constexpr int kBitness = 7;
    const uint64_t options = records.Set(layout_.run_option_bytes);
    entry.options =
        layout_.has_bitness ? WithInnoBitness(options, kBitness) : options;
  }

  // Images of the wizard are passed over.
  Result<void> ReadLibraries(InnoRecords& records) {
    // Since 6.6 lists may be absent.
    constexpr uint32_t kNoImages = 0xFFFFFFFF;
    for (uint8_t i = 0; i < layout_.image_lists; ++i) {
      CS_TRY_VOID(records.Begin("wizard image"));
      const uint32_t count = layout_.counts_images ? records.U32() : 1;
      if (count != kNoImages || layout_.image_lists == 2) {
        CS_TRY_VOID(records.SkipList("wizard image", count, 1, 0));
      }
    }
    CS_TRY_VOID(records.Begin("library"));
    if (setup_.compression == InnoCompression::kZlib ||
        setup_.compression == InnoCompression::kBzip2) {
      setup_.decompressor = records.Blob();
    }
    if (HasArchiveLibrary()) {
      setup_.archive_library = records.Blob();
    }
    if (setup_.is_encrypted && layout_.has_decryptor) {
      setup_.decryptor = records.Blob();
    }
    return records.Check();
  }

  [[nodiscard]] bool HasArchiveLibrary() const {
    constexpr std::string_view kName = "SevenZipLibraryName";
    return std::ranges::any_of(setup_.texts, [&](const auto& text) {
      return text.first == kName && !text.second.empty();
    });
  }

  Result<void> ReadLocations(InnoRecords& records) {
    return records.List(
        "TSetupFileLocationEntry", counts_.locations, setup_.locations,
        [&](InnoRecords& r, InnoLocation& entry) { ReadLocation(r, entry); });
  }

  void ReadLocation(InnoRecords& records, InnoLocation& entry) const {
    constexpr uint64_t kSha1 = 20;
    constexpr uint64_t kSha256 = 32;
    entry.first_slice = records.U32();
    entry.last_slice = records.U32();
    entry.chunk_offset =
        layout_.offset_bytes == 8 ? records.U64() : records.U32();
    entry.chunk_suboffset = records.U64();
    entry.size = records.U64();
    entry.chunk_size = records.U64();
    entry.has_sha256 = layout_.has_sha256;
    const Bytes digest = records.Take(layout_.has_sha256 ? kSha256 : kSha1);
    std::ranges::copy(digest, entry.digest.begin());
    records.Skip(8 + 8);  // time, version
    const uint64_t flags = records.Set(layout_.location_flag_bytes);
    // Since 6.4.3 the flags that only the compiler needs are not written.
    const bool is_short = layout_.location_flag_bytes == 1;
    entry.is_filtered = (flags >> (is_short ? 2 : 4) & 1) != 0;
    entry.is_encrypted = (flags >> (is_short ? 3 : 6) & 1) != 0;
    entry.is_compressed = (flags >> (is_short ? 4 : 7) & 1) != 0;
  }

  Bytes file_;
  const InnoLayout& layout_;
  bool is_unicode_;
  Budget& budget_;
  InnoSetup& setup_;
  InnoCounts counts_;
};

}  // namespace

Result<void> ReadInnoSetup(Bytes file, Budget& budget, InnoSetup& setup) {
  constexpr std::string_view kIdentifier = "Inno Setup Setup Data (";
  const uint64_t start =
      std::min<uint64_t>(setup.loader.setup_data, file.size());
  setup.data = {start, 0};
  if (file.size() - start < kInnoIdentifierBytes) {
    return base::Fail(Fault::kTruncated, file.size(), "SetupID");
  }
  std::string_view identifier =
      base::AsText(file.subspan(start, kInnoIdentifierBytes));
  identifier = identifier.substr(0, identifier.find('\0'));
  if (!identifier.starts_with(kIdentifier)) {
    return base::Fail(Fault::kMalformed, start, "SetupID");
  }
  setup.data.size = kInnoIdentifierBytes;
  identifier.remove_prefix(kIdentifier.size());
  const size_t end = std::min(identifier.find(')'), identifier.size());
  const std::string_view version = identifier.substr(0, end);
  const std::string_view suffix = identifier.substr(end);
  const InnoLayout* layout = FindInnoLayout(version);
  const bool is_unicode = suffix == ") (u)" || suffix == ") (U)" ||
                          (layout != nullptr && layout->is_always_unicode);
  setup.version = std::string(version) + (is_unicode ? " (u)" : "");
  // Quirk: modified compilers write what they like behind the version, and
  // other records.
  if (layout == nullptr || (!is_unicode && suffix != ")")) {
    return base::Fail(Fault::kUnsupported, start, "SetupID");
  }
  return InnoSetupReader(file, *layout, is_unicode, budget, setup)
      .Read(start + kInnoIdentifierBytes);
}

}  // namespace countersign::formats
