"""fork() with a database open."""

FORK = """
import os, quipu
store = quipu.RocksDBKVStore(sys.argv[1])
store.put("k", {"v": 1})
pid = os.fork()
if pid == 0:
    try:
        store.get("k")
    except quipu.ForkedError as error:
        os.write(1, b"refused\\n")
    sys.exit(7)
_, status = os.waitpid(pid, 0)
print("child", os.WEXITSTATUS(status), store.get("k"))
store.put("after", {})
store.close()
"""

IN_THE_CHILD = """
import os, quipu
with quipu.RocksDBKVStore(sys.argv[1]) as store:
    store.put("k", {"v": 1})
pid = os.fork()
if pid == 0:
    with quipu.RocksDBKVStore(sys.argv[1]) as store:
        store.put("k", {"v": 2})
    sys.exit(0)
_, status = os.waitpid(pid, 0)
print(os.WEXITSTATUS(status), quipu.RocksDBKVStore(sys.argv[1]).get("k"))
"""


def test_child_is_refused_and_parent_works_on(path, run_python):
    ran = run_python(FORK, path)
    assert ran.stdout == "refused\nchild 7 {'v': 1}\n", ran.stderr
    assert (ran.returncode, ran.stderr) == (0, "")


def test_child_opens_what_its_parent_has_closed(path, run_python):
    ran = run_python(IN_THE_CHILD, path)
    assert ran.stdout == "0 {'v': 2}\n", ran.stderr
