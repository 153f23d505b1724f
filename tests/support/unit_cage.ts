// What the unit of systemd lets the server do, where no systemd runs: its system calls, address families, memory that is
// written or executed, namespaces and limits of files, without any capability. Read from the unit itself; what its
// groups of calls hold is systemd's own list.
import { run } from "./process";
import { inTree } from "./tree";

export const unitFile = inTree("packaging", "systemd", "hedgerow.service");

const program = `
import ctypes, errno, os, re, resource, socket, subprocess, sys

ALLOW = 0x7fff0000
refuse = lambda number: 0x00050000 | number
EQUAL, MASKED = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ

class Compared(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compared)]
lib.seccomp_load.argtypes = [ctypes.c_void_p]

def must(code):
    if code < 0:
        raise OSError(-code, os.strerror(-code))

def rule(filters, action, call, *compared):
    number = lib.seccomp_syscall_resolve_name(call.encode())
    if number >= 0:  # Not one of this architecture's otherwise.
        must(lib.seccomp_rule_add_array(filters, action, number, len(compared), (Compared * len(compared))(*compared)))

unit = {}
for line in open(sys.argv[1]):
    name, equals, value = line.strip().partition("=")
    if equals and not name.startswith("#"):
        unit.setdefault(name, []).append(value)

def calls_of(group):
    if not group.startswith("@"):
        return {group}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(calls_of(line) for line in lines if line and not line.startswith("#")))

allowed = set()
for value in unit["SystemCallFilter"]:
    calls = set().union(*(calls_of(word) for word in value.lstrip("~").split()))
    allowed = allowed - calls if value.startswith("~") else allowed | calls

most = int(unit["LimitNOFILE"][0])
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.umask(int(unit["UMask"][0], 8))

# What an argument decides. Loaded first, for the calls that load are not among those allowed.
by_argument = lib.seccomp_init(ALLOW)
families = [getattr(socket, name) for name in unit["RestrictAddressFamilies"][0].split()]
for family in range(64):
    if family not in families:
        rule(by_argument, refuse(errno.EAFNOSUPPORT), "socket", Compared(0, EQUAL, family, 0))
if unit["MemoryDenyWriteExecute"] == ["yes"]:
    rule(by_argument, refuse(errno.EPERM), "mmap", Compared(2, MASKED, 6, 6))
    rule(by_argument, refuse(errno.EPERM), "mprotect", Compared(2, MASKED, 4, 4))
if unit["RestrictNamespaces"] == ["yes"]:
    rule(by_argument, refuse(errno.EPERM), "unshare")
    rule(by_argument, refuse(errno.EPERM), "setns")
must(lib.seccomp_load(by_argument))

error = unit.get("SystemCallErrorNumber")
by_name = lib.seccomp_init(refuse(getattr(errno, error[0])) if error else 0x80000000)
for call in allowed:
    rule(by_name, ALLOW, call)
must(lib.seccomp_load(by_name))
os.execv(sys.argv[2], sys.argv[2:])
`;

const withoutPrivileges = [
  "setpriv",
  "--no-new-privs",
  ...(process.getuid?.() === 0 ? ["--bounding-set=-all", "--inh-caps=-all"] : []),
];

// Put it before a program and its words.
export const cage = (unit = unitFile): string[] => [
  ...withoutPrivileges,
  "python3",
  "-c",
  program,
  unit,
];

// What systemd itself finds wrong with it.
export async function complaintsOfSystemd(): Promise<string[]> {
  const { output, complaints } = await run("systemd-analyze", ["verify", "--man=no", unitFile]);
  // The program itself is not installed where tests run.
  return `${output}${complaints}`
    .split("\n")
    .filter((line) => line.includes("hedgerow.service") && !line.includes("is not executable"));
}
