#include "install/documents/xml_root.h"

#include <string_view>

namespace countersign::install {
namespace {

// Reads the letters of a document one after the other, as far as they are
// ASCII; all others are the same here.
class XmlPrologReader {
 public:
  explicit XmlPrologReader(base::Bytes file) : file_(file) { FindEncoding(); }

  // Skips all in front of the outermost element. False where that is no XML.
  bool SkipProlog() {
    for (;;) {
      SkipBlanks();
      if (Skip("<?")) {
        SkipBehind("?>");
      } else if (Skip("<!--")) {
        SkipBehind("-->");
      } else if (Skip("<!")) {
        SkipDoctype();
      } else {
        return Skip("<");
      }
    }
  }

  // The name that begins here, without its prefix.
  std::string LocalName() {
    // Limit: longer than the names that are looked for.
    constexpr size_t kLongestName = 256;
    std::string name;
    while (!IsAtEnd() && !IsOneOf(" \t\r\n/>")) {
      name += Letter(0);
      ++at_;
      if (name.size() > kLongestName) {
        return "";
      }
    }
    return name.substr(name.find(':') + 1);  // all of it without a colon
  }

  // How many bytes were read.
  [[nodiscard]] uint64_t Bytes() const { return start_ + at_ * width_; }

 private:
  // The byte order mark, or else the zeros of the first letter.
  void FindEncoding() {
    const std::string_view text = base::AsText(file_);
    if (text.starts_with("\xEF\xBB\xBF")) {
      start_ = 3;
    } else if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
      start_ = 2;
      width_ = 2;
    } else if (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0')) {
      width_ = 2;
    }
    is_big_endian_ = width_ == 2 && (text[0] == '\0' || text[0] == '\xFE');
    letters_ = (file_.size() - start_) / width_;
  }

  [[nodiscard]] bool IsAtEnd() const { return at_ >= letters_; }
  // The letter `ahead` of the current one; "\0" behind the end and for what is
  // not ASCII.
  [[nodiscard]] char Letter(size_t ahead) const {
    if (ahead >= letters_ - at_) {
      return '\0';
    }
    const size_t place = start_ + (at_ + ahead) * width_;
    const uint8_t first = file_[place];
    if (width_ == 1) {
      return static_cast<char>(first);
    }
    const uint8_t second = file_[place + 1];
    const uint8_t high = is_big_endian_ ? first : second;
    return high == 0 ? static_cast<char>(is_big_endian_ ? second : first)
                     : '\0';
  }
  [[nodiscard]] bool IsOneOf(std::string_view letters) const {
    return letters.find(Letter(0)) != std::string_view::npos;
  }

  void SkipBlanks() {
    while (!IsAtEnd() && IsOneOf(" \t\r\n")) {
      ++at_;
    }
  }
  bool Skip(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (Letter(i) != text[i]) {
        return false;
      }
    }
    at_ += text.size();
    return true;
  }
  void SkipBehind(std::string_view text) {
    while (!IsAtEnd() && !Skip(text)) {
      ++at_;
    }
  }

  // Up to the ">" that is in no quotes, and in no brackets of declarations.
  void SkipDoctype() {
    bool is_inside = false;
    while (!IsAtEnd()) {
      if (Skip("<!--")) {
        SkipBehind("-->");
      } else if (Skip("<?")) {
        SkipBehind("?>");
      } else if (Skip("\"")) {
        SkipBehind("\"");
      } else if (Skip("'")) {
        SkipBehind("'");
      } else if (!is_inside && Skip(">")) {
        return;
      } else {
        is_inside = (is_inside || Letter(0) == '[') && Letter(0) != ']';
        ++at_;
      }
    }
  }

  base::Bytes file_;
  size_t start_ = 0;
  size_t width_ = 1;
  bool is_big_endian_ = false;
  size_t letters_ = 0;
  size_t at_ = 0;
};

}  // namespace

base::Result<std::string> XmlRootName(base::Bytes file, base::Budget& budget) {
  constexpr uint64_t kSkippedBytesPerStep = 256;
  XmlPrologReader reader(file);
  std::string name = reader.SkipProlog() ? reader.LocalName() : "";
  CS_TRY_VOID(budget.ChargeSteps(1 + reader.Bytes() / kSkippedBytesPerStep, 0));
  return name;
}

}  // namespace countersign::install
