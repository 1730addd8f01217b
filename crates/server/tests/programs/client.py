"""An assistant: connects with the protocol's own SDK, lists the tools, uses some, and prints what came back as JSON.

On standard input: {"url", "token"} or {"command", "args", "env"}; "mode", which era (2.x only); "calls", a list of
[name, arguments]. An argument "<cursor>" stands for the next_cursor of the answer before.
"""

import asyncio
import json
import sys
from importlib.metadata import version

brief = json.load(sys.stdin)
OLD = version("mcp").startswith("1.")


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def used(client):
    tools = [plain(tool) for tool in (await client.list_tools()).tools]
    answers, cursor = [], None
    for name, arguments in brief["calls"]:
        arguments = {key: cursor if value == "<cursor>" else value for key, value in arguments.items()}
        # The SDK holds what is structured to the tool's own schema, and raises where it does not fit.
        answer = plain(await client.call_tool(name, arguments))
        data = answer.get("structuredContent")
        cursor = (data or {}).get("next_cursor")
        text = "".join(block.get("text", "") for block in answer["content"])
        answers.append({"error": answer.get("isError", False), "text": text, "data": data})
    return tools, answers


async def old():
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamablehttp_client

    if "url" in brief:
        transport = streamablehttp_client(brief["url"], headers={"Authorization": f"Bearer {brief['token']}"})
    else:
        transport = stdio_client(
            StdioServerParameters(command=brief["command"], args=brief["args"], env=brief["env"], cwd=brief["cwd"])
        )
    async with transport as streams, ClientSession(*streams[:2]) as session:
        hello = plain(await session.initialize())
        return hello["protocolVersion"], hello["serverInfo"]["name"], *await used(session)


async def new():
    import httpx2
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters
    from mcp.client.streamable_http import streamable_http_client

    if "url" in brief:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {brief['token']}"}, timeout=60)
        server = streamable_http_client(brief["url"], http_client=http)
    else:
        server = StdioServerParameters(command=brief["command"], args=brief["args"], env=brief["env"], cwd=brief["cwd"])
    async with Client(server, mode=brief["mode"]) as client:
        name = client.server_info.name if client.server_info else ""
        return client.protocol_version, name, *await used(client)


protocol, name, tools, answers = asyncio.run(old() if OLD else new())
json.dump({"protocol": protocol, "server": name, "tools": tools, "answers": answers}, sys.stdout)
