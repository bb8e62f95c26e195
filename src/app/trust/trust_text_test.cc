#include "app/trust/trust_text.h"

#include <gtest/gtest.h>

#include "app/trust/trust_json.h"
#include "signing/trust_list.h"

namespace countersign::app {
namespace {

using model::TrustEntry;
using model::TrustStore;

TrustStore SampleStore() {
  TrustStore store;
  store.name = "microsoft";
  store.source = "authroot.stl (signature not verified)";
  store.sha256 = std::string(64, 'b');
  store.purposes = {model::Purpose::kCodeSigning};
  store.list.emplace();
  store.list->reason = "its signer is \"nobody\"";
  TrustEntry entry;
  entry.name = "Old Root";
  entry.sha256 = std::string(64, 'a');
  entry.certificate = {1, 2, 3};
  entry.usages = {"1.3.6.1.5.5.7.3.3", "1.2.3.4"};
  entry.disallowed_after = base::FromUnixSeconds(1'533'081'600);
  store.entries.push_back(entry);
  entry = {};
  entry.name = "Absent";
  store.entries.push_back(entry);
  return store;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TrustText, ListMarksWhatIsNotVerified) {
  const std::string text = TrustListText({SampleStore()}, {.columns = 200});
  EXPECT_TRUE(Has(text, "microsoft")) << text;
  EXPECT_TRUE(Has(text, "NOT VERIFIED")) << text;
  EXPECT_TRUE(Has(text, "its signer is \"nobody\"")) << text;
  EXPECT_TRUE(Has(TrustListText({}, {}), "trust update"));
}

TEST(TrustText, StoreShowsItsEntries) {
  const std::string text = TrustStoreText(SampleStore(), {.columns = 200});
  EXPECT_TRUE(Has(text, "until 2018-08-01")) << text;
  EXPECT_TRUE(Has(text, "code signing, 1.2.3.4")) << text;
  EXPECT_TRUE(Has(text, "missing")) << text;
}

TEST(TrustText, ExplainsDatesInWords) {
  TrustEntry entry;
  entry.certificate = {1};
  EXPECT_EQ(Explanation(entry),
            std::vector<std::string>{"An anchor: a chain may end in it."});
  entry.disallowed_after = base::FromUnixSeconds(1'533'081'600);
  entry.not_before = base::FromUnixSeconds(1'485'907'200);
  entry.not_before_usages = {"1.3.6.1.5.5.7.3.8"};
  const auto sentences = Explanation(entry);
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_EQ(sentences[1],
            "Distrusted from 2018-08-01 on: nothing signed after that is "
            "trusted; what a trusted timestamp shows to be older still is.");
  EXPECT_EQ(sentences[2],
            "Certificates below it that were issued after 2017-02-01 are not "
            "trusted for time stamping; older ones are.");
  entry.disallowed_after = signing::kSinceEver;
  EXPECT_TRUE(Has(Explanation(entry)[1], "whenever it was signed"));
}

TEST(TrustJson, IsWellFormedAndWithoutBytes) {
  const std::string store = TrustStoreJson(SampleStore());
  EXPECT_TRUE(Has(store, "\"present\": true")) << store;
  EXPECT_TRUE(Has(store, "\"present\": false")) << store;
  EXPECT_TRUE(Has(store, R"("reason": "its signer is \"nobody\"")")) << store;
  EXPECT_TRUE(Has(store, "\"disallowed_after\": \"2018-08-01T00:00:00Z\""));
  EXPECT_TRUE(Has(store, "\"not_before\": null"));
  EXPECT_TRUE(Has(store, "\"content_sha256\": \"" +
                             model::ContentSha256(SampleStore()) + "\""));
  const std::string list = TrustListJson({SampleStore(), SampleStore()});
  EXPECT_TRUE(Has(list, "\"certificates\": 1")) << list;
  EXPECT_TRUE(Has(list, "\"missing\": 1")) << list;
  EXPECT_FALSE(Has(list, "\"entries\"")) << list;
  EXPECT_TRUE(Has(list, model::ContentSha256(SampleStore())));
  EXPECT_EQ(TrustListJson({}), "[]\n");
  const TrustStore sample = SampleStore();
  EXPECT_TRUE(Has(TrustMatchesJson({{&sample, &sample.entries[0]}}),
                  "\"store\": \"microsoft\""));
}

}  // namespace
}  // namespace countersign::app
