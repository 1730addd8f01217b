"""Google's own Python libraries as the client of the stand-in for Google.

    scripts/python crates/sim/tests/google/vendor.py check   goes through everything, and exits with 0 where it holds
    scripts/python crates/sim/tests/google/vendor.py files   writes the files that the libraries write and read

What `files` wrote once, without the private key, is in fixtures/google/files.

Standard input begins with one line of JSON, which `Google::brief` makes: `url` (the stand-in's address), `client_id`,
`client_secret`, `redirect_uri`, `service_account` (a key file's content), `folder` (where files go), `schemas` (the
fixture; for `check`).
While checking, a line `ask ...` on standard output is a wish for something to happen on the other side; the answer is
one line on standard input.
"""

import datetime
import json
import os
import sys
import urllib.parse

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow
from googleapiclient import discovery, discovery_cache
from googleapiclient.errors import HttpError

AUTH = "https://www.googleapis.com/auth/"
SCOPES = [AUTH + "calendar.events", AUTH + "calendar.freebusy"]
GIVEN = json.loads(sys.stdin.readline())
URL = GIVEN["url"]


def ask(*words):
    print("ask", *words, flush=True)
    assert sys.stdin.readline(), "the other side is gone"


def client_file(kind):
    """What Google's console lets one download as credentials.json."""
    return {
        kind: {
            "client_id": GIVEN["client_id"],
            "project_id": "sim",
            "auth_uri": URL + "/o/oauth2/auth",
            "token_uri": URL + "/token",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_secret": GIVEN["client_secret"],
            "redirect_uris": [GIVEN["redirect_uri"]],
        }
    }


def consent(scopes=SCOPES, kind="web", **options):
    """Through the consent page; the flow, and where the browser was sent."""
    flow = Flow.from_client_config(client_file(kind), scopes, redirect_uri=GIVEN["redirect_uri"])
    options = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true", **options}
    address, _ = flow.authorization_url(**options)
    page = requests.get(address, allow_redirects=False, timeout=10)
    assert page.status_code == 302, (page.status_code, page.text)
    return flow, page.headers["Location"]


def authorised(scopes=SCOPES, **options):
    flow, back = consent(scopes, **options)
    flow.fetch_token(authorization_response=back)
    return flow.credentials


def calendar_of(credentials):
    options = {"api_endpoint": URL + "/calendar/v3/"}
    return discovery.build(
        "calendar", "v3", credentials=credentials, static_discovery=True, cache_discovery=False, client_options=options
    )


def refused(request, status, reason):
    try:
        request.execute()
    except HttpError as error:
        first = json.loads(error.content)["error"]["errors"][0]
        assert (error.resp.status, first["reason"]) == (status, reason), (error.resp.status, error.content)
        return
    raise AssertionError(f"expected {status} {reason}")


def timed(start, end, zone="Europe/Berlin", **more):
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}, **more}


def the_fixture_is_the_vendors_document():
    path = os.path.join(os.path.dirname(discovery_cache.__file__), "documents", "calendar.v3.json")
    document, fixture = json.load(open(path)), json.load(open(GIVEN["schemas"]))
    methods = {}

    def gather(resource):
        for method in resource.get("methods", {}).values():
            methods[method["id"]] = method
        for inner in resource.get("resources", {}).values():
            gather(inner)

    gather(document)
    assert document["revision"] == fixture["x-source"]["revision"], document["revision"]
    for name, method in fixture["x-methods"].items():
        theirs = methods[name]
        assert sorted(theirs["scopes"]) == sorted(method["scopes"]), name
        assert theirs["httpMethod"] == method["httpMethod"] and theirs["path"] == method["path"], name
        assert sorted(theirs.get("parameters", {})) == sorted(method["parameters"]), name
        assert theirs.get("response", {}).get("$ref") == method["response"], name
    for name, schema in document["schemas"].items():
        if name in fixture["$defs"]:
            ours = fixture["$defs"][name].get("properties", {})
            assert sorted(schema.get("properties", {})) == sorted(ours), name
    settings = sorted(methods["calendar.settings.get"]["scopes"])
    assert settings == sorted(AUTH + "calendar" + s for s in ["", ".readonly", ".settings", ".settings.readonly"]), settings


def a_code_is_redeemed_once():
    flow, back = consent()
    flow.fetch_token(authorization_response=back)
    credentials = flow.credentials
    assert credentials.valid and credentials.refresh_token
    assert set(credentials.granted_scopes) == set(SCOPES), credentials.granted_scopes
    again = Flow.from_client_config(client_file("web"), SCOPES, redirect_uri=GIVEN["redirect_uri"])
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0]
    try:
        again.fetch_token(code=code, code_verifier=flow.code_verifier)
    except Exception as error:
        assert "invalid_grant" in str(error), error
    else:
        raise AssertionError("a code was redeemed twice")
    assert authorised(prompt="select_account").refresh_token is None


