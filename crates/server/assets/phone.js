// The browser phone: begins a call, carries its sound, and shows what is said in it.

const phone = document.querySelector("[data-phone]");
const part = (name) => phone.querySelector(`[data-part="${name}"]`);
const status = part("status");
const story = part("story");

// The call that goes on; null: none.
let call = null;

part("call").addEventListener("click", () => (call ? hangUp() : start()));
part("mute").addEventListener("click", () => mute(part("mute").getAttribute("aria-pressed") !== "true"));
part("keys").addEventListener("click", (event) => {
  const key = event.target.closest("button")?.value;
  if (key) press(key);
});
document.addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input, textarea, select");
  if (call && !writes && !event.ctrlKey && !event.metaKey && !event.altKey && /^[0-9*#]$/.test(event.key)) press(event.key);
});
addEventListener("pagehide", () => call && hangUp());

async function start() {
  call = { lines: new Map(), answers: [] };
  const mine = call;
  story.replaceChildren();
  part("waited").textContent = "–";
  part("typical").textContent = "–";
  show("calling", "Calling …");
  let sound;
  try {
    // First the microphone: a call in which nobody can speak is not begun.
    sound = await openSound();
    const begun = call === mine ? await begin() : null;
    if (call !== mine) return close({ sound });
    mine.sound = sound;
    connect(mine, begun);
  } catch (error) {
    close({ sound });
    if (call === mine) end(error.message);
  }
}

// Asks the server for a call.
async function begin() {
  const answer = await fetch(phone.dataset.call, { method: "POST", headers: { accept: "application/json" } });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.say || "The call could not begin. Reload the page, and try again.");
  return told;
}

// Opens microphone and speaker.
async function openSound() {
  if (!navigator.mediaDevices) throw new Error("The microphone can be used on an HTTPS address only, or on this machine.");
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio }).catch((error) => {
    throw new Error(
      error.name === "NotAllowedError"
        ? "The microphone may not be used. Allow it for this page in your browser, and call again."
        : "No microphone was found.",
    );
  });
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    await context.audioWorklet.addModule(phone.dataset.worklet);
    await context.resume();
    const node = new AudioWorkletNode(context, "telephone", { outputChannelCount: [1] });
    context.createMediaStreamSource(microphone).connect(node).connect(context.destination);
    return { microphone, context, node };
  } catch (error) {
    close({ sound: { microphone, context } });
    throw error;
  }
}

// Opens the stream of a call that the server expects.
function connect(mine, begun) {
  // A guest is in the house of whoever asked them in, whose address says so.
  const [house] = location.pathname.match(/^\/u\/[^/]+/) ?? [""];
  const address = new URL(`${house}/browser/stream`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  mine.socket = socket;
  const { node, context } = mine.sound;
  socket.onopen = () => {
    socket.send(JSON.stringify({ event: "start", call: begun.call, token: begun.token }));
    mine.began = performance.now();
    show("talking", "Connected");
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) return node.port.postMessage({ sound: data }, [data]);
    const message = JSON.parse(data);
    if (message.event === "mark") node.port.postMessage({ mark: message.name });
    if (message.event === "clear") node.port.postMessage({ clear: true });
    if (message.event === "note") note(mine, message.note);
  };
  socket.onclose = ({ code, reason }) => {
    if (call === mine) end(code === 1000 ? mine.ending || "The call is over." : reason ? `The call was refused: ${reason}.` : "The connection was lost.");
  };
  node.port.onmessage = ({ data }) => {
    if (data.frame && socket.readyState === WebSocket.OPEN) socket.send(data.frame);
    if (data.played) {
      // What the sound card was given is heard so much later.
      const later = (context.outputLatency || 0) * 1000;
      setTimeout(() => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ event: "mark", name: data.played })), later);
    }
    if (data.levels) levels(data.levels);
  };
}

function hangUp() {
  if (call.socket?.readyState === WebSocket.OPEN) call.socket.send(JSON.stringify({ event: "stop" }));
  end("You hung up.");
}

function end(why) {
  const over = call;
  call = null;
  close(over);
  mute(false);
  levels({ in: 0, out: 0 });
  show("idle", why);
}

function close({ socket, sound }) {
  socket?.close();
  for (const track of sound?.microphone.getTracks() ?? []) track.stop();
  if (sound?.context && sound.context.state !== "closed") sound.context.close();
}

