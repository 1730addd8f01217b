// The first of three guards: a Twilio Function that lets only known numbers through to Earpiece. It runs at Twilio, so a
// call from anyone else is refused before it is answered, costs nothing and never reaches your machine.
//
// To deploy it:
//
// 1. In the Twilio Console, open "Functions and Assets" > "Services", create a service, add a Function at the path
//    /allowlist, and paste this file into it. (With the Twilio CLI: put it into functions/allowlist.protected.js and
//    run `twilio serverless:deploy`.)
// 2. Set the Function's visibility to "Protected": then Twilio itself checks that a request is signed by your account.
// 3. Under "Environment Variables", set
//      ALLOWED_NUMBERS   who may call, as a JSON array ["+14155550199", "+4930123456"] or with commas between
//                        +14155550199, +4930123456 (always with + and country code)
//      WEBHOOK_URL       where Earpiece takes calls, such as https://voice.example.com/incoming-call
// 4. Deploy, and under "Phone Numbers" > your number > "A call comes in", choose this Function. Leave "Primary handler
//    fails" empty, or let it point here, too: whatever stands there goes around this guard.
//
// Whoever is allowed is sent on with <Redirect>: Twilio then asks WEBHOOK_URL itself, with a signature of that address,
// which Earpiece verifies. Everybody else is refused, and so is everybody as long as a setting is missing or malformed:
// a typing error must not open the door. A caller's number can be forged, so this is a filter and not a proof of who is
// calling.

const NUMBER = /^\+[1-9][0-9]{1,14}$/;

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();
  if (isAllowed(event.From, context.ALLOWED_NUMBERS) && isAddress(context.WEBHOOK_URL)) {
    twiml.redirect({ method: 'POST' }, context.WEBHOOK_URL.trim());
  } else {
    twiml.reject();
  }
  return callback(null, twiml);
};

function isAllowed(from, setting) {
  const allowed = numbers(setting);
  if (!allowed) {
    console.error('ALLOWED_NUMBERS is missing or malformed, so every call is refused. See the head of this Function.');
    return false;
  }
  return typeof from === 'string' && allowed.includes(from);
}

// The numbers that the setting lists; null where any of it is not a number.
function numbers(setting) {
  const text = typeof setting === 'string' ? setting.trim() : '';
  let list;
  try {
    list = text.startsWith('[') ? JSON.parse(text) : text.split(',').filter((entry) => entry.trim() !== '');
  } catch {
    return null;
  }
  const allowed = list.map((entry) => (typeof entry === 'string' ? entry.trim() : ''));
  return allowed.length > 0 && allowed.every((entry) => NUMBER.test(entry)) ? allowed : null;
}

function isAddress(setting) {
  try {
    return new URL(setting.trim()).protocol === 'https:';
  } catch {
    console.error('WEBHOOK_URL is not an https: address, so every call is refused. See the head of this Function.');
    return false;
  }
}
