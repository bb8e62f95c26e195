// The builders behind the table in mutations.cc; each yields a whole file.
#pragma once

#include "forge/der.h"

namespace countersign::forge::cases {

// cases_container.cc: the certificate table and the bytes around it.
ByteVector BadCheckSum();
ByteVector FlipSection();
ByteVector FlipDosStub();
ByteVector FlipSignatureValue();
ByteVector TrailingInEntry();
ByteVector DirectoryBeyondEntry();
ByteVector DirectoryBelowTable();
ByteVector TrailingAfterTable();
ByteVector LengthZero();
ByteVector LengthMaximal();
ByteVector DirectoryBeyondFile();
ByteVector EfiGuidEntry();
ByteVector DuplicateEntry();
ByteVector GarbageFirstEntry();
ByteVector Transplanted();
ByteVector Truncated();
ByteVector UnauthenticatedBlob();
ByteVector Padded();
ByteVector Tampered();
ByteVector Stolen();
ByteVector Unsigned();
ByteVector FewDirectories();
ByteVector WithOverlay();
ByteVector TwoEntries();

// cases_content.cc: digests, page hashes, nesting, kinds of image.
ByteVector NestedDigestBad();
ByteVector OuterDigestBad();
ByteVector NestedFlipSection();
ByteVector Md5Digest();
ByteVector Sha1Digest();
ByteVector Sha384Digest();
ByteVector Sha512Digest();
ByteVector PageHashFlipSection();
ByteVector PageHashed();
ByteVector PageHashedV1();
ByteVector PageHashed8192();
ByteVector PageHashed512();
ByteVector PageHashMismatch();
ByteVector WrongContentDigest();
ByteVector Dual();
ByteVector Nested();
ByteVector NestedTwice();
ByteVector Pe32();
ByteVector Arm64();
ByteVector EfiApplication();

// cases_encoding.cc: the ways a signature can be written.
ByteVector Valid();
ByteVector BerEncoded();
ByteVector UnorderedAttributes();
ByteVector NoSignedAttributes();
ByteVector SignerInfoVersion0();
ByteVector SignedDataVersion3();
ByteVector SeveralSigners();
ByteVector SeveralSignersOneBad();
ByteVector SignerByKeyIdentifier();
ByteVector DigestAsSignatureOid();
ByteVector DigestAsSha1WithRsa();
ByteVector WrongMessageDigest();
ByteVector Pss();
ByteVector Ecdsa();
ByteVector EcdsaP384();
ByteVector Rsa1024();
ByteVector Rsa4096();
ByteVector OpusUnicode();
ByteVector OpusAscii();
ByteVector OpusMissing();
ByteVector ExtraSignedAttribute();

// cases_trust.cc: certificates and chains.
ByteVector Expired();
ByteVector NotYetValid();
ByteVector SelfSigned();
ByteVector UntrustedRoot();
ByteVector IncompleteChain();
ByteVector CrossCertified();
ByteVector CrossLoop();
ByteVector LoopWithoutRoot();
ByteVector CurveBall();
ByteVector LeafAsIssuer();
ByteVector PathLengthExceeded();
ByteVector WrongIssuerKey();
ByteVector MissingCodeSigningUsage();
ByteVector MissingDigitalSignatureUsage();
ByteVector MultipleCommonNames();
ByteVector NoCommonName();
ByteVector OddStringTypes();
ByteVector EvPublisher();
ByteVector MicrosoftIdentity();
ByteVector RevokedBefore();
ByteVector RevokedAfter();
ByteVector RevokedUnstamped();
ByteVector RevokedByEmbeddedList();

// cases_time.cc: time stamps.
ByteVector ValidTimestamped();
ByteVector ValidLegacyTimestamp();
ByteVector BareDigestLegacyTimestamp();
ByteVector BareMd5LegacyTimestamp();
ByteVector ExpiredButTimestamped();
ByteVector LifetimeSigning();
ByteVector LifetimeSigningWithin();
ByteVector StampedTooLate();
ByteVector StamperExpiredSince();
ByteVector StamperWithoutUsage();
ByteVector UntrustedStamper();
ByteVector GenTimeOutside();
ByteVector TimestampWrongImprint();
ByteVector TimestampCorrupt();
ByteVector TimestampFullResponse();
ByteVector TimestampRawContent();
ByteVector TimestampOtherHash();
ByteVector TimestampsDisagree();
ByteVector Backdated();

// cases_package.cc: packages that are ZIP archives.
ByteVector MsixValid();
ByteVector MsixTampered();
ByteVector MsixOtherPublisher();
ByteVector MsixUnlisted();
ByteVector MsixBundle();
ByteVector MsixUnsigned();
ByteVector NugetAuthor();
ByteVector NugetRepository();
ByteVector NugetCountersigned();
ByteVector NugetTampered();
ByteVector JarValid();
ByteVector JarAdded();
ByteVector JarTampered();
ByteVector VsixValid();
ByteVector VsixAdded();
ByteVector VsixTampered();

}  // namespace countersign::forge::cases
