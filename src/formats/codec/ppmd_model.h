// What both variants of a PPMd model do alike. Private to codec/.
#pragma once

#include <array>
#include <cstdint>

#include "formats/codec/ppmd_arena.h"

namespace countersign::formats {

// Spec of all numbers and rules: PPMd var.H (2001) and var.I (2002) by D.
// Shkarin, which are in the public domain. One that differed would make other
// bytes.
inline constexpr unsigned kPpmdChanceBits = 14;
inline constexpr unsigned kPpmdPeriodBits = 7;
inline constexpr unsigned kPpmdMostCount = 124;
inline constexpr unsigned kPpmdAllSymbols = 256;
inline constexpr std::array<uint8_t, 16> kPpmdEscapesOfSingle = {
    25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2};
inline constexpr std::array<uint16_t, 8> kPpmdFirstSingles = {
    0x3CDD, 0x1F3F, 0x59BF, 0x48F3, 0x64A1, 0x5ABC, 0x6632, 0x6051};

// What a chance moves by.
inline uint16_t PpmdMean(uint16_t chance) {
  return static_cast<uint16_t>((chance + (1U << (kPpmdPeriodBits - 2))) >>
                               kPpmdPeriodBits);
}

// By the number of symbols in the suffix.
constexpr unsigned PpmdSuffixClass(uint32_t count) {
  return count <= 1 ? 0 : count == 2 ? 2 : count <= 11 ? 4 : 6;
}

// Foretells bytes by those before them, and learns from each. What is foretold
// is coded by a `Coder`, which reads a symbol or writes one it was told; the
// model is the same for both:
//
//   bool Start(uint32_t total)      a choice of `total` begins; false when
//                                   there cannot be that many
//   bool Is(below, count, symbol)   is it this one, with `count` of the total
//                                   behind `below` others?
//   bool IsEscape(total)            may it be none of them?
//   void Take(below, count)         it is that one
//   bool Binary(of_16384, symbol)   a choice by itself: the symbol, or an
//   escape
//
// `Variant` adds how a context begins (CountOf, PutCount), what else decides on
// chances (SingleChance, EscapesOf, IsLikely, NoteEscape), and what it learns
// (PlaceInSuffix, CountForNew, NoteNew, ...).
template <typename Variant, typename Blocks>
class PpmdModel {
  friend Variant;
  PpmdModel() = default;

 public:
  static constexpr unsigned kLeastOrder = 2;
  static constexpr unsigned kMostOrder = 64;
  // What `Code` yields besides symbols.
  static constexpr int kEnd = -1;  // an escape from everything
  static constexpr int kBad = -2;

  // A symbol, or one of the above. Defined in ppmd_coding.h.
  template <typename Coder>
  [[nodiscard]] int Code(Coder& coder);

  // True when a place was used that cannot be. No stream leads to that, but a
  // mistake of ours would.
  [[nodiscard]] bool IsBroken() const { return blocks_.Arena().IsBroken(); }

 protected:
  static constexpr uint32_t kSymbolBytes = PpmdArena::kSymbolBytes;

  // The symbols that were foretold already, and are not foretold again.
  class Masked {
   public:
    [[nodiscard]] bool Has(uint8_t symbol) const {
      return (words_[symbol / 64U] >> symbol % 64 & 1U) != 0;
    }
    void Add(uint8_t symbol) {
      words_[symbol / 64U] |= uint64_t{1} << symbol % 64;
    }
    void AddAll(const PpmdSymbols& symbols) {
      for (uint32_t i = 0; i < symbols.Count(); ++i) {
        Add(symbols.SymbolOf(i));
      }
    }

   private:
    std::array<uint64_t, 4> words_{};
  };

