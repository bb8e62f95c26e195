#include "formats/xml.h"

#include <gtest/gtest.h>

#include <string>

namespace countersign::formats {
namespace {

using base::Fault;

base::Result<XmlTree> Parse(std::string_view text,
                            const XmlLimits& limits = {}) {
  base::Budget budget;
  return ParseXml({base::AsBytes(text), 1000}, budget, limits);
}

// The tree in a line: elements with their ends, attributes, texts.
std::string Draw(const XmlTree& tree) {
  std::string text;
  for (uint32_t i = 0; i < tree.Nodes().size(); ++i) {
    const XmlNode& node = tree[i];
    text += std::to_string(i) + "<" + std::to_string(node.parent) + "," +
            std::to_string(node.end) + " ";
    switch (node.kind) {
      case XmlKind::kElement:
        text += "{" + std::string(node.name.Space()) + "}" +
                std::string(node.name.Local());
        break;
      case XmlKind::kText:
        text += "'" + node.text + "'";
        break;
      case XmlKind::kComment:
        text += "!" + node.text;
        break;
      case XmlKind::kInstruction:
        text += "?" + node.name.qualified + ":" + node.text;
        break;
    }
    for (const XmlAttribute& attribute : node.attributes) {
      text += " @{" + std::string(attribute.name.Space()) + "}" +
              std::string(attribute.name.Local()) + "=" + attribute.value;
    }
    text += "\n";
  }
  return text;
}

TEST(Xml, IsAFlatTree) {
  const auto tree = Parse(
      "<?xml version='1.0'?><!--c--><a x='1'>t<b/><![CDATA[<u>]]>&amp;v<c "
      "y='2'><d/></c></a><?p q?>");
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(Draw(*tree),
            "0<0,1 !c\n"
            "1<1,7 {}a @{}x=1\n"
            "2<1,3 't'\n"
            "3<1,4 {}b\n"
            "4<1,5 '<u>&v'\n"
            "5<1,7 {}c @{}y=2\n"
            "6<5,7 {}d\n"
            "7<7,8 ?p:q\n");
  EXPECT_EQ(tree->Root(), 1U);
  EXPECT_EQ(tree->Children(1), (std::vector<uint32_t>{3, 5}));
  EXPECT_EQ(tree->Child(1, "", "c"), 5U);
  EXPECT_EQ(tree->Child(1, "", "d"), std::nullopt);
  EXPECT_EQ(tree->Text(1), "t<u>&v");
  ASSERT_NE(tree->Attribute(5, "y"), nullptr);
  EXPECT_EQ(*tree->Attribute(5, "y"), "2");
  EXPECT_EQ(tree->Attribute(5, "x"), nullptr);
}

TEST(Xml, ResolvesNamespaces) {
  const auto tree = Parse(
      "<a xmlns='urn:1' xmlns:p='urn:2' p:x='1' x='2'><p:b xmlns:p='urn:3'/>"
      "<p:c xmlns=''><d xml:lang='e'/></p:c></a>");
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(Draw(*tree),
            "0<0,4 {urn:1}a @{urn:2}x=1 @{}x=2\n"
            "1<0,2 {urn:3}b\n"
            "2<0,4 {urn:2}c\n"
            "3<2,4 {}d @{http://www.w3.org/XML/1998/namespace}lang=e\n");
  EXPECT_EQ((*tree)[0].declared.size(), 2U);
  EXPECT_EQ((*tree)[0].name.qualified, "a");
  EXPECT_EQ((*tree)[1].name.Prefix(), "p");
  EXPECT_TRUE((*tree)[1].name.Is("urn:3", "b"));
}

TEST(Xml, ReadsUtf16) {
  std::string text = "\xFF\xFE";
  for (const char c : std::string("<a b='c'>d</a>")) {
    text += c;
    text += '\0';
  }
  const auto tree = Parse(text);
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(Draw(*tree), "0<0,2 {}a @{}b=c\n1<0,2 'd'\n");
}

TEST(Xml, NormalisesLineEnds) {
  const auto tree = Parse("<a x='1\r\n2\t3'>4\r\n5\r6</a>");
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ((*tree)[0].attributes[0].value, "1 2 3");
  EXPECT_EQ(tree->Text(0), "4\n5\n6");
}

struct Refused {
  const char* text;
  Fault fault;
  uint64_t offset;
};

TEST(Xml, SaysWhatItRefusesAndWhere) {
  for (const Refused& each : {
           Refused{"", Fault::kMalformed, 1000},
           Refused{"<a>", Fault::kMalformed, 1003},
           Refused{"<a></b>", Fault::kMalformed, 1005},
           Refused{"<a/><b/>", Fault::kMalformed, 1004},
           Refused{"<a x='1' x='2'/>", Fault::kMalformed, 1009},
           Refused{"<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>",
                   Fault::kMalformed, 1000},
           Refused{"<a><p:b/></a>", Fault::kMalformed, 1003},
           Refused{"<a p:x='1'/>", Fault::kMalformed, 1000},
           Refused{"<a:b:c xmlns:a='u'/>", Fault::kMalformed, 1000},
           Refused{"<a xmlns:p=''/>", Fault::kMalformed, 1000},
           Refused{"<a xmlns:xml='u'/>", Fault::kMalformed, 1000},
           Refused{"<a xmlns:xmlns='u'/>", Fault::kMalformed, 1000},
           Refused{"<a/><?p:q x?>", Fault::kMalformed, 1004},
           Refused{"<a>&e;</a>", Fault::kMalformed, 1003},
           Refused{"<!DOCTYPE a><a/>", Fault::kMalformed, 1011},
           Refused{"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
                   Fault::kMalformed, 1012},
           Refused{"<?xml version='1.0' encoding='ebcdic'?><a/>",
                   Fault::kUnsupported, 1030},
       }) {
    SCOPED_TRACE(each.text);
    const auto tree = Parse(each.text);
    ASSERT_FALSE(tree.has_value());
    EXPECT_EQ(tree.error().fault, each.fault);
    EXPECT_EQ(tree.error().offset, each.offset);
  }
}

TEST(Xml, KeepsLimits) {
  const std::string deep = "<a><b><c/></b></a>";
  EXPECT_TRUE(Parse(deep, {.nodes = 3, .depth = 3, .bytes = 18}).has_value());
  for (const XmlLimits& limits :
       {XmlLimits{.nodes = 2, .depth = 3, .bytes = 18},
        XmlLimits{.nodes = 3, .depth = 2, .bytes = 18},
        XmlLimits{.nodes = 3, .depth = 3, .bytes = 17}}) {
    const auto tree = Parse(deep, limits);
    ASSERT_FALSE(tree.has_value());
    EXPECT_EQ(tree.error().fault, Fault::kLimit);
  }
  base::Budget budget({.steps = 2});
  const auto tree = ParseXml({base::AsBytes(deep), 0}, budget);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().fault, Fault::kLimit);
  EXPECT_TRUE(budget.Reached().has_value());
}

TEST(Xml, CutAnywhereIsDamaged) {
  const std::string text =
      "<?xml version='1.0'?><a xmlns='u'><b c='d'>e&lt;</b><!--f--></a>";
  ASSERT_TRUE(Parse(text).has_value());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(Parse(text.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace countersign::formats
