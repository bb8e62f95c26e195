// What every reader of a container speaks: bytes in, members out.
//
// A reader knows one layout and has no opinions. It hands over each member as
// it comes to it, notes what its format forbids or hides, and goes on as far as
// it can. It never looks into a member, calls no other reader and no reader
// calls itself: the caller owns the work list, depth, order, de-duplication
// and what everything may cost (vet/tree.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/report.h"

namespace countersign::formats {

// Links and devices are data, too: nothing is ever made of them. A signature is
// what the container keeps about itself, for its verifier to read.
enum class MemberKind : uint8_t {
  kFile,
  kDirectory,
  kLink,
  kDevice,
  kSignature,
};

// A member as its container describes it. All of it is hostile.
struct Member {
  // UTF-8 where the format says how the name is encoded, else the bytes as
  // stored. Never used as a path, not safe to display, may be empty.
  std::string name;
  MemberKind kind = MemberKind::kFile;
  std::optional<uint64_t> size;  // bytes of content, as declared
  std::string link_target;       // of a link; like `name`
  // Where the container keeps the member, header included where there is one:
  // the evidence for whatever is said about it. Inside the container.
  base::ByteRange stored;
  // True of one that no directory of the container names.
  bool is_hidden = false;
  // Bytes of the container that its content is made of; 0 where that is not
  // known, and any part of the container may be.
  uint64_t packed_size = 0;
};

// What a member is called that stands behind all that its container has.
inline constexpr std::string_view kAppendedName = "[appended]";

// What a reader can say of a container besides its members and damage.
enum class RemarkKind : uint8_t {
  kDisagreement,   // two descriptions of a member, or of the whole, differ
  kOverlap,        // members share bytes
  kLeadingData,    // bytes before the first structure
  kTrailingData,   // bytes after the last structure
  kHiddenData,     // bytes inside that no structure accounts for
  kHiddenMember,   // a member that only some readers would show
  kDuplicateName,  // two members of one name
  kChecksum,       // content without the checksum that is stored for it
  kLoop,           // a chain that comes back to itself
  kEncrypted,      // content that needs a key
  kUnsupported,    // content or structure in a form that is not read
  kOddity,         // anything else that the format forbids
};

struct Remark {
  RemarkKind kind = RemarkKind::kOddity;
  base::ByteRange range;  // inside the container
  // One clause with the values in it, starting in lower case, without a full
  // stop: "the local header says 5 bytes, the central directory says 7". Names
  // of members are put through base::DisplaySafe.
  std::string what;
};

// Takes content as it is produced.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // The next bytes. An error means that no more is wanted: it is passed on
  // unchanged, and nothing more is written.
  virtual base::Result<void> Write(base::Bytes bytes) = 0;
};

// The parts of a container that lies in several files, by number from 1.
using Volumes = std::map<uint16_t, std::shared_ptr<const base::Blob>>;

// Takes what a container yields.
//
//   (Begin Write* End | Place)*    with Identify and Note at any time between
//
class MemberSink : public ByteSink {
 public:
  // Says what the container is, where that is more than its mark tells (an
  // MSIX package, not only a ZIP archive), and a few words on it for people
  // ("Windows Installer database, code page 1252"), or "".
  virtual void Identify(model::Format format, std::string detail) = 0;

  // Begins a member. An error means that nothing more of this container is
  // wanted, and is returned by the reader at once.
  virtual base::Result<void> Begin(const Member& member) = 0;
  // Ends the member begun: with nothing when its content is complete and as
  // declared, else with why it is not. An error is as for Begin.
  virtual base::Result<void> End(const std::optional<base::Error>& damage) = 0;

  // A whole member whose content lies as it is in the container. An error is as
  // for Begin. `content` is inside the container.
  virtual base::Result<void> Place(const Member& member,
                                   base::ByteRange content) = 0;

  virtual void Note(Remark remark) = 0;

  // The files beside the container that belong to it (formats/volumes.h); none
  // for most. Valid as long as the container.
  [[nodiscard]] virtual const Volumes& Beside() const {
    static const Volumes kNone;
    return kNone;
  }
};

// Hands every member of `container` to `sink`, in the order in which the format
// lists them. Charges `budget` a step for each structure it reads, so that no
// input keeps it busy for long without producing members.
//
// Fails with the sink's error, or with where the structure is damaged, cut off,
// unsupported or over a limit so that the rest of the members is not known;
// those before were handed over. Damage to one member alone is said by End, and
// the reader goes on.
using Unpack = base::Result<void> (*)(const base::Blob& container,
                                      base::Budget& budget, MemberSink& sink);

}  // namespace countersign::formats
