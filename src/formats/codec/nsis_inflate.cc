// Deflate as NSIS has it: RFC 1951, but a stored block is
//
//   3 bits of block header, bits up to the next byte, LEN (u16), bytes
//
// without the complement NLEN of LEN, so that no library reads it.
//
// Quirk: makensis of Debian is built with the zlib of the system, so that what
// it makes has NLEN. Which of the two a container has is seen at its first
// stored block: whether LEN is followed by its complement.
//
// Spec: RFC 1951, sections 3.2.3 to 3.2.7; NSIS 3.08, Source/zlib.
//
// Two loops decode a block: a fast one while input and output have room for
// whatever one turn takes, and a careful one that looks at each bit's
// existence.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <span>

#include "formats/codec/nsis_inflate_table.h"
#include "formats/codec/nsis_streams.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr unsigned kLengthTableBits = 11;
constexpr unsigned kDistanceTableBits = 8;
constexpr size_t kNsisHistoryBytes = size_t{32} << 10;
constexpr size_t kInflatePiece = size_t{256} << 10;
// What one turn of a loop writes at most: three literals, one match, and
// copying in steps of 16 bytes.
constexpr size_t kOutputSlack = 512;
// What one turn of the fast loop reads at most: two refills.
constexpr size_t kInputSlack = 32;

constexpr std::array<uint8_t, 19> kCodeLengthOrder = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

class NsisInflater {
 public:
  NsisInflater(Input input, ByteSink& output, NsisStoredForm& form)
      : input_(input),
        next_(input.bytes.data()),
        end_(next_ + input.bytes.size()),
        output_(output),
        form_(form) {}

  Result<uint64_t> Run() {
    bool last = false;
    while (!last) {
      last = Take(1) != 0;
      const unsigned type = Take(2);
      if (missing_) {
        break;
      }
      switch (type) {
        case 0:
          CS_TRY_VOID(CopyStored());
          break;
        case 1:
          UseFixedCode();
          CS_TRY_VOID(DecodeBlock());
          break;
        case 2:
          CS_TRY_VOID(ReadCodes());
          CS_TRY_VOID(DecodeBlock());
          break;
        default:
          return Damaged("block type");
      }
    }
    CS_TRY_VOID(Flush());
    if (missing_) {
      return Cut();
    }
    return Offset() - input_.offset;
  }

 private:
  // ---- Bits ----------------------------------------------------------------

  // Where the next bit is.
  [[nodiscard]] uint64_t Offset() const {
    return input_.offset + static_cast<uint64_t>(next_ - input_.bytes.data()) -
           count_ / 8;
  }
  std::unexpected<base::Error> Damaged(const char* field) const {
    return Fail(Fault::kMalformed, Offset(), field);
  }
  std::unexpected<base::Error> Cut() const {
    return Fail(Fault::kTruncated, input_.offset + input_.bytes.size(),
                "compressed data");
  }

  // Has at least 48 bits ready, or all there are.
  void Refill() {
    while (count_ < 56 && next_ != end_) {
      buffer_ |= uint64_t{*next_++} << count_;
      count_ += 8;
    }
  }

  // Drops `bits`; past the end of the input, remembers that.
  void Drop(unsigned bits) {
    if (bits > count_) {
      missing_ = true;
      bits = count_;
    }
    buffer_ = bits < 64 ? buffer_ >> bits : 0;
    count_ -= bits;
  }

  unsigned Take(unsigned bits) {
    Refill();
    const auto value =
        static_cast<unsigned>(buffer_ & ((uint64_t{1} << bits) - 1));
    Drop(bits);
    return missing_ ? 0 : value;
  }

  // Gives whole bytes back to the input, and drops bits up to the next byte.
  void AlignToByte() {
    next_ -= count_ / 8;
    buffer_ = 0;
    count_ = 0;
  }

