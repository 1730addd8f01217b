"""OpenAI's own client of the Live API, talking to the stand-in.

Reads its address on standard input; says `holds` at the end if everything was as the client's types have it.
"""

import asyncio
import base64
import json
import sys

from openai import AsyncOpenAI
from openai.types.live import server_event
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

SERVER = TypeAdapter(server_event.ServerEvent)
INNER = TypeAdapter(ResponseStreamEvent)
SILENCE = base64.b64encode(b"\xff" * 160).decode()
LOUD = base64.b64encode(b"\x10" * 160).decode()
TOOL = {"type": "function", "name": "check", "description": "Checks.", "parameters": {"type": "object", "properties": {}}}


class Talk:
    """One session: sends sound as time passes, and keeps what comes."""

    def __init__(self, connection):
        self.connection = connection
        self.events = []
        self.work = []
        self.sound = b""
        self.frame = SILENCE

    async def send_sound(self):
        while True:
            await self.connection.session.input_audio.append(audio=self.frame)
            await asyncio.sleep(0.02)

    async def until(self, kind, inner=None):
        """Reads on until an event of this type, whose own event is of the other."""
        while True:
            event = await asyncio.wait_for(self.connection.recv(), 60)
            # What the client built without checking is checked here.
            event = SERVER.validate_python(json.loads(event.model_dump_json(exclude_unset=True)))
            if event.type == "session.output_audio.delta":
                self.sound += base64.b64decode(event.delta)
                continue
            self.events.append(event)
            if event.type == "response.event":
                self.work.append(INNER.validate_python(event.event))
            if event.type == kind and (inner is None or event.event["type"] == inner):
                return event


async def check(base_url):
    client = AsyncOpenAI(api_key="sk-test", base_url=base_url)
    async with client.live.connect() as connection:
        await connection.session.start(
            event_id="start",
            session={
                "model": "gpt-live-1",
                "instructions": "Be brief.",
                "audio": {"format": {"type": "audio/pcmu", "rate": 8000}, "output": {"voice": "marin"}},
                "delegation": {"type": "responses", "responses": {"model": "gpt-5.6-luna", "tools": [TOOL]}},
            },
        )
        talk = Talk(connection)
        started = await talk.until("session.started")
        assert started.session.id == "live_1", started
        assert started.session.audio.format.type == "audio/pcmu", started
        sound = asyncio.create_task(talk.send_sound())
        await connection.session.commentary.append(
            event_id="greet", delegation_id=None, content="Greet the caller: Hello there, who is it?"
        )
        placed = await talk.until("session.commentary.appended")
        assert placed.client_event_id == "greet", placed
        while "it?" not in "".join(e.delta for e in talk.events if e.type == "session.output_transcript.delta"):
            await talk.until("session.output_transcript.delta")
        assert talk.sound.strip(b"\xff\x7f"), "it is heard"

        talk.frame = LOUD
        await talk.until("session.input_transcript.delta")
        talk.frame = SILENCE
        created = await talk.until("session.delegation.created")
        assert created.delegation.target == "responses", created
        await talk.until("response.event", "response.completed")
        items = [e.item for e in talk.work if e.type == "response.output_item.done"]
        calls = [item for item in items if item.type == "function_call"]
        assert len(calls) == 1 and calls[0].name == "check" and json.loads(calls[0].arguments) == {"day": "friday"}, calls
        await connection.response.item.create(
            item={"type": "function_call_output", "call_id": calls[0].call_id, "output": "free"}
        )
        await connection.response.create()
        await talk.until("response.event", "response.completed")

        await connection.session.update(session={"delegation": {"type": "responses", "responses": {"tools": []}}})
        updated = await talk.until("session.updated")
        assert updated.session.delegation.responses.tools == [], updated
        await connection.session.update(event_id="wrong", session={"delegation": {"type": "client"}})
        error = await talk.until("error")
        assert error.error.code == "immutable_field_update" and error.error.client_event_id == "wrong", error

        sound.cancel()
        await connection.session.close(event_id="bye")
        closed = await talk.until("session.closed")
        assert closed.reason == "close_requested" and closed.usage.seconds > 0, closed
    print("holds", flush=True)


asyncio.run(check(sys.stdin.readline().strip()))
