// The content of a file is one piece of a volume, or, if it is split, the end
// of one, all of others, the beginning of the last. Whoever put the pieces
// together has, if the file is obfuscated, bytes to be turned into
//
//   content as it is, or
//   { u16 size, deflate (RFC 1951) of up to 64 KiB } ... to the end
//
// Spec: none; unshield (lib/file.c) knows it.
#include "formats/installshield/cabinet_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Result;

// Limit: pieces of one file. A set has a volume for each floppy disk or CD.
constexpr size_t kMaxPieces = 1000;
constexpr size_t kPieceBytes = size_t{64} << 10;

// Counts and digests content; refuses what is more than was said.
class ShieldSink : public ByteSink {
 public:
  ShieldSink(ByteSink& next, uint64_t size) : next_(next), left_(size) {}

  Result<void> Write(Bytes bytes) override {
    if (bytes.size() > left_) {
      return base::Fail(Fault::kMalformed, 0, "expanded size");
    }
    left_ -= bytes.size();
    md5_.Update(bytes);
    return next_.Write(bytes);
  }
  [[nodiscard]] uint64_t Left() const { return left_; }
  [[nodiscard]] base::Digest Digest() { return md5_.Finish(); }

 private:
  ByteSink& next_;
  uint64_t left_;
  base::Hasher md5_{base::DigestAlgorithm::kMd5};
};

// The pieces of a file, as one stream without obfuscation.
class PieceReader {
 public:
  PieceReader(std::vector<Input> pieces, bool is_obfuscated)
      : pieces_(std::move(pieces)), is_obfuscated_(is_obfuscated) {}

  [[nodiscard]] bool IsAtEnd() {
    while (at_ < pieces_.size() && pieces_[at_].bytes.empty()) {
      ++at_;
    }
    return at_ == pieces_.size();
  }
  // Where in the container the next byte is.
  [[nodiscard]] uint64_t Offset() const {
    const Input& piece = pieces_[std::min(at_, pieces_.size() - 1)];
    return piece.offset;
  }

  // The next `size` bytes (64 KiB at most), or as many as there are; valid
  // until the next call.
  Bytes Take(size_t size) {
    if (!IsAtEnd() && !is_obfuscated_ && pieces_[at_].bytes.size() >= size) {
      return Advance(size);
    }
    buffer_.clear();
    while (buffer_.size() < size && !IsAtEnd()) {
      const Bytes part =
          Advance(std::min(size - buffer_.size(), pieces_[at_].bytes.size()));
      buffer_.insert(buffer_.end(), part.begin(), part.end());
    }
    if (is_obfuscated_) {
      Reveal();
    }
    return buffer_;
  }

 private:
  Bytes Advance(size_t size) {
    Input& piece = pieces_[at_];
    const Bytes taken = piece.bytes.first(size);
    piece = {piece.bytes.subspan(size), piece.offset + size};
    return taken;
  }

  void Reveal() {
    constexpr unsigned kKey = 0xD5;
    constexpr unsigned kPeriod = 0x47;
    for (uint8_t& byte : buffer_) {
      const unsigned mixed = byte ^ kKey;
      const unsigned turned = mixed >> 2 | mixed << 6;
      byte = static_cast<uint8_t>(turned - seed_);
      seed_ = (seed_ + 1) % kPeriod;
    }
  }

  std::vector<Input> pieces_;
  bool is_obfuscated_;
  size_t at_ = 0;
  unsigned seed_ = 0;
  std::vector<uint8_t> buffer_;
};

class ShieldUnpacker {
 public:
  ShieldUnpacker(const ShieldCabinet& cabinet, base::Budget& budget,
                 BoundedRemarks& remarks, MemberSink& sink)
      : cabinet_(cabinet), budget_(budget), remarks_(remarks), sink_(sink) {}