  // Bits that found no code. Why: those past the end read as zeros.
  Result<void> NoCode(const char* field) {
    if (count_ < kMaxCodeBits && next_ == end_) {
      missing_ = true;
      return {};
    }
    return Damaged(field);
  }

  // ---- Output --------------------------------------------------------------

  [[nodiscard]] uint8_t* PieceEnd() const {
    return out_.get() + kNsisHistoryBytes + kInflatePiece;
  }

  // Hands over what is new, and keeps what matches may reach.
  Result<void> Flush() {
    if (at_ != new_) {
      CS_TRY_VOID(output_.Write({new_, static_cast<size_t>(at_ - new_)}));
    }
    const size_t kept =
        std::min(static_cast<size_t>(at_ - out_.get()), kNsisHistoryBytes);
    std::memmove(out_.get(), at_ - kept, kept);
    at_ = out_.get() + kept;
    new_ = at_;
    return {};
  }

  // Writes `length` bytes from `distance` back, and up to 16 more bytes that
  // are overwritten later.
  static uint8_t* CopyMatch(uint8_t* at, unsigned length, unsigned distance) {
    const uint8_t* from = at - distance;
    uint8_t* const end = at + length;
    if (distance >= 16) {
      do {
        std::memcpy(at, from, 16);
        at += 16;
        from += 16;
      } while (at < end);
    } else if (distance >= 8) {
      do {
        std::memcpy(at, from, 8);
        at += 8;
        from += 8;
      } while (at < end);
    } else if (distance == 1) {
      std::memset(at, *from, length);
    } else {
      do {
        *at++ = *from++;
      } while (at < end);
    }
    return end;
  }

  // ---- Blocks --------------------------------------------------------------

  // Passes the complement of LEN, where this container has it.
  Result<void> PassComplement(size_t length) {
    const auto there = static_cast<size_t>(end_ - next_);
    const bool is_next =
        there >= 2 && (length ^ (next_[0] | size_t{next_[1]} << 8)) == 0xFFFF;
    if (form_ == NsisStoredForm::kUnknown && there < 2 && length > there) {
      missing_ = true;
      return {};
    }
    if (form_ == NsisStoredForm::kUnknown) {
      form_ = is_next ? NsisStoredForm::kComplement : NsisStoredForm::kBare;
    }
    if (form_ == NsisStoredForm::kBare) {
      return {};
    }
    if (is_next) {
      next_ += 2;
    } else if (there >= 2) {
      return Damaged("NLEN");
    } else {
      missing_ = true;
    }
    return {};
  }

  Result<void> CopyStored() {
    AlignToByte();
    size_t left = Take(16);
    AlignToByte();
    if (!missing_) {
      CS_TRY_VOID(PassComplement(left));
    }
    if (missing_) {
      return {};
    }
    const auto there = static_cast<size_t>(end_ - next_);
    if (left > there) {
      missing_ = true;
      left = there;
    }
    while (left > 0) {
      if (at_ >= PieceEnd()) {
        CS_TRY_VOID(Flush());
      }
      const size_t size = std::min(left, static_cast<size_t>(PieceEnd() - at_));
      std::memcpy(at_, next_, size);
      next_ += size;
      at_ += size;
      left -= size;
    }
    return {};
  }

  void UseFixedCode() {
    if (fixed_) {
      return;
    }
    std::array<uint8_t, 288> lengths{};
    for (unsigned i = 0; i < lengths.size(); ++i) {
      lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    }
    std::array<uint8_t, 32> distances{};
    distances.fill(5);
    (void)lengths_.Build(lengths, kLengthEntries);
    (void)distances_.Build(distances, kDistanceEntries);
    fixed_ = true;
  }

