// Every signature of a certificate table, parsed, none verified yet. Private
// to the Authenticode folder.
#pragma once

#include <list>
#include <optional>
#include <vector>

#include "formats/pe.h"
#include "signing/authenticode/indirect_data.h"
#include "signing/cms/signed_data.h"
#include "signing/revocation/revocation.h"
#include "signing/verify.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// The SignedData of one entry or nested attribute. Several signatures (one a
// SignerInfo) may share it.
struct ParsedContainer {
  SignedData data;
  std::vector<Certificate> certificates;
  RevocationSet revocation;  // from the SignedData's `crls`
  std::optional<IndirectData> content;
  std::optional<base::Error> content_error;
};

struct ParsedSignature {
  uint32_t entry = 0;  // index of the WIN_CERTIFICATE
  std::optional<uint32_t> nested_in;
  base::ByteRange range;
  const ParsedContainer* container = nullptr;  // null when unreadable
  const SignerInfo* signer = nullptr;
  // Why it cannot be examined; `unsupported` tells a legal type we do not
  // know from damage.
  std::optional<base::Error> error;
};

struct Collection {
  std::list<ParsedContainer> containers;  // stable addresses
  std::vector<ParsedSignature> signatures;
};

// Where unsigned bytes lie and what they look like.
[[nodiscard]] UnsignedData DescribeData(UnsignedData::Place place,
                                        base::Input data);

// Fills `facts` with faults and unsigned data on the way. Nested signatures
// are kept on a work list, never by recursion.
[[nodiscard]] Collection CollectSignatures(const formats::PeImage& image,
                                           base::Bytes file,
                                           base::Budget& budget,
                                           SigningFacts& facts);

}  // namespace countersign::signing
