// A chunk is "zlb" 1A, then so many bytes as its locations say: a stream of the
// setup's one method of compression, or content as it is. LZMA streams begin
// with five bytes of properties, LZMA2 streams with one. Files lie in what
// comes out, at their suboffsets; programs among them went through a filter
// before.
//
// Spec: jrsoftware/issrc Projects/Extract.pas (TFileExtractor),
// Projects/Compile.pas (TCompressionHandler).
#include "formats/inno/chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/digest.h"
#include "formats/codec/decompress.h"
#include "formats/inno/block.h"
#include "formats/inno/call_filter.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

constexpr std::string_view kInnoChunkMark("zlb\x1A", 4);
// Limit: bytes of a file that are kept to hand it over under its other names,
// too. Programs that setups install twice are small; larger ones become links.
constexpr uint64_t kMostInnoRepeated = uint64_t{16} << 20;
constexpr uint64_t kInnoBytesOfAStep = 1024;

const char* InnoDigestField(const InnoLocation& location) {
  return location.has_sha256 ? "SHA256Sum" : "SHA1Sum";
}

base::Hasher InnoHasher(const InnoLocation& location) {
  return base::Hasher(location.has_sha256 ? base::DigestAlgorithm::kSha256
                                          : base::DigestAlgorithm::kSha1);
}

bool IsInnoDigest(const InnoLocation& location, base::Hasher& hasher) {
  const base::Digest digest = hasher.Finish();
  return base::Equal(digest.View(), Bytes(location.digest).first(digest.size));
}

bool HasInnoChunkMark(Bytes chunk) {
  return base::AsText(chunk).starts_with(kInnoChunkMark);
}

}  // namespace

// Takes what comes out of a chunk and hands it over, file by file.
class InnoChunks::Splitter : public ByteSink {
 public:
  Splitter(InnoChunks& owner, const Chunk& chunk)
      : owner_(owner), chunk_(chunk) {}

  // An error that ends everything is kept in `fatal`.
  Result<void> Write(Bytes bytes) override {
    while (true) {
      if (!current_) {
        CS_TRY_VOID(Fatal(BeginNext()));
      }
      if (bytes.empty()) {
        return {};
      }
      const uint64_t size = std::min<uint64_t>(bytes.size(), Wanted());
      CS_TRY_VOID(Take(bytes.first(size)));
      bytes = bytes.subspan(size);
      position_ += size;
    }
  }

  // What is left when the stream has ended: files that did not come are
  // damaged, with `error`.
  Result<void> Finish(const Error& error) {
    CS_TRY_VOID(BeginNext());  // files without content at the end
    if (current_) {
      CS_TRY_VOID(EndCurrent(error));
    }
    while (next_ < chunk_.pieces.size()) {
      CS_TRY_VOID(BeginNext());
      if (current_) {
        CS_TRY_VOID(EndCurrent(error));
      }
      position_ = std::max(position_, SuboffsetOfNext());
    }
    return {};
  }

  std::optional<Error> fatal;
  uint64_t unclaimed = 0;  // bytes that belong to no file

 private:
  // The file at hand: content passes the filter, then here.
  struct Current : ByteSink {
    Current(Splitter& splitter, const Piece& piece)
        : piece_at_hand(piece),
          hasher(InnoHasher(*piece.location)),
          filter(*this),
          owner(splitter),
          left(piece.location->size) {}

    Result<void> Write(Bytes bytes) override {
      hasher.Update(bytes);
      if (piece_at_hand.names.size() > 1 &&
          piece_at_hand.location->size <= kMostInnoRepeated) {
        copy.insert(copy.end(), bytes.begin(), bytes.end());
      }
      return owner.owner_.sink_.Write(bytes);
    }

    const Piece& piece_at_hand;
    base::Hasher hasher;
    InnoCallFilter filter;
    Splitter& owner;
    uint64_t left;
    std::vector<uint8_t> copy;
  };

  [[nodiscard]] uint64_t SuboffsetOfNext() const {
    return next_ < chunk_.pieces.size()
               ? chunk_.pieces[next_].location->chunk_suboffset
               : ~uint64_t{0};
  }

  // Bytes up to the end of the file at hand, or to the next one.
  [[nodiscard]] uint64_t Wanted() const {
    return current_ ? current_->left : SuboffsetOfNext() - position_;
  }

  Result<void> Fatal(Result<void> result) {
    if (!result) {
      fatal = result.error();
    }
    return result;
  }

