"""Samples for tools/tidy --self-test: one tree without a fault, and for each rule faults with their place."""

HEAD = "// What this is.\n// What it leaves to others.\n#pragma once\n\n"  # Four lines.

_GENERATE = """\
#!/usr/bin/env python3
import pathlib
import sys

if pathlib.Path(__file__).parent.parent.joinpath("docs/made.md").read_text() != "made\\n":
    print("docs/made.md: stale")
    sys.exit(1)
"""

GOOD = {
    "src/rooms.txt": "# lowest first\nbase\nmodel\nstore kube\napp\n",
    "src/base/CMakeLists.txt": "hedgerow_room(base LIBRARIES spdlog::spdlog)\n",
    "src/base/clock.cpp": '#include "base/clock.hpp"\n\nauto now() { return std::chrono::system_clock::now(); }\n',
    "src/base/clock.hpp": HEAD + '#include <chrono>\n#include <fmt/format.h>\n#include "base/codes.gen.hpp"\n',
    "src/base/codes.gen.hpp": "int " + "x" * 120 + ";\n" * 700,
    "src/model/CMakeLists.txt": "# store is above\nhedgerow_room(model ROOMS base)\n",
    "src/store/extra.log": "\n",
    "build/extra.cpp": "\n",
    "ui/node_modules/extra/extra.ts": "\n",
    "src/model/fabric.hpp": HEAD + '#include "base/clock.hpp"\n#include "model/fabric.hpp"\n',
    "src/model/tricky.hpp": HEAD + """\
namespace hedgerow::model {
inline constexpr int kLimit = 1'000;
const char kBrace = '{';
constexpr auto kText = R"x( } { catch (...) " )x";
template <class Value, int Count = 3>
struct Held {
  explicit Held(Value value) noexcept : value_{std::move(value)}, more_{} {}
  bool operator==(const Held&) const = default;
  [[nodiscard]] static Held of(Value value) { return Held{value}; }
  template <class Work>
  static bool run(Work work) { return work(); }
  static constexpr int kCount = Count;
  Value value_;
  std::vector<Value> more_{};
};
enum class Verdict : std::uint8_t { kMatch, kDiffers };
constexpr std::array<int, 2> kTable{{1, 2}};
const auto kTwice = [](int number) { return 2 * number; };
extern const int kElsewhere;
struct ServiceAccount {};
struct Newcomer {};
std::vector<int> read(const std::map<int, int>& from, int upto = 3);
}  // namespace hedgerow::model
""",
    "src/model/long_test.cpp": "#include <gtest/gtest.h>\n#include <nlohmann/json.hpp>\n",
    "src/store/row.cpp": '#include <sqlite3.h>\n#include <unistd.h>\n#include "model/fabric.hpp"\n// see https://'
    + "x" * 100 + "\n",
    "src/store/commit_loop.cpp": "void turn() {\n  try {\n    step();\n  } catch (...) {\n  }\n}\n",
    "tests/support/wait.cpp": "void f() { std::this_thread::sleep_for(1s); }\n",
    "tools/probe.py": "import json\n\n\ndef probe():\n    return json\n",
    "tools/probe.sh": "#!/usr/bin/env bash\n# Probes.\nset -euo pipefail\n",
    "tests/gate/main.go": "package main\n\nfunc main() {\n}\n",
    "cmake/room.cmake": "file(GLOB sources ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)  # not_there.cpp\n",
    "ui/index.html": '<link rel="icon" href="/icon.svg"><script src="/src/main.tsx"></script><div id="root"></div>\n',
    "ui/public/icon.svg": '<svg fill="#ffffff"/>\n',
    "ui/src/main.tsx": 'import "./app.css";\nimport { text } from "./text";\n<a href="#add" id="go">/* 12px */ 3 of 48</a>;\n',
    "ui/src/text/index.ts": 'export const text = "black on white";\n',
    "ui/src/api/schema.d.ts": "\n" * 700,
    "ui/src/app.css": ".page { margin: var(--space-3); color: var(--text); } /* #fff */\n#abc-list { }\n",
    "ui/src/ui/tokens.css": ":root { --page: #f7f8fa; --space-3: 12px; }\n",
    "README.md": "# Read me\n\n[the tests](tests/support) [a page](docs/a.md#part) [far](https://example.org/x)\n",
    "docs/a.md": "```\n[not a link](nowhere.md)\n```\nThe data folder is `/var/lib/hedgerow`.\n",
    "package-lock.json": '{"node_modules/x": {"version": "1.0.0"}}\n' * 700,
    "docs/made.md": "made\n",
    "tools/generate": _GENERATE,
}