def the_owner_may_say_no_or_less():
    ask("deny")
    _, back = consent()
    assert "error=access_denied" in back and "code=" not in back, back
    ask("only", SCOPES[1])
    os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
    flow, back = consent(include_granted_scopes="false")
    flow.fetch_token(authorization_response=back)
    assert flow.credentials.granted_scopes == [SCOPES[1]], flow.credentials.granted_scopes
    del os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"]
    refused(calendar_of(flow.credentials).events().list(calendarId="primary"), 403, "insufficientPermissions")
    ask("agree")


def tokens_are_refreshed_when_they_die(credentials):
    old, kept = credentials.token, credentials.refresh_token
    ask("expire")
    calendar_of(credentials).events().list(calendarId="primary").execute()
    assert credentials.token != old and credentials.refresh_token == kept
    ask("rotate", "on")
    credentials.refresh(Request())
    assert credentials.refresh_token != kept
    ask("rotate", "off")
    credentials.refresh(Request())
    dead = Credentials(None, kept, None, URL + "/token", GIVEN["client_id"], GIVEN["client_secret"])
    no_refresh(dead, "invalid_grant")
    wrong = Credentials(None, credentials.refresh_token, None, URL + "/token", GIVEN["client_id"], "GOCSPX-wrong")
    no_refresh(wrong, "invalid_client")


def no_refresh(credentials, error):
    try:
        credentials.refresh(Request())
    except RefreshError as found:
        assert error in str(found), found
        return
    raise AssertionError("it was refreshed")


def an_event_is_made_read_changed_and_deleted(credentials):
    calendar = calendar_of(credentials)
    events = calendar.events()
    haircut = timed(
        "2026-12-01T10:00:00",
        "2026-12-01T10:30:00",
        id="vc7f3a90c2e14b6f8a",
        summary="Haircut: Anna",
        attendees=[{"email": "anna@example.com"}],
        extendedProperties={"private": {"callId": "c_7f3a", "who": "Anna"}},
    )
    made = events.insert(calendarId="primary", body=haircut, sendUpdates="all").execute()
    assert made["start"]["dateTime"] == "2026-12-01T10:00:00+01:00", made
    assert made["etag"].startswith('"') and made["status"] == "confirmed", made
    refused(events.insert(calendarId="primary", body=haircut), 409, "duplicate")
    beside = timed("2026-12-01T10:15:00", "2026-12-01T10:45:00", summary="It overlaps")
    beside = events.insert(calendarId="primary", body=beside).execute()

    asked = {"timeMin": "2026-12-01T08:00:00+01:00", "timeMax": "2026-12-01T18:00:00+01:00"}
    asked.update(timeZone="Europe/Berlin", items=[{"id": "primary"}, {"id": "nobody@example.com"}])
    answer = calendar.freebusy().query(body=asked).execute()["calendars"]
    assert answer["primary"]["busy"] == [
        {"start": "2026-12-01T10:00:00+01:00", "end": "2026-12-01T10:45:00+01:00"}
    ], answer
    assert answer["nobody@example.com"]["errors"][0]["reason"] == "notFound", answer

    found = events.list(calendarId="primary", privateExtendedProperty="callId=c_7f3a").execute()["items"]
    assert [event["id"] for event in found] == [haircut["id"]], found
    change = {"start": {"dateTime": "2026-12-01T11:00:00+01:00"}, "end": {"dateTime": "2026-12-01T11:30:00+01:00"}}
    change["extendedProperties"] = {"private": {"callId": None}}
    patch = events.patch(calendarId="primary", eventId=haircut["id"], body=change)
    patch.headers["If-Match"] = made["etag"]
    moved = patch.execute()
    assert moved["summary"] == "Haircut: Anna" and moved["extendedProperties"] == {"private": {"who": "Anna"}}, moved
    refused(patch, 412, "conditionNotMet")
    same = events.get(calendarId="primary", eventId=haircut["id"]).execute()
    assert same == moved
    same.pop("description", None), same.pop("attendees")
    same["summary"] = "Haircut: Eve"
    replaced = events.update(calendarId="primary", eventId=haircut["id"], body=same).execute()
    assert "attendees" not in replaced and replaced["summary"] == "Haircut: Eve", replaced

    events.delete(calendarId="primary", eventId=haircut["id"]).execute()
    refused(events.delete(calendarId="primary", eventId=haircut["id"]), 410, "deleted")
    refused(events.delete(calendarId="primary", eventId="0123456789abcdef"), 404, "notFound")
    assert events.get(calendarId="primary", eventId=haircut["id"]).execute()["status"] == "cancelled"
    refused(events.insert(calendarId="primary", body=haircut), 409, "duplicate")
    refused(events.insert(calendarId="primary", body={**haircut, "id": "ABC-xyz"}), 400, "invalid")
    refused(events.insert(calendarId="primary", body={"start": haircut["start"]}), 400, "required")
    events.delete(calendarId="primary", eventId=beside["id"]).execute()


