#include "formats/msi.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "forge/cfb.h"
#include "forge/little_endian.h"
#include "forge/msi.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::Fault;
using forge::ByteVector;
using forge::CompoundNode;
using forge::MsiRecipe;
using forge::PackMsiName;

// A database, with the file and the compound file that it was read from.
struct Parsed {
  ByteVector bytes;
  CompoundFile compound;
  base::Result<MsiDatabase> database = MsiDatabase{};
};

Parsed Parse(const CompoundNode& root, uint64_t steps = 2'000'000) {
  Parsed parsed;
  parsed.bytes = WriteCompoundFile(root).bytes;
  base::Limits limits;
  base::Budget whole(limits);
  parsed.compound = *ParseCompoundFile(parsed.bytes, whole);
  limits.steps = steps;
  base::Budget budget(limits);
  parsed.database = ParseMsi(parsed.compound, parsed.bytes, budget);
  return parsed;
}

CompoundNode& StreamOf(CompoundNode& root, std::string_view name,
                       bool is_table) {
  return *std::ranges::find(root.children, PackMsiName(name, is_table),
                            &CompoundNode::name);
}

std::string Remarks(const MsiDatabase& database) {
  std::string text;
  for (const Remark& remark : database.remarks) {
    text += std::to_string(static_cast<int>(remark.kind)) + ":" + remark.what +
            "\n";
  }
  return text;
}

bool HasRemark(const MsiDatabase& database, RemarkKind kind,
               std::string_view text) {
  return std::ranges::any_of(database.remarks, [&](const Remark& remark) {
    return remark.kind == kind && remark.what.find(text) != std::string::npos;
  });
}

base::Bytes Utf16(const std::u16string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size() * 2};
}

TEST(MsiNames, AreUnpacked) {
  EXPECT_EQ(DecodeMsiName(Utf16(PackMsiName("_StringPool", true))),
            "!_StringPool");
  EXPECT_EQ(DecodeMsiName(Utf16(PackMsiName("Binary.Az09_", false))),
            "Binary.Az09_");
  EXPECT_EQ(DecodeMsiName(Utf16(PackMsiName("a b-c", false))), "a b-c");
  EXPECT_EQ(DecodeMsiName(Utf16(u"\5SummaryInformation")),
            "\5SummaryInformation");
  // The first and the last unit of each range, and their neighbours.
  EXPECT_EQ(DecodeMsiName(Utf16(u"\u3800\u47FF\u4800\u483F\u4840")), "00__0_!");
  EXPECT_EQ(DecodeMsiName(Utf16(u"\u37FF\u4841")), "\xE3\x9F\xBF\xE4\xA1\x81");
  // A pair of surrogates stays together; an odd byte is dropped.
  EXPECT_EQ(DecodeMsiName(Utf16(u"\U0001F600")), "\xF0\x9F\x98\x80");
  const uint8_t odd[] = {'a', 0, 'b'};
  EXPECT_EQ(DecodeMsiName(odd), "a");
}