  // A context, from its offset: 2 bytes of the variant, with how many symbols;
  // of several, u16 sum of counts, u32 where they are; of one, the symbol
  // itself; then u32 the context that is shorter by one byte, its suffix.
  [[nodiscard]] bool IsSingle(uint32_t context) const {
    return Self().CountOf(context) == 1;
  }
  [[nodiscard]] uint32_t SumOf(uint32_t context) const {
    return blocks_.Arena().U16(context + 2);
  }
  void PutSum(uint32_t context, uint32_t sum) {
    blocks_.Arena().Put16(context + 2, static_cast<uint16_t>(sum));
  }
  [[nodiscard]] uint32_t SymbolsOf(uint32_t context) const {
    return IsSingle(context) ? context + 2 : blocks_.Arena().U32(context + 4);
  }
  void PutSymbols(uint32_t context, uint32_t symbols) {
    blocks_.Arena().Put32(context + 4, symbols);
  }
  [[nodiscard]] uint32_t SuffixOf(uint32_t context) const {
    return blocks_.Arena().U32(context + 8);
  }
  [[nodiscard]] PpmdSymbols AllSymbols(uint32_t context) const {
    return blocks_.Arena().Symbols(SymbolsOf(context), Self().CountOf(context));
  }
  [[nodiscard]] PpmdSymbol SymbolAt(uint32_t at) const {
    return blocks_.Arena().Symbol(at);
  }
  void PutSymbol(uint32_t at, const PpmdSymbol& symbol) {
    blocks_.Arena().PutSymbol(at, symbol);
  }
  void PutNext(uint32_t symbol, uint32_t next) {
    blocks_.Arena().Put32(symbol + 2, next);
  }
  // Units that so many symbols take.
  [[nodiscard]] static uint32_t UnitsOf(uint32_t count) {
    return (count + 1) / 2;
  }

  [[nodiscard]] bool Reserve(unsigned order, uint32_t memory) {
    order_ = order;
    no_escapes_ = {};
    return blocks_.Reserve(memory);
  }

  // The context of all symbols, behind none.
  void MakeRoot() {
    order_fall_ = order_;
    first_run_ = 0U - (order_ < 12 ? order_ : 12U) - 1U;
    run_ = first_run_;
    was_likely_ = false;
    const uint32_t root = blocks_.NewContext();
    found_ = blocks_.NewUnits(UnitsOf(kPpmdAllSymbols));
    Self().PutCount(root, kPpmdAllSymbols);
    PutSum(root, kPpmdAllSymbols + 1);
    PutSymbols(root, found_);
    blocks_.Arena().Put32(root + 8, 0);
    for (unsigned i = 0; i < kPpmdAllSymbols; ++i) {
      PutSymbol(found_ + i * kSymbolBytes, {static_cast<uint8_t>(i), 1, 0});
    }
    min_context_ = max_context_ = root;
  }

  // The symbol at `at` changes places with the one before it.
  void Swap(uint32_t at) {
    const PpmdSymbol before = SymbolAt(at - kSymbolBytes);
    PutSymbol(at - kSymbolBytes, SymbolAt(at));
    PutSymbol(at, before);
  }

  // Where `symbol` is in a context that has it.
  [[nodiscard]] uint32_t Find(uint32_t context, uint8_t symbol) {
    const uint32_t at = SymbolsOf(context);
    const PpmdSymbols symbols = AllSymbols(context);
    for (uint32_t i = 0; i < symbols.Count(); ++i) {
      if (symbols.SymbolOf(i) == symbol) {
        return at + i * kSymbolBytes;
      }
    }
    blocks_.Arena().Break();
    return 0;
  }

  // The symbol that was found becomes more likely in the suffix, too. Yields
  // where it is there.
  uint32_t LearnInSuffix(uint8_t symbol) {
    const uint32_t context = SuffixOf(min_context_);
    if (IsSingle(context)) {
      AddToCount(SymbolsOf(context), 1, 32);
      return SymbolsOf(context);
    }
    uint32_t at = Find(context, symbol);
    if (at != SymbolsOf(context) && !blocks_.Arena().IsBroken() &&
        SymbolAt(at).count >= SymbolAt(at - kSymbolBytes).count) {
      Swap(at);
      at -= kSymbolBytes;
    }
    if (AddToCount(at, 2, kPpmdMostCount - 9)) {
      PutSum(context, SumOf(context) + 2);
    }
    return at;
  }

  // Adds to the count of a symbol that is below a limit. True if it was.
  bool AddToCount(uint32_t at, unsigned more, unsigned limit) {
    PpmdSymbol symbol = SymbolAt(at);
    if (symbol.count >= limit) {
      return false;
    }
    symbol.count = static_cast<uint8_t>(symbol.count + more);
    PutSymbol(at, symbol);
    return true;
  }

