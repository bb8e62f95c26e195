#!/usr/bin/env python3
"""Tests of check_layers.py on small trees: it must fail where it must."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def in_namespace(module, body=""):
    return f"namespace countersign::{module} {{\n{body}\n}}\n"


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(HERE.parent / "layers.toml", self.root)

    def put(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def put_code(self, path, body, includes=()):
        head = "".join(f"#include {include}\n" for include in includes)
        self.put(path, head + in_namespace(path.split("/")[1], body))

    def run_checker(self):
        done = subprocess.run(
            [sys.executable, HERE / "check_layers.py", "--root", self.root],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_clean(self):
        status, output = self.run_checker()
        self.assertEqual((status, output), (0, ""))

    def assert_violation(self, start):
        status, output = self.run_checker()
        self.assertEqual(status, 1, output)
        self.assertTrue(any(line.startswith(start)
                            for line in output.splitlines()), output)

    # -- what must pass ----------------------------------------------------

    def test_clean_tree(self):
        self.put_code("src/base/reader.h", "class Reader {};", ["<span>"])
        self.put_code("src/formats/pe.h", "struct Image {};",
                      ['"base/reader.h"', '"model/artifact.h"'])
        self.put_code("src/formats/pe/rich.h", "struct Rich {};")
        self.put_code("src/formats/pe/pe.cc", "int Parse() { return 0; }",
                      ['"formats/pe/rich.h"', "<fmt/format.h>"])
        self.put_code("src/vet/vet.cc", "int n = 0;",
                      ["<thread>", "<unistd.h>", '"signing/verify.h"'])
        self.put("src/main.cc", '#include "app/run.h"\nint main() {}\n')
        self.assert_clean()

    def test_comments_and_strings_do_not_count(self):
        self.put_code("src/base/text.cc", '''
// throw; using namespace std; getenv("x"); static int n;
/* #include "vet/vet.h"
   time(nullptr) */
constexpr const char* kText = "throw std::cout getenv(";
constexpr const char* kRaw = R"(throw " getenv( #include "vet/vet.h")";
constexpr int kBig = 4'096 + '"';
constexpr long kShift = long{4} << 20;
constexpr Table kTable[] = {{"a", {1, 2}}, {"b", {3}}};''')
        self.assert_clean()

    def test_functions_are_not_globals(self):
        self.put_code("src/base/a.cc", '''
template <typename T = int>
struct Box { T value; };
enum class Kind : int { kA, kB };
inline Box<int> Make(int a = 0) { return {a}; }
[[nodiscard]] Instant Time(int a);
Box<int>& Box<int>::operator=(const Box<int>&) = default;
int Later(const Box<int>& box) {
  static constexpr int kLimit = 3;
  static const int limit = 4;
  int local = box.value;
  return local + kLimit + limit;
}
class Runtime { Instant time(int a); int x = 0; };
int Use(Runtime& r) { return r.time(3) + runtime(4); }
namespace { constexpr int kEnd = 1; }''')
        self.assert_clean()

    def test_loose_files(self):
        self.put_code("src/formats/pe_test.cc", "int n = 0;",
                      ["<gtest/gtest.h>", "<fstream>", '"forge/pe.h"',
                       '"formats/pe/rich.h"', "<openssl/evp.h>"])
        self.put("tests/forge/forge.cc", '#include "signing/verify.h"\n'
                 "#include <openssl/evp.h>\nint state = 0;\n")
        self.assert_clean()

    def test_samples_are_loose(self):
        self.put_code("src/signing/sample/forged.h", "struct Forged {};",
                      ['"forge/key.h"'])
        self.put_code("src/signing/a_test.cc", "",
                      ['"signing/sample/forged.h"'])
        self.put_code("src/signing/jar/sample/jar.h", "struct Jar {};")
        self.put_code("src/vet/a_test.cc", "",
                      ['"signing/sample/forged.h"',
                       '"signing/jar/sample/jar.h"'])
        self.assert_clean()

    def test_what_is_private_beside_samples(self):
        self.put_code("src/vet/a_test.cc", "", ['"signing/jar/sections.h"'])
        self.assert_violation("src/vet/a_test.cc:1: one door:")

    # -- what must fail ----------------------------------------------------

    def test_program_includes_sample(self):
        self.put_code("src/signing/sample/forged.h", "struct Forged {};")
        self.put_code("src/signing/a.cc", "", ['"signing/sample/forged.h"'])
        self.assert_violation("src/signing/a.cc:1: test only:")

    def test_sample_of_a_module_that_may_not_be_used(self):
        self.put_code("src/signing/sample/forged.h", "struct Forged {};")
        self.put_code("src/formats/a_test.cc", "",
                      ['"signing/sample/forged.h"'])
        self.assert_violation("src/formats/a_test.cc:1: layer:")

    def test_include_upward(self):
        self.put_code("src/base/a.cc", "", ['"model/artifact.h"'])
        self.assert_violation("src/base/a.cc:1: layer:")

    def test_include_sideways(self):
        self.put_code("src/vet/a.cc", "", ["<string>", '"hunt/detect.h"'])
        self.assert_violation("src/vet/a.cc:2: layer:")

    def test_main_includes_app_only(self):
        self.put("src/main.cc", '#include "vet/vet.h"\n')
        self.assert_violation("src/main.cc:1: layer:")

    def test_layers_hold_for_tests_in_src(self):
        self.put_code("src/base/a_test.cc", "", ['"vet/vet.h"'])
        self.assert_violation("src/base/a_test.cc:1: layer:")

    def test_one_door(self):
        self.put_code("src/vet/a.cc", "", ['"formats/pe/rich.h"'])
        self.assert_violation("src/vet/a.cc:1: one door:")

    def test_one_door_for_tests(self):
        self.put("tests/cases/a_test.cc", '#include "formats/pe/rich.h"\n')
        self.assert_violation("tests/cases/a_test.cc:1: one door:")

    def test_include_without_module(self):
        self.put_code("src/vet/a.cc", "", ['"policy.h"'])
        self.assert_violation("src/vet/a.cc:1: include path:")

    def test_include_in_angle_brackets(self):
        self.put_code("src/base/reader.h", "")
        self.put_code("src/vet/a.cc", "", ["<base/reader.h>"])
        self.assert_violation("src/vet/a.cc:1: include path:")

    def test_unknown_module(self):
        self.put_code("src/magic/a.cc", "")
        self.assert_violation("src/magic/a.cc:1: unknown module:")

    def test_namespace(self):
        self.put("src/vet/a.cc", "namespace countersign::model {}\n")
        self.assert_violation("src/vet/a.cc:1: namespace:")

    def test_hermetic_headers(self):
        for header in ("fstream", "filesystem", "thread", "mutex", "iostream",
                       "ctime", "sys/socket.h", "unistd.h"):
            with self.subTest(header):
                self.put_code("src/signing/a.cc", "", [f"<{header}>"])
                self.assert_violation("src/signing/a.cc:1: hermetic:")

    def test_hermetic_exception_is_one_file(self):
        self.put_code("src/base/blob.cc", "", ["<sys/mman.h>"])
        self.assert_clean()
        self.put_code("src/base/text.cc", "", ["<sys/mman.h>"])
        self.assert_violation("src/base/text.cc:1: hermetic:")

    def test_hermetic_names(self):
        for body in ('auto F() { return std::chrono::system_clock::now(); }',
                     'auto F() { return time(nullptr); }',
                     'auto F() { long t = ::time(nullptr); return t; }',
                     'auto F() { auto t = std::time(nullptr); return t; }',
                     'auto F() { return std::getenv("HOME"); }',
                     'void F() { std::cout << 1; }',
                     'void F() { std::fprintf(stderr, "x"); }',
                     'unsigned F() { return std::random_device{}(); }'):
            with self.subTest(body):
                self.put_code("src/formats/a.cc", body)
                self.assert_violation("src/formats/a.cc:2: hermetic:")

    def test_mutable_globals(self):
        for body in ("int counter = 0;", "std::vector<int> cache;",
                     "Table table{1, 2};", "namespace { int* now; }",
                     "int F() { static int calls = 0; return ++calls; }",
                     "struct A { static std::string last; };",
                     "constexpr int kA = int{3} + 1;  int b = 2;"):
            with self.subTest(body):
                self.put_code("src/model/a.cc", body)
                self.assert_violation("src/model/a.cc:2: mutable global:")

    def test_third_party(self):
        for path, header in (("src/signing/cms.cc", "openssl/cms.h"),
                             ("src/vet/report.cc", "nlohmann/json.hpp"),
                             ("src/vet/options.cc", "CLI/CLI.hpp"),
                             ("src/vet/fetch.cc", "curl/curl.h"),
                             ("src/app/jail.cc", "seccomp.h"),
                             ("src/formats/cab.cc", "mspack.h"),
                             ("src/base/text.h", "fmt/format.h"),
                             ("src/vet/boost.cc", "boost/any.hpp"),
                             ("src/vet/gtest.cc", "gtest/gtest.h")):
            with self.subTest(path):
                self.put_code(path, "", [f"<{header}>"])
                self.assert_violation(f"{path}:1: third party:")
                (self.root / path).unlink()

    def test_third_party_in_its_place(self):
        for path, header in (("src/signing/crypto.cc", "openssl/cms.h"),
                             ("src/model/json.cc", "nlohmann/json.hpp"),
                             ("src/app/options.cc", "CLI/CLI.hpp"),
                             ("src/sandbox/lock.cc", "seccomp.h"),
                             ("src/formats/codec/lzx.cc", "mspack.h")):
            self.put_code(path, "", [f"<{header}>"])
        self.put_code("src/app/fetch.cc", "", ["<curl/curl.h>"])
        self.assert_clean()
        self.put_code("src/app/again.cc", "", ["<curl/curl.h>"])
        self.assert_violation("src/app/fetch.cc:1: third party:")

    def test_throw(self):
        self.put_code("src/vet/a.cc", "void F() {\n  throw 1;\n}")
        self.assert_violation("src/vet/a.cc:3: throw:")

    def test_using_namespace(self):
        self.put_code("src/vet/a.cc", "using namespace std::chrono;")
        self.assert_violation("src/vet/a.cc:2: using namespace:")
        self.put_code("src/vet/a.cc",
                      "void F() {\n  using namespace std::chrono;\n}")
        self.assert_clean()

    def test_using_namespace_of_literals(self):
        body = "using namespace std::string_view_literals;"
        self.put_code("src/vet/a.cc", body)
        self.assert_clean()
        self.put_code("src/vet/a.h", body)
        self.assert_violation("src/vet/a.h:2: using namespace:")

    def test_registration(self):
        self.put_code("src/vet/a.cc", "REGISTER_CHECK(Foo);")
        self.assert_violation("src/vet/a.cc:2: registration:")

    def test_buckets(self):
        for path in ("src/base/util.h", "src/vet/string_helpers.cc",
                     "src/vet/common/a.cc", "tools/misc.py"):
            with self.subTest(path):
                self.put(path, "")
                self.assert_violation(
                    "src/vet/common:1: bucket:" if "/common/" in path
                    else f"{path}:1: bucket:")
                (self.root / path).unlink()

    def test_size(self):
        self.put_code("src/vet/a.cc", "\n" * 600)
        status, output = self.run_checker()
        self.assertEqual(status, 0, output)
        self.assertIn("src/vet/a.cc:603: warning: size:", output)
        self.put_code("src/vet/a.cc", "\n" * 900)
        self.assert_violation("src/vet/a.cc:903: size:")
        self.put_code("src/vet/a.cc", "")
        self.put_code("src/formats/table.cc", "\n" * 900)
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