  // Begins the file that starts at the position, if one does; files without
  // content are handed over on the way, as are those that start before it.
  Result<void> BeginNext() {
    while (!current_ && next_ < chunk_.pieces.size() &&
           SuboffsetOfNext() <= position_) {
      const Piece& piece = chunk_.pieces[next_++];
      const bool overlaps = piece.location->chunk_suboffset < position_ &&
                            piece.location->size > 0;
      CS_TRY_VOID(owner_.budget_.ChargeSteps(1, chunk_.stored.offset));
      CS_TRY_VOID(
          owner_.sink_.Begin(owner_.MemberOf(chunk_, piece, piece.names[0])));
      if (overlaps) {
        owner_.remarks_.Note(RemarkKind::kOverlap, chunk_.stored, [&] {
          return fmt::format("{} shares bytes of its chunk with another file",
                             QuotedName(piece.names[0]));
        });
        CS_TRY_VOID(owner_.sink_.End(Error{
            Fault::kMalformed, owner_.setup_.data.offset, "ChunkSuboffset"}));
        CS_TRY_VOID(HandOverLinks(piece));
        continue;
      }
      current_.emplace(*this, piece);
      if (piece.location->size == 0) {
        CS_TRY_VOID(EndCurrent({}));
      }
    }
    return {};
  }

  Result<void> Take(Bytes bytes) {
    if (!current_) {
      unclaimed += bytes.size();
      return Fatal(owner_.budget_.ChargeSteps(
          1 + bytes.size() / kInnoBytesOfAStep, chunk_.stored.offset));
    }
    Current& current = *current_;
    const bool is_filtered = current.piece_at_hand.location->is_filtered;
    auto written =
        is_filtered ? current.filter.Write(bytes) : current.Write(bytes);
    current.left -= bytes.size();
    if (written && current.left == 0 && is_filtered) {
      written = current.filter.Finish();
    }
    if (!written) {
      CS_TRY_VOID(Fatal(EndCurrent(written.error())));
      return written;
    }
    return current.left == 0 ? Fatal(EndCurrent({})) : Result<void>();
  }

  Result<void> EndCurrent(std::optional<Error> damage) {
    const Piece& piece = current_->piece_at_hand;
    std::vector<uint8_t> copy = std::move(current_->copy);
    if (!damage && !IsInnoDigest(*piece.location, current_->hasher)) {
      owner_.NoteDigest(chunk_, piece);
      damage = Error{Fault::kMalformed, owner_.setup_.data.offset,
                     InnoDigestField(*piece.location)};
    }
    current_.reset();
    CS_TRY_VOID(owner_.sink_.End(damage));
    if (damage || piece.location->size > kMostInnoRepeated) {
      return HandOverLinks(piece);
    }
    for (size_t i = 1; i < piece.names.size(); ++i) {
      CS_TRY_VOID(owner_.budget_.ChargeSteps(
          1 + copy.size() / kInnoBytesOfAStep, chunk_.stored.offset));
      CS_TRY_VOID(
          owner_.sink_.Begin(owner_.MemberOf(chunk_, piece, piece.names[i])));
      const auto written =
          copy.empty() ? Result<void>() : owner_.sink_.Write(copy);
      CS_TRY_VOID(owner_.sink_.End(written ? std::nullopt
                                           : std::optional(written.error())));
    }
    return {};
  }

  // Further names of content that is not repeated.
  Result<void> HandOverLinks(const Piece& piece) {
    for (size_t i = 1; i < piece.names.size(); ++i) {
      Member member = owner_.MemberOf(chunk_, piece, piece.names[i]);
      member.kind = MemberKind::kLink;
      member.link_target = piece.names[0];
      member.size.reset();
      CS_TRY_VOID(owner_.sink_.Place(member, {chunk_.stored.offset, 0}));
    }
    return {};
  }

  InnoChunks& owner_;
  const Chunk& chunk_;
  size_t next_ = 0;
  uint64_t position_ = 0;
  std::optional<Current> current_;
};

void InnoChunks::NoteDigest(const Chunk& chunk, const Piece& piece) {
  remarks_.Note(RemarkKind::kChecksum, chunk.stored, [&] {
    return fmt::format("{} has not the {} that is stored for it",
                       QuotedName(piece.names[0]),
                       piece.location->has_sha256 ? "SHA-256" : "SHA-1");
  });
}

Member InnoChunks::MemberOf(const Chunk& chunk, const Piece& piece,
                            const std::string& name) const {
  Member member;
  member.name = "[inno]/" + name;
  member.size = piece.location->size;
  member.stored = chunk.stored;
  member.packed_size = chunk.stored.size;
  return member;
}

