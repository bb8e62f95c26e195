// How a model of PPMd, variant I, becomes smaller when its memory ends.
//
// Spec: none; the method is that of PPMd var.I rev.1 by D. Shkarin (2002),
// which is in the public domain. See ppmd8.cc.
#include "formats/codec/ppmd8.h"

namespace countersign::formats {

// There was no room for a symbol in the context `failed`: those before it lose
// theirs, and the model becomes smaller, or starts again.
void Ppmd8Model::Restore(uint32_t failed) {
  blocks_.ForgetText();
  uint32_t context = max_context_;
  for (; context != failed && !blocks_.Arena().IsBroken();
       context = SuffixOf(context)) {
    TakeBack(context);
  }
  for (; context != min_context_ && !blocks_.Arena().IsBroken();
       context = SuffixOf(context)) {
    const uint32_t count = CountOf(context);
    if (count == 1) {
      PpmdSymbol only = SymbolAt(context + 2);
      only.count = static_cast<uint8_t>((only.count + 1) / 2);
      PutSymbol(context + 2, only);
      continue;
    }
    PutSum(context, SumOf(context) + 4);
    if (SumOf(context) > 128 + 4 * (count - 1)) {
      Refresh(context, UnitsOf(count), 1);
    }
  }
  const uint32_t size = blocks_.Arena().Size();
  if (restore_ == Ppmd8Restore::kRestart || blocks_.Used() < size / 2) {
    return Restart();
  }
  while (SuffixOf(max_context_) != 0 && !blocks_.Arena().IsBroken()) {
    max_context_ = SuffixOf(max_context_);
  }
  visits_left_ = size / PpmdArena::kUnitBytes * kMostVisits;
  do {
    (void)CutOff(max_context_, 0);
    blocks_.WidenText();
  } while (blocks_.Used() > 3 * (size / 4) && !blocks_.Arena().IsBroken());
  blocks_.GlueNext();
  order_fall_ = order_;
  min_context_ = max_context_;
}

// Takes the last symbol out of a context that it was added to.
void Ppmd8Model::TakeBack(uint32_t context) {
  const uint32_t symbols = SymbolsOf(context);
  const uint32_t count = CountOf(context) - 1;
  PutCount(context, count);
  if (count == 1) {
    MakeSingle(context, symbols);
    blocks_.FreeUnit(symbols);
  } else {
    Refresh(context, UnitsOf(count + 1), 0);
  }
}

// The context has only the first of `symbols` left.
void Ppmd8Model::MakeSingle(uint32_t context, uint32_t symbols) {
  PpmdSymbol only = SymbolAt(symbols);
  only.count = static_cast<uint8_t>((only.count + 11U) / 8);
  NoteSingle(context, only.symbol);
  PutSymbol(context + 2, only);
}

// Symbols were taken out of the context, which had so many units of them: what
// they were worth goes to the escape. Counts are halved if `scale` is 1.
void Ppmd8Model::Refresh(uint32_t context, uint32_t units, unsigned scale) {
  const uint32_t count = CountOf(context);
  const uint32_t symbols =
      blocks_.Shrink(SymbolsOf(context), units, UnitsOf(count));
  PutSymbols(context, symbols);
  if (SumOf(context) >= 1U << 15) {
    scale = 1;
  }
  unsigned flags = 0;
  uint32_t escapes = SumOf(context);
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    PpmdSymbol symbol = SymbolAt(symbols + i * kSymbolBytes);
    escapes -= symbol.count;
    symbol.count = static_cast<uint8_t>((symbol.count + scale) >> scale);
    sum += symbol.count;
    flags |= HighFlag(symbol.symbol);
    PutSymbol(symbols + i * kSymbolBytes, symbol);
  }
  PutSum(context, sum + ((escapes + scale) >> scale));
  PutFlags(context,
           (FlagsOf(context) & (kHighPrevious + kRescaled * scale)) + flags);
}

// Takes out of the context, and of all it leads to, what leads nowhere but to
// text. Yields the context, 0 if nothing was left of it.
// Why it may call itself: no further than the order.
uint32_t Ppmd8Model::CutOff(uint32_t context, unsigned order) {
  if (visits_left_ == 0) {
    blocks_.Arena().Break();
  }
  if (blocks_.Arena().IsBroken()) {
    return 0;
  }
  --visits_left_;
  const uint32_t count = CountOf(context);
  if (count == 1) {
    return CutOffSingle(context, order);
  }
  const uint32_t units = UnitsOf(count);
  const uint32_t symbols = blocks_.MoveUp(SymbolsOf(context), units);
  PutSymbols(context, symbols);
  const uint32_t left = CutOffSymbols(context, symbols, order);
  if (left == count || order == 0) {
    return context;
  }
  if (left == 0) {
    blocks_.FreeUnits(symbols, units);
    blocks_.FreeUnit(context);
    return 0;
  }
  PutCount(context, left);
  if (left == 1) {
    MakeSingle(context, symbols);
    blocks_.FreeUnits(symbols, units);
  } else {
    Refresh(context, units, SumOf(context) > 16 * (left - 1) ? 1 : 0);
  }
  return context;
}

uint32_t Ppmd8Model::CutOffSingle(uint32_t context, unsigned order) {
  constexpr unsigned kLeastOrderWithout = 9;
  const uint32_t at = context + 2;
  const uint32_t next = SymbolAt(at).next;
  if (IsContext(next)) {
    const uint32_t cut = order < order_ ? CutOff(next, order + 1) : 0;
    PutNext(at, cut);
    if (cut != 0 || order <= kLeastOrderWithout) {
      return context;
    }
  }
  blocks_.FreeUnit(context);
  return 0;
}

// Yields how many symbols are left of those of the context. Of the shortest one
// all stay, those that lead nowhere behind the others.
uint32_t Ppmd8Model::CutOffSymbols(uint32_t context, uint32_t symbols,
                                   unsigned order) {
  uint32_t left = CountOf(context);
  for (uint32_t i = left; i > 0; --i) {
    const uint32_t at = symbols + (i - 1) * kSymbolBytes;
    PpmdSymbol symbol = SymbolAt(at);
    if (IsContext(symbol.next)) {
      PutNext(at, order < order_ ? CutOff(symbol.next, order + 1) : 0);
      continue;
    }
    const uint32_t last = symbols + --left * kSymbolBytes;
    PutSymbol(at, SymbolAt(last));
    if (order == 0) {
      symbol.next = 0;
      PutSymbol(last, symbol);
    }
  }
  return left;
}

}  // namespace countersign::formats