def lists_come_in_pages_and_go_on_from_a_token(credentials):
    events = calendar_of(credentials).events()
    ids = []
    for day in range(1, 6):
        body = timed(f"2027-02-0{day}T09:00:00", f"2027-02-0{day}T10:00:00", summary=f"Day {day}")
        ids.append(events.insert(calendarId="primary", body=body).execute()["id"])
    ask("page", "2")
    seen, pages, question = [], 0, events.list(calendarId="primary", maxResults=4)
    while question is not None:
        answer = question.execute()
        seen += [event["id"] for event in answer["items"]]
        pages += 1
        question = events.list_next(question, answer)
    assert sorted(seen) == sorted(ids) and pages == 3, (seen, pages)
    ask("page", "250")
    events.delete(calendarId="primary", eventId=ids[0]).execute()
    changed = events.list(calendarId="primary", syncToken=answer["nextSyncToken"]).execute()
    assert [(event["id"], event["status"]) for event in changed["items"]] == [(ids[0], "cancelled")], changed
    refused(events.list(calendarId="primary", syncToken=answer["nextSyncToken"], q="x"), 400, "badRequest")
    ask("forget")
    refused(events.list(calendarId="primary", syncToken=changed["nextSyncToken"]), 410, "fullSyncRequired")
    bounds = {"timeMin": "2027-02-02T10:00:00+01:00", "timeMax": "2027-02-04T09:00:00+01:00"}
    found = events.list(calendarId="primary", singleEvents=True, orderBy="startTime", **bounds).execute()["items"]
    assert [event["id"] for event in found] == [ids[2]], "both bounds exclude what only touches"
    for event in ids[1:]:
        events.delete(calendarId="primary", eventId=event).execute()


