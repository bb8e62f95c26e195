// The search is depth-first with an explicit stack. A node is a certificate
// with the path below it; its candidates are, in this order, stored
// certificates and those of the pool whose subject is its issuer and whose key
// verifies it. Cross-certificates therefore open several branches, and a loop
// (A certifies B, B certifies A) ends because no path holds the same subject
// and key twice.
//
// Every path that cannot go on is rated, and the best rating wins:
//   trusted > expired > distrusted > untrusted > incomplete chain.
#include "signing/path/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "signing/asn1/oid.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using model::Trust;

constexpr size_t kMaxPath = 10;
constexpr int kMaxSteps = 500;

struct Rated {
  Trust trust = Trust::kTrusted;
  std::string reason;
};

int Rank(Trust trust) {
  constexpr std::array kOrder = {Trust::kTrusted, Trust::kExpired,
                                 Trust::kDistrusted, Trust::kUntrusted,
                                 Trust::kIncompleteChain};
  return static_cast<int>(std::ranges::find(kOrder, trust) - kOrder.begin());
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

bool SameIdentity(const Certificate& a, const Certificate& b) {
  return base::Equal(a.subject.bytes, b.subject.bytes) &&
         base::Equal(a.spki.bytes, b.spki.bytes);
}

class PathSearch {
 public:
  PathSearch(const PathQuestion& question, const TrustSet& trust,
             KeyCache& keys, base::Budget& budget)
      : question_(question),
        trust_(trust),
        keys_(keys),
        budget_(budget),
        usage_(DottedOid(question.usage.View())) {}

  PathAnswer Run() {
    std::vector<std::vector<const Certificate*>> open = {{question_.leaf}};
    for (int step = 0; !open.empty(); ++step) {
      std::vector<const Certificate*> path = std::move(open.back());
      open.pop_back();
      if (step >= kMaxSteps) {
        budget_.NoteReached(question_.leaf->der.offset, "path search");
        Offer({Trust::kIncompleteChain,
               "the search for a certification path reached its limit"},
              path, nullptr);
        break;
      }
      const auto anchors = AnchorsOf(path);
      // A certificate for an anchor's key by somebody else (a cross-
      // certificate) may also lead to another root.
      if (std::ranges::none_of(anchors, [&](const StoredCertificate* anchor) {
            return anchor->certificate.sha256 == path.back()->sha256;
          })) {
        Expand(path, open, !anchors.empty());
      }
      for (const StoredCertificate* anchor : anchors) {
        // Why: name and key make the anchor; what came with the signature
        // under that name and key says nothing about dates and constraints.
        path.back() = &anchor->certificate;
        Offer(RateAnchored(path, *anchor), path, anchor);
      }
      if (best_ && best_->trust == Trust::kTrusted) {
        break;
      }
    }
    return std::move(*best_);
  }

 private:
  // The anchors that the path has reached: those with the subject and key of
  // its last certificate. A root may have been renewed with the same key, or
  // stand in several stores. A path of one certificate must be the anchor.
  std::vector<const StoredCertificate*> AnchorsOf(
      const std::vector<const Certificate*>& path) const {
    std::vector<const StoredCertificate*> anchors;
    const Certificate& certificate = *path.back();
    for (const StoredCertificate* stored :
         trust_.BySubject(certificate.subject.bytes)) {
      if (stored->entry->anchor && stored->Serves(question_.purpose) &&
          SameIdentity(stored->certificate, certificate) &&
          (path.size() > 1 ||
           stored->certificate.sha256 == certificate.sha256)) {
        anchors.push_back(stored);
      }
    }
    return anchors;
  }

  bool MayFollow(const std::vector<const Certificate*>& path,
                 const Certificate& issuer) {
    const Certificate& last = *path.back();
    if (!base::Equal(last.issuer.bytes, issuer.subject.bytes)) {
      return false;
    }
    // Why: key identifiers only order candidates on Windows; a wrong one must
    // not hide a key that verifies, and the signature below decides.
    for (const Certificate* used : path) {
      if (SameIdentity(*used, issuer)) {
        return false;
      }
    }
    return keys_.IsSignedBy(last, issuer, budget_) == SignatureCheck::kValid;
  }

  void Expand(const std::vector<const Certificate*>& path,
              std::vector<std::vector<const Certificate*>>& open,
              bool is_anchored) {
    const Certificate& last = *path.back();
    std::vector<std::vector<const Certificate*>> next;
    const auto consider = [&](const Certificate& issuer) {
      const bool known = std::ranges::any_of(next, [&](const auto& other) {
        return other.back()->sha256 == issuer.sha256;
      });
      if (!known && path.size() < kMaxPath && MayFollow(path, issuer)) {
        next.push_back(path);
        next.back().push_back(&issuer);
      }
    };
    for (const StoredCertificate* stored :
         trust_.BySubject(last.issuer.bytes)) {
      consider(stored->certificate);
    }
    for (const Certificate& issuer : question_.pool) {
      consider(issuer);
    }
    if (next.empty() && !is_anchored) {
      Offer(RateDeadEnd(path), path, nullptr);
    }
    // The first candidate is to be tried first.
    std::ranges::reverse(next);
    for (auto& longer : next) {
      open.push_back(std::move(longer));
    }
  }

  Rated RateDeadEnd(const std::vector<const Certificate*>& path) const {
    const Certificate& last = *path.back();
    if (path.size() >= kMaxPath) {
      return {Trust::kIncompleteChain, "the certification path is too long"};
    }
    for (const Certificate& issuer : question_.pool) {
      if (issuer.key.explicit_parameters &&
          base::Equal(issuer.subject.bytes, last.issuer.bytes)) {
        return {Trust::kUntrusted,
                fmt::format("\"{}\" writes its elliptic curve out instead of "
                            "naming it, as an imitation of another's key "
                            "would",
                            SubjectText(issuer))};
      }
    }
    if (last.IsSelfIssued()) {
      return {Trust::kUntrusted,
              fmt::format("the root \"{}\" is in no store for this purpose",
                          SubjectText(last))};
    }
    const bool imitated =
        std::ranges::any_of(question_.pool, [&](const Certificate& issuer) {
          return base::Equal(issuer.subject.bytes, last.issuer.bytes) &&
                 std::ranges::none_of(path, [&](const Certificate* used) {
                   return base::Equal(used->der.bytes, issuer.der.bytes);
                 });
        });
    if (imitated) {
      return {Trust::kIncompleteChain,
              fmt::format("a certificate of \"{}\" came along, but its key did "
                          "not sign that of \"{}\"",
                          IssuerText(last), SubjectText(last))};
    }
    return {Trust::kIncompleteChain,
            fmt::format("the certificate of \"{}\", which issued \"{}\", is "
                        "not at hand",
                        IssuerText(last), SubjectText(last))};
  }

  static std::string IssuerText(const Certificate& certificate) {
    return Describe(certificate).issuer;
  }

  Rated RateAnchored(const std::vector<const Certificate*>& path,
                     const StoredCertificate& anchor) {
    if (Rated rated = RateAuthorities(path); rated.trust != Trust::kTrusted) {
      return rated;
    }
    const auto& usages = anchor.entry->usages;
    // What a list states for a root overrides what the root says of itself.
    if (usages.empty() ? !anchor.certificate.AllowsUsage(question_.usage)
                       : !Contains(usages, usage_)) {
      return {Trust::kUntrusted,
              fmt::format("the root \"{}\" is in store {} for other usages "
                          "than this one",
                          SubjectText(anchor.certificate), anchor.store->name)};
    }
    if (Rated rated = RateListings(path); rated.trust != Trust::kTrusted) {
      return rated;
    }
    return RateValidity(path);
  }

  // RFC 5280 section 6.1.4 (k)-(n) and the usage chaining of Windows.
  Rated RateAuthorities(const std::vector<const Certificate*>& path) {
    for (size_t i = 1; i < path.size(); ++i) {
      const Certificate& authority = *path[i];
      const bool is_last = i + 1 == path.size();
      const std::string name = SubjectText(authority);
      // Quirk: roots of version 1 have no extensions; the store vouches.
      const bool old_root = is_last && !authority.has_basic_constraints;
      if (!authority.is_ca && !old_root) {
        return {Trust::kUntrusted,
                fmt::format("\"{}\" is not a certification authority", name)};
      }
      if (authority.usage &&
          (*authority.usage & key_usage::kKeyCertSign) == 0) {
        return {Trust::kUntrusted,
                fmt::format("\"{}\" may not sign certificates", name)};
      }
      if (authority.path_length &&
          CountIssued(path, i) > *authority.path_length) {
        return {Trust::kUntrusted,
                fmt::format("the path below \"{}\" is longer than it allows",
                            name)};
      }
      if (!is_last && !authority.AllowsUsage(question_.usage)) {
        return {Trust::kUntrusted,
                fmt::format("\"{}\" may not issue for this usage", name)};
      }
      if (const std::string why =
              ViolatedNameConstraint(authority, *path[0], budget_);
          !why.empty()) {
        return {Trust::kUntrusted, why};
      }
    }
    for (const Certificate* certificate : path) {
      if (!certificate->unknown_critical.empty()) {
        return {Trust::kUntrusted,
                fmt::format("\"{}\" has a critical extension {} that is not "
                            "understood",
                            SubjectText(*certificate),
                            DottedOid(certificate->unknown_critical))};
      }
    }
    return {};
  }

  // Non-self-issued authorities between the leaf and path[index].
  static uint32_t CountIssued(const std::vector<const Certificate*>& path,
                              size_t index) {
    uint32_t count = 0;
    for (size_t i = 1; i < index; ++i) {
      count += path[i]->IsSelfIssued() ? 0U : 1U;
    }
    return count;
  }

  // Dates that a trust list sets for a certificate of the path.
  Rated RateListings(const std::vector<const Certificate*>& path) const {
    for (const Certificate* certificate : path) {
      for (const model::TrustEntry* entry : trust_.Listings(*certificate)) {
        const auto applies = [&](const std::vector<std::string>& usages) {
          return usages.empty() || Contains(usages, usage_);
        };
        if (entry->disallowed_after && applies(entry->disallowed_usages) &&
            question_.at >= *entry->disallowed_after) {
          const bool always = base::UnixSeconds(*entry->disallowed_after) <= 0;
          return {
              Trust::kDistrusted,
              fmt::format(
                  "a trust list disallows \"{}\"{}", SubjectText(*certificate),
                  always ? std::string()
                         : fmt::format(
                               " for what was signed from {} on",
                               base::ToRfc3339(*entry->disallowed_after)))};
        }
        if (entry->not_before && applies(entry->not_before_usages) &&
            path[0]->not_before >= *entry->not_before) {
          return {Trust::kDistrusted,
                  fmt::format("a trust list disallows \"{}\" for certificates "
                              "issued from {} on",
                              SubjectText(*certificate),
                              base::ToRfc3339(*entry->not_before))};
        }
      }
    }
    return {};
  }

  Rated RateValidity(const std::vector<const Certificate*>& path) const {
    for (const Certificate* certificate : path) {
      if (question_.at > certificate->not_after) {
        return {Trust::kExpired,
                fmt::format("\"{}\" expired {}", SubjectText(*certificate),
                            base::ToRfc3339(certificate->not_after))};
      }
      if (question_.at < certificate->not_before) {
        return {Trust::kExpired,
                fmt::format("\"{}\" is not valid before {}",
                            SubjectText(*certificate),
                            base::ToRfc3339(certificate->not_before))};
      }
    }
    return {};
  }

  void Offer(Rated rated, const std::vector<const Certificate*>& path,
             const StoredCertificate* anchor) {
    if (best_ && Rank(best_->trust) <= Rank(rated.trust)) {
      return;
    }
    best_ = PathAnswer{rated.trust, std::move(rated.reason), path,
                       anchor != nullptr ? anchor->store->name : "",
                       question_.purpose};
  }

  const PathQuestion& question_;
  const TrustSet& trust_;
  KeyCache& keys_;
  base::Budget& budget_;
  std::string usage_;
  std::optional<PathAnswer> best_;
};

}  // namespace

PathAnswer BuildPath(const PathQuestion& question, const TrustSet& trust,
                     KeyCache& keys, base::Budget& budget) {
  return PathSearch(question, trust, keys, budget).Run();
}

}  // namespace countersign::signing
