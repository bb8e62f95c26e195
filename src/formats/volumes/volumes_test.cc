#include "formats/volumes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "formats/installshield/sample/installshield_builder.h"

namespace countersign::formats {
namespace {

using model::Format;

TEST(Volumes, AHeaderLeadsTheCabinetsOfItsFolder) {
  const auto places = FindVolumes(std::vector<VolumeCandidate>{
      {"disk1/Data2.CAB", Format::kInstallshield},
      {"disk1/data1.hdr", Format::kInstallshield},
      {"disk1/data1.cab", Format::kInstallshield},
      {"disk2/data3.cab", Format::kInstallshield},
      {"disk1/data.cab", Format::kInstallshield},
      {"disk1/data03.cab", Format::kInstallshield},
      {"disk1/data4.cab", Format::kCab},
      {"disk1/data99999.cab", Format::kInstallshield},
  });
  ASSERT_EQ(places.size(), 8U);
  ASSERT_TRUE(places[0] && places[2]);
  EXPECT_EQ(places[0]->leader, 1U);
  EXPECT_EQ(places[0]->number, 2U);
  EXPECT_EQ(places[2]->leader, 1U);
  EXPECT_EQ(places[2]->number, 1U);
  for (const size_t alone : {1U, 3U, 4U, 5U, 6U, 7U}) {
    EXPECT_FALSE(places[alone].has_value()) << alone;
  }
}

TEST(Volumes, WithoutAHeaderTheFirstCabinetLeads) {
  const auto places = FindVolumes(
      std::vector<VolumeCandidate>{{"data2.cab", Format::kInstallshield},
                                   {"data1.cab", Format::kInstallshield},
                                   {"user2.cab", Format::kInstallshield}});
  ASSERT_TRUE(places[0].has_value());
  EXPECT_EQ(places[0]->leader, 1U);
  EXPECT_EQ(places[0]->number, 2U);
  EXPECT_FALSE(places[1].has_value());
  EXPECT_FALSE(places[2].has_value());
}

// What says more than the list of its leader does not go unread.
TEST(Volumes, OnlyAPartIsAVolumeWithoutAListOfItsOwn) {
  sample::ShieldBuilder builder;
  builder.items = {{"a", "first"}};
  builder.Build();
  const std::string whole = builder.header;  // list and content
  builder.is_one_file = false;
  builder.Build();
  const auto places = FindVolumes(std::vector<VolumeCandidate>{
      {"data1.hdr", Format::kInstallshield, base::AsBytes(builder.header)},
      {"data1.cab", Format::kInstallshield, base::AsBytes(builder.volumes[0])},
      {"data2.cab", Format::kInstallshield, base::AsBytes(whole)},
      {"data3.cab", Format::kInstallshield, base::AsBytes("ISc(no volume")}});
  ASSERT_TRUE(places[1] && places[2] && places[3]);
  EXPECT_TRUE(places[1]->is_only_a_part);
  EXPECT_FALSE(places[2]->is_only_a_part);
  EXPECT_FALSE(places[3]->is_only_a_part);
}

}  // namespace
}  // namespace countersign::formats
