// Spec: none; the method is that of PPMd var.H by D. Shkarin (2001), which is
// in the public domain, as 7-Zip and RAR use it. All rules and numbers below
// are its: one that differed would make other bytes.
#include "formats/codec/ppmd7.h"

namespace countersign::formats {
namespace {

// By the number of symbols that are not masked, less 1: 0, 1, 2, 3, twice 4,
// three times 5, ...
constexpr std::array<uint8_t, kPpmdAllSymbols> kPpmd7EscapeClass = [] {
  std::array<uint8_t, kPpmdAllSymbols> classes{};
  unsigned value = 0;
  unsigned left = 1;
  for (uint8_t& entry : classes) {
    entry = static_cast<uint8_t>(value);
    if (--left == 0) {
      ++value;
      left = value < 4 ? 1 : value - 2;
    }
  }
  return classes;
}();

}  // namespace

bool Ppmd7Model::Start(unsigned order, uint32_t memory) {
  if (!Reserve(order, memory)) {
    return false;
  }
  Restart();
  return true;
}

void Ppmd7Model::Restart() {
  blocks_.Restart();
  MakeRoot();
  for (unsigned i = 0; i < singles_.size(); ++i) {
    for (unsigned k = 0; k < singles_[i].size(); ++k) {
      singles_[i][k] = static_cast<uint16_t>(
          (1U << kPpmdChanceBits) - kPpmdFirstSingles[k % 8] / (i + 2));
    }
  }
  for (unsigned i = 0; i < escapes_.size(); ++i) {
    constexpr uint8_t kShift = kPpmdPeriodBits - 4;
    escapes_[i].fill(
        {static_cast<uint16_t>((5 * i + 10) << kShift), kShift, 4});
  }
}

uint16_t& Ppmd7Model::SingleChance(const PpmdSymbol& only) {
  const unsigned index = (was_likely_ ? 1U : 0U) + (run_ >> 31 << 5) +
                         PpmdSuffixClass(CountOf(SuffixOf(min_context_))) +
                         (only.symbol >= 0x40 ? 16U : 0U) + high_flag_;
  return singles_[(only.count - 1U) % singles_.size()][index];
}

PpmdEscapes& Ppmd7Model::EscapesOf(uint32_t count, uint32_t masked_count) {
  const uint32_t open = count - masked_count;
  const unsigned index =
      (open < CountOf(SuffixOf(min_context_)) - count ? 1U : 0U) +
      (SumOf(min_context_) < 11 * count ? 2U : 0U) +
      (masked_count > open ? 4U : 0U) + high_flag_;
  return escapes_[kPpmd7EscapeClass[(open - 1) % kPpmdAllSymbols]][index];
}

uint8_t Ppmd7Model::CountOfLast(unsigned count, uint32_t escapes) {
  do {
    escapes /= 2;
    count = (count + 1) / 2;
  } while (escapes > 1);
  return static_cast<uint8_t>(count);
}

// Makes the contexts that come next, and the last symbol known in all that were
// gone through to find it.
void Ppmd7Model::Update() {
  const PpmdSymbol found = SymbolAt(found_);
  if (found.count < kPpmdMostCount / 4 && SuffixOf(min_context_) != 0) {
    LearnInSuffix(found.symbol);
  }
  if (order_fall_ == 0) {
    min_context_ = max_context_ = MakeContexts(true, 0, min_context_);
    return min_context_ == 0 ? Restart() : PutNext(found_, min_context_);
  }
  if (!blocks_.PutText(found.symbol)) {
    return Restart();
  }
  uint32_t next_of_max = blocks_.Text();
  uint32_t next = found.next;
  if (next == 0) {
    PutNext(found_, next_of_max);
    next = min_context_;
  } else {
    if (!IsContext(next)) {
      next = MakeContexts(false, 0, min_context_);
      if (next == 0) {
        return Restart();
      }
    }
    if (--order_fall_ == 0) {
      next_of_max = next;
      if (max_context_ != min_context_) {
        blocks_.DropText();
      }
    }
  }
  const uint32_t found_in = min_context_;
  const uint32_t escapes =
      SumOf(found_in) - CountOf(found_in) - (found.count - 1U);
  uint32_t context = max_context_;
  min_context_ = max_context_ = next;
  for (; context != found_in; context = SuffixOf(context)) {
    if (!AddSymbol(context, {found.symbol, found.count, next_of_max}, found_in,
                   escapes)) {
      return Restart();
    }
    if (blocks_.Arena().IsBroken()) {
      return;
    }
  }
}

// Adds a symbol to `context`, as likely as it is in `found_in`, which has
// `escapes` for what it does not have. False when there is no room.
bool Ppmd7Model::AddSymbol(uint32_t context, const PpmdSymbol& added,
                           uint32_t found_in, uint32_t escapes) {
  const uint32_t count = CountOf(context);
  const uint32_t more = CountOf(found_in);
  const Room room = MakeRoom(context, more);
  if (room.symbols == 0) {
    return false;
  }
  uint32_t sum = room.sum;
  if (count > 1) {
    sum += (2 * count < more ? 1U : 0U) +
           (4 * count <= more && sum <= 8 * count ? 2U : 0U);
  }
  uint32_t chance = 2 * added.count * (sum + 6);
  const uint32_t all = escapes + sum;
  if (chance < 6 * all) {
    chance = 1 + (chance > all ? 1U : 0U) + (chance >= 4 * all ? 1U : 0U);
    sum += 3;
  } else {
    chance = 4 + (chance >= 9 * all ? 1U : 0U) +
             (chance >= 12 * all ? 1U : 0U) + (chance >= 15 * all ? 1U : 0U);
    sum += chance;
  }
  PutCount(context, count + 1);
  PutSum(context, sum);
  PutSymbols(context, room.symbols);
  PutSymbol(room.symbols + count * kSymbolBytes,
            {added.symbol, static_cast<uint8_t>(chance), added.next});
  return true;
}

// How likely `symbol` of `context` is to be in a context that is longer by one.
uint8_t Ppmd7Model::CountForNew(uint32_t context, uint8_t symbol) {
  if (IsSingle(context)) {
    return SymbolAt(SymbolsOf(context)).count;
  }
  const uint32_t count = SymbolAt(Find(context, symbol)).count - 1U;
  const uint32_t others = SumOf(context) - CountOf(context) - count;
  if (2 * count <= others) {
    return 5 * count > others ? 2 : 1;
  }
  return others == 0 ? uint8_t{1}
                     : static_cast<uint8_t>(2 + (2 * count + others - 1) /
                                                    (2 * others));
}

}  // namespace countersign::formats
