#include "app/trust/trust_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "app/terminal/page.h"
#include "app/terminal/quantity.h"
#include "signing/trust_list.h"

namespace countersign::app {
namespace {

using model::TrustEntry;
using model::TrustStore;

struct UsageRow {
  std::string_view oid;
  std::string_view name;
};

// RFC 5280 section 4.2.1.12, RFC 4945, and wincrypt.h.
constexpr std::array kUsages = {
    UsageRow{"1.3.6.1.5.5.7.3.1", "TLS server"},
    UsageRow{"1.3.6.1.5.5.7.3.2", "TLS client"},
    UsageRow{"1.3.6.1.5.5.7.3.3", "code signing"},
    UsageRow{"1.3.6.1.5.5.7.3.4", "e-mail"},
    UsageRow{"1.3.6.1.5.5.7.3.5", "IPsec end system"},
    UsageRow{"1.3.6.1.5.5.7.3.6", "IPsec tunnel"},
    UsageRow{"1.3.6.1.5.5.7.3.7", "IPsec user"},
    UsageRow{"1.3.6.1.5.5.7.3.8", "time stamping"},
    UsageRow{"1.3.6.1.5.5.7.3.9", "OCSP signing"},
    UsageRow{"1.3.6.1.5.5.8.2.2", "IPsec IKE"},
    UsageRow{"1.3.6.1.4.1.311.10.3.4", "file encryption"},
    UsageRow{"1.3.6.1.4.1.311.10.3.5", "driver signing"},
    UsageRow{"1.3.6.1.4.1.311.10.3.12", "document signing"},
    UsageRow{"1.3.6.1.4.1.311.61.1.1", "kernel code signing"},
};

std::string Date(base::Instant instant) {
  return base::ToRfc3339(instant).substr(0, 10);
}

std::string UsageNames(const std::vector<std::string>& usages) {
  std::string names;
  for (const std::string& usage : usages) {
    names += (names.empty() ? "" : ", ") + UsageName(usage);
  }
  return names;
}

// " for code signing", or "" when it is for all.
std::string ForUsages(const std::vector<std::string>& usages) {
  return usages.empty() ? "" : " for " + UsageNames(usages);
}

uint64_t CountPresent(const TrustStore& store) {
  return static_cast<uint64_t>(std::ranges::count_if(
      store.entries,
      [](const TrustEntry& entry) { return !entry.certificate.empty(); }));
}

bool IsVerified(const model::TrustListFacts& list) {
  return list.signature_holds && list.signer_trusted;
}

Span ListCell(const TrustStore& store) {
  if (!store.list) {
    return {"-", Ink::kQuiet};
  }
  const bool verified = IsVerified(*store.list);
  return {Date(store.list->this_update) +
              (verified ? ", verified" : ", NOT VERIFIED"),
          verified ? Ink::kGood : Ink::kBad};
}

// One word or two for the table: what stands against the entry.
Span StateCell(const TrustEntry& entry) {
  if (entry.disallowed_after && entry.disallowed_usages.empty()) {
    return *entry.disallowed_after <= signing::kSinceEver
               ? Span{"distrusted", Ink::kBad}
               : Span{"until " + Date(*entry.disallowed_after), Ink::kWarning};
  }
  if (entry.certificate.empty()) {
    return {"missing", Ink::kWarning};
  }
  if (entry.disallowed_after || entry.not_before) {
    return {"limited", Ink::kWarning};
  }
  return entry.anchor ? Span{"trusted", Ink::kGood}
                      : Span{"helps chains", Ink::kQuiet};
}

void PutHead(const TrustStore& store, Page& page) {
  constexpr size_t kLabel = 14;
  const auto put = [&page](const char* label, const Span& text) {
    page.Entry(2, {label, Ink::kQuiet}, kLabel, text);
  };
  page.Heading("Store " + store.name);
  put("purposes", {PurposeNames(store.purposes)});
  put("certificates", {fmt::format("{}, {} of them here", store.entries.size(),
                                   CountPresent(store))});
  put("source", {store.source});
  put("sha256", {store.sha256});
  put("content", {model::ContentSha256(store)});
  put("imported", {base::ToRfc3339(store.imported_at)});
  if (store.list) {
    put("list of", ListCell(store));
    put("sequence", {store.list->sequence});
    put("signed by", {store.list->signer});
    if (!IsVerified(*store.list)) {
      put("not verified", {store.list->reason, Ink::kBad});
    }
  }
}

}  // namespace

std::string UsageName(const std::string& oid) {
  const auto found = std::ranges::find(kUsages, oid, &UsageRow::oid);
  return found != kUsages.end() ? std::string(found->name) : oid;
}

std::string PurposeNames(const std::vector<model::Purpose>& purposes) {
  std::string names;
  for (const model::Purpose purpose : purposes) {
    names += names.empty() ? "" : ", ";
    names += model::Name(purpose);
  }
  return names;
}

std::vector<std::string> Explanation(const TrustEntry& entry) {
  std::vector<std::string> sentences;
  if (entry.certificate.empty() && entry.anchor) {
    sentences.emplace_back(
        "The list names it, but its certificate is not here, so no chain can "
        "end in it. Import its file, or run \"countersign trust update\".");
  } else if (entry.anchor) {
    sentences.emplace_back("An anchor: a chain may end in it.");
  } else {
    sentences.emplace_back(
        "No anchor: it helps to build chains, but none may end in it.");
  }
  if (entry.disallowed_after) {
    const std::string usages = ForUsages(entry.disallowed_usages);
    sentences.push_back(
        *entry.disallowed_after <= signing::kSinceEver
            ? fmt::format("Distrusted{}: nothing signed below it is trusted, "
                          "whenever it was signed.",
                          usages)
            : fmt::format("Distrusted{} from {} on: nothing signed after that "
                          "is trusted; what a trusted timestamp shows to be "
                          "older still is.",
                          usages, Date(*entry.disallowed_after)));
  }
  if (entry.not_before) {
    const std::string usages = ForUsages(entry.not_before_usages);
    sentences.push_back(
        *entry.not_before <= signing::kSinceEver
            ? fmt::format("No certificate below it is trusted{}.", usages)
            : fmt::format("Certificates below it that were issued after {} "
                          "are not trusted{}; older ones are.",
                          Date(*entry.not_before), usages));
  }
  return sentences;
}

std::string TrustListText(const std::vector<TrustStore>& stores,
                          const TextStyle& style) {
  Page page(style);
  if (stores.empty()) {
    page.Paragraph(
        0, {"There is no trust store yet. \"countersign trust update\" "
            "fetches the public ones; \"countersign trust import FILE\" takes "
            "what you have."});
    return page.Take();
  }
  std::vector<Line> rows;
  for (const TrustStore& store : stores) {
    const uint64_t present = CountPresent(store);
    const uint64_t missing = store.entries.size() - present;
    rows.push_back(
        {{store.name, Ink::kStrong},
         {PurposeNames(store.purposes)},
         {WithCommas(present)},
         {WithCommas(missing), missing > 0 ? Ink::kWarning : Ink::kQuiet},
         ListCell(store),
         {store.sha256.substr(0, 12), Ink::kQuiet},
         {Date(store.imported_at)},
         {store.source}});
  }
  page.Table(0,
             {{"Store"},
              {"Purposes"},
              {"Certificates", true},
              {"Missing", true},
              {"List of"},
              {"SHA-256"},
              {"Imported"},
              {"Source"}},
             rows);
  for (const TrustStore& store : stores) {
    if (store.list && !IsVerified(*store.list)) {
      page.Gap();
      page.Paragraph(0, {fmt::format("Store {} was made from a list that is "
                                     "not verified: {}.",
                                     store.name, store.list->reason),
                         Ink::kBad});
    }
  }
  return page.Take();
}

std::string TrustStoreText(const TrustStore& store, const TextStyle& style) {
  Page page(style);
  PutHead(store, page);
  page.Gap();
  std::vector<Line> rows;
  for (const TrustEntry& entry : store.entries) {
    const std::string& digest =
        entry.sha256.empty() ? entry.sha1 : entry.sha256;
    rows.push_back(
        {{digest.substr(0, 16), Ink::kQuiet},
         StateCell(entry),
         {entry.not_before ? Date(*entry.not_before) : "-",
          entry.not_before ? Ink::kWarning : Ink::kQuiet},
         {entry.name},
         {entry.usages.empty() ? "every usage" : UsageNames(entry.usages),
          Ink::kQuiet}});
  }
  page.Table(
      2, {{"Fingerprint"}, {"State"}, {"Issued before"}, {"Name"}, {"Usages"}},
      rows);
  page.Gap();
  page.Paragraph(2, {"\"until\": nothing signed after that day is trusted. "
                     "\"Issued before\": certificates issued after that day "
                     "are not, for some or all usages. \"countersign trust "
                     "show FINGERPRINT\" explains one of them.",
                     Ink::kQuiet});
  return page.Take();
}

std::string TrustMatchesText(const std::vector<TrustMatch>& matches,
                             const TextStyle& style) {
  Page page(style);
  for (const TrustMatch& match : matches) {
    const TrustEntry& entry = *match.entry;
    page.Heading(entry.name, "store " + match.store->name);
    const auto put = [&page](std::string label, std::string text) {
      page.Entry(2, {std::move(label), Ink::kQuiet}, 10, {std::move(text)});
    };
    put("sha256", entry.sha256.empty() ? "unknown" : entry.sha256);
    put("sha1", entry.sha1.empty() ? "unknown" : entry.sha1);
    put("purposes", PurposeNames(match.store->purposes));
    put("usages",
        entry.usages.empty() ? "every usage" : UsageNames(entry.usages));
    for (const std::string& sentence : Explanation(entry)) {
      page.Paragraph(2, {sentence});
    }
    if (match.store->list && !IsVerified(*match.store->list)) {
      page.Paragraph(2, {"The list that says so is not verified: " +
                             match.store->list->reason + ".",
                         Ink::kBad});
    }
  }
  return page.Take();
}

}  // namespace countersign::app