std::vector<InnoChunks::Chunk> InnoChunks::Collect() {
  std::map<uint32_t, std::vector<std::string>> names;
  for (size_t i = 0; i < setup_.files.size(); ++i) {
    const InnoFile& file = setup_.files[i];
    if (!file.location) {
      continue;
    }
    if (*file.location >= setup_.locations.size()) {
      remarks_.Note(RemarkKind::kOddity, setup_.data, [&] {
        return fmt::format("file {} leads to location {} of {}",
                           QuotedName(file.destination), *file.location,
                           setup_.locations.size());
      });
      continue;
    }
    names[*file.location].push_back(file.destination.empty()
                                        ? fmt::format("file {}", i)
                                        : file.destination);
  }
  using Key = std::tuple<uint64_t, uint64_t, bool, bool>;
  std::map<Key, Chunk> chunks;
  for (uint32_t i = 0; i < setup_.locations.size(); ++i) {
    const InnoLocation& location = setup_.locations[i];
    Chunk& chunk = chunks[Key{location.chunk_offset, location.chunk_size,
                              location.is_encrypted, location.is_compressed}];
    // Limit: 48 bits of offset; no file is as large, and sums stay in range.
    constexpr uint64_t kMostOffset = uint64_t{1} << 48;
    const uint64_t offset =
        std::min<uint64_t>(std::min(setup_.loader.files, kMostOffset) +
                               std::min(location.chunk_offset, kMostOffset),
                           file_.size());
    chunk.stored = {
        offset, std::min<uint64_t>(std::min(location.chunk_size, kMostOffset) +
                                       kInnoChunkMark.size(),
                                   file_.size() - offset)};
    const auto known = names.find(i);
    std::vector<std::string> given =
        known != names.end()
            ? std::move(known->second)
            : std::vector<std::string>{fmt::format("location {}", i)};
    chunk.pieces.push_back({&location, std::move(given)});
  }
  std::vector<Chunk> collected;
  for (auto& [key, chunk] : chunks) {
    std::ranges::stable_sort(chunk.pieces, {}, [](const Piece& piece) {
      return std::pair(piece.location->chunk_suboffset, piece.location->size);
    });
    collected.push_back(std::move(chunk));
  }
  return collected;
}

Result<void> InnoChunks::HandOver() {
  for (const Chunk& chunk : Collect()) {
    CS_TRY_VOID(budget_.ChargeSteps(1, chunk.stored.offset));
    CS_TRY_VOID(HandOverChunk(chunk));
  }
  return {};
}

Result<void> InnoChunks::HandOverDamaged(const Chunk& chunk, Error error) {
  for (const Piece& piece : chunk.pieces) {
    for (const std::string& name : piece.names) {
      CS_TRY_VOID(budget_.ChargeSteps(1, chunk.stored.offset));
      CS_TRY_VOID(sink_.Begin(MemberOf(chunk, piece, name)));
      CS_TRY_VOID(sink_.End(error));
    }
  }
  return {};
}

Result<void> InnoChunks::HandOverChunk(const Chunk& chunk) {
  const InnoLocation& location = *chunk.pieces[0].location;
  const ByteRange stored = chunk.stored;
  if (stored.size < kInnoChunkMark.size() ||
      stored.size - kInnoChunkMark.size() < location.chunk_size) {
    return HandOverDamaged(chunk, {Fault::kTruncated, file_.size(), "chunk"});
  }
  if (!HasInnoChunkMark(file_.subspan(stored.offset, stored.size))) {
    return HandOverDamaged(chunk, {Fault::kMalformed, stored.offset, "ZLIBID"});
  }
  claimed_.Claim(stored);
  if (location.is_encrypted) {
    remarks_.Note(RemarkKind::kEncrypted, stored, [&] {
      return fmt::format("a chunk with {} files is encrypted",
                         chunk.pieces.size());
    });
    return HandOverDamaged(
        chunk, {Fault::kUnsupported, stored.offset, "foChunkEncrypted"});
  }
  return location.is_compressed ? HandOverCompressed(chunk)
                                : HandOverStored(chunk);
}

