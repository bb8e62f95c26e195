// Which colour and which words a value of the report gets.
#pragma once

#include <string>

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// "ALLOW", "HOLD" or "BLOCK" as a Span seven columns wide.
[[nodiscard]] Span VerdictBadge(model::Decision verdict,
                                const TextStyle& style);
// "allow" in a colour for running text.
[[nodiscard]] Span VerdictWord(model::Decision verdict);

[[nodiscard]] Ink InkOf(model::Severity severity);
[[nodiscard]] Ink InkOf(model::Integrity integrity);
[[nodiscard]] Ink InkOf(model::Trust trust);

// "PE32+ x86-64 console program", or the name of the format.
[[nodiscard]] std::string FormatWords(const model::Artifact& artifact);
// "standard input" for "-", else the path.
[[nodiscard]] std::string InputWords(const std::string& input);
// The words joined by ", ".
[[nodiscard]] std::string Joined(const std::vector<std::string>& words);

// Where an artifact of the report lies: "the input", or the way from the input
// to it ("setup.msi!Updater.exe" in /srv/setup.msi is "Updater.exe").
[[nodiscard]] std::string PlaceWords(const model::Report& report,
                                     const model::Artifact& artifact);

}  // namespace countersign::app
