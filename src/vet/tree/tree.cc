// The work list: everything that an input contains, looked at once.
//
//   input -> unpack -> member -> a leaf: its signatures
//                         |
//                         +----> a container: on the list, until its turn
//
// Readers of containers know nothing of each other or of depth; the tree owns
// order, depth, de-duplication by hash and what everything may cost. Containers
// that wait are on a stack, the next in depth-first order on top, so that no
// more is held than lies beside the way to the member at hand.
#include "vet/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/pe.h"
#include "formats/script.h"
#include "formats/sniff.h"
#include "install/conclude.h"
#include "vet/findings.h"
#include "vet/tree/allowance.h"
#include "vet/tree/catalog_coverage.h"
#include "vet/tree/content.h"
#include "vet/tree/installed_names.h"
#include "vet/tree/intake.h"
#include "vet/tree/kind.h"
#include "vet/tree/record.h"
#include "vet/tree/refusal.h"
#include "vet/tree/scratch.h"
#include "vet/tree/signatures.h"
#include "vet/tree/statement.h"
#include "vet/tree/work_list.h"

namespace countersign::vet {
namespace {

using base::ByteRange;
using formats::FormatRow;
using model::Artifact;
using model::Contents;
using model::Format;
using SharedBlob = std::shared_ptr<const base::Blob>;

// Limit: a member up to this size is held in memory; a worker has 512 MiB.
constexpr uint64_t kMemberInMemory = uint64_t{32} << 20;

class Tree {
 public:
  // See CatalogCoverage.
  Tree(SharedBlob file, signing::Verifier& verifier,
       const InspectOptions& options, const CatalogSet& known,
       CatalogSet& found, Allowance::Clock::time_point begin)
      : verifier_(verifier),
        options_(options),
        coverage_(known, found),
        scratch_(options.scratch_descriptor, options.unpack.output_bytes),
        allowance_(options_.unpack, file->View().size(), begin),
        content_(
            scratch_, [](const FormatRow& row) { return IsKept(row); },
            coverage_.NeedsSha1()) {
    scratch_.Clear();
    const uint32_t root = record_.Add(nullptr, "");
    Artifact& artifact = record_.At(root);
    const FormatRow& row = formats::Sniff(file->View());
    artifact.size = file->View().size();
    artifact.format = row.format;
    const FlatDigests flat = coverage_.HashFlat(*file);
    const bool has_zip = HasZipAtEnd(row, file->View());
    Look(root, row, std::move(file), flat, {0, has_zip});
    for (const std::string& problem : verifier.Problems()) {
      record_.Give(
          MakeFinding("vet.evidence_unreadable", root, problem + ".", {0, 0}));
    }
  }

  void OpenAll() {
    while (!waiting_.IsEmpty()) {
      Open(waiting_.Pop());
    }
  }

  [[nodiscard]] bool HasMembers() const { return record_.Size() > 1; }
  [[nodiscard]] bool HasTimeToRepeat() const {
    return allowance_.HasTimeToRepeat();
  }
  // Says that catalogs which stand behind what they list were not used.
  void SayCatalogsAreUnused() {
    const std::string_view limit = "time_ms";
    record_.NoteLimit(0, limit, allowance_.ValueOf(limit));
    record_.NotInspected(0, "What the catalogs in it list", StartOf(0),
                         "the limit on time was reached");
  }

  model::Inspection Finish() {
    for (const auto& [installer, what] :
         installed_names_.FindMissing(record_.Artifacts())) {
      record_.At(installer).contents = Contents::kPartial;
      record_.NotInspected(
          installer, what, StartOf(installer),
          "it lies beside the installer and did not come along");
    }
    coverage_.NameCatalogs(record_);
    model::Inspection inspection = record_.Finish();
    install::Conclude(inspection);
    SayPayloadsNotHere(inspection);
    return inspection;
  }

 private:
  static bool IsKept(const FormatRow& row) {
    return row.unpack != nullptr || (signing::Verifier::Knows(row.format) &&
                                     row.format != Format::kText);
  }

  // The whole of an artifact, or its start where there is not more.
  [[nodiscard]] ByteRange StartOf(uint32_t artifact) {
    return {0, std::min<uint64_t>(record_.At(artifact).size, 64)};
  }

  // What is signed in an artifact of a format without a scheme.
  void RecordCovering(uint32_t number,
                      std::vector<model::SignatureFacts> covering) {
    if (!covering.empty()) {
      signing::SigningFacts facts;
      facts.is_signed = model::Signed::kAbsent;
      AddCovering(std::move(covering), facts);
      RecordSignatures(std::move(facts), number, options_, record_);
    }
  }

