// How a PPMd model codes a symbol, for those who do it. Private to codec/.
#pragma once

#include <cstdint>

#include "formats/codec/ppmd_model.h"

namespace countersign::formats {

template <typename Variant, typename Blocks>
template <typename Coder>
int PpmdModel<Variant, Blocks>::Code(Coder& coder) {
  Masked masked;
  const int first = IsSingle(min_context_) ? CodeSingle(coder, masked)
                                           : CodeFirst(coder, masked);
  const int symbol = first == kEnd ? CodeRest(coder, masked) : first;
  return blocks_.Arena().IsBroken() ? kBad : symbol;
}

template <typename Variant, typename Blocks>
template <typename Coder>
int PpmdModel<Variant, Blocks>::CodeFirst(Coder& coder, Masked& masked) {
  const uint32_t total = SumOf(min_context_);
  const PpmdSymbols symbols = AllSymbols(min_context_);
  if (!coder.Start(total)) {
    return kBad;
  }
  uint32_t below = 0;
  for (uint32_t i = 0; i < symbols.Count(); ++i) {
    const uint8_t symbol = symbols.SymbolOf(i);
    const uint32_t count = symbols.CountOf(i);
    if (coder.Is(below, count, symbol)) {
      coder.Take(below, count);
      found_ = SymbolsOf(min_context_) + i * kSymbolBytes;
      i == 0 ? LearnFirst() : LearnOther();
      return symbol;
    }
    below += count;
  }
  if (below >= total || !coder.IsEscape(total)) {
    return kBad;
  }
  masked.AddAll(symbols);
  was_likely_ = false;
  Self().NoteEscape();
  coder.Take(below, total - below);
  return kEnd;
}

template <typename Variant, typename Blocks>
template <typename Coder>
int PpmdModel<Variant, Blocks>::CodeSingle(Coder& coder, Masked& masked) {
  const PpmdSymbol only = SymbolAt(SymbolsOf(min_context_));
  Self().NoteEscape();
  uint16_t& chance = Self().SingleChance(only);
  if (coder.Binary(chance, only.symbol)) {
    chance = static_cast<uint16_t>(chance + (1U << kPpmdPeriodBits) -
                                   PpmdMean(chance));
    found_ = SymbolsOf(min_context_);
    LearnSingle();
    return only.symbol;
  }
  chance = static_cast<uint16_t>(chance - PpmdMean(chance));
  first_escapes_ = kPpmdEscapesOfSingle[chance >> 10 & 15U];
  masked.Add(only.symbol);
  was_likely_ = false;
  return kEnd;
}

// Goes to shorter contexts, until one has the symbol.
template <typename Variant, typename Blocks>
template <typename Coder>
int PpmdModel<Variant, Blocks>::CodeRest(Coder& coder, Masked& masked) {
  // No context is longer than the order.
  for (unsigned i = 0; i <= kMostOrder; ++i) {
    const uint32_t masked_count = Self().CountOf(min_context_);
    do {
      ++order_fall_;
      const uint32_t suffix = SuffixOf(min_context_);
      if (suffix == 0) {
        return kEnd;
      }
      min_context_ = suffix;
    } while (Self().CountOf(min_context_) == masked_count &&
             !blocks_.Arena().IsBroken());
    const int symbol = CodeUnmasked(coder, masked, masked_count);
    if (symbol != kEnd) {
      return symbol;
    }
  }
  return kBad;
}

template <typename Variant, typename Blocks>
template <typename Coder>
int PpmdModel<Variant, Blocks>::CodeUnmasked(Coder& coder, Masked& masked,
                                             uint32_t masked_count) {
  const PpmdSymbols symbols = AllSymbols(min_context_);
  if (symbols.Count() <= masked_count) {
    return kBad;
  }
  uint32_t sum = 0;
  for (uint32_t i = 0; i < symbols.Count(); ++i) {
    sum += masked.Has(symbols.SymbolOf(i)) ? 0U : symbols.CountOf(i);
  }
  const bool has_all = symbols.Count() >= kPpmdAllSymbols;
  PpmdEscapes& escapes =
      has_all ? no_escapes_ : Self().EscapesOf(symbols.Count(), masked_count);
  uint32_t escape = 1;
  if (!has_all) {
    escape = static_cast<uint32_t>(escapes.sum >> escapes.shift);
    escapes.sum = static_cast<uint16_t>(escapes.sum - escape);
    escape += escape == 0 ? 1U : 0U;
  }
  if (!coder.Start(sum + escape)) {
    return kBad;
  }
  uint32_t below = 0;
  for (uint32_t i = 0; i < symbols.Count(); ++i) {
    const uint8_t symbol = symbols.SymbolOf(i);
    if (masked.Has(symbol)) {
      continue;
    }
    const uint32_t count = symbols.CountOf(i);
    if (coder.Is(below, count, symbol)) {
      coder.Take(below, count);
      escapes.Learn();
      found_ = SymbolsOf(min_context_) + i * kSymbolBytes;
      LearnEscaped();
      return symbol;
    }
    below += count;
  }
  if (!coder.IsEscape(sum + escape)) {
    return kBad;
  }
  coder.Take(sum, escape);
  escapes.sum = static_cast<uint16_t>(escapes.sum + sum + escape);
  masked.AddAll(symbols);
  return kEnd;
}

}  // namespace countersign::formats
