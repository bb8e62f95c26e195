// bzip2 as NSIS has it, which is too little for a library:
//
//   ( 0x31, u24 origPtr, symbol map, code tables, selectors, symbols )*  0x17
//
// The bits follow each other without padding, the highest of a byte first.
// Against bzip2 there is no "BZh9", no 6-byte marks, no checksum and no bit for
// randomised blocks; blocks are those of level 9.
//
// Spec: the bzip2 format as in bzip2 1.0.8; NSIS 3.08, Source/bzip2.
//
// Why blocks are read in batches: to undo the sorting of a block, a permutation
// of 3.6 MB is followed step by step, and the time goes by in waiting for
// memory. Blocks do not depend on each other, and each can be followed from its
// start forwards and backwards, so that eight reads are under way at a time.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "formats/codec/nsis_bzip2_code.h"
#include "formats/codec/nsis_streams.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr uint8_t kBlockMark = 0x31;
constexpr uint8_t kEndMark = 0x17;
constexpr size_t kBlockBytes = 900'000;
// Limit: four blocks at a time, 36 MB.
constexpr size_t kBatchBlocks = 4;
constexpr unsigned kMaxGroups = 6;
constexpr unsigned kGroupSymbols = 50;
constexpr size_t kBzip2Piece = size_t{256} << 10;

template <typename T>
std::unique_ptr<T[]> BlockArray() {
  return std::make_unique_for_overwrite<T[]>(kBlockBytes);
}

// One block, from its symbols to its text.
struct Bzip2Block {
  uint32_t start = 0;  // origPtr
  size_t size = 0;
  std::unique_ptr<uint8_t[]> sorted = BlockArray<uint8_t>();
  std::unique_ptr<uint8_t[]> text = BlockArray<uint8_t>();
  // Place << 8 | byte.
  std::unique_ptr<uint32_t[]> next = BlockArray<uint32_t>();
  std::unique_ptr<uint32_t[]> previous = BlockArray<uint32_t>();
};

// A way through a permutation that leaves bytes behind.
struct Bzip2Chain {
  const uint32_t* table = nullptr;
  uint32_t at = 0;
  uint8_t* out = nullptr;
  std::ptrdiff_t step = 1;  // of `out`
  size_t left = 0;
};

// Follows `count` chains at the same time.
template <size_t count>
void FollowTogether(std::span<Bzip2Chain* const> chains, size_t steps) {
  std::array<Bzip2Chain, count> local;
  for (size_t c = 0; c < count; ++c) {
    local[c] = *chains[c];
  }
  for (size_t i = 0; i < steps; ++i) {
    for (Bzip2Chain& chain : local) {
      const uint32_t entry = chain.table[chain.at];
      *chain.out = static_cast<uint8_t>(entry);
      chain.out += chain.step;
      chain.at = entry >> 8;
    }
  }
  for (size_t c = 0; c < count; ++c) {
    *chains[c] = local[c];
    chains[c]->left -= steps;
  }
}

// Follows all chains to their ends.
void FollowAll(std::span<Bzip2Chain> chains) {
  constexpr std::array kFollow = {&FollowTogether<1>, &FollowTogether<2>,
                                  &FollowTogether<3>, &FollowTogether<4>,
                                  &FollowTogether<5>, &FollowTogether<6>,
                                  &FollowTogether<7>, &FollowTogether<8>};
  for (;;) {
    std::array<Bzip2Chain*, 2 * kBatchBlocks> active{};
    size_t count = 0;
    size_t steps = kBlockBytes;
    for (Bzip2Chain& chain : chains) {
      if (chain.left > 0) {
        active[count++] = &chain;
        steps = std::min(steps, chain.left);
      }
    }
    if (count == 0) {
      return;
    }
    kFollow[count - 1](std::span(active).first(count), steps);
  }
}

// Makes the permutation of `block` and its inverse.
//
// With L = sorted, F = L in order, and row i of F the j-th of its byte: next[i]
// is where L has its j-th of that byte; previous[] is the inverse. From the
// start, F[], F[next[]], ... is the text; L[], L[previous[]], ... is the text
// from its end.
void Permute(Bzip2Block& block) {
  const size_t size = block.size;
  const uint8_t* const sorted = block.sorted.get();
  uint32_t* const next = block.next.get();
  uint32_t* const previous = block.previous.get();
  std::array<uint32_t, 256> rows{};
  for (size_t i = 0; i < size; ++i) {
    ++rows[sorted[i]];
  }
  uint32_t sum = 0;
  for (uint32_t& row : rows) {
    sum += std::exchange(row, sum);
  }
  for (uint32_t i = 0; i < size; ++i) {
    const uint8_t byte = sorted[i];
    const uint32_t row = rows[byte]++;
    previous[i] = row << 8 | byte;
    next[row] = i << 8 | byte;
  }
}

