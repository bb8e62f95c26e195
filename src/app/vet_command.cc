#include "app/vet_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/terminal/quantity.h"
#include "app/vetting/vet_run.h"
#include "vet/trust_import.h"

namespace countersign::app {
namespace {

using Request = std::shared_ptr<VetRequest>;

constexpr const char* kFooter =
    "Verdicts: allow, hold (a person should look), block. The exit code is 0\n"
    "when nothing is at or above --fail-on, 1 when something is, 2 when an\n"
    "input could not be read or the command was misused, and 3 when the only\n"
    "objection is that something was not inspected completely.\n"
    "\n"
    "Examples:\n"
    "  countersign vet setup.exe\n"
    "  countersign vet --verbose --at 2024-06-01 setup.exe\n"
    "  countersign vet --json --output report.jsonl downloads/\n"
    "  countersign vet --quiet --fail-on block /srv/share\n"
    "  countersign vet --trust company-ca.pem internal-tool.exe\n"
    "  curl -L https://example.com/setup.exe | countersign vet -";

// An option whose text `parse` turns into a value or refuses.
template <typename T, typename Parse>
void AddParsed(CLI::App& vet, const std::string& name, T& target,
               const Parse& parse, const std::string& type,
               const std::string& expected, const std::string& description) {
  vet.add_option_function<std::string>(
         name,
         [&target, parse](const std::string& text) { target = *parse(text); },
         description)
      ->check([parse, expected](const std::string& text) -> std::string {
        return parse(text) ? "" : "\"" + text + "\" is not " + expected;
      })
      ->type_name(type);
}

// An option whose words, "auto|always|never", stand for the enumerators of E
// in their order.
template <typename E>
void AddWord(CLI::App& vet, const std::string& name, E& target,
             const std::string& words, const std::string& description) {
  const auto parse = [words](const std::string& text) -> std::optional<E> {
    uint8_t value = 0;
    std::istringstream stream(words);
    for (std::string word; std::getline(stream, word, '|'); ++value) {
      if (word == text) {
        return static_cast<E>(value);
      }
    }
    return std::nullopt;
  };
  AddParsed(vet, name, target, parse, words, "one of " + words, description);
}

std::optional<unsigned> ParseJobs(const std::string& text) {
  const auto jobs = ParseSize(text);
  // Limit: 1024 workers; each costs a process.
  return jobs && *jobs <= 1024 ? std::optional(static_cast<unsigned>(*jobs))
                               : std::nullopt;
}

// Limit: below 64 MiB no worker starts, or it can hold nothing.
std::optional<uint64_t> ParseMemory(const std::string& text) {
  constexpr uint64_t kLeastBytes = uint64_t{64} << 20;
  const auto bytes = ParseSize(text);
  return bytes && *bytes >= kLeastBytes ? bytes : std::nullopt;
}

void AddInputs(CLI::App& vet, VetRequest& request) {
  vet.add_option("PATH", request.paths,
                 "Files, directories, or - for standard input")
      ->required()
      ->type_name("");
  AddParsed(vet, "--stdin-limit", request.standard_input_limit_bytes, ParseSize,
            "SIZE", "a size such as 512M or 2G",
            "Most that a pipe may hold (1G)");
}

void AddJudging(CLI::App& vet, VetRequest& request) {
  const std::string group = "Judging";
  AddParsed(
      vet, "--at", request.at,
      [](const std::string& text) { return base::ParseInstant(text); }, "TIME",
      "a time such as 2024-06-01 or 2024-06-01T12:00:00Z",
      "Judge as of this time instead of now");
  vet.add_option("--trust", request.trust,
                 "Use this trust store or file; may be repeated")
      ->type_name("STORE|FILE")
      ->allow_extra_args(false);
  vet.add_option("--crl", request.crls,
                 "Use this CRL or OCSP response; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  vet.add_option("--catalog", request.catalogs,
                 "Use this catalog besides those inside; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddWord(vet, "--fail-on", request.fail_on, "allow|hold|block|never",
          "Lowest verdict for exit code 1 (hold)");
  vet.add_flag("--strict-padding", request.strict_padding,
               "As Windows with EnableCertPaddingCheck");
  for (const char* name : {"--at", "--trust", "--crl", "--catalog", "--fail-on",
                           "--strict-padding"}) {
    vet.get_option(name)->group(group);
  }
}

void AddPrinting(CLI::App& vet, VetRequest& request) {
  const std::string group = "Printing";
  vet.add_flag("--json", request.json,
               "JSON; one line for each of several inputs");
  vet.add_flag("-q,--quiet", request.quiet,
               "One line for each at or above --fail-on");
  vet.add_flag("-v,--verbose", request.verbose,
               "Every attribute, chain, member, finding");
  vet.add_option("-o,--output", request.output,
                 "Write the reports there, all or nothing")
      ->type_name("FILE");
  AddWord(vet, "--color", request.color, "auto|always|never",
          "Colour in the reports (auto)");
  vet.add_flag("--no-progress", request.no_progress,
               "No progress line on the terminal");
  for (const char* name : {"--json", "--quiet", "--verbose", "--output",
                           "--color", "--no-progress"}) {
    vet.get_option(name)->group(group);
  }
}

void AddIsolation(CLI::App& vet, VetRequest& request) {
  const std::string group = "Isolation and limits";
  AddParsed(vet, "-j,--jobs", request.jobs, ParseJobs, "N",
            "a number from 1 to 1024", "Inputs at once (one for each core)");
  vet.add_flag("--isolate", request.isolate,
               "A fresh locked-down process for each file");
  AddParsed(vet, "--time-limit", request.time_limit, ParseDuration, "TIME",
            "a duration such as 30s, 5m or 500ms, at most a day",
            "Longest work on one input (5m)");
  AddParsed(vet, "--memory-limit", request.memory_limit_bytes, ParseMemory,
            "SIZE", "a size such as 512M or 2G, at least 64M",
            "Most memory of one worker (512M)");
  vet.add_flag("--allow-weak-sandbox", request.allow_weak_sandbox,
               "Go on where workers cannot be locked down");
  for (const char* name : {"--jobs", "--isolate", "--time-limit",
                           "--memory-limit", "--allow-weak-sandbox"}) {
    vet.get_option(name)->group(group);
  }
}

std::optional<uint64_t> ParseNumber(const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value > 0 ? std::optional(value)
                                                          : std::nullopt;
}

void AddUnpacking(CLI::App& vet, VetRequest& request) {
  vet::UnpackLimits& limits = request.unpack;
  const char* number = "a number of at least 1";
  const char* size = "a size such as 512M or 2G";
  AddParsed(vet, "--max-depth", limits.depth, ParseNumber, "N", number,
            "Containers inside containers (12)");
  AddParsed(vet, "--max-members", limits.members, ParseNumber, "N", number,
            "Members of one input (100000)");
  AddParsed(vet, "--max-output", limits.output_bytes, ParseSize, "SIZE", size,
            "Bytes unpacked from one input (4G)");
  AddParsed(vet, "--max-member-size", limits.member_bytes, ParseSize, "SIZE",
            size, "Bytes of one member (1G)");
  AddParsed(vet, "--max-ratio", limits.ratio, ParseNumber, "N", number,
            "Bytes out for each byte in, beyond 64 MiB (200)");
  AddParsed(vet, "--layer-time", limits.layer_time, ParseDuration, "TIME",
            "a duration such as 30s, 5m or 500ms, at most a day",
            "Longest work on what one container holds (60s)");
  for (const char* name :
       {"--max-depth", "--max-members", "--max-output", "--max-member-size",
        "--max-ratio", "--layer-time"}) {
    vet.get_option(name)->group("Unpacking");
  }
}

// Imports files in a locked-down worker, as weak as the user allows.
TrustImporter ImporterFor(const VetRequest& request) {
  return [weak = request.allow_weak_sandbox](
             std::vector<vet::TrustFile> files, const std::string& store_name,
             std::vector<model::Purpose> purposes,
             base::Instant now) -> std::expected<ImportedTrust, std::string> {
    vet::ImportOptions options;
    options.allow_weak_sandbox = weak;
    options.for_one_run = true;
    auto imported =
        vet::ImportTrust(std::move(files), store_name, std::move(purposes), now,
                         std::move(options));
    if (!imported) {
      return std::unexpected(imported.error());
    }
    return ImportedTrust{std::move(imported->stores),
                         std::move(imported->notes)};
  };
}

base::Instant Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return base::FromUnixSeconds(
      std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

void AddVetCommand(CLI::App& program, Action& action) {
  const Request request = std::make_shared<VetRequest>();
  CLI::App* vet =
      program.add_subcommand("vet", "Say whether files may run, and why");
  AddInputs(*vet, *request);
  AddJudging(*vet, *request);
  AddPrinting(*vet, *request);
  AddIsolation(*vet, *request);
  AddUnpacking(*vet, *request);
  vet->footer(kFooter);
  vet->callback([&action, request] {
    action = [request] {
      return RunVet(*request, {vet::Vetter::Start, ImporterFor(*request),
                               TrustDirectory::FromEnvironment(), Now()});
    };
  });
}

}  // namespace countersign::app
