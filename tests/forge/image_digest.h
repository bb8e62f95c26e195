// The digests Authenticode takes of a PE image.
#pragma once

#include "forge/digest.h"
#include "forge/pe.h"

namespace countersign::forge {

// The Authenticode digest over pieces of a file: everything but the CheckSum
// field, the security directory entry and the certificate table.
class ImageHasher {
 public:
  ImageHasher(HashAlgorithm algorithm, const ImageLayout& layout);

  // Adds the next bytes of the file.
  void Update(ByteSpan bytes);
  ByteVector Finish() { return hasher_.Finish(); }

 private:
  struct Gap {
    uint64_t begin = 0;
    uint64_t end = 0;
  };

  Hasher hasher_;
  std::vector<Gap> gaps_;  // in file order
  uint64_t position_ = 0;
};

// The Authenticode digest of an image, signed or not.
ByteVector ImageDigest(HashAlgorithm algorithm, ByteSpan image);

// Page hashes: entries of {offset u32, hash} for the header page and each page
// of 4096 bytes of each section, and a closing {end offset, zeros}. The last
// page of a section is padded with zeros to 4096, whatever SectionAlignment.
ByteVector PageHashes(HashAlgorithm algorithm, ByteSpan image);

// The image padded with zeros to a multiple of 8 bytes, as it must be before
// a certificate table follows.
ByteVector PaddedImage(ByteSpan image);

}  // namespace countersign::forge
