"""The packages `ollama` and `openai` as the clients of the stand-in for language models.

The first line of the standard input is the stand-in's address; `holds` is printed when all is as it should be.
"""

import json
import sys

URL = sys.stdin.readline().strip()
TOOLS = [{"type": "function", "function": {
    "name": "look", "description": "Is a day free?",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}}}]
OPTIONS = {"num_ctx": 8192, "temperature": 0.5}


def by_ollama():
    import ollama
    client = ollama.Client(host=URL)
    assert [model.model for model in client.list().models] == ["test-model"]
    hello = [{"role": "user", "content": "hello"}]
    said = client.chat(model="test-model", messages=hello, options=OPTIONS, think=False, keep_alive="5m")
    assert said.message.content == "Hello there." and said.done_reason == "stop" and said.eval_count > 0, said
    pieces = list(client.chat(model="test-model", messages=hello, stream=True, options=OPTIONS))
    assert "".join(piece.message.content or "" for piece in pieces) == "Hello there."
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    schema = {"type": "object", "properties": {"say": {"type": "string"}, "use": {"type": "null"}}, "required": ["say", "use"]}
    by_schema = [{"role": "system", "content": "Answer in JSON."}] + hello
    said = client.chat(model="test-model", messages=by_schema, options=OPTIONS, format=schema)
    assert json.loads(said.message.content) == {"say": "Hello there.", "use": None}, said
    asked = [{"role": "user", "content": "Is Friday free?"}]
    pieces = list(client.chat(model="test-model", messages=asked, tools=TOOLS, stream=True, options=OPTIONS))
    assert any(piece.message.thinking for piece in pieces)
    calls = [call for piece in pieces for call in piece.message.tool_calls or []]
    assert [(call.function.name, call.function.arguments) for call in calls] == [("look", {"day": "friday"})]
    asked += [{"role": "assistant", "content": "", "tool_calls": calls},
              {"role": "tool", "tool_name": "look", "content": "It is free."}]
    said = client.chat(model="test-model", messages=asked, tools=TOOLS, options=OPTIONS)
    assert said.message.content == "Friday is free.", said
    try:
        client.chat(model="other", messages=hello, options=OPTIONS)
    except ollama.ResponseError as error:
        assert error.status_code == 404 and "other" in error.error, error
    else:
        raise AssertionError("there is no other model")


def by_openai():
    import openai
    client = openai.OpenAI(base_url=URL + "/v1", api_key="a-key-of-the-test", max_retries=0)
    assert [model.id for model in client.models.list()] == ["test-model"]
    ask = dict(model="test-model", stream=True, stream_options={"include_usage": True})
    pieces = list(client.chat.completions.create(messages=[{"role": "user", "content": "hello"}], **ask))
    said = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert said == "Hello there.", said
    assert pieces[-1].choices == [] and pieces[-1].usage.total_tokens > 0
    asked = [{"role": "user", "content": "Both days?"}]
    calls = {}
    for piece in client.chat.completions.create(messages=asked, tools=TOOLS, **ask):
        for part in piece.choices[0].delta.tool_calls or [] if piece.choices else []:
            call = calls.setdefault(part.index, {"id": part.id, "name": part.function.name, "arguments": ""})
            call["arguments"] += part.function.arguments or ""
    days = [json.loads(call["arguments"])["day"] for call in calls.values()]
    assert days == ["friday", "monday"], calls
    asked.append({"role": "assistant", "content": None, "tool_calls": [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls.values()]})
    asked += [{"role": "tool", "tool_call_id": call["id"], "content": "free"} for call in calls.values()]
    pieces = list(client.chat.completions.create(messages=asked, tools=TOOLS, **ask))
    said = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert said == "Friday is free.", said
    for wrong, error in ((dict(api_key="wrong"), openai.AuthenticationError),):
        try:
            client.with_options(**wrong).chat.completions.create(messages=asked[:1], **ask)
        except error as refused:
            assert refused.code == "invalid_api_key", refused
        else:
            raise AssertionError("that key is wrong")


{"ollama": by_ollama, "openai": by_openai}[sys.argv[1]]()
print("holds")