  struct Standing {
    uint64_t depth = 0;
    bool ends_like_zip = false;
  };

  // Looks at an artifact; what it contains is put on the list.
  void Look(uint32_t number, const FormatRow& row, SharedBlob bytes,
            const FlatDigests& flat, Standing standing) {
    const bool is_root = number == 0;
    // Unpackers look for a ZIP archive at the end, whatever a file starts with.
    if (standing.ends_like_zip) {
      if (bytes != nullptr && (IsUnsignedText(row, bytes.get()) ||
                               !signing::Verifier::Knows(row.format))) {
        Wait({number, &RowOfZip(), std::move(bytes), standing.depth});
        return;
      }
      record_.NotInspected(number, "The ZIP archive at its end",
                           StartOf(number),
                           fmt::format("in front of it is {}", row.name));
    }
    auto covering = coverage_.CoveringOf(bytes.get(), row.format, flat);
    const bool is_known = signing::Verifier::Knows(row.format);
    if (!is_root && IsUnsignedText(row, bytes.get())) {
      // Why no finding: whoever packs text does not sign it by itself.
      record_.At(number).detail = row.name;
      record_.At(number).is_signed = model::Signed::kAbsent;
      RecordCovering(number, std::move(covering));
      return;
    }
    if (bytes == nullptr && is_known) {
      record_.NotInspected(number, "The script", StartOf(number),
                           fmt::format("it is larger than the limit of {} MiB",
                                       formats::kLargestScript >> 20));
      return;
    }
    if (!is_known) {
      RecordCovering(number, std::move(covering));
    } else {
      signing::SigningFacts facts =
          verifier_.Verify(*bytes, row.format, {options_.at, options_.limits});
      if (row.format == Format::kCat &&
          !coverage_.Collect(number, *bytes, facts)) {
        record_.NotInspected(number, "A part of the catalog", StartOf(number),
                             "the limit on members of catalogs was reached");
      }
      AddCovering(std::move(covering), facts);
      RecordSignatures(std::move(facts), number, options_, record_);
      if (row.format == Format::kPe &&
          record_.At(number).is_signed == model::Signed::kUnknown) {
        return;  // Its headers are damaged, so where it ends is not known.
      }
    }
    if (row.unpack != nullptr) {
      Wait({number, &row, std::move(bytes), standing.depth});
      return;
    }
    if (record_.At(number).detail.empty()) {
      record_.At(number).detail = row.name;
    }
    if (row.support == formats::Support::kParsed || is_known) {
      return;
    }
    if (is_root || !IsPlainData(row.format)) {
      record_.NotInspected(number, "The file", StartOf(number),
                           WhyNotRead(row));
    }
  }

  void Wait(Waiting container) {
    if (container.depth > options_.unpack.depth) {
      record_.NoteLimit(container.artifact, "depth", options_.unpack.depth);
      record_.NotInspected(
          container.artifact, fmt::format("The {}", container.row->name),
          StartOf(container.artifact),
          fmt::format("it lies deeper than the limit of {} containers",
                      options_.unpack.depth));
      record_.At(container.artifact).contents = Contents::kPartial;
      return;
    }
    waiting_.Push(std::move(container));
  }

  void Open(const Waiting& container) {
    const uint32_t number = container.artifact;
    const size_t first_new = waiting_.Size();
    allowance_.BeginLayer();
    base::Budget budget(options_.limits);
    const uint64_t memory =
        waiting_.HasMemory() ? kMemberInMemory : formats::kSniffedBytes;
    const size_t members_before = record_.Size();
    bool whole = true;
    std::vector<Hidden> hidden;
    Intake intake(number, container.bytes, container.volumes, record_,
                  allowance_, content_, memory, [&](const TakenMember& taken) {
                    whole = whole && !taken.damage;
                    const size_t before = record_.Size();
                    TakeMember(taken, container);
                    if (IsHidden(taken) && record_.Size() > before) {
                      hidden.push_back(
                          {static_cast<uint32_t>(before), taken.unaccounted});
                    }
                  });
    base::Result<void> opened =
        allowance_.IsSpent()
            ? base::Fail(base::Fault::kLimit, 0, allowance_.Spent())
            : container.row->unpack(*container.bytes, budget, intake);
    if (opened || !allowance_.IsSpent()) {
      const auto taken = intake.TakeUnaccounted(container.row != &RowOfZip());
      opened = opened ? taken : opened;
    }
    if (!opened) {
      SayWhyNotOpened(number, container.row->name, opened.error(), allowance_,
                      record_);
    }
    const install::Place place{record_.At(number).format, Format::kUnknown, ""};
    ReadStatement(number, place, *container.bytes, opened.has_value(), options_,
                  record_);
    if (record_.At(number).format == Format::kMsi) {
      installed_names_.Add(record_.At(number),
                           InstalledNamesOf(*container.bytes, budget));
    }
    Artifact& artifact = record_.At(number);
    if (!opened || !whole) {
      artifact.contents = Contents::kPartial;
    } else if (record_.Size() > members_before) {
      artifact.contents = Contents::kComplete;
    }
    if (signing::Verifier::Knows(artifact.format)) {
      // Others than these were verified before they were opened.
      if (artifact.format != container.row->format) {
        VerifyPackage(number, *container.bytes, members_before);
      }
    } else if (opened) {
      // Why not when it is damaged: it may have been more than it seems.
      SayWhetherSigned(number);
    }
    MarkHidden(number, hidden);
    waiting_.JoinVolumes(first_new, record_);
    waiting_.Order(first_new);
  }

