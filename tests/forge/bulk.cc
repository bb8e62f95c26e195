#include "forge/bulk.h"

#include <array>
#include <fstream>

#include "forge/little_endian.h"
#include "forge/recipes.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

void WritePiece(std::ofstream& file, ByteSpan bytes) {
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// The digest and headers of an image that is never held in memory.
struct Measured {
  ByteVector headers;
  ByteVector digest;
};

Measured Measure(const Image& image) {
  Measured out;
  image.Emit([&out](ByteSpan piece) {
    if (out.headers.empty()) {
      out.headers.assign(piece.begin(), piece.end());
    }
  });
  ImageHasher hasher(HashAlgorithm::kSha256, ReadLayout(out.headers));
  image.Emit([&hasher](ByteSpan piece) { hasher.Update(piece); });
  out.digest = hasher.Finish();
  return out;
}

Certificate BulkPublisher(size_t number) {
  const std::string name = "Bulk Example " + std::to_string(number) + " Ltd";
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"C", "XX", {}}, {"O", name, {}}, {"CN", name, {}}};
  recipe.key = MakeKey(KeyKind::kRsa2048, name);
  return MakeCertificate(recipe);
}

}  // namespace

uint64_t WriteLargeSample(const std::string& path, uint64_t size_bytes) {
  ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(kBuildTime);
  recipe.total_size_bytes = size_bytes;
  const Image image(recipe);
  Measured measured = Measure(image);
  const ByteVector signature = SignImageDigest(
      measured.digest,
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime)));
  const ByteVector table = EncodeTable({SignatureEntry(signature)});

  const ImageLayout layout = ReadLayout(measured.headers);
  Write32(measured.headers, layout.security_entry_offset,
          static_cast<uint32_t>(image.size_bytes()));
  Write32(measured.headers, layout.security_entry_offset + 4,
          static_cast<uint32_t>(table.size()));

  std::ofstream file(path, std::ios::binary);
  Require(file.good(), "the output file cannot be opened");
  CheckSummer summer;
  bool first = true;
  image.Emit([&](ByteSpan piece) {
    const ByteSpan bytes = first ? ByteSpan(measured.headers) : piece;
    first = false;
    summer.Update(bytes);
    WritePiece(file, bytes);
  });
  summer.Update(table);
  WritePiece(file, table);

  ByteVector sum;
  Append32(sum, summer.Finish());
  file.seekp(static_cast<std::streamoff>(layout.checksum_offset));
  WritePiece(file, sum);
  Require(file.good(), "the output file cannot be written");
  return image.size_bytes() + table.size();
}

void MakeSmallSamples(size_t count,
                      const std::function<void(size_t, ByteSpan)>& sink) {
  const std::array<Certificate, 3> publishers = {
      BulkPublisher(1), BulkPublisher(2), BulkPublisher(3)};
  for (size_t i = 0; i < count; ++i) {
    ImageRecipe recipe;
    recipe.time_date_stamp = static_cast<uint32_t>(kBuildTime);
    recipe.seed = 1000 + i;
    recipe.total_size_bytes = 12288 + (i * 977) % 15000;
    const auto stamp_time = kSigningTime + static_cast<int64_t>(i % 3600);
    sink(i,
         SignedFile(BuildImage(recipe), Stamped(SignatureBy(publishers[i % 3]),
                                                StampAt(stamp_time))));
  }
}

}  // namespace countersign::forge
