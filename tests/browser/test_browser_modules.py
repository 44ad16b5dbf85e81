"""The page's pure modules, under Node's own test runner."""

import asyncio
from pathlib import Path

_JS = Path(__file__).parent / "js"


async def test_pure_modules_pass_their_node_tests() -> None:
    files = sorted(str(file) for file in _JS.glob("*.test.mjs"))
    assert files
    node = await asyncio.create_subprocess_exec(
        "node", "--test", *files, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await node.communicate()
    assert node.returncode == 0, output.decode()
