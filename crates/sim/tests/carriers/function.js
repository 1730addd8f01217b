// Twilio's own runtime of Functions around one Function, once for each environment it is given.
//
//     scripts/node crates/sim/tests/carriers/function.js
//
// Standard input is JSON: the Function's `file`, and `environments`. The answer is one line of JSON, the port of each. It
// serves until it is ended.

const { readFileSync } = require('node:fs');
const { LocalDevelopmentServer } = require('@twilio/runtime-handler/dev');

// What the Function tells its owner about a bad setting is not what is asked here.
console.error = () => {};

const { file, environments } = JSON.parse(readFileSync(0, 'utf8'));
const routes = {
  functions: [{ access: 'public', content: '', name: 'allowlist', path: '/allowlist', filePath: file }],
  assets: [],
};
const listening = environments.map((env) => {
  const config = {
    baseDir: process.cwd(), env, port: 0, url: 'https://functions.example.com', detailedLogs: false, live: false,
    logs: false, legacyMode: false, appName: 'test', forkProcess: false, routes, enableDebugLogs: false,
  };
  const app = new LocalDevelopmentServer(0, config).getApp();
  return new Promise((listens) => {
    const server = app.listen(0, '127.0.0.1', () => listens(server.address().port));
  });
});
Promise.all(listening).then((ports) => console.log(JSON.stringify(ports)));
