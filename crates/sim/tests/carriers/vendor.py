"""The telephone companies' own packages against the stand-ins for them.

    scripts/python crates/sim/tests/carriers/vendor.py judge     judges signed requests, and the same ones changed
    scripts/python crates/sim/tests/carriers/vendor.py twilio    goes through the API (also: plivo, telnyx)

Standard input is JSON: for `judge` the `secret`, the `public_key` and the `requests`; else the `url` of the stand-in, the
account's `id` and `secret`, and a `call` under way.
"""

import json
import os
import sys
from urllib.parse import parse_qsl

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

GIVEN = json.load(sys.stdin)
FROM, TO = "+14155550100", "+14155550123"
HOOK = "https://voice.example.com/out"


def refused(what, kind, check=lambda error: True):
    try:
        what()
    except kind as error:
        assert check(error), repr(error)
        return
    raise AssertionError("it was not refused")


def valid(request, secret, public_key):
    """What the company's package says of a request."""
    headers, url, method = request["headers"], request["url"], request["method"]
    fields = dict(parse_qsl(request["body"], keep_blank_values=True)) if request["carrier"] != "telnyx" else {}
    if request["carrier"] == "twilio":
        from twilio.request_validator import RequestValidator

        return RequestValidator(secret).validate(url, fields, headers["x-twilio-signature"])
    if request["carrier"] == "plivo":
        from plivo.utils import validate_signature, validate_v3_signature

        if "x-plivo-signature-v3" not in headers:
            return validate_signature(
                url, headers["x-plivo-signature-v2-nonce"], headers["x-plivo-signature-v2"], secret
            )
        nonce = headers["x-plivo-signature-v3-nonce"]
        assert headers["x-plivo-signature-ma-v3"]
        return validate_v3_signature(method, url, nonce, secret, headers["x-plivo-signature-v3"], fields)
    from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature

    try:
        verify_webhook_signature(request["body"], headers, public_key)
        return True
    except WebhookVerificationError:
        return False


def judge():
    judged = 0
    for request in GIVEN["requests"]:
        key = GIVEN["public_key"]
        assert valid(request, GIVEN["secret"], key), request
        if request["carrier"] == "telnyx":
            changed = [dict(request, body=request["body"] + "&a=b")]
        else:
            assert not valid(request, GIVEN["secret"] + "x", key), request
            changed = [dict(request, url=request["url"].replace("voice.", "vpice."))]
            if request["method"] == "POST" and "x-plivo-signature-v2" not in request["headers"]:
                changed.append(dict(request, body=request["body"].replace("555", "556")))
        for one in changed:
            assert not valid(one, GIVEN["secret"], key), one
        judged += 1
    assert judged == 18, judged


def twilio():
    from twilio.base.exceptions import TwilioRestException
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    class Here(TwilioHttpClient):
        def request(self, method, url, *args, **kwargs):
            return super().request(method, url.replace("https://api.twilio.com", GIVEN["url"]), *args, **kwargs)

    client = Client(GIVEN["id"], GIVEN["secret"], http_client=Here())
    assert client.api.accounts(GIVEN["id"]).fetch().status == "active"
    stranger = Client(GIVEN["id"], "wrong", http_client=Here())
    refused(lambda: stranger.api.accounts(GIVEN["id"]).fetch(), TwilioRestException, lambda e: e.status == 401)
    [number] = client.incoming_phone_numbers.list()
    assert number.phone_number == FROM
    changed = number.update(voice_url=HOOK, voice_method="POST", sms_url=HOOK, status_callback=HOOK)
    assert changed.voice_url == HOOK and client.incoming_phone_numbers(number.sid).fetch().sms_url == HOOK
    call = client.calls.create(
        to=TO,
        from_=FROM,
        url=HOOK,
        status_callback=HOOK,
        status_callback_event=["initiated", "completed"],
        machine_detection="Enable",
        async_amd="true",
        async_amd_status_callback=HOOK,
    )
    assert call.status == "queued" and call.sid.startswith("CA")
    refused(lambda: client.calls.create(to="123", from_=FROM, url=HOOK), TwilioRestException, lambda e: e.code == 21211)
    client.calls(GIVEN["call"]).update(twiml="<Response><Dial>+14155550123</Dial></Response>")
    assert client.calls(GIVEN["call"]).update(status="completed").status == "completed"
    gone = "CA" + "f" * 32
    refused(
        lambda: client.calls(gone).update(status="completed"),
        TwilioRestException,
        lambda e: (e.status, e.code) == (404, 20404),
    )
    text = client.messages.create(to=TO, from_=FROM, body="Hello")
    assert [one.sid for one in client.messages.list(to=TO, from_=FROM)] == [text.sid]


