#include "app/trust_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/trust/trust_actions.h"

namespace countersign::app {
namespace {

constexpr const char* kImportFooter =
    "FILE may hold certificates (PEM, DER, PKCS #7, a serialized Windows\n"
    "store .sst), a certificate trust list (authroot.stl,\n"
    "disallowedcert.stl), or be a cabinet of these. Files that belong\n"
    "together are best imported together.\n"
    "\n"
    "Examples:\n"
    "  countersign trust import authrootstl.cab roots.sst\n"
    "  countersign trust import company-ca.pem --name company\n"
    "  countersign trust import *.cer --purpose apple";

constexpr const char* kUpdateFooter =
    "Fetches Microsoft's trust lists and roots and Apple's certificates from\n"
    "their publishers, checks signatures and digests, and replaces a store\n"
    "only when everything in it was checked. Nothing else of countersign uses\n"
    "the network.\n"
    "\n"
    "--mirror is for networks without access to these servers: a directory\n"
    "on a web server of yours that holds authrootstl.cab,\n"
    "disallowedcertstl.cab, every <sha1>.crt, and Apple's .cer files. What\n"
    "it serves is checked in the same way.";

base::Instant Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return base::FromUnixSeconds(
      std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

void AddImport(CLI::App& trust, Action& action) {
  const auto request = std::make_shared<TrustImportRequest>();
  CLI::App* import = trust.add_subcommand(
      "import", "Make trust stores of files of certificates and lists");
  import->add_option("FILE", request->files, "Files to import")
      ->required()
      ->type_name("");
  import->add_option("--name", request->name, "Name of the store")
      ->type_name("NAME")
      ->check([](const std::string& name) -> std::string {
        return name.empty() ? "the name is empty" : "";
      });
  std::vector<std::string> words(model::kNames<model::Purpose>.begin(),
                                 model::kNames<model::Purpose>.end());
  import
      ->add_option_function<std::vector<std::string>>(
          "--purpose",
          [request, words](const std::vector<std::string>& given) {
            for (const std::string& word : given) {
              const auto at = std::ranges::find(words, word) - words.begin();
              const auto purpose = static_cast<model::Purpose>(at);
              if (std::ranges::find(request->purposes, purpose) ==
                  request->purposes.end()) {
                request->purposes.push_back(purpose);
              }
            }
          },
          "What the store may vouch for, separated by commas\n"
          "(code-signing,time-stamping)")
      ->delimiter(',')
      ->check(CLI::IsMember(words))
      ->type_name("WORD,...")
      ->allow_extra_args(false);
  import->add_flag("--anchor", request->anchor,
                   "Let chains end in intermediates, too");
  import->add_flag("--unverified", request->unverified,
                   "Take a list whose signature does not hold, and mark it");
  import->add_flag("--allow-weak-sandbox", request->allow_weak_sandbox,
                   "Go on where the worker cannot be locked down");
  import->footer(kImportFooter);
  import->callback([&action, request] {
    action = [request] {
      return RunTrustImport(*request, TrustDirectory::FromEnvironment(), Now());
    };
  });
}

void AddUpdate(CLI::App& trust, Action& action) {
  const auto request = std::make_shared<TrustUpdateRequest>();
  CLI::App* update =
      trust.add_subcommand("update", "Fetch the public trust stores");
  update->add_flag("--dry-run", request->dry_run,
                   "Fetch and check, but write nothing");
  update
      ->add_option("--mirror", request->mirror,
                   "Fetch from this address instead")
      ->type_name("URL")
      ->check([](const std::string& url) -> std::string {
        return url.starts_with("http://") || url.starts_with("https://")
                   ? ""
                   : "\"" + url + "\" is no http:// or https:// address";
      });
  update->add_flag("--allow-weak-sandbox", request->allow_weak_sandbox,
                   "Go on where the worker cannot be locked down");
  update->footer(kUpdateFooter);
  update->callback([&action, request] {
    action = [request] {
      return RunTrustUpdate(*request, TrustDirectory::FromEnvironment(), Now());
    };
  });
}

void AddViews(CLI::App& trust, Action& action) {
  const auto json = std::make_shared<bool>(false);
  const auto names = std::make_shared<bool>(false);
  const auto what = std::make_shared<std::string>();
  CLI::App* list = trust.add_subcommand("list", "Show the trust stores");
  CLI::Option* as_json = list->add_flag("--json", *json, "As JSON");
  list->add_flag("--names", *names, "Names only, a line each")
      ->excludes(as_json);
  list->callback([&action, json, names] {
    action = [json, names] {
      return *names ? RunTrustNames(TrustDirectory::FromEnvironment())
                    : RunTrustList(*json, TrustDirectory::FromEnvironment());
    };
  });
  CLI::App* show = trust.add_subcommand(
      "show", "Show a store, or explain what holds of a certificate");
  show->add_option("STORE|FINGERPRINT", *what,
                   "Name of a store, or the beginning of a SHA-256 or SHA-1\n"
                   "fingerprint")
      ->required()
      ->type_name("");
  show->add_flag("--json", *json, "As JSON");
  show->callback([&action, json, what] {
    action = [json, what] {
      return RunTrustShow(*what, *json, TrustDirectory::FromEnvironment());
    };
  });
  CLI::App* remove = trust.add_subcommand("remove", "Remove a trust store");
  remove->add_option("STORE", *what, "Name of the store")
      ->required()
      ->type_name("");
  remove->callback([&action, what] {
    action = [what] {
      return RunTrustRemove(*what, TrustDirectory::FromEnvironment());
    };
  });
}

}  // namespace

void AddTrustCommand(CLI::App& program, Action& action) {
  CLI::App* trust = program.add_subcommand(
      "trust", "Manage the certificates that chains may end in");
  trust->require_subcommand(1);
  AddImport(*trust, action);
  AddViews(*trust, action);
  AddUpdate(*trust, action);
}

}  // namespace countersign::app
