// The content of the files of one import, before any of it is trusted.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "signing/trust_list.h"
#include "vet/trust_import.h"

namespace countersign::vet {

struct LoadedList {
  std::string file;  // that holds it
  signing::TrustList list;
  std::vector<uint8_t> bytes;
};

struct TrustFiles {
  std::vector<model::TrustEntry> certificates;  // each once
  std::vector<LoadedList> lists;
  std::string source;  // the names of the files
  // Of the file; of several files: SHA-256 over their SHA-256 digests, 32
  // bytes each, in the order given.
  std::string sha256;
  std::vector<std::string> notes;
};

// The content of all `files`, or a sentence naming the first that is neither
// readable nor of use. Members of cabinets count as files.
[[nodiscard]] std::expected<TrustFiles, std::string> LoadTrustFiles(
    const std::vector<TrustFile>& files);

// The two digests as one, as for several files.
[[nodiscard]] std::string CombinedSha256(const std::string& first_hex,
                                         const std::string& second_hex);

}  // namespace countersign::vet
