// TSTInfo ::= SEQUENCE {
//   version INTEGER, policy OID,
//   messageImprint SEQUENCE { hashAlgorithm AlgorithmIdentifier,
//                             hashedMessage OCTET STRING },
//   serialNumber INTEGER, genTime GeneralizedTime, ... }
//
// Accepted besides the plain token, because Windows accepts it: a whole
// TimeStampResp around it, TSTInfo that is not wrapped in an OCTET STRING, and
// a content type that is not id-ct-TSTInfo.
#include "signing/timestamp/timestamp.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "signing/cms/signer_check.h"
#include "signing/cms/signing_certificate.h"
#include "signing/path/chain_trust.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Input;
using model::Integrity;
using model::TimestampFacts;
using model::Trust;

struct TstInfo {
  std::optional<base::DigestAlgorithm> digest;
  Bytes hashed_message;
  base::Instant time;
};

void Refuse(TimestampFacts& facts, Integrity integrity, std::string reason) {
  facts.integrity = integrity;
  facts.reason = std::move(reason);
}

std::string Text(const base::Error& error) {
  return fmt::format("{} {} at offset {}", error.field,
                     base::Describe(error.fault), error.offset);
}

base::Result<TstInfo> ParseTstInfo(Input content, base::Budget& budget) {
  // The content octets are those of an OCTET STRING (a whole SEQUENCE) or, by
  // quirk, already those of the SEQUENCE.
  DerReader outer(content, budget);
  Input fields = content;
  if (outer.NextIs(tag::kSequence)) {
    fields = outer.Expect(tag::kSequence, "TSTInfo").value;
  }
  DerReader reader(fields, budget);
  TstInfo info;
  (void)reader.Expect(tag::kInteger, "TSTInfo.version");
  (void)reader.Expect(tag::kOid, "TSTInfo.policy");
  DerReader imprint(reader.Expect(tag::kSequence, "messageImprint").value,
                    budget);
  info.digest = DigestOf(ReadAlgorithm(imprint, "hashAlgorithm").oid.bytes);
  info.hashed_message =
      imprint.Expect(tag::kOctetString, "hashedMessage").value.bytes;
  (void)reader.Expect(tag::kInteger, "TSTInfo.serialNumber");
  const Element time = reader.Any("genTime");
  if (reader.Failed() || imprint.Failed()) {
    return reader.Failed() ? reader.Finish(info) : imprint.Finish(info);
  }
  info.time = CS_TRY(TimeContent(time));
  return info;
}

// The token inside a TimeStampResp (SEQUENCE of a SEQUENCE and the token), or
// `value` itself.
// Limit: a status of 5 bytes, which is the number; text that may follow it is
// signed by nobody.
Input UnwrapResponse(Input value, std::vector<Input>& rest,
                     base::Budget& budget) {
  constexpr size_t kLongestStatus = 5;
  DerReader outer(value, budget);
  DerReader reader(outer.Expect(tag::kSequence, "TimeStampResp").value, budget);
  if (!reader.NextIs(tag::kSequence)) {
    return value;
  }
  const Input status = reader.Any("PKIStatusInfo").whole;
  const Element token = reader.Any("timeStampToken");
  if (reader.Failed()) {
    return value;
  }
  if (status.bytes.size() > kLongestStatus) {
    rest.push_back(status);
  }
  if (!reader.AtEnd()) {
    rest.push_back(reader.Rest());
  }
  return token.whole;
}

// Adds what is weak above the authority. Of a root only the key's size counts:
// its own signature proves nothing.
void NoteWeakChain(TimestampFacts& facts,
                   const std::vector<const Certificate*>& chain) {
  const auto add = [&facts](std::string word) {
    if (std::ranges::find(facts.weak, word) == facts.weak.end()) {
      facts.weak.push_back(std::move(word));
    }
  };
  for (size_t i = 0; i < chain.size(); ++i) {
    const Certificate& certificate = *chain[i];
    const bool is_root = certificate.IsSelfIssued();
    if (i > 0 && certificate.key.type == KeyType::kRsa &&
        certificate.key.bits < 2048) {
      add((is_root ? "root-" : "chain-") + KeyName(certificate.key));
    }
    if (!is_root && certificate.scheme.digest &&
        *certificate.scheme.digest <= base::DigestAlgorithm::kSha1) {
      add("chain-" + std::string(base::Name(*certificate.scheme.digest)));
    }
  }
}

