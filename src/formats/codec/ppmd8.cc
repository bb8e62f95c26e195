// Spec: none; the method is that of PPMd var.I rev.1 by D. Shkarin (2002),
// which is in the public domain, as ZIP's method 98 uses it
// (APPNOTE.TXT 6.3.10, 5.10). All rules and numbers below are its: one that
// differed would make other bytes.
#include "formats/codec/ppmd8.h"

namespace countersign::formats {
namespace {

// 0 to 4, then once 5, twice 6, three times 7, ...
constexpr std::array<uint8_t, 260> kPpmd8Classes = [] {
  std::array<uint8_t, 260> classes{};
  unsigned value = 0;
  unsigned left = 1;
  for (uint8_t& entry : classes) {
    entry = static_cast<uint8_t>(value);
    if (--left == 0) {
      ++value;
      left = value < 6 ? 1 : value - 4;
    }
  }
  return classes;
}();

// The first entry of the class that follows `value`.
constexpr unsigned BehindClass(unsigned value) {
  unsigned i = 0;
  while (i < kPpmd8Classes.size() && kPpmd8Classes.at(i) <= value) {
    ++i;
  }
  return i;
}

}  // namespace

bool Ppmd8Model::Start(unsigned order, uint32_t memory, Ppmd8Restore restore) {
  if (!Reserve(order, memory)) {
    return false;
  }
  restore_ = restore;
  Restart();
  return true;
}

void Ppmd8Model::Restart() {
  blocks_.Restart();
  MakeRoot();
  PutFlags(min_context_, 0);
  for (unsigned i = 0; i < singles_.size(); ++i) {
    const unsigned divisor = BehindClass(i) + 1;
    for (unsigned k = 0; k < singles_[i].size(); ++k) {
      singles_[i][k] = static_cast<uint16_t>(
          (1U << kPpmdChanceBits) - kPpmdFirstSingles[k % 8] / divisor);
    }
  }
  for (unsigned i = 0; i < escapes_.size(); ++i) {
    constexpr uint8_t kShift = kPpmdPeriodBits - 4;
    const unsigned behind = BehindClass(i + 3) - 3;
    escapes_[i].fill(
        {static_cast<uint16_t>((2 * behind + 5) << kShift), kShift, 7});
  }
}

uint16_t& Ppmd8Model::SingleChance(const PpmdSymbol& only) {
  const unsigned index = (was_likely_ ? 1U : 0U) + (run_ >> 31 << 5) +
                         PpmdSuffixClass(CountOf(SuffixOf(min_context_))) +
                         FlagsOf(min_context_);
  const unsigned kind = kPpmd8Classes[(only.count - 1U) % kPpmd8Classes.size()];
  return singles_[kind % singles_.size()][index % singles_[0].size()];
}

PpmdEscapes& Ppmd8Model::EscapesOf(uint32_t count, uint32_t masked_count) {
  const unsigned index =
      (SumOf(min_context_) > 11 * count ? 1U : 0U) +
      (2 * count < CountOf(SuffixOf(min_context_)) + masked_count ? 2U : 0U) +
      FlagsOf(min_context_);
  return escapes_[(kPpmd8Classes[count + 1] - 3U) % escapes_.size()]
                 [index % escapes_[0].size()];
}

uint8_t Ppmd8Model::CountOfLast(unsigned count, uint32_t escapes) {
  constexpr uint32_t kMost = kPpmdMostCount / 3;
  const uint32_t scaled =
      escapes == 0 ? kMost : (2 * count + escapes - 1) / escapes;
  return static_cast<uint8_t>(scaled < kMost ? scaled : kMost);
}

void Ppmd8Model::NoteRescaled() {
  PutFlags(min_context_, FlagsOf(min_context_) | kRescaled);
}

void Ppmd8Model::NoteSingle(uint32_t context, uint8_t symbol) {
  PutFlags(context, (FlagsOf(context) & kHighPrevious) + HighFlag(symbol));
}

// Makes the contexts that come next, and the last symbol known in all that were
// gone through to find it.
void Ppmd8Model::Update() {
  const PpmdSymbol found = SymbolAt(found_);
  uint32_t in_suffix = 0;
  if (found.count < kPpmdMostCount / 4 && SuffixOf(min_context_) != 0) {
    in_suffix = LearnInSuffix(found.symbol);
  }
  uint32_t context = max_context_;
  if (order_fall_ == 0 && found.next != 0) {
    const uint32_t next = MakeContexts(true, in_suffix, min_context_);
    PutNext(found_, next);
    if (next == 0) {
      return Restore(context);
    }
    min_context_ = max_context_ = next;
    return;
  }
  if (!blocks_.PutText(found.symbol)) {
    return Restore(context);
  }
  uint32_t next_of_max = blocks_.Text();
  const uint32_t next = NextContext(in_suffix, found.next);
  if (next == 0) {
    return Restore(context);
  }
  if (--order_fall_ == 0) {
    next_of_max = next;
    if (max_context_ != min_context_) {
      blocks_.DropText();
    }
  }
  const uint32_t escapes =
      SumOf(min_context_) - (CountOf(min_context_) - 1) - found.count;
  for (; context != min_context_; context = SuffixOf(context)) {
    if (!AddSymbol(context, {found.symbol, found.count, next_of_max},
                   min_context_, escapes)) {
      return Restore(context);
    }
    if (blocks_.Arena().IsBroken()) {
      return;
    }
  }
  max_context_ = min_context_ = next;
}

// The context that the last symbol leads to, which is made if it must be; 0
// when there is no room.
uint32_t Ppmd8Model::NextContext(uint32_t in_suffix, uint32_t next) {
  if (next == 0) {
    return ReduceOrder(in_suffix, min_context_);
  }
  return IsContext(next) ? next : MakeContexts(false, in_suffix, min_context_);
}

// Adds a symbol to `context`, as likely as it is in `found_in`, which has
// `escapes` for what it does not have. False when there is no room.
bool Ppmd8Model::AddSymbol(uint32_t context, const PpmdSymbol& added,
                           uint32_t found_in, uint32_t escapes) {
  const uint32_t count = CountOf(context);
  const uint32_t more = CountOf(found_in);
  const Room room = MakeRoom(context, more);
  if (room.symbols == 0) {
    return false;
  }
  uint32_t sum = room.sum + (count > 1 && 3 * count < more + 1 ? 1U : 0U);
  uint32_t chance = 2 * added.count * (sum + 6);
  const uint32_t all = escapes + sum;
  if (chance < 6 * all) {
    chance = 1 + (chance > all ? 1U : 0U) + (chance >= 4 * all ? 1U : 0U);
    sum += 4;
  } else {
    chance = 4 + (chance > 9 * all ? 1U : 0U) + (chance > 12 * all ? 1U : 0U) +
             (chance > 15 * all ? 1U : 0U);
    sum += chance;
  }
  PutCount(context, count + 1);
  PutFlags(context, FlagsOf(context) | HighFlag(added.symbol));
  PutSum(context, sum);
  PutSymbols(context, room.symbols);
  PutSymbol(room.symbols + count * kSymbolBytes,
            {added.symbol, static_cast<uint8_t>(chance), added.next});
  return true;
}

// Where `symbol` is in a suffix, in which it becomes more likely.
uint32_t Ppmd8Model::PlaceInSuffix(uint32_t context, uint8_t symbol) {
  if (IsSingle(context)) {
    const uint32_t at = SymbolsOf(context);
    if (IsSingle(SuffixOf(context))) {
      AddToCount(at, 1, 24);
    }
    return at;
  }
  const uint32_t at = Find(context, symbol);
  if (AddToCount(at, 1, kPpmdMostCount - 9)) {
    PutSum(context, SumOf(context) + 1);
  }
  return at;
}

// How likely `symbol` of `context` is to be in a context that is longer by one.
uint8_t Ppmd8Model::CountForNew(uint32_t context, uint8_t symbol) {
  if (IsSingle(context)) {
    return SymbolAt(SymbolsOf(context)).count;
  }
  const uint32_t count = SymbolAt(Find(context, symbol)).count - 1U;
  const uint32_t others = SumOf(context) - (CountOf(context) - 1) - count;
  if (2 * count <= others) {
    return 5 * count > others ? 2 : 1;
  }
  return others == 0
             ? uint8_t{1}
             : static_cast<uint8_t>(1 + (count + 2 * others - 3) / others);
}

// The last symbol leads nowhere: it leads to the text now, as it does in all
// suffixes up to one in which it leads somewhere. Yields where, 0 when there is
// no room.
uint32_t Ppmd8Model::ReduceOrder(uint32_t in_suffix, uint32_t context) {
  PpmdArena& arena = blocks_.Arena();
  const uint32_t first = context;
  const uint8_t symbol = SymbolAt(found_).symbol;
  const uint32_t text = blocks_.Text();
  PutNext(found_, text);
  ++order_fall_;
  uint32_t at = in_suffix;
  for (;;) {
    const uint32_t suffix = SuffixOf(context);
    if (suffix == 0) {
      return context;
    }
    context = suffix;
    if (at == 0) {
      at = SymbolsOf(context);
      if (IsSingle(context)) {
        AddToCount(at, 1, 32);
      } else {
        at = Find(context, symbol);
        if (AddToCount(at, 2, kPpmdMostCount - 9)) {
          PutSum(context, SumOf(context) + 2);
        }
      }
    }
    if (SymbolAt(at).next != 0 || arena.IsBroken()) {
      break;
    }
    PutNext(at, text);
    ++order_fall_;
    at = 0;
  }
  if (SymbolAt(at).next <= text) {
    const uint32_t found = found_;
    found_ = at;
    PutNext(at, MakeContexts(false, 0, context));
    found_ = found;
  }
  const uint32_t next = SymbolAt(at).next;
  if (order_fall_ == 1 && first == max_context_) {
    PutNext(found_, next);
    blocks_.DropText();
  }
  return next;
}

}  // namespace countersign::formats