function show(state, words) {
  phone.dataset.state = state;
  status.textContent = words;
  const button = part("call");
  button.textContent = state === "idle" ? "Call" : "Hang up";
  button.className = state === "idle" ? "main" : "danger";
  part("mute").disabled = state !== "talking";
  for (const key of part("keys").querySelectorAll("button")) key.disabled = state !== "talking";
}

function mute(muted) {
  const button = part("mute");
  button.setAttribute("aria-pressed", String(muted));
  button.textContent = muted ? "Muted" : "Mute";
  call?.sound?.node.port.postMessage({ muted });
}

function press(key) {
  if (call?.socket?.readyState !== WebSocket.OPEN) return;
  call.socket.send(JSON.stringify({ event: "key", digit: key }));
  status.textContent = `You pressed ${key === "*" ? "star" : key === "#" ? "hash" : key}.`;
}

// As ears judge it: 60 dB from the left to the right.
function levels({ in: inward, out }) {
  const scale = (level) => (level > 0 ? Math.max(0, 1 + Math.log10(level) / 3) : 0);
  part("heard").value = scale(inward);
  part("said").value = scale(out);
}

// Shows one note of the call.
function note(mine, note) {
  switch (note.kind) {
    case "caller_spoke":
      return line(mine, `turn-${note.turn}`, "caller", "You", { at: note.at, text: "…" });
    case "caller_said":
      return line(mine, `turn-${note.turn}`, "caller", "You", note);
    case "assistant_said":
      return line(mine, `item-${note.item}`, "assistant", "Assistant", note);
    case "interrupted":
      return remark(mine, `item-${note.item}`, `you broke in after ${(note.heard_ms / 1000).toFixed(1)} s`);
    case "answered":
      return answered(mine, note);
    case "tool_asked":
      return line(mine, `tool-${note.id}`, "tool", "Tool", { at: note.at, text: note.name.replaceAll("_", " ") });
    case "tool_answered":
      return line(mine, `tool-${note.id}`, "tool", note.ok ? "Tool" : "Tool, refused", { at: note.at, text: `${note.name.replaceAll("_", " ")}: ${note.say}` });
    case "trouble":
      return line(mine, `trouble-${note.at}`, "tool", "Trouble", note);
    case "ended":
      mine.ending = { assistant_hung_up: "The assistant said goodbye.", too_long: "The call has lasted as long as it may.", silent: "Nobody spoke, so the call is over." }[note.ending];
  }
}

// A line of the conversation; a later text of the same name replaces the earlier one.
function line(mine, name, kind, who, { at, text }) {
  let entry = mine.lines.get(name);
  // A sound of the caller's in which there were no words.
  if (kind === "assistant" && !entry) for (const other of story.querySelectorAll(".caller")) if (other.querySelector("p").textContent === "…") other.hidden = true;
  if (entry) entry.hidden = false;
  if (kind === "caller") part("hint").hidden = true;
  if (!entry) {
    entry = document.createElement("li");
    entry.className = kind;
    const time = document.createElement("span");
    time.className = "at";
    time.textContent = `${Math.floor(at / 60000)}:${String(Math.floor(at / 1000) % 60).padStart(2, "0")}`;
    const bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.append(document.createElement("b"), document.createElement("p"), document.createElement("small"));
    entry.append(time, bubble);
    mine.lines.set(name, entry);
    story.append(entry);
  }
  entry.querySelector("b").textContent = who;
  entry.querySelector("p").textContent = text;
  const kept = mine.remarks?.get(name);
  if (kept) entry.querySelector("small").textContent = kept;
  entry.scrollIntoView({ block: "nearest" });
}

// A remark below a line, which may still be on its way.
function remark(mine, name, words) {
  mine.remarks ??= new Map();
  mine.remarks.set(name, words);
  const small = mine.lines.get(name)?.querySelector("small");
  if (small) small.textContent = words;
}

// How long an answer took, from the last sound of the turn to the first of the answer.
function answered(mine, note) {
  const waited = note.after_ms + (note.endpoint_ms ?? 0);
  mine.answers.push(waited);
  const sorted = mine.answers.toSorted((a, b) => a - b);
  part("waited").textContent = `${waited} ms`;
  part("typical").textContent = `${sorted[Math.floor(sorted.length / 2)]} ms`;
  remark(mine, `item-${note.item}`, `answered after ${waited} ms`);
}
