// The members of a program: what lies behind its sections.
#include "formats/pe.h"

namespace countersign::formats {

base::Result<void> UnpackPe(const base::Blob& container, base::Budget& budget,
                            MemberSink& sink) {
  const PeImage image = CS_TRY(ParsePe(container.View()));
  const base::ByteRange overlay = Overlay(image);
  CS_TRY_VOID(budget.ChargeSteps(1, overlay.offset));
  if (overlay.size == 0) {
    return {};
  }
  Member member;
  member.name = kOverlayName;
  member.size = overlay.size;
  member.stored = overlay;
  return sink.Place(member, overlay);
}

}  // namespace countersign::formats
