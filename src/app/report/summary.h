// What a run over many inputs came to.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/terminal/style.h"
#include "model/report.h"

namespace countersign::app {

class Summary {
 public:
  void Add(const model::Report& report);
  void AddUnreadable() { ++unreadable_; }
  void AddLink() { ++links_; }
  void AddSpecialFile() { ++special_files_; }

  [[nodiscard]] uint64_t Files() const { return files_; }
  [[nodiscard]] uint64_t Bytes() const { return bytes_; }

  // The table that ends the run. `seconds` is the time the run took.
  [[nodiscard]] std::string Text(const TextStyle& style, double seconds) const;

 private:
  [[nodiscard]] std::string FormatCounts() const;

  std::array<uint64_t, model::kNames<model::Decision>.size()> verdicts_{};
  std::map<model::Format, uint64_t> formats_;
  uint64_t files_ = 0;
  uint64_t bytes_ = 0;
  uint64_t incomplete_ = 0;
  uint64_t unreadable_ = 0;
  uint64_t links_ = 0;
  uint64_t special_files_ = 0;
  // Of the first report; those of a run are the same for all.
  std::vector<model::TrustSource> trust_;
  std::vector<model::RevocationSource> revocation_sources_;
  std::vector<model::CatalogSource> catalog_sources_;
  base::Instant evaluated_at_;
};

}  // namespace countersign::app
