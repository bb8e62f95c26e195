#include "app/terminal/page.h"

#include <algorithm>

#include "app/terminal/width.h"

namespace countersign::app {
namespace {

// Blanks between two columns of a table.
constexpr size_t kGutter = 2;

}  // namespace

std::string_view Page::Ellipsis() const {
  return style_.unicode ? "\u2026" : "...";
}

void Page::EndLine() {
  while (text_.ends_with(' ')) {
    text_.pop_back();
  }
  text_ += '\n';
}

void Page::Put(size_t indent, const Line& line) {
  text_.append(indent, ' ');
  for (const Span& span : line) {
    text_ += style_.Paint(span.ink, style_.Safe(span.text));
  }
  EndLine();
}

void Page::Gap() {
  if (!text_.empty() && !text_.ends_with("\n\n")) {
    text_ += '\n';
  }
}

void Page::Heading(std::string_view text, std::string_view remark) {
  Gap();
  Line line = {{std::string(text), Ink::kStrong}};
  if (!remark.empty()) {
    line.push_back({"  "});
    line.push_back({std::string(remark), Ink::kQuiet});
  }
  Put(0, line);
}

void Page::Entry(size_t indent, const Span& label, size_t label_columns,
                 const Span& text) {
  const std::string safe_label = style_.Safe(label.text);
  const size_t hang = indent + label_columns;
  const size_t room = style_.columns > hang + 20 ? style_.columns - hang : 20;
  bool first = true;
  for (const std::string& part : Wrap(style_.Safe(text.text), room)) {
    if (first) {
      const size_t used = Width(safe_label);
      text_.append(indent, ' ');
      text_ += style_.Paint(label.ink, safe_label);
      text_.append(label_columns > used ? label_columns - used : 1, ' ');
    } else {
      text_.append(hang, ' ');
    }
    text_ += style_.Paint(text.ink, part);
    EndLine();
    first = false;
  }
}

void Page::Paragraph(size_t indent, const Span& text) {
  const size_t room =
      style_.columns > indent + 20 ? style_.columns - indent : 20;
  for (const std::string& part : Wrap(style_.Safe(text.text), room)) {
    text_.append(indent, ' ');
    text_ += style_.Paint(text.ink, part);
    EndLine();
  }
}

std::vector<size_t> Page::Measure(const std::vector<Column>& columns,
                                  const std::vector<Line>& rows) const {
  std::vector<size_t> widths;
  for (const Column& column : columns) {
    widths.push_back(Width(column.heading));
  }
  for (const Line& row : rows) {
    for (size_t i = 0; row.size() > 1 && i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(style_.Safe(row[i].text)));
    }
  }
  return widths;
}

void Page::TableRow(size_t indent, const std::vector<Column>& columns,
                    const std::vector<size_t>& widths, const Line& cells) {
  text_.append(indent, ' ');
  size_t at = indent;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string cell = style_.Safe(cells[i].text);
    if (i + 1 == cells.size() && style_.columns > at) {
      cell = CutEnd(cell, style_.columns - at, Ellipsis());
    }
    const size_t pad = widths[i] - std::min(widths[i], Width(cell));
    text_.append(columns[i].right ? pad : 0, ' ');
    text_ += style_.Paint(cells[i].ink, cell);
    text_.append((columns[i].right ? 0 : pad) + kGutter, ' ');
    at += widths[i] + kGutter;
  }
  EndLine();
}

void Page::Table(size_t indent, const std::vector<Column>& columns,
                 const std::vector<Line>& rows) {
  const std::vector<size_t> widths = Measure(columns, rows);
  Line headings;
  bool any = false;
  for (const Column& column : columns) {
    headings.push_back({column.heading, Ink::kQuiet});
    any = any || !column.heading.empty();
  }
  if (any) {
    TableRow(indent, columns, widths, headings);
  }
  for (const Line& row : rows) {
    if (row.size() == 1) {
      Paragraph(indent + widths[0] + kGutter, row[0]);
    } else {
      TableRow(indent, columns, widths, row);
    }
  }
}

}  // namespace countersign::app