  // A member that its container does not name, or not to everybody.
  struct Hidden {
    uint32_t artifact;
    std::optional<formats::RemarkKind> unaccounted;
  };
  static bool IsHidden(const TakenMember& taken) {
    return taken.unaccounted || taken.member.is_hidden;
  }

  // Marks those that the container's own signatures are not over.
  void MarkHidden(uint32_t container, const std::vector<Hidden>& hidden) {
    const Artifact& parent = record_.At(container);
    if (parent.is_signed != model::Signed::kPresent) {
      return;
    }
    const Format format = parent.format;
    for (const auto& [artifact, unaccounted] : hidden) {
      record_.At(artifact).outside_signature =
          !unaccounted || !IsUnderItsSignature(format, *unaccounted);
    }
  }

  // What signs a package whose format only its members tell, like one in a ZIP
  // archive. Signatures of catalogs over it are known already.
  void VerifyPackage(uint32_t number, const base::Blob& bytes,
                     size_t first_member) {
    const Format format = record_.At(number).format;
    auto covering = std::move(record_.At(number).signatures);
    signing::SigningFacts facts =
        verifier_.Verify(bytes, format, {options_.at, options_.limits});
    MarkOutside(facts, number, first_member, record_);
    if (covering.empty() || facts.is_signed != model::Signed::kAbsent) {
      RecordSignatures(std::move(facts), number, options_, record_);
    }
    auto& signatures = record_.At(number).signatures;
    for (model::SignatureFacts& signature : covering) {
      signature.index = static_cast<uint32_t>(signatures.size());
      signatures.push_back(std::move(signature));
    }
  }

  void SayWhetherSigned(uint32_t number) {
    Artifact& artifact = record_.At(number);
    if (artifact.is_signed == model::Signed::kByCatalog) {
      return;
    }
    if (HasNoScheme(artifact.format)) {
      artifact.is_signed = model::Signed::kAbsent;
      return;
    }
    record_.NotInspected(
        number, "Whether it is signed", StartOf(number),
        fmt::format("this version does not verify signatures of the format {}",
                    model::Name(artifact.format)));
  }

  void TakeMember(const TakenMember& taken, const Waiting& container) {
    // A directory with content is a file for some unpackers.
    const bool is_directory =
        taken.member.kind == formats::MemberKind::kDirectory;
    if (is_directory && taken.content.size_bytes == 0 && !taken.damage) {
      return;
    }
    const uint32_t number =
        taken.unaccounted
            ? record_.Add(&record_.At(container.artifact), taken.member.name)
            : AddMember(taken.member.name, container);
    Artifact& artifact = record_.At(number);
    artifact.size = taken.content.size_bytes;
    artifact.sha256 = taken.content.sha256.Hex();
    if (taken.damage) {
      SayMemberDamaged(taken, number, allowance_, record_);
      return;
    }
    if (taken.member.kind != formats::MemberKind::kFile && !is_directory) {
      artifact.detail = DetailOf(taken.member);
      if (taken.member.kind == formats::MemberKind::kSignature) {
        artifact.role = model::Role::kSignature;
      }
      artifact.is_signed = model::Signed::kAbsent;
      return;
    }
    artifact.format = taken.content.row->format;
    // What is in a PKCS #7 besides signatures, the scheme of the package says.
    if (artifact.format == Format::kCat &&
        signing::Verifier::IsSignatureMember(
            record_.At(container.artifact).format, taken.member.name)) {
      artifact.detail = "signature of the package around it";
      artifact.is_signed = model::Signed::kAbsent;
      return;
    }
    const auto [known, is_new] = seen_.emplace(
        std::pair(taken.content.sha256, taken.content.size_bytes), number);
    if (!is_new) {
      artifact.same_as = known->second;
      return;
    }
    if (record_.At(container.artifact).format == Format::kPe &&
        taken.member.name == formats::kOverlayName &&
        NoteOverlay(taken, number)) {
      return;
    }
    if (taken.content.bytes != nullptr) {
      ReadStatement(number,
                    {Format::kUnknown, record_.At(container.artifact).format,
                     taken.member.name},
                    *taken.content.bytes, true, options_, record_);
    }
    const bool same_depth =
        IsOnlyCompressed(record_.At(container.artifact).format) &&
        !taken.unaccounted;
    Look(number, *taken.content.row, taken.content.bytes,
         {taken.content.sha1, taken.content.sha256},
         {container.depth + (same_depth ? 0 : 1), taken.content.ends_like_zip});
  }

