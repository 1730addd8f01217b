"""OpenAI's and Deepgram's own Python packages as clients of the stand-in for what hears and speaks.

    scripts/python crates/sim/tests/speech/vendor.py PART    openai or deepgram; says "holds" where it does

Standard input is JSON: the `url` of the stand-in and the `key` that it wants.
"""

import io
import json
import os
import sys
import wave

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

GIVEN = json.load(sys.stdin)
WORDS = "Where is my order?"


def utterance(seconds=1, hertz=16000):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(hertz)
        out.writeframes(b"\x00\x10" * (hertz * seconds))
    return file.getvalue()


def openai():
    from openai import AuthenticationError, BadRequestError, OpenAI

    client = OpenAI(api_key=GIVEN["key"], base_url=GIVEN["url"] + "/v1", max_retries=0)
    file = ("utterance.wav", utterance(), "audio/wav")
    brief = client.audio.transcriptions.create(model="gpt-transcribe", file=file, language="en", prompt="Elm Street")
    assert brief.text == WORDS, brief
    full = client.audio.transcriptions.create(
        model="whisper-1", file=file, response_format="verbose_json", temperature=0
    )
    assert full.text == WORDS and full.segments[0].no_speech_prob < 0.1, full
    voice = {"model": "gpt-4o-mini-tts", "voice": "marin", "input": "Hello."}
    with client.audio.speech.with_streaming_response.create(response_format="pcm", **voice) as answer:
        sound = b"".join(answer.iter_bytes())
    assert len(sound) == 2 * 24000, len(sound)
    for wrong in [dict(voice, voice="slt"), dict(voice, input=""), dict(voice, input="x" * 5000)]:
        try:
            client.audio.speech.create(**wrong)
            raise SystemExit(f"{wrong} was taken")
        except BadRequestError as refusal:
            assert refusal.body["type"] == "invalid_request_error", refusal
    try:
        OpenAI(api_key="another", base_url=GIVEN["url"] + "/v1", max_retries=0).audio.speech.create(**voice)
        raise SystemExit("another key was taken")
    except AuthenticationError:
        pass


def deepgram():
    from deepgram import DeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.environment import DeepgramClientEnvironment

    http = GIVEN["url"]
    socket = http.replace("http:", "ws:")
    there = DeepgramClientEnvironment(base=http, production=socket, agent=socket, agent_rest=http)

    def client(key):
        return DeepgramClient(api_key=key, environment=there)

    own = client(GIVEN["key"])
    agreed = {"encoding": "linear16", "sample_rate": 8000}
    with own.listen.v1.connect(model="nova-3", language="en-US", punctuate="true", **agreed) as call:
        call.send_media(b"\x00\x10" * 8000)
        call.send_keep_alive()
        call.send_finalize()
        call.send_close_stream()
        heard = [message for message in call if message.type == "Results"]
    finals = [r.channel.alternatives[0].transcript for r in heard if r.is_final]
    assert " ".join(part for part in finals if part) == WORDS, heard
    with own.listen.v2.connect(model="flux-general-en", **agreed) as call:
        call.send_media(b"\x00\x10" * 8000)
        call.send_force_end_turn()
        turns = []
        for message in call:
            turns.append(message)
            if message.type == "TurnInfo" and message.event == "EndOfTurn":
                call.send_close_stream()
                break
    assert turns[0].type == "Connected" and turns[-1].transcript == WORDS, turns
    with own.listen.v2.connect(model="flux-general-en", eager_eot_threshold="0.5", **agreed) as call:
        call.send_media(b"\x00\x10" * 8000 + b"\x00\x00" * 8000)
        events = []
        for message in call:
            if message.type == "TurnInfo":
                events.append(message.event)
            if events[-1:] == ["EndOfTurn"]:
                call.send_close_stream()
                break
    told = [event for event in events if event != "Update"]
    assert told == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"], events
    sound = own.speak.v1.audio.generate(text="Hello.", model="aura-2-thalia-en", container="none", **agreed)
    assert len(b"".join(sound)) == 2 * 8000
    try:
        list(client("another").speak.v1.audio.generate(text="Hello.", model="aura-2-thalia-en", **agreed))
        raise SystemExit("another key was taken")
    except ApiError as refusal:
        assert refusal.status_code == 401, refusal


{"openai": openai, "deepgram": deepgram}[sys.argv[1]]()
print("holds")