Result<void> InnoChunks::HandOverCompressed(const Chunk& chunk) {
  const uint64_t start = chunk.stored.offset + kInnoChunkMark.size();
  Bytes stream =
      file_.subspan(start, chunk.stored.size - kInnoChunkMark.size());
  CodecOptions options;
  Codec codec = Codec::kZlib;
  size_t properties = 0;
  switch (setup_.compression) {
    case InnoCompression::kStored:
      return HandOverDamaged(
          chunk, {Fault::kMalformed, setup_.data.offset, "CompressMethod"});
    case InnoCompression::kZlib:
      break;
    case InnoCompression::kBzip2:
      codec = Codec::kBzip2;
      break;
    case InnoCompression::kLzma:
      codec = Codec::kLzmaRaw;
      properties = 5;
      break;
    case InnoCompression::kLzma2:
      codec = Codec::kLzma2Raw;
      properties = 1;
      break;
  }
  if (stream.size() < properties) {
    return HandOverDamaged(chunk, {Fault::kTruncated, start, "properties"});
  }
  options.properties = stream.first(properties);
  stream = stream.subspan(properties);
  Splitter splitter(*this, chunk);
  const auto taken =
      Decompress(codec, {stream, start + properties}, splitter, options);
  if (splitter.fatal) {
    return std::unexpected(*splitter.fatal);
  }
  // Files that are whole are, whatever became of the stream behind them.
  CS_TRY_VOID(splitter.Finish(taken ? Error{Fault::kTruncated, start, "chunk"}
                                    : taken.error()));
  if (splitter.unclaimed > 0) {
    remarks_.Note(RemarkKind::kHiddenData, chunk.stored, [&] {
      return fmt::format("{} decompressed bytes of a chunk belong to no file",
                         splitter.unclaimed);
    });
  }
  if (taken && *taken < stream.size()) {
    const uint64_t end = start + properties + *taken;
    remarks_.Note(RemarkKind::kHiddenData, {end, stream.size() - *taken}, [&] {
      return fmt::format("{} bytes behind the compressed data of a chunk",
                         stream.size() - *taken);
    });
  }
  return {};
}

// Content as it is can be placed where it lies, unless it was filtered.
Result<void> InnoChunks::HandOverStored(const Chunk& chunk) {
  const uint64_t start = chunk.stored.offset + kInnoChunkMark.size();
  const uint64_t size = chunk.stored.size - kInnoChunkMark.size();
  ClaimedBytes used;
  for (const Piece& piece : chunk.pieces) {
    const InnoLocation& location = *piece.location;
    const ByteRange range{location.chunk_suboffset, location.size};
    CS_TRY_VOID(budget_.ChargeSteps(
        1 + (range.Inside(size) ? location.size : 0) / kInnoBytesOfAStep,
        start));
    for (const std::string& name : piece.names) {
      const Member member = MemberOf(chunk, piece, name);
      CS_TRY_VOID(range.Inside(size)
                      ? HandOverStoredFile(chunk, piece, member,
                                           {start + range.offset, range.size})
                      : HandOverCut(member));
    }
    if (range.Inside(size)) {
      used.Claim(range);
    }
  }
  for (const ByteRange& gap : used.Gaps({0, size})) {
    remarks_.Note(RemarkKind::kHiddenData, {start + gap.offset, gap.size}, [&] {
      return fmt::format("{} bytes of a chunk belong to no file", gap.size);
    });
  }
  return {};
}

// A file that would lie outside its chunk.
Result<void> InnoChunks::HandOverCut(const Member& member) {
  CS_TRY_VOID(sink_.Begin(member));
  return sink_.End(
      Error{Fault::kTruncated, setup_.data.offset, "ChunkSuboffset"});
}

Result<void> InnoChunks::HandOverStoredFile(const Chunk& chunk,
                                            const Piece& piece,
                                            const Member& member,
                                            ByteRange content) {
  const Bytes bytes = file_.subspan(content.offset, content.size);
  base::Hasher hasher = InnoHasher(*piece.location);
  if (!piece.location->is_filtered) {
    hasher.Update(bytes);
    if (IsInnoDigest(*piece.location, hasher)) {
      return sink_.Place(member, content);
    }
    NoteDigest(chunk, piece);
    CS_TRY_VOID(sink_.Begin(member));
    auto written = bytes.empty() ? Result<void>() : sink_.Write(bytes);
    return sink_.End(written ? Error{Fault::kMalformed, setup_.data.offset,
                                     InnoDigestField(*piece.location)}
                             : written.error());
  }
  // Limit: filtered content that is not compressed is rare; 64 MiB at once.
  constexpr uint64_t kMostFiltered = uint64_t{64} << 20;
  CS_TRY_VOID(sink_.Begin(member));
  InnoBuffer buffer(kMostFiltered);
  InnoCallFilter filter(buffer);
  auto written = filter.Write(bytes);
  written = written ? filter.Finish() : written;
  if (written) {
    hasher.Update(buffer.content);
    written =
        buffer.content.empty() ? Result<void>() : sink_.Write(buffer.content);
  }
  if (!written) {
    return sink_.End(
        Error{written.error().fault, content.offset, written.error().field});
  }
  if (!IsInnoDigest(*piece.location, hasher)) {
    NoteDigest(chunk, piece);
    return sink_.End(Error{Fault::kMalformed, setup_.data.offset,
                           InnoDigestField(*piece.location)});
  }
  return sink_.End({});
}

}  // namespace countersign::formats
