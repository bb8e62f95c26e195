// Text laid out for a terminal: paragraphs that wrap under a label, and tables
// whose columns line up. No line ends in a space.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/terminal/style.h"

namespace countersign::app {

// A piece of a line. Everything a Span holds is made safe when it is laid out.
struct Span {
  std::string text;
  Ink ink = Ink::kPlain;
};
using Line = std::vector<Span>;

struct Column {
  std::string heading;
  bool right = false;  // aligned to the right
};

class Page {
 public:
  explicit Page(const TextStyle& style) : style_(style) {}

  // One line that is not wrapped, after `indent` spaces.
  void Put(size_t indent, const Line& line);
  // An empty line, but never two, and none at the top.
  void Gap();
  // An underlined-by-weight heading, after a gap, with a quiet remark.
  void Heading(std::string_view text, std::string_view remark = "");
  // `label` padded to `label_columns`, then `text` wrapped beside it.
  void Entry(size_t indent, const Span& label, size_t label_columns,
             const Span& text);
  // `text` wrapped after `indent` spaces.
  void Paragraph(size_t indent, const Span& text);

  // Rows under headings; without headings when all of them are empty. Cells
  // are cut in the last column only where the line would be too long. A
  // `note` row (one span) is wrapped under the row before it.
  void Table(size_t indent, const std::vector<Column>& columns,
             const std::vector<Line>& rows);

  // "…" or "...", as the locale can show.
  [[nodiscard]] std::string_view Ellipsis() const;
  [[nodiscard]] const TextStyle& Style() const { return style_; }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  void EndLine();
  // Columns of each cell of the table, from headings and rows.
  [[nodiscard]] std::vector<size_t> Measure(
      const std::vector<Column>& columns, const std::vector<Line>& rows) const;
  void TableRow(size_t indent, const std::vector<Column>& columns,
                const std::vector<size_t>& widths, const Line& cells);

  TextStyle style_;
  std::string text_;
};

}  // namespace countersign::app