  Result<void> ReadCodes() {
    fixed_ = false;
    const unsigned length_count = Take(5) + 257;
    const unsigned distance_count = Take(5) + 1;
    const unsigned code_count = Take(4) + 4;
    if (length_count > 286 || distance_count > 30) {
      return Damaged("code lengths");
    }
    std::array<uint8_t, 19> code_lengths{};
    for (unsigned i = 0; i < code_count; ++i) {
      code_lengths[kCodeLengthOrder[i]] = static_cast<uint8_t>(Take(3));
    }
    InflateTable<7> codes;
    if (!codes.Build(code_lengths, kPlainEntries)) {
      return Damaged("code lengths");
    }
    std::array<uint8_t, 286 + 30> lengths{};
    CS_TRY_VOID(ReadLengths(
        codes, std::span(lengths).first(length_count + distance_count)));
    if (!lengths_.Build(std::span(lengths).first(length_count),
                        kLengthEntries) ||
        !distances_.Build(
            std::span(lengths).subspan(length_count, distance_count),
            kDistanceEntries)) {
      return Damaged("code lengths");
    }
    return {};
  }

  Result<void> ReadLengths(const InflateTable<7>& codes,
                           std::span<uint8_t> lengths) {
    size_t at = 0;
    while (at < lengths.size()) {
      Refill();
      const InflateEntry entry = codes.Find(buffer_);
      if ((entry & kNoCode) != 0) {
        return NoCode("code lengths");
      }
      Drop(entry & 0xFF);
      if (missing_) {
        return {};
      }
      const unsigned symbol = entry >> 16;
      if (symbol < 16) {
        lengths[at++] = static_cast<uint8_t>(symbol);
        continue;
      }
      const unsigned repeat = symbol == 16   ? Take(2) + 3
                              : symbol == 17 ? Take(3) + 3
                                             : Take(7) + 11;
      if (repeat > lengths.size() - at || (symbol == 16 && at == 0)) {
        return Damaged("code lengths");
      }
      const uint8_t value = symbol == 16 ? lengths[at - 1] : uint8_t{0};
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), repeat,
                  value);
      at += repeat;
    }
    return {};
  }

  Result<void> DecodeBlock() {
    bool end = false;
    while (!end && !missing_) {
      if (at_ >= PieceEnd()) {
        CS_TRY_VOID(Flush());
      }
      if (static_cast<size_t>(end_ - next_) >= kInputSlack) {
        CS_TRY_VOID(DecodeFast(end));
      } else {
        CS_TRY_VOID(DecodeCarefully(end));
      }
    }
    return {};
  }

  // One symbol or match. Sets `end` at the end of the block.
  Result<void> DecodeCarefully(bool& end) {
    Refill();
    const InflateEntry entry = lengths_.Find(buffer_);
    if ((entry & kNoCode) != 0) {
      return NoCode("length code");
    }
    const uint64_t bits = buffer_;
    Drop(entry & 0xFF);
    if (missing_) {
      return {};
    }
    if ((entry & kLiteral) != 0) {
      *at_++ = static_cast<uint8_t>(entry >> 16);
      return {};
    }
    if ((entry & kEndOfBlock) != 0) {
      end = true;
      return {};
    }
    const unsigned length = ValueOf(entry, bits);
    Refill();
    const InflateEntry code = distances_.Find(buffer_);
    if ((code & kNoCode) != 0) {
      return NoCode("distance code");
    }
    const unsigned distance = ValueOf(code, buffer_);
    Drop(code & 0xFF);
    if (missing_) {
      return {};
    }
    if (distance > static_cast<size_t>(at_ - out_.get())) {
      return Damaged("distance");
    }
    at_ = CopyMatch(at_, length, distance);
    return {};
  }

  // Base and extra bits of an entry that was found at the start of `bits`.
  static unsigned ValueOf(InflateEntry entry, uint64_t bits) {
    const uint64_t taken = bits & ((uint64_t{1} << (entry & 0xFF)) - 1);
    return (entry >> 16) + static_cast<unsigned>(taken >> ((entry >> 8) & 0xF));
  }

  // Symbols and matches until input or output may not suffice for one more
  // turn. Why its own copies of the state: the compiler keeps them in
  // registers.
  Result<void> DecodeFast(bool& end) {
    const uint8_t* next = next_;
    const uint8_t* const stop = end_ - kInputSlack;
    uint64_t buffer = buffer_;
    unsigned count = count_;
    uint8_t* at = at_;
    const uint8_t* const out = out_.get();
    const uint8_t* const piece_end = PieceEnd();
    const InflateEntry* const lengths = lengths_.Data();
    const InflateEntry* const distances = distances_.Data();
    const char* damage = nullptr;
    // Why not base::Reader: this is the innermost loop. Eight bytes are there,
    // and those that do not fit into the buffer are read again.
    const auto refill = [&] {
      uint64_t word = 0;
      std::memcpy(&word, next, sizeof(word));
      if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
      }
      buffer |= word << count;
      next += (63 - count) >> 3;
      count |= 56;
    };
    const auto find = [&](uint64_t bits) {
      return InflateTable<kLengthTableBits>::FindIn(lengths, bits);
    };
    const auto drop = [&](InflateEntry entry) {
      buffer >>= entry & 0xFF;
      count -= entry & 0xFF;
    };
    while (next <= stop && at < piece_end) {
      refill();
      InflateEntry entry = find(buffer);
      // 56 bits hold two literals and a third one or the code of a length.
      if ((entry & kLiteral) != 0) {
        drop(entry);
        *at++ = static_cast<uint8_t>(entry >> 16);
        entry = find(buffer);
        if ((entry & kLiteral) != 0) {
          drop(entry);
          *at++ = static_cast<uint8_t>(entry >> 16);
          entry = find(buffer);
          if ((entry & kLiteral) != 0) {
            drop(entry);
            *at++ = static_cast<uint8_t>(entry >> 16);
            continue;
          }
        }
      }
      if ((entry & (kEndOfBlock | kNoCode)) != 0) {
        end = (entry & kEndOfBlock) != 0;
        damage = end ? nullptr : "length code";
        if (end) {
          drop(entry);
        }
        break;
      }
      const unsigned length = ValueOf(entry, buffer);
      drop(entry);
      refill();
      const InflateEntry code =
          InflateTable<kDistanceTableBits>::FindIn(distances, buffer);
      const unsigned distance = ValueOf(code, buffer);
      if ((code & kNoCode) != 0 || distance > static_cast<size_t>(at - out)) {
        damage = "distance";
        break;
      }
      drop(code);
      at = CopyMatch(at, length, distance);
    }
    next_ = next;
    count_ = count;
    // The bits above `count` are ones of bytes that will be read again.
    buffer_ = count < 64 ? buffer & ((uint64_t{1} << count) - 1) : buffer;
    at_ = at;
    if (damage != nullptr) {
      return Damaged(damage);
    }
    return {};
  }

  Input input_;
  const uint8_t* next_;
  const uint8_t* const end_;
  uint64_t buffer_ = 0;  // bits that were read, the next one lowest
  unsigned count_ = 0;   // of them
  bool missing_ = false;

  ByteSink& output_;
  NsisStoredForm& form_;
  // History, new bytes, slack.
  std::unique_ptr<uint8_t[]> out_ = std::make_unique_for_overwrite<uint8_t[]>(
      kNsisHistoryBytes + kInflatePiece + kOutputSlack);
  uint8_t* at_ = out_.get();   // where the next byte goes
  uint8_t* new_ = out_.get();  // the first byte that was not handed over

  InflateTable<kLengthTableBits> lengths_;
  InflateTable<kDistanceTableBits> distances_;
  bool fixed_ = false;
};

}  // namespace

Result<uint64_t> InflateNsis(Input input, ByteSink& output,
                             NsisStoredForm& form) {
  return NsisInflater(input, output, form).Run();
}

}  // namespace countersign::formats