// Undoes the Burrows-Wheeler transform of all blocks.
void Unsort(std::span<Bzip2Block> blocks) {
  std::array<Bzip2Chain, 2 * kBatchBlocks> chains{};
  for (size_t b = 0; b < blocks.size(); ++b) {
    Bzip2Block& block = blocks[b];
    Permute(block);
    uint8_t* const text = block.text.get();
    const size_t half = (block.size + 1) / 2;
    chains[2 * b] = {block.next.get(), block.start, text, 1, half};
    chains[2 * b + 1] = {block.previous.get(), block.start,
                         text + block.size - 1, -1, block.size - half};
  }
  FollowAll(chains);
  for (size_t b = 0; b < blocks.size(); ++b) {
    // Why: in a hostile block the permutation may have several cycles. Then the
    // two halves may be of no one text, and what installs goes forwards.
    if (chains[2 * b].at != chains[2 * b + 1].at) {
      Bzip2Block& block = blocks[b];
      chains[2 * b] = {block.next.get(), block.start, block.text.get(), 1,
                       block.size};
      FollowAll(std::span(chains).subspan(2 * b, 1));
    }
  }
}

class NsisBzip2 {
 public:
  NsisBzip2(Input input, ByteSink& output)
      : input_(input), bits_(input.bytes), output_(output) {}

  Result<uint64_t> Run() {
    for (;;) {
      const Result<bool> more = ReadBatch();
      Unsort(std::span(blocks_).first(count_));
      for (size_t i = 0; i < count_; ++i) {
        CS_TRY_VOID(WriteRuns(blocks_[i]));
      }
      CS_TRY_VOID(Flush());
      if (!CS_TRY(more)) {
        return bits_.Taken();
      }
    }
  }

 private:
  // Why kTruncated first: bits past the end read as zeros, which look damaged.
  std::unexpected<base::Error> Damaged(const char* field) const {
    const size_t size = input_.bytes.size();
    return bits_.IsPastEnd()
               ? Fail(Fault::kTruncated, input_.offset + size,
                      "compressed data")
               : Fail(Fault::kMalformed, input_.offset + bits_.Taken(), field);
  }

  // Reads blocks, as many as are unsorted together; false at the end mark.
  // After a failure, the blocks before it are there.
  Result<bool> ReadBatch() {
    count_ = 0;
    while (count_ < kBatchBlocks) {
      const unsigned mark = bits_.Take(8);
      if (mark == kEndMark && !bits_.IsPastEnd()) {
        return false;
      }
      if (mark != kBlockMark || bits_.IsPastEnd()) {
        return Damaged("block mark");
      }
      if (blocks_.size() == count_) {
        blocks_.emplace_back();
      }
      CS_TRY_VOID(ReadHead(blocks_[count_]));
      CS_TRY_VOID(ReadSymbols(blocks_[count_]));
      ++count_;
    }
    return true;
  }

  // Everything of a block before its symbols.
  Result<void> ReadHead(Bzip2Block& block) {
    block.start = bits_.Take(24);
    if (block.start >= kBlockBytes) {
      return Damaged("origPtr");
    }
    ReadMap();
    if (byte_count_ == 0) {
      return Damaged("symbol map");
    }
    group_count_ = bits_.Take(3);
    if (group_count_ < 2 || group_count_ > kMaxGroups) {
      return Damaged("coding tables");
    }
    CS_TRY_VOID(ReadSelectors());
    for (unsigned group = 0; group < group_count_; ++group) {
      CS_TRY_VOID(ReadCode(codes_[group]));
    }
    return {};
  }

  void ReadMap() {
    const unsigned rows = bits_.Take(16);
    byte_count_ = 0;
    for (unsigned row = 0; row < 16; ++row) {
      if ((rows >> (15 - row) & 1) == 0) {
        continue;
      }
      const unsigned columns = bits_.Take(16);
      for (unsigned column = 0; column < 16; ++column) {
        if ((columns >> (15 - column) & 1) != 0) {
          recent_[byte_count_++] = static_cast<uint8_t>(row * 16 + column);
        }
      }
    }
  }

  Result<void> ReadSelectors() {
    selectors_.resize(bits_.Take(15));
    if (selectors_.empty()) {
      return Damaged("selectors");
    }
    std::array<uint8_t, kMaxGroups> recent = {0, 1, 2, 3, 4, 5};
    for (uint8_t& selector : selectors_) {
      unsigned index = 0;
      while (bits_.Take(1) != 0) {
        if (++index >= group_count_) {
          return Damaged("selectors");
        }
      }
      selector = recent[index];
      std::copy_backward(recent.begin(), recent.begin() + index,
                         recent.begin() + index + 1);
      recent[0] = selector;
    }
    return {};
  }