// Fills in who signed the timestamp and whether that authority was good at
// the time it states.
void JudgeAuthority(TimestampFacts& facts, const SignerCheck& check,
                    std::span<const Certificate> pool, const Context& context) {
  if (check.digest) {
    facts.digest_algorithm = base::Name(*check.digest);
  }
  if (check.certificate == nullptr) {
    facts.trust = Trust::kUnchecked;
    return;
  }
  facts.signer = SubjectText(*check.certificate);
  if (!facts.time || facts.integrity != Integrity::kValid) {
    facts.trust = Trust::kUnchecked;
    return;
  }
  const ChainAnswer answer = JudgeChain({check.certificate,
                                         pool,
                                         {model::Purpose::kTimeStamping},
                                         oid::kTimeStamping,
                                         *facts.time,
                                         *facts.time},
                                        context);
  facts.trust = answer.trust;
  facts.chain = answer.chain;
  NoteWeakChain(facts, answer.certificates);
  facts.reason = answer.reason;
  // RFC 3161 section 4: tokens from before a revocation stand only when the
  // reason says nothing against the key.
  if (facts.trust == Trust::kTrusted && answer.revoked &&
      !IsHarmlessReason(answer.revoked->reason)) {
    facts.trust = Trust::kRevoked;
    facts.reason = fmt::format(
        "\"{}\" was revoked {} ({})", answer.revoked->certificate,
        base::ToRfc3339(answer.revoked->revoked_at), answer.revoked->reason);
  }
  // Limit: five minutes, what clocks of authorities may be ahead.
  constexpr int64_t kClockSkewSeconds = 300;
  if (facts.trust == Trust::kTrusted &&
      base::UnixSeconds(*facts.time) >
          base::UnixSeconds(context.at) + kClockSkewSeconds) {
    facts.trust = Trust::kUntrusted;
    facts.reason = "it states a time after the instant judged at";
  }
}

// Adds what is weak about a timestamp.
void NoteWeakness(TimestampFacts& facts, const SignerCheck& check) {
  if (check.digest && *check.digest <= base::DigestAlgorithm::kSha1) {
    facts.weak.emplace_back(base::Name(*check.digest));
  }
  if (check.certificate != nullptr &&
      check.certificate->key.type == KeyType::kRsa &&
      check.certificate->key.bits < 2048) {
    facts.weak.push_back(KeyName(check.certificate->key));
  }
}

// True when the signer meant to sign a token: the signed content type says so,
// or the attribute is there that RFC 3161 section 2.4.2 demands of tokens.
// Why: a legacy service signs whatever bytes are handed to it as a "signature
// value"; without this, a TSTInfo of any date could be handed to it.
bool MeansToken(const SignerInfo& signer, base::Budget& budget) {
  const auto type =
      FirstValue(signer.signed_attributes, oid::kContentType, budget);
  return (type && oid::kTstInfo == type->value.bytes) ||
         NamesItsCertificate(signer, budget);
}

// What of a token no structure defines, and what in it has no use: damaged
// certificates, and attributes that its authority did not sign.
void NoteRest(const SignedData& data, const std::vector<base::Error>& damaged,
              std::vector<Input>& rest) {
  rest.insert(rest.end(), data.rest.begin(), data.rest.end());
  for (const base::Error& error : damaged) {
    for (const Input certificate : data.certificates) {
      const base::ByteRange range = certificate.Range();
      if (error.offset >= range.offset &&
          error.offset - range.offset < range.size) {
        rest.push_back(certificate);
      }
    }
  }
  for (const CmsAttribute& attribute : data.signers[0].unsigned_attributes) {
    rest.push_back(attribute.whole);
  }
}

