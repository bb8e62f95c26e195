// Canonical XML, names of parts and values of signatures: what XML signatures
// are made of.
#include "signing/vsix/canonical.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "signing/vsix/parts.h"
#include "signing/vsix/xml_signature.h"

namespace countersign::signing {
namespace {

std::string Canonical(std::string_view text, const char* element = nullptr,
                      const CanonicalForm& form = {}) {
  base::Budget budget;
  const auto xml = formats::ParseXml({base::AsBytes(text), 0}, budget);
  EXPECT_TRUE(xml.has_value()) << text;
  if (!xml) {
    return "";
  }
  if (element == nullptr) {
    return CanonicalizeDocument(*xml, form, budget).value_or("limit");
  }
  for (uint32_t i = 0; i < xml->Nodes().size(); ++i) {
    if ((*xml)[i].name.qualified == element) {
      return Canonicalize(*xml, i, form, budget).value_or("limit");
    }
  }
  return "";
}

// Spec: Canonical XML 1.0, section 3, the rules behind its examples.
TEST(CanonicalXml, HasOneFormOfADocument) {
  EXPECT_EQ(Canonical("<?xml version='1.0'?>\n<?p d?>\n<!--c-->\n<a  b = '1' "
                      "/>\n<?q?>\n<!--d-->"),
            "<?p d?>\n<a b=\"1\"></a>\n<?q?>");
  EXPECT_EQ(Canonical("<!--c--><a/>", nullptr, {.with_comments = true}),
            "<!--c-->\n<a></a>");
  EXPECT_EQ(Canonical("<a>\r\n <b/>x<![CDATA[<&>]]>&#13;</a>"),
            "<a>\n <b></b>x&lt;&amp;&gt;&#xD;</a>");
  EXPECT_EQ(Canonical("<a b='&lt;&#9;&#10;&#13;\"&gt;&amp;'/>"),
            "<a b=\"&lt;&#x9;&#xA;&#xD;&quot;>&amp;\"></a>");
}

TEST(CanonicalXml, SortsAttributesAndNamespaces) {
  EXPECT_EQ(Canonical("<e5 b:attr='x' attr2='all' attr='I' xmlns:b='urn:b' "
                      "xmlns:a='urn:a' a:attr='out' xmlns='urn:d'/>"),
            "<e5 xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" "
            "attr=\"I\" attr2=\"all\" a:attr=\"out\" b:attr=\"x\"></e5>");
  EXPECT_EQ(Canonical("<a xmlns:p='u'><b xmlns:p='u'/><c xmlns:p='v'/>"
                      "<d xmlns=''><e xmlns='w'><f xmlns=''/></e></d></a>"),
            "<a xmlns:p=\"u\"><b></b><c xmlns:p=\"v\"></c><d><e xmlns=\"w\">"
            "<f xmlns=\"\"></f></e></d></a>");
}

TEST(CanonicalXml, APartBringsItsScopeAlong) {
  constexpr const char* kText =
      "<a xmlns='u' xmlns:p='v' xmlns:q='w' xml:lang='en' x='1'><b p:y='2'>"
      "<c/></b></a>";
  EXPECT_EQ(Canonical(kText, "b"),
            "<b xmlns=\"u\" xmlns:p=\"v\" xmlns:q=\"w\" xml:lang=\"en\" "
            "p:y=\"2\"><c></c></b>");
  EXPECT_EQ(Canonical(kText, "b", {.is_exclusive = true}),
            "<b xmlns=\"u\" xmlns:p=\"v\" p:y=\"2\"><c></c></b>");
  EXPECT_EQ(Canonical(kText, "c", {.is_exclusive = true}),
            "<c xmlns=\"u\"></c>");
}

TEST(CanonicalXml, IsChargedForNamespaces) {
  std::string text = "<a";
  for (int i = 0; i < 100; ++i) {
    text += " xmlns:p" + std::to_string(i) + "='u'";
  }
  text += ">";
  for (int i = 0; i < 100; ++i) {
    text += "<b/>";
  }
  text += "</a>";
  base::Budget budget;
  const auto xml = formats::ParseXml({base::AsBytes(text), 0}, budget);
  ASSERT_TRUE(xml.has_value());
  base::Budget small({.steps = 5000});
  EXPECT_FALSE(Canonicalize(*xml, 0, {}, small).has_value());
}

TEST(CanonicalXml, FormsHaveNames) {
  EXPECT_EQ(CanonicalFormOf("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            CanonicalForm());
  EXPECT_EQ(CanonicalFormOf("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
                            "#WithComments"),
            (CanonicalForm{.with_comments = true}));
  EXPECT_EQ(CanonicalFormOf("http://www.w3.org/2001/10/xml-exc-c14n#"),
            (CanonicalForm{.is_exclusive = true}));
  EXPECT_EQ(CanonicalFormOf("http://www.w3.org/2001/10/xml-exc-c14n#"
                            "WithComments"),
            (CanonicalForm{.is_exclusive = true, .with_comments = true}));
  EXPECT_EQ(CanonicalFormOf("http://www.w3.org/2006/12/xml-c14n11"),
            std::nullopt);
  EXPECT_EQ(CanonicalFormOf(""), std::nullopt);
}

TEST(OpcParts, AreResolved) {
  EXPECT_EQ(RelationshipsOf(""), "_rels/.rels");
  EXPECT_EQ(RelationshipsOf("/a/b.c"), "a/_rels/b.c.rels");
  EXPECT_EQ(ResolveTarget("", "a/b"), "a/b");
  EXPECT_EQ(ResolveTarget("x/y.z", "a/b"), "x/a/b");
  EXPECT_EQ(ResolveTarget("x/y.z", "/a/b"), "a/b");
  EXPECT_EQ(ResolveTarget("x/w/y.z", "../a"), "x/a");
  EXPECT_EQ(ResolveTarget("x/y.z", "../../../a"), "a");
  EXPECT_EQ(ResolveTarget("x/y.z", "./a"), "x/a");
}

TEST(XmlSignature, EcdsaValuesBecomeDer) {
  EXPECT_EQ(EcdsaToDer(std::vector<uint8_t>{0, 1, 0x80, 2}),
            (std::vector<uint8_t>{0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2}));
  EXPECT_TRUE(EcdsaToDer({}).empty());
  EXPECT_TRUE(EcdsaToDer(std::vector<uint8_t>{1, 2, 3}).empty());
}

}  // namespace
}  // namespace countersign::signing
