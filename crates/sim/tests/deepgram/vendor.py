"""Deepgram's own Python package as the client of the stand-in for its Voice Agent.

    scripts/python crates/sim/tests/deepgram/vendor.py   goes through a call, and exits with 0 where it holds

Standard input is JSON: the `host` of the stand-in and the `key` that it wants. Everything that the stand-in sends is
read by the package's models, strictly.
"""

import json
import os
import sys

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

from deepgram import DeepgramClient
from deepgram.agent.v1 import types as agent
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from websockets.exceptions import InvalidStatus

GIVEN = json.load(sys.stdin)
SOUND = {"encoding": "mulaw", "sample_rate": 8000}
FUNCTION = {
    "name": "lookup_order",
    "description": "Find an order by its number.",
    "parameters": {"type": "object", "properties": {"order_number": {"type": "string"}}},
}
THINK = {
    "provider": {"type": "open_ai", "model": "gpt-4o-mini", "temperature": 0.4},
    "prompt": "Be brief.",
    "functions": [FUNCTION],
}
SPEAK = {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}}
SETTINGS = {
    "type": "Settings",
    "audio": {"input": SOUND, "output": dict(SOUND, container="none")},
    "agent": {
        "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
        "think": THINK,
        "speak": SPEAK,
        "greeting": "Thanks for calling.",
    },
}


def client(key):
    host = GIVEN["host"]
    http = host.replace("ws:", "http:")
    there = DeepgramClientEnvironment(base=http, production=host, agent=host, agent_rest=http)
    return DeepgramClient(api_key=key, environment=there)


class Call:
    def __init__(self, socket):
        self.socket = socket
        self.sound = 0

    def next(self):
        """The next message, read as strictly as the package's model of it can."""
        while True:
            message = self.socket.recv()
            if isinstance(message, bytes):
                self.sound += len(message)
                continue
            model = getattr(agent, "AgentV1" + message.type, None)
            if message.type == "History":
                continue
            assert model is not None and isinstance(message, model), repr(message)
            model.model_validate(message.model_dump(), strict=True)
            assert not (message.model_extra or {}).keys() - {"type"}, message.model_extra
            return message

    def until(self, kind):
        seen = []
        while True:
            message = self.next()
            seen.append(message)
            if message.type == kind:
                return seen


def refused():
    try:
        with client("wrong").agent.v1.connect():
            raise AssertionError("it was not refused")
    except (ApiError, InvalidStatus) as error:
        # The package knows the errors of older versions of its library of WebSockets.
        status = error.status_code if isinstance(error, ApiError) else error.response.status_code
        assert status == 401, error


def talk():
    with client(GIVEN["key"]).agent.v1.connect() as socket:
        call = Call(socket)
        assert call.next().request_id
        socket.send_settings(agent.AgentV1Settings.model_validate(SETTINGS))
        assert call.next().type == "SettingsApplied"
        greeting = call.until("AgentAudioDone")
        assert greeting[0].role == "assistant" and greeting[0].content == "Thanks for calling.", greeting
        assert call.sound == 1600, call.sound

        socket.send_keep_alive(agent.AgentV1KeepAlive(type="KeepAlive"))
        loud = bytes(0x10 if n // 8 % 2 else 0x90 for n in range(2400))
        socket.send_media(loud)
        assert call.next().type == "UserStartedSpeaking"
        socket.send_media(b"\xff" * 4800)
        said = call.next()
        assert (said.role, said.content) == ("user", "Where is my order?")

        wanted = call.next()
        assert [one.name for one in wanted.functions] == ["lookup_order"] * 2
        for one in wanted.functions:
            assert one.client_side is True and json.loads(one.arguments)["order_number"]
            socket.send_function_call_response(
                agent.AgentV1SendFunctionCallResponse(
                    type="FunctionCallResponse", id=one.id, name=one.name, content='{"ok":true}'
                )
            )
        call.sound = 0
        answer = call.until("AgentAudioDone")
        assert answer[0].content == "Your order ships today.", answer
        assert call.sound == 3200, call.sound

        socket.send_update_prompt(agent.AgentV1UpdatePrompt(type="UpdatePrompt", prompt="They are a gold customer."))
        assert call.next().type == "PromptUpdated"
        socket.send_update_think(agent.AgentV1UpdateThink.model_validate({"type": "UpdateThink", "think": THINK}))
        assert call.next().type == "ThinkUpdated"
        socket.send_update_speak(agent.AgentV1UpdateSpeak.model_validate({"type": "UpdateSpeak", "speak": SPEAK}))
        assert call.next().type == "SpeakUpdated"
        inject = {"type": "InjectAgentMessage", "message": "One moment.", "behavior": "queue"}
        socket.send_inject_agent_message(agent.AgentV1InjectAgentMessage.model_validate(inject))
        assert call.until("AgentAudioDone")[0].content == "One moment."
        socket.send_inject_user_message(agent.AgentV1InjectUserMessage(type="InjectUserMessage", content="One."))
        assert call.next().content == "One."
        call.until("AgentStartedSpeaking")

        socket.send_settings(agent.AgentV1Settings.model_validate(SETTINGS))
        error = call.until("Error")[-1]
        assert error.code == "SETTINGS_ALREADY_APPLIED", error


refused()
talk()
print("holds")
