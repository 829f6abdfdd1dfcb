// Runs before anything else, so it uses only what old releases of Node have too: says in one line what is missing.

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const needed = engines.node.replace('>=', '');

const complaint = isOlder(process.versions.node, needed)
  ? `This is Node ${process.versions.node}; the bridge needs Node ${needed} or later (https://nodejs.org).`
  : existsSync(join(ROOT, 'node_modules', 'tsx'))
    ? undefined
    : `Run npm ci in ${ROOT} first: its packages are not installed.`;
if (complaint) {
  console.error(complaint);
  process.exit(2);
}

function isOlder(version, than) {
  const [major, minor] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = than.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
