// The answer on one XML signature of a package. Private to the VSIX folder.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "formats/xml.h"
#include "model/signature.h"
#include "signing/cms/signer_check.h"
#include "signing/context.h"
#include "signing/package/unpacked.h"
#include "signing/verify.h"
#include "signing/vsix/parts.h"
#include "signing/vsix/xml_signature.h"

namespace countersign::signing {

struct XmlSignaturePart {
  const formats::XmlTree* xml = nullptr;
  const XmlSignature* signature = nullptr;
  base::Input content;                             // of the part
  base::ByteRange stored;                          // where it lies in the file
  std::vector<std::vector<uint8_t>> certificates;  // in other parts
};

struct XmlSignatureAnswer {
  model::SignatureFacts facts;
  // Names of the entries that are covered; none unless the signature holds.
  std::set<std::string> covered;
};

// The facts on signature number `index`. What it consists of besides goes to
// `facts` and `bags`; `parts` keeps what they view.
[[nodiscard]] XmlSignatureAnswer AnswerXmlSignature(
    const OpcPackage& package, XmlSignaturePart part, uint32_t index,
    const Context& context, UnpackedParts& parts, std::vector<Bag>& bags,
    SigningFacts& facts);

}  // namespace countersign::signing
