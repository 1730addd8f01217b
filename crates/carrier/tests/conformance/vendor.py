"""The telephone companies' own XML classes write our documents a second time.

    scripts/python crates/carrier/tests/conformance/vendor.py

Standard input is a JSON list of documents: `carrier`, `kind` (`voice` or `messaging`) and `xml`. Each is built again by the
classes of the company's package, element by element: an element that they do not have or do not let stand there, an
attribute that they do not name, or a value that they do not take fails. What they write must be what we wrote.
"""

import inspect
import json
import re
import sys

from lxml import etree

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def snake(name):
    return re.sub(r"([A-Z])", lambda letter: "_" + letter.group(1).lower(), name).lstrip("_")


def bare(document):
    """Without its declaration and the ways to write the same element."""
    return etree.tostring(etree.fromstring(document.encode()), encoding="unicode")


def twilio(document, kind):
    from twilio.twiml.messaging_response import MessagingResponse
    from twilio.twiml.voice_response import VoiceResponse

    def add(parent, element):
        verb = getattr(parent, snake(element.tag), None)
        assert verb, f"<{element.tag}> cannot stand in {type(parent).__name__}"
        known = [one for one in inspect.signature(verb).parameters if one != "kwargs"]
        given = {snake(name): value for name, value in element.attrib.items()}
        unknown = set(given) - set(known)
        assert not unknown, f"<{element.tag}> has no {unknown}"
        words = [element.text] if element.text else []
        assert not words or known[0] not in given, f"<{element.tag}> has its content twice"
        made = verb(*words, **given)
        for child in element:
            add(made, child)

    response = VoiceResponse() if kind == "voice" else MessagingResponse()
    for element in etree.fromstring(document.encode()):
        add(response, element)
    theirs = response.to_xml()
    assert theirs == document, f"{theirs}\nis what Twilio's package writes for\n{document}"


def plivo(document, kind):
    from plivo import plivoxml
    from plivo.exceptions import ValidationError

    assert kind == "voice"

    def put(element, name, text):
        """By the package's setters, which say of which type a value is."""
        plain = getattr(element, "set_" + snake(name), None)
        assert plain, f"<{element._name}> has no {name}"
        candidates = [text]
        if text in ("true", "false"):
            candidates.append(text == "true")
        if text.isdecimal():
            candidates.append(int(text))
        for value in candidates:
            try:
                plain(value)
                return
            except ValidationError as error:
                refusal = error
        raise AssertionError(f"<{element._name} {name}={text!r}>: {refusal}")

    def made(element):
        kind = getattr(plivoxml, element.tag + "Element", None)
        assert kind, f"Plivo has no <{element.tag}>"
        takes = "content" in inspect.signature(kind).parameters
        assert takes or not element.text, f"<{element.tag}> takes no content"
        ours = kind(element.text or "") if takes else kind()
        for name, value in element.attrib.items():
            if hasattr(ours, "set_" + snake(name)):
                put(ours, name, value)
            else:
                # Attributes that the package takes by their own name and type.
                assert name in inspect.signature(kind).parameters, f"<{element.tag}> has no {name}"
                setattr(ours, name, {"true": True, "false": False}.get(value, value))
        for child in element:
            ours.add(made(child))
        return ours

    theirs = made(etree.fromstring(document.encode())).to_string(False)
    assert theirs == bare(document), f"{theirs}\nis what Plivo's package writes for\n{document}"


judges = {"twilio": twilio, "plivo": plivo}
given = json.load(sys.stdin)
for one in given:
    assert one["xml"].startswith(DECLARATION) or one["kind"] == "fragment", one
    if one["kind"] == "fragment":
        one = dict(one, kind="voice", xml=DECLARATION + one["xml"])
    judges[one["carrier"]](one["xml"], one["kind"])
print(len(given), "hold")