  Result<void> Run() {
    list_ = CS_TRY(ReadShieldList(cabinet_.header, budget_));
    for (const auto& [number, input] : cabinet_.volumes) {
      if (const auto volume = ReadShieldVolume(input, list_.version); volume) {
        volumes_.emplace(number, *volume);
      }
      if (input.bytes.data() == cabinet_.header.bytes.data()) {
        claimed_[number].push_back(list_.place);
      }
    }
    for (const ShieldFile& file : list_.files) {
      CS_TRY_VOID(HandOver(file));
    }
    NoteSpace();
    if (list_.damage) {
      return std::unexpected(*list_.damage);
    }
    return {};
  }

 private:
  Result<void> HandOver(const ShieldFile& file) {
    Member member;
    member.name = cabinet_.prefix + file.name;
    member.size = file.size;
    member.stored = file.stored;
    member.packed_size = file.is_compressed ? file.packed_size : file.size;
    auto pieces = FindPieces(file);
    const bool is_as_stored = pieces && pieces->size() == 1 &&
                              !file.is_compressed && !file.is_obfuscated;
    if (is_as_stored && !cabinet_.is_beside &&
        HasDigest(file, pieces->front().bytes)) {
      return sink_.Place(member, pieces->front().Range());
    }
    CS_TRY_VOID(sink_.Begin(member));
    if (!pieces) {
      return sink_.End(pieces.error());
    }
    const auto damage = CS_TRY(WriteContent(file, std::move(*pieces)));
    return sink_.End(damage);
  }

  [[nodiscard]] static bool HasDigest(const ShieldFile& file, Bytes content) {
    base::Hasher md5(base::DigestAlgorithm::kMd5);
    md5.Update(content);
    return IsDigest(file, md5.Finish());
  }

  // No digest is no wrong digest.
  [[nodiscard]] static bool IsDigest(const ShieldFile& file,
                                     const base::Digest& digest) {
    return std::ranges::all_of(file.md5,
                               [](uint8_t byte) { return byte == 0; }) ||
           base::Equal(file.md5, digest.View());
  }

  // The part of volume `number` that is of `file`; its size is 0 when none is.
  [[nodiscard]] ByteRange PieceIn(const ShieldFile& file,
                                  const ShieldVolume& volume) const {
    if (!file.is_split) {
      return {file.offset, file.is_compressed ? file.packed_size : file.size};
    }
    constexpr uint64_t kNowhere = 0x7FFFFFFF;
    if (file.index == volume.last_file && volume.last_offset != kNowhere) {
      return {volume.last_offset,
              file.is_compressed ? volume.last_packed_size : volume.last_size};
    }
    if (file.index == volume.first_file) {
      return {volume.first_offset, file.is_compressed ? volume.first_packed_size
                                                      : volume.first_size};
    }
    return {};
  }

  // Version 5 does not say in which volume a file begins.
  [[nodiscard]] uint16_t FirstVolume(const ShieldFile& file) const {
    if (file.volume != 0) {
      return file.volume;
    }
    for (const auto& [number, volume] : volumes_) {
      if (file.index >= volume.first_file && file.index <= volume.last_file) {
        return number;
      }
    }
    return 1;
  }

  Result<std::vector<Input>> FindPieces(const ShieldFile& file) {
    std::vector<Input> pieces;
    uint64_t left = file.is_compressed ? file.packed_size : file.size;
    uint16_t number = FirstVolume(file);
    do {
      const auto volume = volumes_.find(number);
      if (volume == volumes_.end()) {
        return base::Fail(Fault::kUnsupported, file.stored.offset,
                          "volume in another file");
      }
      const Input whole = cabinet_.volumes.at(number);
      const ByteRange piece = PieceIn(file, volume->second);
      if (!piece.Inside(whole.bytes.size())) {
        return base::Fail(Fault::kTruncated, file.stored.offset,
                          "compressed size");
      }
      if (piece.size > left || (piece.size == 0 && left > 0)) {
        return base::Fail(Fault::kMalformed, whole.offset, "volume header");
      }
      pieces.push_back({whole.bytes.subspan(piece.offset, piece.size),
                        whole.offset + piece.offset});
      claimed_[number].push_back(piece);
      left -= piece.size;
      ++number;
    } while (left > 0 && pieces.size() < kMaxPieces);
    if (left > 0) {
      return base::Fail(Fault::kLimit, file.stored.offset, "pieces of a file");
    }
    return pieces;
  }