  // The last symbol leads to text so far. Makes contexts of that, for `context`
  // (unless it is the longest) and for those suffixes that lead to the same
  // place; in the first of these the symbol is at `in_suffix`, if that is not
  // 0. Yields the longest, 0 when there is no room.
  uint32_t MakeContexts(bool is_longest, uint32_t in_suffix, uint32_t context) {
    PpmdArena& arena = blocks_.Arena();
    const PpmdSymbol found = SymbolAt(found_);
    std::array<uint32_t, kMostOrder + 1> places{};  // symbols that lead there
    size_t count = 0;
    if (!is_longest) {
      places[count++] = found_;
    }
    while (SuffixOf(context) != 0) {
      context = SuffixOf(context);
      const uint32_t at = in_suffix != 0
                              ? in_suffix
                              : Self().PlaceInSuffix(context, found.symbol);
      in_suffix = 0;
      const uint32_t next = SymbolAt(at).next;
      if (next != found.next) {
        context = next;
        if (count == 0) {
          return context;
        }
        break;
      }
      if (count == places.size() || arena.IsBroken()) {
        arena.Break();
        return 0;
      }
      places.at(count++) = at;
    }
    PpmdSymbol made;
    made.symbol = arena.U8(found.next);
    made.count = Self().CountForNew(context, made.symbol);
    made.next = found.next + 1;
    while (count > 0) {
      const uint32_t longer = blocks_.NewContext();
      if (longer == 0) {
        return 0;
      }
      Self().PutCount(longer, 1);
      Self().NoteNew(longer, found.symbol, made.symbol);
      PutSymbol(longer + 2, made);
      arena.Put32(longer + 8, context);
      PutNext(places.at(--count), longer);
      context = longer;
    }
    return context;
  }

  struct Room {
    uint32_t symbols = 0;  // where they are now, 0 when there is no room
    uint32_t sum = 0;
  };

  // Room for one more symbol in `context`, which was not found there but in one
  // of `more` symbols.
  [[nodiscard]] Room MakeRoom(uint32_t context, uint32_t more) {
    const uint32_t count = Self().CountOf(context);
    if (count > 1) {
      const uint32_t symbols = SymbolsOf(context);
      return {count % 2 == 0 ? blocks_.Grow(symbols, UnitsOf(count)) : symbols,
              SumOf(context)};
    }
    const uint32_t symbols = blocks_.NewUnits(1);
    if (symbols == 0) {
      return {};
    }
    PpmdSymbol only = SymbolAt(context + 2);
    only.count = static_cast<uint8_t>(only.count < kPpmdMostCount / 4 - 1
                                          ? 2 * only.count
                                          : kPpmdMostCount - 4);
    PutSymbol(symbols, only);
    return {symbols, only.count + first_escapes_ + (more > 3 ? 1U : 0U)};
  }

  // Halves all counts of the context, the last symbol first and the others in
  // order of their counts.
  void Rescale() {
    const uint32_t symbols = SymbolsOf(min_context_);
    const uint32_t count = Self().CountOf(min_context_);
    MoveToFront(symbols, found_);
    const unsigned adder = order_fall_ != 0 ? 1 : 0;
    PpmdSymbol symbol = SymbolAt(symbols);
    uint32_t escapes = SumOf(min_context_) - symbol.count;
    symbol.count = static_cast<uint8_t>((symbol.count + 4 + adder) / 2);
    PutSymbol(symbols, symbol);
    uint32_t sum = symbol.count;
    uint32_t rare = 0;  // symbols at the end whose count became 0
    for (uint32_t i = 1; i < count; ++i) {
      const uint32_t at = symbols + i * kSymbolBytes;
      symbol = SymbolAt(at);
      escapes -= symbol.count;
      symbol.count = static_cast<uint8_t>((symbol.count + adder) / 2);
      sum += symbol.count;
      rare += symbol.count == 0 ? 1U : 0U;
      uint32_t to = at;
      while (to != symbols &&
             symbol.count > SymbolAt(to - kSymbolBytes).count) {
        PutSymbol(to, SymbolAt(to - kSymbolBytes));
        to -= kSymbolBytes;
      }
      PutSymbol(to, symbol);
    }
    found_ = symbols;
    escapes += rare;
    if (rare > 0 && !DropLast(rare, escapes)) {
      return;
    }
    PutSum(min_context_, sum + escapes - escapes / 2);
    Self().NoteRescaled();
  }