def plivo():
    import plivo as package
    import plivo.rest.client as inside
    from plivo.exceptions import AuthenticationError, ResourceNotFoundError, ValidationError

    for name in ["PLIVO_API_BASE_URI", "API_VOICE_BASE_URI"]:
        setattr(inside, name, GIVEN["url"] + "/v1/Account")
    client = package.RestClient(GIVEN["id"], GIVEN["secret"])
    client.base_uri = GIVEN["url"] + "/v1/Account"
    assert client.account.get().auth_id == GIVEN["id"]
    stranger = package.RestClient(GIVEN["id"], "wrong")
    refused(stranger.account.get, AuthenticationError)
    made = client.applications.create(app_name="Ours", answer_url=HOOK, hangup_url=HOOK, message_url=HOOK)
    assert made.message == "created", made
    assert client.applications.get(made.app_id).answer_url == HOOK
    assert [one.app_id for one in client.applications.list().objects] == [made.app_id]
    client.applications.update(made.app_id, answer_url=HOOK + "2")
    client.numbers.update(FROM[1:], app_id=made.app_id)
    [number] = client.numbers.list().objects
    assert number.application.rstrip("/").endswith(made.app_id)
    call = client.calls.create(
        from_=FROM[1:], to_=TO[1:], answer_url=HOOK, answer_method="POST", machine_detection="true", ring_timeout=60
    )
    assert call.message == "call fired" and call.request_uuid
    refused(lambda: client.calls.create(from_=FROM[1:], to_="12", answer_url=HOOK), ValidationError)
    client.calls.transfer(GIVEN["call"], legs="aleg", aleg_url=HOOK, aleg_method="POST")
    client.calls.hangup(GIVEN["call"])
    refused(lambda: client.calls.hangup("24b28e6c-cdbf-4bb8-9e3d-1f9a1f9a1f9a"), ResourceNotFoundError)
    text = client.messages.create(src=FROM[1:], dst=TO[1:], text="Hello", url=HOOK)
    assert len(text.message_uuid) == 1


def telnyx():
    from telnyx import AuthenticationError, Telnyx, UnprocessableEntityError

    client = Telnyx(api_key=GIVEN["secret"], base_url=GIVEN["url"] + "/v2", max_retries=0)
    assert client.balance.retrieve().data.currency == "USD"
    stranger = Telnyx(api_key="wrong", base_url=GIVEN["url"] + "/v2", max_retries=0)
    refused(stranger.balance.retrieve, AuthenticationError)
    made = client.texml_applications.create(friendly_name="Ours", voice_url=HOOK, voice_method="post").data
    assert client.texml_applications.retrieve(made.id).data.voice_url == HOOK
    assert made.id in [one.id for one in client.texml_applications.list().data]
    client.texml_applications.update(made.id, friendly_name="Ours", voice_url=HOOK + "2")
    [number] = client.phone_numbers.list().data
    client.phone_numbers.update(number.id, connection_id=made.id)
    assert client.phone_numbers.retrieve(number.id).data.connection_id == made.id
    wanted = {
        "ApplicationSid": made.id,
        "To": TO,
        "From": FROM,
        "Url": HOOK,
        "StatusCallback": HOOK,
        "StatusCallbackEvent": "initiated",
        "MachineDetection": "Enable",
    }
    placed = client.texml.accounts.calls.calls(GIVEN["id"], body=wanted)
    assert placed.status == "queued", placed
    client.calls.actions.transfer(GIVEN["call"], to=TO)
    assert client.calls.actions.hangup(GIVEN["call"]).data.result == "ok"
    refused(
        lambda: client.calls.actions.hangup("v3:gone"),
        UnprocessableEntityError,
        lambda e: e.body["errors"][0]["code"] == "90018",
    )
    assert client.messages.send(from_=FROM, to=TO, text="Hello").data.to[0].status == "queued"


{"judge": judge, "twilio": twilio, "plivo": plivo, "telnyx": telnyx}[sys.argv[1]]()
print("holds")