def series_are_expanded(credentials):
    events = calendar_of(credentials).events()
    body = timed("2027-03-22T09:00:00", "2027-03-22T10:00:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    master = events.insert(calendarId="primary", body=body).execute()["id"]
    bounds = {"timeMin": "2027-03-01T00:00:00Z", "timeMax": "2027-05-01T00:00:00Z"}

    def starts():
        found = events.list(calendarId="primary", singleEvents=True, orderBy="startTime", **bounds).execute()["items"]
        return found, [event["start"]["dateTime"] for event in found]

    found, times = starts()
    assert times == ["2027-03-22T09:00:00+01:00", "2027-03-29T09:00:00+02:00", "2027-04-05T09:00:00+02:00"], times
    events.delete(calendarId="primary", eventId=found[1]["id"]).execute()
    moved = {"start": {"dateTime": "2027-04-05T12:00:00+02:00"}, "end": {"dateTime": "2027-04-05T13:00:00+02:00"}}
    events.patch(calendarId="primary", eventId=found[2]["id"], body=moved).execute()
    assert starts()[1] == ["2027-03-22T09:00:00+01:00", "2027-04-05T12:00:00+02:00"], starts()[1]
    instances = events.instances(calendarId="primary", eventId=master).execute()["items"]
    assert {event["recurringEventId"] for event in instances} == {master} and len(instances) == 2, instances
    events.delete(calendarId="primary", eventId=master).execute()
    assert starts()[1] == []


def faults_are_what_the_library_takes_them_for(credentials):
    events = calendar_of(credentials).events()

    def patiently(request):
        request._sleep = lambda _: None
        return request.execute(num_retries=1)

    for fault in ["user-rate", "rate", "backend", "html"]:
        ask("fail", fault)
        patiently(events.list(calendarId="primary"))
    ask("fail", "quota")
    refused(events.list(calendarId="primary"), 403, "quotaExceeded")
    ask("fail", "lost")
    lost = timed("2027-06-01T09:00:00", "2027-06-01T10:00:00", id="lost0again")
    refused_after_a_lost_answer(events.insert(calendarId="primary", body=lost))
    assert events.get(calendarId="primary", eventId="lost0again").execute()["status"] == "confirmed"
    events.delete(calendarId="primary", eventId="lost0again").execute()


def refused_after_a_lost_answer(request):
    # httplib2 sends again by itself what was not answered, so the second meets the first.
    try:
        request.execute()
    except HttpError as error:
        assert error.resp.status == 409, error
    except OSError:
        pass
    else:
        raise AssertionError("the answer was not lost")


def calendars_are_listed(credentials):
    calendar = calendar_of(credentials)
    entries = calendar.calendarList().list(minAccessRole="writer").execute()["items"]
    assert [entry["id"] for entry in entries if entry.get("primary")], entries
    main = calendar.calendars().get(calendarId="primary").execute()
    zone = calendar.settings().get(setting="timezone").execute()["value"]
    assert main["timeZone"] == zone == "Europe/Berlin", (main, zone)


def service_accounts_sign_for_themselves():
    path = os.path.join(GIVEN["folder"], "service_account.json")
    json.dump(GIVEN["service_account"], open(path, "w"))
    bot = service_account.Credentials.from_service_account_file(path, scopes=SCOPES)
    events = calendar_of(bot).events()
    event = timed("2027-07-01T09:00:00", "2027-07-01T10:00:00", "UTC")
    assert events.insert(calendarId="primary", body=event).execute()["start"]["dateTime"] == "2027-07-01T09:00:00Z"
    guests = {**event, "attendees": [{"email": "anna@example.com"}]}
    refused(events.insert(calendarId="primary", body=guests), 403, "forbiddenForServiceAccounts")
    refused(events.list(calendarId="owner@example.com"), 404, "notFound")
    no_refresh(bot.with_subject("owner@example.com"), "unauthorized_client")
    ask("delegate", " ".join(SCOPES))
    owner = calendar_of(bot.with_subject("owner@example.com")).events()
    made = owner.insert(calendarId="owner@example.com", body=guests).execute()
    owner.delete(calendarId="primary", eventId=made["id"]).execute()
    forged = dict(GIVEN["service_account"], client_email="nobody@sim.iam.gserviceaccount.com")
    no_refresh(service_account.Credentials.from_service_account_info(forged, scopes=SCOPES), "invalid_grant")


def a_grant_taken_back_is_final(credentials):
    answer = requests.post(URL + "/revoke", data={"token": credentials.token}, timeout=10)
    assert answer.status_code == 200, answer.text
    answer = requests.post(URL + "/revoke", data={"token": credentials.token}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token"), answer.text
    no_refresh(credentials, "invalid_grant")


def write_files():
    folder = GIVEN["folder"]

    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))

    for kind in ["web", "installed"]:
        write(f"credentials_{kind}.json", client_file(kind))
        Flow.from_client_secrets_file(os.path.join(folder, f"credentials_{kind}.json"), SCOPES)
    write("service_account.json", GIVEN["service_account"])
    service_account.Credentials.from_service_account_file(os.path.join(folder, "service_account.json"), scopes=SCOPES)
    credentials = authorised()
    write("token.json", credentials.to_json())
    credentials.refresh(Request())
    write("token_refreshed.json", credentials.to_json())
    write("token_without_secrets.json", credentials.to_json(strip=["client_id", "client_secret", "refresh_token"]))
    credentials.expiry = datetime.datetime(2026, 1, 1)
    write("token_expired.json", credentials.to_json())
    default = {"client_id": GIVEN["client_id"], "client_secret": GIVEN["client_secret"]}
    default.update(refresh_token=credentials.refresh_token, type="authorized_user")
    write("application_default_credentials.json", default)
    for name in ["token.json", "token_refreshed.json", "application_default_credentials.json"]:
        Credentials.from_authorized_user_file(os.path.join(folder, name), SCOPES)


def check():
    the_fixture_is_the_vendors_document()
    a_code_is_redeemed_once()
    the_owner_may_say_no_or_less()
    credentials = authorised()
    tokens_are_refreshed_when_they_die(credentials)
    an_event_is_made_read_changed_and_deleted(credentials)
    lists_come_in_pages_and_go_on_from_a_token(credentials)
    series_are_expanded(credentials)
    faults_are_what_the_library_takes_them_for(credentials)
    calendars_are_listed(authorised([AUTH + "calendar.readonly"], include_granted_scopes="false"))
    service_accounts_sign_for_themselves()
    a_grant_taken_back_is_final(credentials)
    write_files()
    print("holds", flush=True)


{"check": check, "files": write_files}[sys.argv[1]]()