TimestampFacts ExamineToken(Input value, const SignerInfo& stamped,
                            std::span<const Certificate> outer_pool,
                            Timestamps& all, const Context& context) {
  TimestampFacts facts;
  facts.kind = model::TimestampKind::kRfc3161;
  facts.range = value.Range();
  const auto data = ParseSignedData(
      UnwrapResponse(value, all.rest, context.budget), context.budget);
  if (!data) {
    Refuse(facts, Integrity::kMalformed, Text(data.error()));
    return facts;
  }
  if (data->signers.size() != 1) {
    Refuse(facts, Integrity::kMalformed,
           fmt::format("the token has {} signers instead of one",
                       data->signers.size()));
    return facts;
  }
  const auto info = ParseTstInfo(data->content, context.budget);
  if (!info) {
    Refuse(facts, Integrity::kMalformed, Text(info.error()));
    return facts;
  }
  facts.time = info->time;
  std::vector<base::Error> damaged;
  std::vector<Certificate> pool =
      ParseCertificates(*data, damaged, context.budget);
  all.bags.push_back(BagOf(*data, pool));
  NoteRest(*data, damaged, all.rest);
  pool.insert(pool.end(), outer_pool.begin(), outer_pool.end());
  const SignerCheck check = CheckSigner({.signer = &data->signers[0],
                                         .content = data->content.bytes,
                                         .pool = pool},
                                        context.keys, context.budget);
  facts.integrity = check.integrity;
  facts.reason = check.reason;
  NoteWeakness(facts, check);
  if (facts.integrity == Integrity::kValid) {
    if (!info->digest) {
      Refuse(facts, Integrity::kUnsupported,
             "the imprint's digest algorithm is not supported");
    } else if (!base::Equal(
                   info->hashed_message,
                   base::Hash(*info->digest, stamped.signature.bytes).View())) {
      Refuse(facts, Integrity::kInvalid,
             "the timestamp is of another signature");
    } else if (!MeansToken(data->signers[0], context.budget)) {
      Refuse(facts, Integrity::kInvalid,
             "its authority signed something else than a timestamp token");
    } else if (NamesAnotherCertificate(data->signers[0], *check.certificate,
                                       context.budget)) {
      Refuse(facts, Integrity::kInvalid,
             "the token names another certificate than it was signed with");
    }
  }
  JudgeAuthority(facts, check, pool, context);
  return facts;
}

TimestampFacts ExamineCountersignature(Input value, const SignerInfo& stamped,
                                       std::span<const Certificate> pool,
                                       Timestamps& all,
                                       const Context& context) {
  TimestampFacts facts;
  facts.kind = model::TimestampKind::kAuthenticode;
  facts.range = value.Range();
  const auto signer = ParseSignerInfo(value, context.budget);
  if (!signer) {
    Refuse(facts, Integrity::kMalformed, Text(signer.error()));
    return facts;
  }
  all.rest.insert(all.rest.end(), signer->rest.begin(), signer->rest.end());
  for (const CmsAttribute& attribute : signer->unsigned_attributes) {
    all.rest.push_back(attribute.whole);
  }
  const auto time =
      FirstValue(signer->signed_attributes, oid::kSigningTime, context.budget);
  if (time) {
    const auto instant = TimeContent(*time);
    facts.time = instant ? std::optional(*instant) : std::nullopt;
  }
  const SignerCheck check = CheckSigner({.signer = &*signer,
                                         .content = stamped.signature.bytes,
                                         .pool = pool,
                                         .legacy_countersignature = true},
                                        context.keys, context.budget);
  facts.integrity = check.integrity;
  facts.reason = check.reason;
  NoteWeakness(facts, check);
  if (facts.integrity == Integrity::kValid &&
      CheckSigner({.signer = &*signer,
                   .content = stamped.signature.bytes,
                   .pool = pool},
                  context.keys, context.budget)
              .integrity != Integrity::kValid) {
    facts.weak.emplace_back("bare-digest");
  }
  if (facts.integrity == Integrity::kValid && !facts.time) {
    Refuse(facts, Integrity::kMalformed, "it states no time");
  }
  JudgeAuthority(facts, check, pool, context);
  return facts;
}

// An attribute that promises a timestamp and has none that can be read.
TimestampFacts Unreadable(bool token, Input where) {
  TimestampFacts facts;
  facts.kind = token ? model::TimestampKind::kRfc3161
                     : model::TimestampKind::kAuthenticode;
  facts.range = where.Range();
  Refuse(facts, Integrity::kMalformed, "its attribute holds no timestamp");
  return facts;
}

}  // namespace

Timestamps ExamineTimestamps(const SignerInfo& signer,
                             std::span<const Certificate> pool,
                             const Context& context,
                             bool with_countersignatures) {
  Timestamps all;
  for (const CmsAttribute& attribute : signer.unsigned_attributes) {
    const bool token = oid::kMicrosoftTimeStampToken == attribute.oid ||
                       oid::kTimeStampToken == attribute.oid;
    const bool countersignature =
        with_countersignatures && oid::kCounterSignature == attribute.oid;
    if (!token && !countersignature) {
      continue;
    }
    DerReader values(attribute.values, context.budget);
    if (values.AtEnd()) {
      all.facts.push_back(Unreadable(token, attribute.whole));
    }
    while (!values.AtEnd()) {
      const Input value = values.Any("timestamp").whole;
      if (values.Failed()) {
        all.facts.push_back(Unreadable(token, attribute.values));
        break;
      }
      if (!context.budget.ChargeSignature(value.offset)) {
        break;
      }
      all.facts.push_back(
          token ? ExamineToken(value, signer, pool, all, context)
                : ExamineCountersignature(value, signer, pool, all, context));
    }
  }
  return all;
}

}  // namespace countersign::signing