_LONG_CPP = "int grow(int number)\n{\n" + "  number += 1;\n" * 68 + "  return number;\n}\n"
_LONG_GO = "package main\n\nfunc (g Gate) grow() {\n" + "\tstep()\n" * 70 + "}\n"
_LONG_PYTHON = "def grow():\n" + "    step()\n" * 70
_METHOD = HEAD + "class Tree {\n public:\n  int size() const;\n  Tree() : leaves_{} {\n" + "    grow();\n" * 70 + "  }\n};\n"

# Laid down after `git add`: present, but not tracked.
UNTRACKED = {
    *("src/store/extra.hpp", "src/store/extra.cpp", "ui/src/extra.ts", "ui/src/extra.css", "tools/extra.py"),
    *("tools/lib/extra", "tools/lib/extra.mjs", "tools/gate/extra.go", "src/store/migrations/2.sql", "src/store/extra.log"),
    *("build/extra.cpp", "ui/node_modules/extra/extra.ts"),
}

BAD = {
    "rooms": [
        ("src/model/a.cpp:2", {"src/model/a.cpp": '// x\n#include "store/row.hpp"\n'}),
        ("src/store/a.hpp:1", {"src/store/a.hpp": '#include "kube/api.hpp"\n'}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": '#include "../base/clock.hpp"\n'}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": '#include "fabric.hpp"\n'}),
        ("src/garden/a.cpp:1", {"src/garden/a.cpp": "\n"}),
    ],
    "links": [
        ("src/model/CMakeLists.txt:2", {"src/model/CMakeLists.txt": "\nhedgerow_room(model ROOMS base\n  store)\n"}),
        ("src/store/CMakeLists.txt:1", {"src/store/CMakeLists.txt": "target_link_libraries(store PUBLIC kube)\n"}),
        ("src/store/CMakeLists.txt:1", {"src/store/CMakeLists.txt": "target_link_libraries(store PUBLIC sqlite3)\n"}),
        ("src/model/CMakeLists.txt:1", {"src/model/CMakeLists.txt": "hedgerow_room(garden ROOMS base)\n"}),
        (
            "src/model/CMakeLists.txt:1",
            {"src/model/CMakeLists.txt": "hedgerow_room(model ROOMS base LIBRARIES CURL::libcurl)\n"},
        ),
        (
            "src/model/CMakeLists.txt:1",
            {"src/model/CMakeLists.txt": "hedgerow_room(model ROOMS base LIBRARIES unheard::of)\n"},
        ),
        ("src/model/CMakeLists.txt:1", {"src/model/CMakeLists.txt": "hedgerow_room(model)\n"}),
        ("src/app/CMakeLists.txt:1", {"src/app/CMakeLists.txt": "hedgerow_room(app ROOMS model)\n"}),
    ],
    "libraries": [
        ("src/model/a.cpp:1", {"src/model/a.cpp": "#include <sqlite3.h>\n"}),
        ("src/kube/a.cpp:1", {"src/kube/a.cpp": "#include <curl/curl.h>\n"}),
        ("src/kube/a.cpp:1", {"src/kube/a.cpp": "#include <openssl/ssl.h>\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "#include <nlohmann/json.hpp>\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "#include <unheard/of.hpp>\n"}),
    ],
    "file-size": [
        ("src/model/a.cpp:601", {"src/model/a.cpp": "\n" * 601}),
        ("ui/src/a.tsx:601", {"ui/src/a.tsx": "\n" * 601}),
        ("tools/a:601", {"tools/a": "#!/usr/bin/env python3\n" + "\n" * 600}),
    ],
    "function-size": [
        ("src/model/a.cpp:3", {"src/model/a.cpp": "\n\n" + _LONG_CPP}),
        ("src/model/a.hpp:8", {"src/model/a.hpp": _METHOD}),
        ("tests/gate/a.go:3", {"tests/gate/a.go": _LONG_GO}),
        ("tools/a.py:1", {"tools/a.py": _LONG_PYTHON}),
        ("tools/a:3", {"tools/a": "#!/usr/bin/env bash\n# Long.\nlong() {\n" + "  true\n" * 80 + "}\n"}),
    ],
    "line-length": [("src/model/a.cpp:2", {"src/model/a.cpp": "\n//" + "é" * 99 + "\n"})],
    "header": [
        ("src/model/a.hpp:1", {"src/model/a.hpp": "#pragma once\n"}),
        ("src/model/a.hpp:1", {"src/model/a.hpp": "// Words.\n" * 7 + "#pragma once\n"}),
        ("src/model/a.hpp:3", {"src/model/a.hpp": "// Words.\n// More.\nint f();\n"}),
    ],
    "names": [
        ("src/model/a.cpp:2", {"src/model/a.cpp": "\nclass FabricManager;\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "enum class HTTPInfo { kA };\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "using RunData = int;\n"}),
        ("src/model/fabric_utils.cpp:1", {"src/model/fabric_utils.cpp": "\n"}),
        ("ui/src/a.tsx:1", {"ui/src/a.tsx": "interface ServiceProps {}\n"}),
        ("ui/src/helpers.ts:1", {"ui/src/helpers.ts": "\n"}),
        ("tests/gate/a.go:3", {"tests/gate/a.go": "package main\n\ntype RuleEngine struct{}\n"}),
    ],
    "globals": [
        ("src/model/a.hpp:5", {"src/model/a.hpp": HEAD + "using namespace std;\n"}),
        ("src/model/a.cpp:2", {"src/model/a.cpp": "namespace {\nstd::map<int, int> cache;\n}\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "std::atomic<int> calls{0};\n"}),
        ("src/model/a.cpp:1", {"src/model/a.cpp": "static int calls = count(3);\n"}),
        ("src/model/a.hpp:6", {"src/model/a.hpp": HEAD + "struct Tree {\n  inline static int leaves = 0;\n};\n"}),
        ("src/model/a.cpp:2", {"src/model/a.cpp": "Tree& the_tree() {\n  static Tree tree;\n  return tree;\n}\n"}),
    ],
    "time": [
        ("src/model/a.cpp:2", {"src/model/a.cpp": "void f() {\n  std::this_thread::sleep_for(1s);\n}\n"}),
        ("src/kube/a.cpp:1", {"src/kube/a.cpp": "auto t = std::chrono::steady_clock::now();\n"}),
        ("src/app/a.cpp:1", {"src/app/a.cpp": "std::random_device seed;\n"}),
    ],
    "secrets": [
        ("src/auth/a.cpp:1", {"src/auth/a.cpp": "if (token != sign_in_.csrf_token(session)) throw 1;\n"}),
        ("src/auth/a.cpp:1", {"src/auth/a.cpp": "if (known->hash != digest_of(code)) throw 1;\n"}),
        ("src/web/a.cpp:1", {"src/web/a.cpp": "if (given == signer.secret_of(user)) return;\n"}),
        ("src/api/a.cpp:1", {"src/api/a.cpp": "return memcmp(a, b, 32);\n"}),
    ],
    "catch": [
        ("src/model/a.cpp:3", {"src/model/a.cpp": "void f() {\n  try { g(); }\n  catch (...) {}\n}\n"}),
        ("src/store/row.hpp:1", {"src/store/row.hpp": "try { g(); } catch (const std::exception& e) {}\n"}),
    ],
    "unfinished": [
        ("src/model/a.cpp:1", {"src/model/a.cpp": "// TO" "DO: later\n"}),
        ("ui/src/a.tsx:2", {"ui/src/a.tsx": "\n// FIX" "ME\n"}),
        ("src/store/migrations/0001_a.sql:1", {"src/store/migrations/0001_a.sql": "-- TO" "DO\n"}),
    ],
    "machine": [
        ("docs/a.md:1", {"docs/a.md": "see https://registry.npmjs" ".org/x\n"}),
        ("package-lock.json:1", {"package-lock.json": '"resolved": "https://registry.npmjs' '.org/x"\n'}),
        ("tools/probe.sh:4", {"tools/probe.sh": "#!/usr/bin/env bash\n# x\nset -euo pipefail\ncd /ho" "me/me/x\n"}),
    ],
    "untracked": [
        ("src/store/a.cpp:1", {"src/store/a.cpp": '#include "store/extra.hpp"\n', "src/store/extra.hpp": HEAD}),
        ("src/store/a.cpp:1", {"src/store/a.cpp": '#include "store/gone.hpp"\n'}),
        ("src/store/CMakeLists.txt:1", {"src/store/extra.cpp": "\n"}),
        ("ui/src/a.ts:2", {"ui/src/a.ts": '\nimport { x } from "./extra";\n', "ui/src/extra.ts": "\n"}),
        ("ui/src/a.ts:1", {"ui/src/a.ts": 'import "./extra.css";\n', "ui/src/extra.css": "\n"}),
        ("tests/CMakeLists.txt:2", {"tests/CMakeLists.txt": "add_executable(a\n  gone.cpp)\n"}),
        ("ui/index.html:1", {"ui/index.html": '<script src="/gone.js"></script>\n'}),
        ("tests/gate/a.go:3", {"tests/gate/a.go": "package main\n\n//go:embed gone.yaml\nvar policy string\n"}),
        ("tools/a.py:1", {"tools/a.py": "import extra\n", "tools/extra.py": "\n"}),
        ("tools/lib/extra:1", {"tools/lib/extra": "#!/usr/bin/env bash\n"}),
        ("tools/lib/extra.mjs:1", {"tools/lib/extra.mjs": "\n"}),
        ("tools/gate/extra.go:1", {"tools/gate/extra.go": "package main\n"}),
        ("src/store/migrations/2.sql:1", {"src/store/migrations/2.sql": "\n"}),
    ],
    "documents": [("README.md:2", {"README.md": "#\n![picture](docs/gone.png)\n"})],
    "generated": [
        ("docs/made.md:1", {"docs/made.md": "edited by hand\n"}),
        ("tools/generate:1", {"tools/generate": "#!/usr/bin/env python3\nraise ValueError\n"}),
    ],
    "gofmt": [("tests/gate/a.go:1", {"tests/gate/a.go": "package main\nfunc  f( ) { }\n"})],
    "shell": [
        ("tools/a.sh:1", {"tools/a.sh": "#!/bin/sh\nset -eu\n"}),
        ("run:1", {"run": "#!/usr/bin/env bash\nset -e\n"}),
    ],
    "tokens": [
        ("ui/src/a.css:1", {"ui/src/a.css": ".a { color: #0a5fb4; }\n"}),
        ("ui/src/a.css:2", {"ui/src/a.css": ".a {\n  width: 12px; }\n"}),
        ("ui/src/a.css:1", {"ui/src/a.css": ".a { background: rgb(1 2 3); }\n"}),
        ("ui/src/a.css:1", {"ui/src/a.css": ".a { border: solid red; }\n"}),
        ("ui/src/a.tsx:1", {"ui/src/a.tsx": '<p style={{ color: "#fff" }} />;\n'}),
        ("ui/src/a.tsx:1", {"ui/src/a.tsx": '<p style={{ width: "12px" }} />;\n'}),
    ],
    "ids": [
        ("ui/src/a.tsx:2", {"ui/src/a.tsx": '<p id="one" />;\n<b id={"one"} />;\n'}),
        ("ui/src/main.tsx:3", {"ui/src/a.tsx": '<p id="go" />;\n'}),
    ],
}
