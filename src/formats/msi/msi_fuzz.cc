// Every compound file as an installer database, to the last cell.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "formats/cfb.h"
#include "formats/msi.h"
#include "formats/msi_actions.h"

namespace countersign::formats {
namespace {

// Limit: cells that are looked at; a table of columns that take nothing has
// many.
constexpr size_t kMaxCells = 20'000;

void AddCells(const MsiTable& table, uint64_t file_size, std::string& text) {
  CS_CHECK(!table.damage || table.row_count == 0);
  CS_CHECK(table.row_count <= table.bytes.size());
  size_t cells = 0;
  for (size_t row = 0; row < table.row_count && cells < kMaxCells; ++row) {
    CS_CHECK(table.Evidence(row).Inside(file_size));
    for (size_t column = 0; column < table.columns.size(); ++column) {
      ++cells;
      const MsiValue value = table.Cell(row, column);
      if (const auto* view = std::get_if<std::string_view>(&value)) {
        text += view->substr(0, 100);
      } else if (const auto* number = std::get_if<int32_t>(&value)) {
        text += std::to_string(*number);
      } else if (const auto* binary = std::get_if<MsiBinary>(&value)) {
        CS_CHECK(binary->stream.size() <= 1024);
        text += binary->stream;
      }
    }
  }
}

void AddFiles(const MsiDatabase& database, base::Budget& budget,
              uint64_t file_size, std::string& text) {
  const auto files = MsiFiles(database, budget);
  for (const MsiFile& file : files ? *files : std::vector<MsiFile>()) {
    CS_CHECK(file.path.size() <= 4200 && file.evidence.Inside(file_size));
    text += file.path;
  }
  const auto actions = ReadMsiActions(database, budget);
  CS_CHECK(actions || actions.error().fault == base::Fault::kLimit);
  text += actions ? std::to_string(actions->registry.size()) : "";
}

std::string Transcript(base::Bytes file) {
  base::Limits limits;
  limits.steps = 200'000;
  base::Budget budget(limits);
  const auto compound = ParseCompoundFile(file, budget);
  if (!compound) {
    return "";
  }
  const auto database = ParseMsi(*compound, file, budget);
  if (!database) {
    CS_CHECK(database.error().offset <= file.size());
    return database.error().field;
  }
  std::string text;
  for (const MsiTable& table : database->tables) {
    AddCells(table, file.size(), text);
  }
  for (const Remark& remark : database->remarks) {
    CS_CHECK(remark.range.Inside(file.size()) && remark.what.size() < 5000);
    text += remark.what;
  }
  AddFiles(*database, budget, file.size(), text);
  return text;
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using countersign::formats::Transcript;
  CS_CHECK(Transcript({data, size}) == Transcript({data, size}));
  return 0;
}