  // Yields why the content is not as it should be; fails when the budget is
  // spent, after the member was ended.
  Result<std::optional<Error>> WriteContent(const ShieldFile& file,
                                            std::vector<Input> pieces) {
    PieceReader reader(std::move(pieces), file.is_obfuscated);
    ShieldSink content(sink_, file.size);
    while (!reader.IsAtEnd()) {
      const uint64_t offset = reader.Offset();
      if (const auto paid = budget_.ChargeSteps(1, offset); !paid) {
        CS_TRY_VOID(sink_.End(paid.error()));
        return std::unexpected(paid.error());
      }
      const auto written = file.is_compressed
                               ? WriteChunk(reader, content)
                               : content.Write(reader.Take(kPieceBytes));
      if (!written) {
        Error error = written.error();
        error.offset = cabinet_.is_beside ? file.stored.offset
                                          : std::max(error.offset, offset);
        return std::optional(error);
      }
    }
    if (content.Left() > 0) {
      return std::optional(
          Error{Fault::kTruncated,
                cabinet_.is_beside ? file.stored.offset : reader.Offset(),
                "expanded size"});
    }
    if (!IsDigest(file, content.Digest())) {
      remarks_.Note(RemarkKind::kChecksum, file.stored, [&] {
        return fmt::format("\"{}\" does not have the MD5 that is stored",
                           base::DisplaySafe(file.name));
      });
      return std::optional(Error{Fault::kMalformed, file.stored.offset, "MD5"});
    }
    return std::optional<Error>();
  }

  static Result<void> WriteChunk(PieceReader& reader, ByteSink& content) {
    const uint64_t offset = reader.Offset();
    const Bytes head = reader.Take(2);
    const size_t size =
        head.size() < 2 ? 1 : head[0] | static_cast<size_t>(head[1]) << 8;
    const bool has_size = head.size() == 2;
    const Bytes chunk = reader.Take(size);
    if (!has_size || chunk.size() < size) {
      return base::Fail(Fault::kTruncated, offset, "size of a chunk");
    }
    const auto taken =
        Decompress(Codec::kDeflate, {chunk, offset + 2}, content);
    return taken ? Result<void>() : std::unexpected(taken.error());
  }

  // Bytes of volumes, behind their headers, that are of no file.
  void NoteSpace() {
    constexpr uint64_t kVolumeHeader = 512;
    for (const auto& [number, volume] : cabinet_.volumes) {
      std::vector<ByteRange>& ranges = claimed_[number];
      std::ranges::sort(ranges, {}, &ByteRange::offset);
      uint64_t end = kVolumeHeader;
      uint64_t hidden = 0;
      ByteRange first;
      ranges.push_back({volume.bytes.size(), 0});
      for (const ByteRange& range : ranges) {
        if (range.offset > end) {
          first = hidden == 0 ? ByteRange{end, range.offset - end} : first;
          hidden += range.offset - end;
        }
        end = std::max(end, range.offset + range.size);
      }
      if (hidden > 0) {
        const ByteRange where =
            cabinet_.is_beside
                ? cabinet_.header.Range()
                : ByteRange{volume.offset + first.offset, first.size};
        remarks_.Note(RemarkKind::kHiddenData, where, [&] {
          return fmt::format(
              "{} bytes of volume {} are of no file, the first of them at its "
              "offset {}",
              hidden, number, first.offset);
        });
      }
    }
  }

  const ShieldCabinet& cabinet_;
  base::Budget& budget_;
  BoundedRemarks& remarks_;
  MemberSink& sink_;
  ShieldList list_;
  std::map<uint16_t, ShieldVolume> volumes_;
  std::map<uint16_t, std::vector<ByteRange>> claimed_;
};

}  // namespace

Result<void> UnpackShieldCabinet(const ShieldCabinet& cabinet,
                                 base::Budget& budget, BoundedRemarks& remarks,
                                 MemberSink& sink) {
  return ShieldUnpacker(cabinet, budget, remarks, sink).Run();
}

}  // namespace countersign::formats