  Result<void> ReadCode(Bzip2Code& code) {
    std::array<uint8_t, kBzip2Symbols> lengths{};
    unsigned length = bits_.Take(5);
    const unsigned symbols = byte_count_ + 2;
    for (unsigned symbol = 0; symbol < symbols; ++symbol) {
      for (;;) {
        if (length < 1 || length > kBzip2MaxBits) {
          return Damaged("code lengths");
        }
        if (bits_.Take(1) == 0) {
          break;
        }
        length += bits_.Take(1) == 0 ? 1U : ~0U;
      }
      lengths[symbol] = static_cast<uint8_t>(length);
    }
    if (!code.Build(std::span(lengths).first(symbols))) {
      return Damaged("code lengths");
    }
    return {};
  }

  // Undoes prefix code, run lengths and move-to-front: fills `sorted`.
  Result<void> ReadSymbols(Bzip2Block& block) {
    const unsigned end_symbol = byte_count_ + 1;
    uint8_t* const sorted = block.sorted.get();
    size_t size = 0;
    size_t run = 0;
    size_t run_step = 1;
    for (const uint8_t selector : selectors_) {
      const Bzip2Code& code = codes_[selector];
      for (unsigned i = 0; i < kGroupSymbols; ++i) {
        if ((i & 1) == 0) {
          bits_.Fill();  // two codes of 20 bits
        }
        const unsigned symbol = code.Take(bits_);
        if (symbol <= 1) {
          run += run_step << symbol;
          run_step <<= 1;
          if (run > kBlockBytes) {
            return Damaged("block size");
          }
          continue;
        }
        if (run != 0) {
          if (run > kBlockBytes - size) {
            return Damaged("block size");
          }
          std::memset(sorted + size, recent_[0], run);
          size += run;
          run = 0;
          run_step = 1;
        }
        if (symbol >= end_symbol) {
          block.size = size;
          return symbol == end_symbol && block.start < size &&
                         !bits_.IsPastEnd()
                     ? Result<void>()
                     : Damaged("symbols");
        }
        if (size == kBlockBytes) {
          return Damaged("block size");
        }
        sorted[size++] = MoveToFront(symbol - 1);
      }
      if (bits_.IsPastEnd()) {
        break;
      }
    }
    return Damaged("selectors");
  }

  uint8_t MoveToFront(unsigned index) {
    const uint8_t value = recent_[index];
    if (index < 16) {
      for (; index > 0; --index) {
        recent_[index] = recent_[index - 1];
      }
    } else {
      std::memmove(recent_.data() + 1, recent_.data(), index);
    }
    recent_[0] = value;
    return value;
  }

  // Undoes the first run-length code: four equal bytes are followed by the
  // number of further ones.
  Result<void> WriteRuns(const Bzip2Block& block) {
    const uint8_t* const text = block.text.get();
    const size_t size = block.size;
    size_t done = 0;
    size_t at = 0;
    while (at < size) {
      size_t same = 1;
      while (++at < size && same < 4) {
        same = text[at] == text[at - 1] ? same + 1 : 1;
      }
      if (same < 4) {
        break;
      }
      CS_TRY_VOID(Append(text + done, at - done));
      done = at;
      if (at < size) {
        CS_TRY_VOID(AppendRun(text[at - 1], text[at]));
        done = ++at;
      }
    }
    return Append(text + done, size - done);
  }

  Result<void> Append(const uint8_t* bytes, size_t size) {
    while (size > 0) {
      if (piece_used_ == kBzip2Piece) {
        CS_TRY_VOID(Flush());
      }
      const size_t part = std::min(size, kBzip2Piece - piece_used_);
      std::memcpy(piece_.get() + piece_used_, bytes, part);
      piece_used_ += part;
      bytes += part;
      size -= part;
    }
    return {};
  }

  Result<void> AppendRun(uint8_t byte, size_t size) {
    if (size > kBzip2Piece - piece_used_) {
      CS_TRY_VOID(Flush());
    }
    std::memset(piece_.get() + piece_used_, byte, size);
    piece_used_ += size;
    return {};
  }

  Result<void> Flush() {
    if (piece_used_ != 0) {
      CS_TRY_VOID(output_.Write({piece_.get(), piece_used_}));
      piece_used_ = 0;
    }
    return {};
  }

  Input input_;
  HighBits bits_;
  ByteSink& output_;

  unsigned byte_count_ = 0;   // different bytes in the block
  unsigned group_count_ = 0;  // codes
  std::array<uint8_t, 256> recent_{};
  std::array<Bzip2Code, kMaxGroups> codes_;
  std::vector<uint8_t> selectors_;

  std::vector<Bzip2Block> blocks_;
  size_t count_ = 0;  // of them, in this batch
  std::unique_ptr<uint8_t[]> piece_ =
      std::make_unique_for_overwrite<uint8_t[]>(kBzip2Piece);
  size_t piece_used_ = 0;
};

}  // namespace

Result<uint64_t> DecompressNsisBzip2(Input input, ByteSink& output) {
  return NsisBzip2(input, output).Run();
}

}  // namespace countersign::formats
