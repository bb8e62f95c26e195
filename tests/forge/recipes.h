// The usual sample, for cases to alter: an inert image, signed by the usual
// publisher, with or without a time stamp.
#pragma once

#include "forge/authorities.h"
#include "forge/sign.h"
#include "forge/table.h"

namespace countersign::forge {

// An x64 image linked at kBuildTime; different seeds, different content.
ByteVector PlainImage(uint64_t seed = 1);

// The same linked at kOldBuildTime, for the old publisher.
ByteVector OldImage();

// A SHA-256 signature by the publisher with its intermediate in the bag and
// without time stamp.
ImageSignature SignatureBy(const Certificate& publisher);

// The same with another digest for the image and for the signer.
ImageSignature SignatureBy(const Certificate& publisher, HashAlgorithm digest);

// A time stamp of the usual stamper.
TimestampRecipe StampAt(int64_t time);

// The same as a PKCS#9 countersignature.
TimestampRecipe CountersignAt(int64_t time);

// `signature` with the time stamp added to its first signer.
ImageSignature Stamped(ImageSignature signature,
                       const TimestampRecipe& timestamp);

// The image with the signature attached.
ByteVector SignedFile(ByteSpan image, const ImageSignature& signature);

// The plain image with the signature attached.
ByteVector SignedFile(const ImageSignature& signature);

// Flips the lowest bit of one byte.
void FlipBit(ByteVector& bytes, size_t offset);

}  // namespace countersign::forge
