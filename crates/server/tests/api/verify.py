"""Says of each request on standard input whether it is signed as the Standard Webhooks library would have it."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def judge(secret, request):
    try:
        return Webhook(secret).verify(request["body"], request["headers"])
    except WebhookVerificationError as error:
        return str(error)


brief = json.load(sys.stdin)
json.dump([judge(brief["secret"], request) for request in brief["requests"]], sys.stdout)