  // Where the model stands.
  Blocks blocks_;
  unsigned order_ = 0;
  unsigned order_fall_ = 0;   // how much shorter the context is than it can be
  uint32_t min_context_ = 0;  // where the last symbol was found
  uint32_t max_context_ = 0;  // where it was sought first
  uint32_t found_ = 0;        // the last symbol
  bool was_likely_ = false;   // the last symbol was
  // How many likely ones there were, from less than 0 on. Its top bit counts.
  uint32_t run_ = 0;
  uint32_t first_run_ = 0;
  unsigned first_escapes_ = 0;
  PpmdEscapes no_escapes_;  // of the context of all symbols

 private:
  [[nodiscard]] Variant& Self() { return static_cast<Variant&>(*this); }
  [[nodiscard]] const Variant& Self() const {
    return static_cast<const Variant&>(*this);
  }

  template <typename Coder>
  int CodeFirst(Coder& coder, Masked& masked);
  template <typename Coder>
  int CodeSingle(Coder& coder, Masked& masked);
  template <typename Coder>
  int CodeRest(Coder& coder, Masked& masked);
  template <typename Coder>
  int CodeUnmasked(Coder& coder, Masked& masked, uint32_t masked_count);

  // Adds 4 to the last symbol. Yields its count.
  unsigned Learn() {
    PpmdSymbol symbol = SymbolAt(found_);
    PutSum(min_context_, SumOf(min_context_) + 4);
    symbol.count = static_cast<uint8_t>(symbol.count + 4);
    PutSymbol(found_, symbol);
    return symbol.count;
  }
  void LearnFirst() {
    was_likely_ =
        Variant::IsLikely(2U * SymbolAt(found_).count, SumOf(min_context_));
    run_ += was_likely_ ? 1U : 0U;
    if (Learn() > kPpmdMostCount) {
      Rescale();
    }
    MoveOn();
  }
  void LearnOther() {
    was_likely_ = false;
    const unsigned count = Learn();
    if (count > SymbolAt(found_ - kSymbolBytes).count) {
      Swap(found_);
      found_ -= kSymbolBytes;
      if (count > kPpmdMostCount) {
        Rescale();
      }
    }
    MoveOn();
  }
  void LearnSingle() {
    AddToCount(found_, 1, Variant::kMostSingle);
    was_likely_ = true;
    ++run_;
    MoveOn();
  }
  void LearnEscaped() {
    if (Learn() > kPpmdMostCount) {
      Rescale();
    }
    run_ = first_run_;
    Self().Update();
  }
  // Goes on to the context that the last symbol leads to, if there is one.
  void MoveOn() {
    const uint32_t next = SymbolAt(found_).next;
    if (order_fall_ == 0 && Self().IsContext(next)) {
      min_context_ = max_context_ = next;
    } else {
      Self().Update();
    }
  }

  void MoveToFront(uint32_t symbols, uint32_t at) {
    const PpmdSymbol moved = SymbolAt(at);
    for (; at != symbols && !blocks_.Arena().IsBroken(); at -= kSymbolBytes) {
      PutSymbol(at, SymbolAt(at - kSymbolBytes));
    }
    PutSymbol(symbols, moved);
  }

  // Takes the last `dropped` symbols out of the context that was scaled. False
  // when one is left, whose context has no sum.
  bool DropLast(uint32_t dropped, uint32_t escapes) {
    const uint32_t symbols = found_;
    const uint32_t count = Self().CountOf(min_context_);
    const uint32_t left = count - dropped;
    if (left == 1) {
      PpmdSymbol only = SymbolAt(symbols);
      only.count = Variant::CountOfLast(only.count, escapes);
      Self().PutCount(min_context_, left);
      Self().NoteSingle(min_context_, only.symbol);
      found_ = min_context_ + 2;
      PutSymbol(found_, only);
      blocks_.FreeUnits(symbols, UnitsOf(count));
      return false;
    }
    Self().PutCount(min_context_, left);
    if (UnitsOf(count) != UnitsOf(left)) {
      found_ = blocks_.Shrink(symbols, UnitsOf(count), UnitsOf(left));
      PutSymbols(min_context_, found_);
    }
    return true;
  }
};

}  // namespace countersign::formats