TEST(MsiNames, CodePages) {
  const auto decode = [](std::string_view text, uint32_t page, bool good) {
    bool exact = true;
    std::string out = DecodeCodePage(base::AsBytes(text), page, exact);
    EXPECT_EQ(exact, good) << text;
    return out;
  };
  EXPECT_EQ(decode("abc", 932, true), "abc");
  EXPECT_EQ(decode("\x80\xE4\x9F\x81", 1252, true),
            "\xE2\x82\xAC\xC3\xA4\xC5\xB8\xC2\x81");
  EXPECT_EQ(decode("\x80\xE4", 0, true), "\xE2\x82\xAC\xC3\xA4");
  EXPECT_EQ(decode("\x80\xE4", 28591, true), "\xC2\x80\xC3\xA4");
  EXPECT_EQ(decode("\xE4z", 20127, false), "\xEF\xBF\xBDz");
  EXPECT_EQ(decode("\x83\x41", 932, false),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(decode("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 65001, true),
            "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  // Overlong, surrogate, too large, cut off.
  for (const char* bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5", "\xE2\x82", "\x80"}) {
    decode(bad, 65001, false);
  }
}

TEST(MsiNames, ShortAndLong) {
  EXPECT_EQ(SplitMsiFileName("a~1.txt|a b.txt").long_name, "a b.txt");
  EXPECT_EQ(SplitMsiFileName("a~1.txt|a b.txt").short_name, "a~1.txt");
  EXPECT_EQ(SplitMsiFileName("a.txt").long_name, "a.txt");
  EXPECT_EQ(SplitMsiFileName("a.txt").short_name, "");
}

class MsiReferences : public testing::TestWithParam<bool> {};

TEST_P(MsiReferences, EveryCellComesBack) {
  MsiRecipe recipe = MsiSample();
  recipe.long_references = GetParam();
  const Parsed parsed = Parse(MakeMsi(recipe));
  ASSERT_TRUE(parsed.database);
  const MsiDatabase& database = *parsed.database;
  EXPECT_EQ(Remarks(database), "");
  EXPECT_EQ(database.strings->reference_bytes, GetParam() ? 3U : 2U);
  EXPECT_EQ(database.strings->code_page, 1252U);
  ASSERT_EQ(database.tables.size(), recipe.tables.size());
  for (size_t t = 0; t < recipe.tables.size(); ++t) {
    const auto& wanted = recipe.tables[t];
    const MsiTable& table = database.tables[t];
    EXPECT_EQ(&table, database.Find(wanted.name));
    EXPECT_FALSE(table.damage);
    ASSERT_EQ(table.columns.size(), wanted.columns.size()) << wanted.name;
    ASSERT_EQ(table.row_count, wanted.rows.size()) << wanted.name;
    for (size_t row = 0; row < table.row_count; ++row) {
      for (size_t column = 0; column < table.columns.size(); ++column) {
        const auto& cell = wanted.rows[row][column];
        const MsiValue value = table.Cell(row, column);
        if (const auto* text = std::get_if<std::string>(&cell);
            text != nullptr && wanted.columns[column].type != "v0") {
          EXPECT_EQ(std::get<std::string_view>(value), *text);
        } else if (const auto* number = std::get_if<int32_t>(&cell)) {
          EXPECT_EQ(std::get<int32_t>(value), *number);
        } else {
          EXPECT_EQ(text != nullptr, std::holds_alternative<MsiBinary>(value));
        }
      }
    }
  }
}

TEST_P(MsiReferences, EvidenceIsTheFirstCell) {
  MsiRecipe recipe = MsiSample();
  recipe.long_references = GetParam();
  const Parsed parsed = Parse(MakeMsi(recipe));
  const MsiTable& table = *parsed.database->Find("Property");
  for (uint32_t row = 0; row < table.row_count; ++row) {
    const base::ByteRange evidence = table.Evidence(row);
    ASSERT_EQ(evidence.size, GetParam() ? 3U : 2U);
    const uint32_t reference = forge::Read16(parsed.bytes, evidence.offset);
    EXPECT_EQ(table.strings->At(reference), table.Text(row, "Property"));
  }
}

INSTANTIATE_TEST_SUITE_P(Msi, MsiReferences, testing::Bool());

TEST(Msi, ColumnsHaveTheirTypes) {
  const Parsed parsed = Parse(MakeMsi(MsiSample()));
  const MsiTable& file = *parsed.database->Find("File");
  EXPECT_EQ(file.columns[0].kind, MsiColumnKind::kString);
  EXPECT_TRUE(file.columns[0].is_key);
  EXPECT_FALSE(file.columns[0].is_nullable);
  EXPECT_EQ(file.columns[0].max_length, 72);
  EXPECT_TRUE(file.columns[2].is_localizable);
  EXPECT_EQ(file.columns[3].kind, MsiColumnKind::kInt32);
  EXPECT_TRUE(file.columns[4].is_nullable);
  EXPECT_EQ(file.columns[6].kind, MsiColumnKind::kInt16);
  const MsiTable& binary = *parsed.database->Find("Binary");
  EXPECT_EQ(binary.columns[1].kind, MsiColumnKind::kBinary);
  EXPECT_EQ(std::get<MsiBinary>(binary.Cell(0, 1)).stream, "Binary.Script");
  EXPECT_EQ(file.Number(0, "Attributes"), 512);
  EXPECT_EQ(file.Number(0, "Version"), std::nullopt);
  EXPECT_EQ(file.Number(0, "None"), std::nullopt);
  EXPECT_EQ(file.Text(0, "Attributes"), "");
  EXPECT_EQ(file.Text(0, "None"), "");
  EXPECT_EQ(parsed.database->Find("None"), nullptr);
}

TEST(Msi, NumbersReachTheirLimits) {
  MsiRecipe recipe;
  recipe.tables = {{"T",
                    {{"K", "i2", true}, {"A", "I2"}, {"B", "I4"}, {"C", "V0"}},
                    {{-32767, 32767, 2147483647, std::string("x")},
                     {7, -1, -2147483647, {}},
                     {8, {}, {}, {}}}}};
  const Parsed parsed = Parse(MakeMsi(recipe));
  const MsiTable& table = *parsed.database->Find("T");
  EXPECT_EQ(table.Number(0, "K"), -32767);
  EXPECT_EQ(table.Number(0, "A"), 32767);
  EXPECT_EQ(table.Number(0, "B"), 2147483647);
  EXPECT_EQ(table.Number(1, "B"), -2147483647);
  EXPECT_EQ(table.Number(2, "A"), std::nullopt);
  EXPECT_EQ(table.Number(2, "B"), std::nullopt);
  EXPECT_EQ(std::get<MsiBinary>(table.Cell(0, 3)).stream, "T.-32767");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(table.Cell(1, 3)));
}

TEST(Msi, StringsMayBeLong) {
  MsiRecipe recipe;
  const std::string longest(70'000, 'x');
  recipe.tables = {{"Property",
                    {{"Property", "s72", true}, {"Value", "l0"}},
                    {{std::string("a"), longest},
                     {std::string("b"), std::string(0x40000, 'y')},
                     {std::string("c"), std::string("after")}}}};
  const Parsed parsed = Parse(MakeMsi(recipe));
  ASSERT_TRUE(parsed.database);
  const MsiTable& table = *parsed.database->Find("Property");
  EXPECT_EQ(table.Text(0, "Value"), longest);
  EXPECT_EQ(table.Text(1, "Value"), std::string(0x40000, 'y'));
  EXPECT_EQ(table.Text(2, "Value"), "after");
}

TEST(Msi, UnknownCodePagesAreSaid) {
  MsiRecipe recipe = MsiSample();
  recipe.code_page = 932;
  recipe.tables[0].rows[0][1] = std::string("\x83\x65");
  const Parsed parsed = Parse(MakeMsi(recipe));
  EXPECT_FALSE(parsed.database->strings->exact);
  EXPECT_TRUE(HasRemark(*parsed.database, RemarkKind::kUnsupported, "932"));
  EXPECT_EQ(parsed.database->remarks.size(), 1U);
}

TEST(Msi, TheSummaryIsRead) {
  const Parsed parsed = Parse(MakeMsi(MsiSample()));
  ASSERT_TRUE(parsed.database->summary);
  const MsiSummary& summary = *parsed.database->summary;
  EXPECT_EQ(summary.code_page, 1252U);
  EXPECT_EQ(summary.title, "Installation Database");
  EXPECT_EQ(summary.subject, "Example Produkt \xC3\xA4");
  EXPECT_EQ(summary.author, "Inert Example Ltd");
  EXPECT_EQ(summary.keywords, "Installer");
  EXPECT_EQ(summary.comments, "none");
  EXPECT_EQ(summary.platform_and_languages, "x64;1033");
  EXPECT_EQ(summary.package_code, "{11111111-2222-3333-4444-555555555555}");
  EXPECT_EQ(summary.application, "the forge");
  EXPECT_EQ(summary.created, 0x01D00000'00000001U);
  EXPECT_EQ(summary.last_saved, 0x01D00000'00000002U);
  EXPECT_EQ(summary.schema, 200);
  EXPECT_EQ(summary.source_flags, 2);
  EXPECT_EQ(summary.security, 2);
  EXPECT_EQ(summary.character_count, std::nullopt);
}

TEST(Msi, ASummaryThatIsCutOffIsARemark) {
  CompoundNode root = MakeMsi(MsiSample());
  ByteVector& whole = root.children[0].content;
  base::Budget budget;
  for (size_t size = 0; size < whole.size() - 8; ++size) {
    const auto summary =
        ParseMsiSummary(base::Bytes(whole).first(size), budget);
    ASSERT_FALSE(summary) << size;
    EXPECT_LE(summary.error().offset, size);
  }
  whole.resize(100);
  const Parsed parsed = Parse(root);
  ASSERT_TRUE(parsed.database);
  EXPECT_FALSE(parsed.database->summary);
  EXPECT_TRUE(HasRemark(*parsed.database, RemarkKind::kOddity, "summary"));
  EXPECT_EQ(parsed.database->tables.size(), MsiSample().tables.size());
}

TEST(Msi, StringsAndListsAreNeeded) {
  for (const char* name : {"_StringPool", "_StringData"}) {
    CompoundNode root = MakeMsi(MsiSample());
    StreamOf(root, name, true).name = u"gone";
    const Parsed parsed = Parse(root);
    ASSERT_FALSE(parsed.database);
    EXPECT_EQ(parsed.database.error().fault, Fault::kMalformed);
    EXPECT_STREQ(parsed.database.error().field, name);
    // The streams are members nevertheless.
    MemberRecorder got;
    ASSERT_TRUE(got.Run(UnpackCfb, parsed.bytes));
    EXPECT_EQ(got.ContentOf("product.cab"), "MSCF not really");
    EXPECT_EQ(got.CountOf(RemarkKind::kOddity), 1U);
  }
}

TEST(Msi, TooFewStringsAreDamage) {
  CompoundNode root = MakeMsi(MsiSample());
  StreamOf(root, "_StringData", true).content.pop_back();
  const Parsed parsed = Parse(root);
  ASSERT_FALSE(parsed.database);
  EXPECT_EQ(parsed.database.error().fault, Fault::kTruncated);
  EXPECT_STREQ(parsed.database.error().field, "_StringData");
}

struct OddDatabase {
  const char* name;
  RemarkKind kind;
  const char* text;
  void (*mutate)(CompoundNode& root);
};

const OddDatabase kOddDatabases[] = {
    {"strings left over", RemarkKind::kHiddenData, "1 bytes of _StringData",
     [](CompoundNode& root) {
       StreamOf(root, "_StringData", true).content.push_back('x');
     }},
    {"pool left over", RemarkKind::kHiddenData, "2 of _StringPool",
     [](CompoundNode& root) {
       auto& pool = StreamOf(root, "_StringPool", true).content;
       pool.resize(pool.size() + 2);
     }},
    {"row left over", RemarkKind::kHiddenData, "table Media has 1 bytes",
     [](CompoundNode& root) {
       StreamOf(root, "Media", true).content.push_back(0);
     }},
    {"no such string", RemarkKind::kOddity, "Media.Cabinet of row 1 names",
     [](CompoundNode& root) {
       forge::Write16(StreamOf(root, "Media", true).content, 12, 0x7000);
     }},
    {"unlisted table", RemarkKind::kHiddenMember, "does not list table Extra",
     [](CompoundNode& root) {
       root.children.push_back(
           forge::Stream(PackMsiName("Extra", true), {1, 2}));
     }},
    {"stream of no row", RemarkKind::kHiddenMember, "no row names stream x.bin",
     [](CompoundNode& root) {
       root.children.push_back(
           forge::Stream(PackMsiName("x.bin", false), {1, 2}));
     }},
    {"missing stream", RemarkKind::kDisagreement, "needs stream Binary.Script",
     [](CompoundNode& root) {
       std::erase_if(root.children, [](const CompoundNode& node) {
         return node.name == PackMsiName("Binary.Script", false);
       });
     }},
    {"missing cabinet", RemarkKind::kDisagreement, "cabinet #product.cab",
     [](CompoundNode& root) {
       std::erase_if(root.children, [](const CompoundNode& node) {
         return node.name == PackMsiName("product.cab", false);
       });
     }},
    {"table twice", RemarkKind::kDuplicateName, "lists table Property twice",
     [](CompoundNode& root) {
       auto& list = StreamOf(root, "_Tables", true).content;
       // The sample lists Property first.
       list.push_back(list[0]);
       list.push_back(list[1]);
     }}};

TEST(Msi, EachOddThingIsOneRemark) {
  for (const OddDatabase& odd : kOddDatabases) {
    CompoundNode root = MakeMsi(MsiSample());
    odd.mutate(root);
    const Parsed parsed = Parse(root);
    ASSERT_TRUE(parsed.database) << odd.name;
    EXPECT_TRUE(HasRemark(*parsed.database, odd.kind, odd.text))
        << odd.name << ": " << Remarks(*parsed.database);
    EXPECT_EQ(parsed.database->remarks.size(), 1U)
        << odd.name << ": " << Remarks(*parsed.database);
  }
}

// _Columns of the sample begins with the columns of Property.
TEST(Msi, AListOfColumnsThatIsWrongCostsOneTable) {
  const MsiRecipe recipe = MsiSample();
  size_t count = 0;
  for (const auto& table : recipe.tables) {
    count += table.columns.size();
  }
  const struct {
    size_t offset;
    uint16_t value;
    const char* field;
    Fault fault;
  } cases[] = {
      {count * 2, 0x8005, "_Columns.Number", Fault::kMalformed},
      {count * 6, 0x8000 | 0x103, "_Columns.Type", Fault::kUnsupported}};
  for (const auto& wrong : cases) {
    CompoundNode root = MakeMsi(recipe);
    forge::Write16(StreamOf(root, "_Columns", true).content, wrong.offset,
                   wrong.value);
    const Parsed parsed = Parse(root);
    ASSERT_TRUE(parsed.database);
    const MsiTable& table = *parsed.database->Find("Property");
    ASSERT_TRUE(table.damage);
    EXPECT_STREQ(table.damage->field, wrong.field);
    EXPECT_EQ(table.damage->fault, wrong.fault);
    EXPECT_EQ(table.row_count, 0U);
    EXPECT_EQ(parsed.database->Find("File")->row_count, 2U);
    EXPECT_TRUE(HasRemark(*parsed.database, RemarkKind::kOddity,
                          "table Property is not read"));
  }
}

TEST(Msi, ATableWithoutColumnsIsDamaged) {
  MsiRecipe recipe = MsiSample();
  recipe.tables.push_back({"Nothing", {}, {}});
  const Parsed parsed = Parse(MakeMsi(recipe));
  EXPECT_TRUE(parsed.database->Find("Nothing")->damage);
}

TEST(Msi, NamesWithoutEndAreCut) {
  MsiRecipe recipe = MsiSample();
  const std::string longest(5000, 'n');
  recipe.tables.push_back({"T", {{longest, "i2", true}}, {{1}}});
  recipe.tables.push_back({"B", {{"K", "s0", true}, {"D", "V0"}}, {}});
  const Parsed parsed = Parse(MakeMsi(recipe));
  ASSERT_TRUE(parsed.database);
  EXPECT_TRUE(HasRemark(*parsed.database, RemarkKind::kOddity, "too long"));
  EXPECT_TRUE(parsed.database->Find("T")->damage);
}

TEST(Msi, StepsEndIt) {
  for (uint64_t steps = 0; steps < 200; steps += 7) {
    const Parsed parsed = Parse(MakeMsi(MsiSample()), steps);
    ASSERT_FALSE(parsed.database) << steps;
    EXPECT_EQ(parsed.database.error().fault, Fault::kLimit);
  }
}

TEST(Msi, StreamsAreHandedOverByTheirRealNames) {
  MemberRecorder got;
  ASSERT_TRUE(
      got.Run(UnpackCfb, WriteCompoundFile(MakeMsi(MsiSample())).bytes));
  EXPECT_EQ(got.format, model::Format::kMsi);
  EXPECT_EQ(got.ContentOf("product.cab"), "MSCF not really");
  EXPECT_EQ(got.ContentOf("Binary.Script"), "MsgBox 1");
  EXPECT_NE(got.Find("!_StringPool"), nullptr);
  EXPECT_NE(got.Find("\5SummaryInformation"), nullptr);
  for (const Remark& remark : got.remarks) {
    ADD_FAILURE() << remark.what;
  }
}

TEST(Msi, TablesUnderAnotherClassIdAreADisagreement) {
  CompoundNode root = MakeMsi(MsiSample());
  root.class_id = {};
  MemberRecorder got;
  ASSERT_TRUE(got.Run(UnpackCfb, WriteCompoundFile(root).bytes));
  EXPECT_EQ(got.format, model::Format::kOle);
  EXPECT_EQ(got.CountOf(RemarkKind::kDisagreement), 1U);
  EXPECT_NE(got.Find("product.cab"), nullptr);
}

TEST(Msi, ATransformIsNotReadAsADatabase) {
  CompoundNode root = MakeMsi(MsiSample());
  StreamOf(root, "_StringData", true).content.pop_back();
  root.class_id = forge::InstallerClassId(0x82);
  MemberRecorder got;
  ASSERT_TRUE(got.Run(UnpackCfb, WriteCompoundFile(root).bytes));
  EXPECT_EQ(got.format, model::Format::kMst);
  EXPECT_TRUE(got.remarks.empty());
  // A patch that has tables is; one without is not.
  root.class_id = forge::InstallerClassId(0x86);
  MemberRecorder patch;
  ASSERT_TRUE(patch.Run(UnpackCfb, WriteCompoundFile(root).bytes));
  EXPECT_EQ(patch.format, model::Format::kMsp);
  EXPECT_EQ(patch.CountOf(RemarkKind::kOddity), 1U);
}

TEST(Msi, NoChangedByteStopsIt) {
  const ByteVector image = WriteCompoundFile(MakeMsi(MsiSample())).bytes;
  ByteVector bytes = image;
  for (size_t i = 0; i < bytes.size(); i += 5) {
    bytes[i] = static_cast<uint8_t>(bytes[i] ^ (1U << i % 8));
    MemberRecorder got;
    (void)got.Run(UnpackCfb, bytes);
    bytes[i] = image[i];
  }
}

TEST(Msi, RealDatabasesAreRead) {
  std::ifstream in(
      "../shared/corpora/signature/google__omaha/omaha/testing/"
      "unittest_support/sha2_0e4418e2dede36dd2974c3443afb5ce5.msi",
      std::ios::binary);
  const ByteVector bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.empty()) {
    GTEST_SKIP() << "no corpus";
  }
  base::Budget budget;
  const auto compound = ParseCompoundFile(bytes, budget);
  ASSERT_TRUE(compound);
  const auto database = ParseMsi(*compound, bytes, budget);
  ASSERT_TRUE(database);
  EXPECT_EQ(Remarks(*database), "");
  EXPECT_EQ(database->tables.size(), 22U);
  EXPECT_EQ(database->Find("CustomAction")->row_count, 14U);
  EXPECT_TRUE(database->summary);
  EXPECT_EQ(database->Find("Binary")->row_count, 3U);
}

}  // namespace
}  // namespace countersign::formats