  // Of a member that is no file.
  static std::string DetailOf(const formats::Member& member) {
    switch (member.kind) {
      case formats::MemberKind::kLink:
        return fmt::format("link to {}", base::DisplaySafe(member.link_target));
      case formats::MemberKind::kSignature:
        return "signature of the package";
      default:
        return "device";
    }
  }

  // A member of an installer's cabinet is called as it is where it is
  // installed.
  uint32_t AddMember(const std::string& name, const Waiting& container) {
    const Artifact& parent = record_.At(container.artifact);
    const std::string* installed = parent.format == Format::kCab
                                       ? installed_names_.Find(parent, name)
                                       : nullptr;
    if (installed != nullptr) {
      const uint32_t number = record_.Add(&parent, *installed);
      record_.At(number).stored_as = name;
      return number;
    }
    return record_.Add(&parent, name);
  }

  // What a program carries behind its sections and is of no known form: noted,
  // or, where it is packed so that nobody can tell, not inspected. True when
  // there is nothing more to look at.
  bool NoteOverlay(const TakenMember& taken, uint32_t number) {
    if (!IsPlainData(taken.content.row->format) ||
        taken.content.bytes == nullptr) {
      return false;
    }
    record_.At(number).detail = "data behind the program's sections";
    if (IsPacked(taken.content.bytes->View())) {
      record_.NotInspected(number,
                           "The packed data behind the program's "
                           "sections",
                           StartOf(number), "its form is not known");
    } else {
      const uint64_t size = taken.content.size_bytes;
      record_.Give(MakeFinding(
          "vet.overlay", number,
          fmt::format("{} byte{} of unknown form follow the program's "
                      "sections.",
                      size, size == 1 ? "" : "s"),
          {0, size}, {{"bytes", static_cast<int64_t>(size)}}));
    }
    return true;
  }

  signing::Verifier& verifier_;
  const InspectOptions& options_;
  CatalogCoverage coverage_;
  Scratch scratch_;
  Allowance allowance_;
  Content content_;
  Record record_;
  WorkList waiting_;
  InstallerNames installed_names_;
  std::map<std::pair<base::Digest, uint64_t>, uint32_t> seen_;
};

}  // namespace

model::Inspection Inspect(std::shared_ptr<const base::Blob> file,
                          signing::Verifier& verifier,
                          const InspectOptions& options) {
  // Why twice where catalogs are found: they may stand behind what they list,
  // by digests that nobody else needs (SHA-1, and those of unsigned programs),
  // and to hash everything so for the few packages with a catalog, or to hold
  // the bytes until the end, would cost all others time or memory.
  const CatalogSet none{};
  const CatalogSet& given =
      options.catalogs != nullptr ? *options.catalogs : none;
  CatalogSet all = given;
  const auto begin = Allowance::Clock::now();
  {
    Tree tree(file, verifier, options, given, all, begin);
    tree.OpenAll();
    const bool has_catalogs =
        all.Members() != given.Members() && tree.HasMembers();
    const bool has_time = tree.HasTimeToRepeat();
    if (has_catalogs && !has_time) {
      tree.SayCatalogsAreUnused();
    }
    if (!has_catalogs || !has_time) {
      return tree.Finish();
    }
  }
  all.Close();
  CatalogSet known_already;
  Tree tree(std::move(file), verifier, options, all, known_already, begin);
  tree.OpenAll();
  return tree.Finish();
}

}  // namespace countersign::vet
